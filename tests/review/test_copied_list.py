"""A worklist copied for other readers: what it takes over; of films taken in, who may not read it blinded."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from core.base.errors import InputError
from core.data import intake
from core.review import copied_list
from tests.review.listed import reading


def copied(workspace, worklist, **about):
    values = {"name": "study", "readers": (), "blinded": False, "by": "Mary"} | about
    return copied_list.copied(workspace, worklist, **values)


def test_it_takes_everything_over_but_who_reads_and_how(workspace):
    lent = reading(workspace).worklist

    made = copied(workspace, lent, readers=["Ada", " Grace  Hopper ", ""], blinded=True)

    assert (made.name, made.readers, made.read_mode, made.created_by) == (
        *("study", ("Ada", "Grace Hopper")),
        *("blinded", "Mary"),
    )
    kept = {"name", "readers", "read_mode", "created_by", "created_at"}
    same = set(lent.__dataclass_fields__) - kept
    assert all(getattr(made, name) == getattr(lent, name) for name in same)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"readers": ["Ada", "Ada"]}, "Expected each reader once, found one twice in Ada, Ada"),
        ({"name": " "}, "Expected a worklist name of 1 to 80 letters"),
    ],
)
def test_a_name_that_is_none_and_a_reader_named_twice_are_refused(workspace, about, sentence):
    with pytest.raises(InputError, match=sentence):
        copied(workspace, reading(workspace).worklist, **about)


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ({"readers": []}, "nobody named"),
        ({"readers": ["Grace", "ada"]}, "ada among them"),  # who sent them, however written
        ({"readers": ["Grace", "Mary"]}, "Mary among them"),  # who makes the copy
        ({"readers": ["Ada", "Zoe"], "by": "the dashboard"}, "Ada and Zoe among them"),  # Zoe brought one again
    ],
)
def test_films_taken_in_are_read_blinded_by_nobody_who_may_have_seen_what_the_model_says(
    workspace, monkeypatch, about, found
):
    brought = pd.DataFrame({"image_id": ["film"]})
    monkeypatch.setattr(intake, "received", lambda _workspace, by: brought if by == "Zoe" else brought.iloc[:0])
    sent = replace(reading(workspace).worklist, dataset=intake.DATASET, films=("film",), created_by="Ada")

    with pytest.raises(InputError, match=f"for a blinded worklist, found {found}; name others, or make it open"):
        copied(workspace, sent, blinded=True, **about)
    assert copied(workspace, sent, **about).read_mode == "open"
    assert copied(workspace, sent, readers=["Grace"], blinded=True).readers == ("Grace",)
