"""One reader's answer on one film: what it may hold, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.base.errors import InputError

SIDES = ("right", "left")  # the patient's
GRADES = (
    "definitely no pneumothorax",
    "probably no pneumothorax",
    "cannot tell",
    "probably a pneumothorax",
    "definitely a pneumothorax",
)
CANNOT_TELL = 2
ABSENT, UNCERTAIN, PRESENT = "absent", "cannot tell", "present"
CHANGES = ("new", "larger", "same", "smaller", "resolved")
UNREADABLE = "unreadable"
MOST_POINTS = 400  # of one region
MOST_REGIONS = 20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Side(_Part):
    """What was seen in one hemithorax."""

    grade: int | None = Field(None, ge=0, le=4)
    """0 definitely not, 1 probably not, 2 cannot tell, 3 probably, 4 definitely; None only on an unreadable film."""
    apex_mm: float | None = Field(None, ge=0, le=300)
    """Distance between the lung's edge and the chest wall at the apex."""
    hilum_mm: float | None = Field(None, ge=0, le=300)
    """The same at the level of the hilum."""
    drain: bool | None = None
    change: Literal["new", "larger", "same", "smaller", "resolved"] | None = None
    """Against the prior film."""

    @property
    def called(self) -> str | None:
        """`absent` (0, 1), `cannot tell` (2) or `present` (3, 4); None where there is no grade."""
        if self.grade is None:
            return None
        return UNCERTAIN if self.grade == CANNOT_TELL else PRESENT if self.grade > CANNOT_TELL else ABSENT


class Region(_Part):
    """A region marked on the film, in pixels of the decoded image."""

    kind: Literal["ellipse", "freehand"]
    points: list[tuple[float, float]] = Field(min_length=2, max_length=MOST_POINTS)
    """(x, y): of an ellipse two opposite corners of the box round it, else the outline."""


class Answer(_Part):
    """One reader's answer on one film."""

    right: Side
    left: Side
    quality: Literal["good", "limited", "unreadable"]
    regions: list[Region] = Field(default=[], max_length=MOST_REGIONS)
    comment: str = Field("", max_length=2000)
    second_reader: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in SIDES:
            side = getattr(self, name)
            if side.grade is None and self.quality != UNREADABLE:
                msg = f"expected a grade from 0 to 4 for the {name} side of a readable film, found none"
                raise ValueError(msg)
            told = (side.apex_mm, side.hilum_mm, side.drain)
            absent = side.called in (None, ABSENT)
            if absent and (any(one is not None for one in told) or side.change not in (None, "resolved")):
                msg = f"expected size, drain and change only where a side is graded 2 or more, found them on the {name}"
                raise ValueError(msg)
        return self

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read an answer from plain values.

        Raises:
            InputError: If it is incomplete, or holds what an answer cannot hold.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "answer"
            found = str(first["msg"]).removeprefix("Value error, ")
            msg = f"Expected a complete answer, found a fault in {place}: {found[:1].lower()}{found[1:]}; correct it."
            raise InputError(msg, field=place) from None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return self.model_dump(mode="json")

    @property
    def called(self) -> str | None:
        """What is said of the film: `present` if any side is, `absent` if both are, else `cannot tell`; None unread."""
        calls = [self.right.called, self.left.called]
        if PRESENT in calls:
            return PRESENT
        if None in calls:
            return None
        return ABSENT if calls == [ABSENT, ABSENT] else UNCERTAIN


def disagree(first: Answer, second: Answer) -> bool:
    """Tell whether two answers differ in what they call either side: absent, cannot tell or present.

    Examples:
        >>> none, some = Side(grade=0), Side(grade=4)
        >>> disagree(Answer(right=none, left=none, quality="good"), Answer(right=none, left=some, quality="good"))
        True
        >>> weak = Side(grade=1)
        >>> disagree(Answer(right=none, left=weak, quality="good"), Answer(right=weak, left=none, quality="limited"))
        False
    """
    return any(getattr(first, name).called != getattr(second, name).called for name in SIDES)
