"""Counting by reason, and rows that say the same thing twice or contradict each other."""

from __future__ import annotations

import pandas as pd

from core.data.listing import EXAMPLES, Tally, leave_out_repeats


def test_a_tally_counts_all_and_names_a_few():
    tally = Tally()

    tally.add("missing", (f"{number}.png" for number in range(100)))
    tally.add("truncated", ["x.png"])
    tally.add("never", [])

    assert tally.total == 101
    assert list(tally.to_dict()) == ["missing", "truncated"]  # the commonest first
    assert tally.to_dict()["missing"] == {"count": 100, "examples": [f"{n}.png" for n in range(EXAMPLES)]}


def test_equal_rows_count_once_and_contradicting_ones_not_at_all():
    rows = pd.DataFrame(
        {
            "row": [2, 3, 4, 5, 6, 7],
            "image_id": ["a", "b", "b", "c", "c", "d"],
            "label": [1, 0, 0, 0, 1, None],
        }
    )
    left_out = Tally()

    kept = leave_out_repeats(rows, left_out)

    assert kept["image_id"].tolist() == ["a", "b", "d"]
    assert left_out.counts == {"listed twice": 1, "listed twice with different content": 2}
