"""Suspected label errors as a worklist: blinded, of chosen films, with the cut in force; and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.review import reading_list
from core.triage.label_review import worklist
from core.triage.worklists import Worklists
from tests.app import listed
from tests.triage import suspected

QUESTION = {"dataset": "made", "split": "patient", "part": "test", "truth": "report", "negatives": "all"}
FILMS = ["000007.png", "000003.png", "000020.png"]


@pytest.fixture
def made(workspace):
    suspected.make(workspace)
    return workspace


def sent(workspace, films=FILMS, **about):
    values = {"question": QUESTION, "name": "labels", "created_by": "Ada"} | about
    question = values.pop("question")
    return worklist(workspace, listed.CARD, question, films, **values)


def test_it_is_a_blinded_list_of_just_these_films(made):
    saved = Worklists(made).save(sent(made, readers=("Grace", "Mary")))

    assert Worklists(made).get("labels") == saved
    assert (saved.read_mode, saved.purpose, saved.readers) == ("blinded", "reading", ("Grace", "Mary"))
    assert saved.films == tuple(sorted(FILMS))
    assert (saved.checkpoint_id, saved.weights_sha256) == (listed.CHECKPOINT, listed.WEIGHTS)
    assert (saved.dataset, saved.split, saved.part, saved.truth) == ("made", "patient", "test", "report")
    assert (saved.cut, saved.cut_from) == (listed.CUT, "youden on tune, at training, 2026-01-01")
    assert saved.policy["kind"] == "budget"
    assert saved.policy["budget"] == 0.2


def test_it_can_be_read_through(made):
    reading = reading_list.load(made, Worklists(made).save(sent(made)))

    assert set(reading.listed) == set(FILMS)
    assert reading.blinded
    assert reading.policy.cut == listed.CUT
    assert sorted(reading.order("Grace")) == sorted(FILMS)


def test_of_val_the_films_of_tune_can_be_sent(made):
    saved = sent(made, ["v000001.png"], question=QUESTION | {"part": "val"})

    assert (saved.part, saved.films) == ("val", ("v000001.png",))


def test_films_without_pixels_cannot_be_read(made):
    table = pd.read_parquet(made.radiographs("made"))
    files.write_parquet(made.radiographs("made"), table.assign(path=None, sha256=None))

    with pytest.raises(InputError, match="found that 3 of 3 have none, as 'made' is a table only; index it with"):
        sent(made)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"films": []}, "Expected films whose labels are suspected, found none"),
        ({"films": ["000003.png", "v000003.png"]}, "Expected films of part test of made/patient, found 1 of 2"),
        ({"name": "a b"}, "Expected a worklist name of 1 to 80"),
        ({"question": QUESTION | {"part": "train"}}, "part train, as it is now, found"),
    ],
)
def test_what_cannot_be_sent_is_refused(made, about, sentence):
    with pytest.raises(InputError, match=sentence):
        sent(made, **about)
