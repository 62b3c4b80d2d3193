from __future__ import annotations

import numpy as np
import pytest

from core.review.workload import workload
from tests.review.made import FIRST_DAY, answers, read, table

DAY = 86_400.0


def test_reads_films_and_days_are_counted_by_reader():
    reads = table(
        read("a", "Ada", "present", created_at=FIRST_DAY + DAY - 1),
        read("a", "Ada", "present", stage=2, created_at=FIRST_DAY + DAY + 1),
        read("b", "Ada", "present", created_at=FIRST_DAY + 5 * DAY),
        read("b", "Ada", "absent", created_at=FIRST_DAY + 5 * DAY),
        read("a", "Ada", "present", worklist="second", created_at=FIRST_DAY + 5 * DAY),
        read("c", "Ada", "present", role="adjudicator", stage=2, created_at=FIRST_DAY + 5 * DAY),
        read("a", "Grace", "present"),
    )

    ada, grace = workload(reads)

    assert (ada.reader, ada.reads, ada.films, ada.adjudications) == ("Ada", 6, 4, 1)
    assert (ada.days, ada.reads_a_day) == (3, 2)
    assert (grace.reads, grace.films, grace.days) == (1, 1, 1)


def test_seconds_are_added_up_by_film_and_stage():
    seconds = [10.0, 20.0, 30.0, 40.0]
    reads = [read(f"film {at}", "Ada", "present", seconds=value) for at, value in enumerate(seconds)]
    corrected = read("film 3", "Ada", "absent", seconds=5.0)
    after = read("film 0", "Ada", "present", stage=2, seconds=7.0)

    (found,) = workload(table(*reads, corrected, after))

    assert found.before.median == np.median([10, 20, 30, 45])
    assert found.before.p90 == pytest.approx(np.quantile([10, 20, 30, 45], 0.9))
    assert (found.after.median, found.after.p90) == (7, 7)


def test_without_a_read_after_the_model_nothing_is_said_of_it():
    (found,) = workload(table(*answers("Ada", "pa")))

    assert found.after is None
    assert (found.both, found.changed) == (0, 0)


def test_an_answer_has_changed_where_the_grade_of_a_side_has():
    before = [read("a", "Ada", "present", grade=4.0), read("b", "Ada", "present", grade=4.0), read("c", "Ada", None)]
    after = [
        read("a", "Ada", "present", grade=3.0, stage=2),
        read("b", "Ada", "present", grade=4.0, stage=2),
        read("c", "Ada", None, stage=2),
    ]
    readable = [read("d", "Ada", None), read("d", "Ada", "absent", stage=2)]

    (found,) = workload(table(*before, *after, *readable))

    assert (found.both, found.changed) == (4, 2)


def test_practice_is_no_work():
    assert workload(table(*answers("Ada", "pa", purpose="practice"))) == []
