"""The project's own exceptions.

PleuraScopeError
├── InputError   bad input; commands print its sentence and end with status 2
└── Cancelled    somebody asked a job to stop; what was done so far is saved
"""


class PleuraScopeError(Exception):
    """Base of every exception that PleuraScope raises on purpose."""


class InputError(PleuraScopeError):
    """Input that cannot be used: one sentence with what was expected, found, and what to do.

    `field` names the option at fault, where it is one, so that a form can say it there.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Cancelled(PleuraScopeError):
    """The running job was asked to stop."""
