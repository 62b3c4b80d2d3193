"""What a format's reader hands to `index`: rows for the radiographs table, and what it could not use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

EXAMPLES = 10  # named for each reason in a report


@dataclass
class Tally:
    """Counts by reason, with a few examples of each.

    Examples:
        >>> tally = Tally()
        >>> tally.add("truncated", ["a.png", "b.png"])
        >>> tally.to_dict()
        {'truncated': {'count': 2, 'examples': ['a.png', 'b.png']}}
    """

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, where: Iterable[str]) -> None:
        """Count what is named in `where` under a reason; nothing named, nothing counted."""
        for place in where:
            self.counts[reason] = self.counts.get(reason, 0) + 1
            named = self.examples.setdefault(reason, [])
            if len(named) < EXAMPLES:
                named.append(str(place))

    @property
    def total(self) -> int:
        """How many were counted under all reasons together."""
        return sum(self.counts.values())

    def to_dict(self) -> dict[str, dict[str, int | list[str]]]:
        """Return plain values for JSON, the commonest reason first."""
        commonest = sorted(self.counts, key=lambda reason: (-self.counts[reason], reason))
        return {reason: {"count": self.counts[reason], "examples": self.examples[reason]} for reason in commonest}


@dataclass
class Listing:
    """The radiographs that a table or a folder speaks of."""

    rows: pd.DataFrame
    """Columns of the radiographs table as far as they are known, and `file_name`, which is looked
    for among the images, or `path`, where the reader knows the file."""
    listed: int
    """How many rows or files there were, those left out included."""
    left_out: Tally = field(default_factory=Tally)
    """Rows that cannot be used, by reason."""
    nulled: Tally = field(default_factory=Tally)
    """Values that cannot be right and became null, by reason; their rows stay."""
    warnings: list[str] = field(default_factory=list)
    repeated_uids: list[list[str]] = field(default_factory=list)
    """The image_ids of films that share a SOPInstanceUID, which should name one film only."""


def leave_out_repeats(rows: pd.DataFrame, left_out: Tally, *, row: str = "row") -> pd.DataFrame:
    """Keep one of several equal rows of an image, and none where they differ.

    Args:
        rows: With the columns `image_id` and `row`, the row number in the file.
        left_out: Where the others are counted.
        row: Name of the column with the row number, which is not compared.
    """
    kept = rows.drop_duplicates([name for name in rows if name != row])
    left_out.add("listed twice", rows.loc[rows.index.difference(kept.index), "image_id"])
    differ = kept["image_id"].duplicated(keep=False)
    left_out.add("listed twice with different content", kept.loc[differ, "image_id"])
    return kept[~differ]
