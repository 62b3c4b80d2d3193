"""What a command gives back: a summary to read and an object for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a command.

    `made` is what `--json` prints: plain JSON values, with the names of what was made. `status` is the
    exit status: 1 where the command came to its end and found that something is wrong.
    """

    summary: str
    made: dict[str, Any] = field(default_factory=dict)
    status: int = 0
