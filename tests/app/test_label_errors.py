"""The block of suspected label errors, driven as a person would, without a browser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.base import files
from core.evaluation import label_errors
from core.triage.worklists import Worklists
from tests.app import listed
from tests.triage import suspected

QUESTION = {"dataset": "made", "split": "patient", "part": "test", "truth": "report"}


def _block(question: dict[str, str], checkpoint_id: str) -> None:
    from unittest import mock

    from app import label_errors as block

    with mock.patch("app.navigation.link"):  # the block stands alone here, outside the pages
        block.draw(question, checkpoint_id)


def drawn(**question) -> AppTest:
    arguments = (QUESTION | question, listed.CHECKPOINT)
    at = AppTest.from_function(_block, args=arguments, default_timeout=60).run()
    assert not at.exception
    return at


def button(at: AppTest):
    return next(one for one in at.button if one.label == "Send to a worklist")


def field(at: AppTest, label: str):
    return next(one for one in [*at.text_input, *at.number_input] if one.label == label)


@pytest.fixture
def made(workspace):
    """Films whose probabilities follow the label, but for two of them."""
    suspected.make(workspace, films=60, drawn=3)
    for part in ("test", "val"):
        path = workspace.predictions(listed.CHECKPOINT, "made", "patient", part)
        table = pd.read_parquet(path)
        share = np.where(table["label"] == 1, 0.9, 0.1)
        share[:2] = 1 - share[:2]
        files.write_parquet(path, table.assign(probability=share, logit=np.log(share / (1 - share))))
    return workspace


def test_the_suspected_films_are_listed_with_what_is_known_of_them(made):
    at = drawn()

    shown = at.dataframe[0].value
    assert shown["Id"].tolist() == ["000000.png", "000001.png"]
    assert list(shown) == ["Film", "Id", "Label", "Probability", "Probably"]
    assert (shown["Label"] != shown["Probably"]).all()
    assert shown["Film"].str.startswith("data:image/jpeg;base64,").all()
    assert at.markdown[0].value.startswith("Labels by report, estimated wrong: ")
    assert "secret-folder" not in str(shown.to_dict())


def test_they_are_sent_blinded_to_the_readers_named(made):
    at = drawn()
    field(at, "Name of the worklist").set_value("second-look")
    field(at, "Films").set_value(1)
    field(at, "Readers, by commas").set_value("Ada Lovelace, Grace Hopper")
    button(at).click().run()

    assert not at.exception
    assert "second-look is made" in at.success[0].value
    saved = Worklists(made).get("second-look")
    assert (saved.films, saved.readers) == (("000000.png",), ("Ada Lovelace", "Grace Hopper"))
    assert (saved.read_mode, saved.created_by) == ("blinded", "the dashboard")


def test_a_bad_name_is_said_and_nothing_is_saved(made):
    at = drawn()
    field(at, "Name of the worklist").set_value("no name")
    button(at).click().run()

    assert "Expected a worklist name" in at.error[0].value
    assert Worklists(made).all() == []


def test_what_a_checkpoint_learnt_from_is_not_searched(made):
    assert "whose labels it may have learnt by heart" in drawn(part="train").info[0].value


def test_a_table_only_lists_its_films_but_sends_none(made):
    table = pd.read_parquet(made.radiographs("made"))
    files.write_parquet(made.radiographs("made"), table.assign(path=None))

    at = drawn()

    assert len(at.dataframe[0].value) == 2
    assert "is a table only, so nobody can read its films here" in at.caption[-1].value
    assert not at.button


def test_nothing_suspected_and_a_useless_model_are_said(made):
    path = made.predictions(listed.CHECKPOINT, "made", "patient", "test")
    table = pd.read_parquet(path)
    good = np.where(table["label"] == 1, 0.9, 0.1)
    files.write_parquet(path, table.assign(probability=good))
    assert "No label of this part is suspected." in [one.value for one in drawn().info]

    files.write_parquet(path, table.assign(probability=0.1))
    found = label_errors.noise(pd.read_parquet(path), table.set_index("image_id")["label"])
    assert found.positives_mislabelled == 1.0
    assert "says more of this model than of the labels" in drawn().warning[0].value
