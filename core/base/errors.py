"""The project's own exceptions.

PleuraScopeError
├── InputError   bad input; commands print its sentence and end with status 2
└── Cancelled    somebody asked a job to stop; what was done so far is saved
"""


class PleuraScopeError(Exception):
    """Base of every exception that PleuraScope raises on purpose."""


class InputError(PleuraScopeError):
    """Input that cannot be used: one sentence with what was expected, found, and what to do."""


class Cancelled(PleuraScopeError):
    """The running job was asked to stop."""
