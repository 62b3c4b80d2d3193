from __future__ import annotations

import numpy as np
import pytest
import torch

from core.base import files
from core.data import split_store, synthetic
from core.models import cards
from core.synthesis import following, generators, pairs, train
from tests.synthesis import domains


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return domains.made_once(tmp_path_factory.mktemp("domains"))


@pytest.fixture
def study(made, workspace):
    """A workspace of the test's own with films of forty patients and their domain split."""
    return domains.copied(made, workspace)


def card_of(workspace, name: str) -> dict:
    return cards.read_card(workspace, name, task=cards.TRANSLATION)


def test_without_films_in_val_nothing_is_followed_and_the_card_says_so(study, monkeypatch):
    domains.has_a_reader(monkeypatch)
    table = split_store.load(study, domains.DATASET, domains.SPLIT)
    split_store.save(
        study, domains.DATASET, "no-val", table[table["part"] == "train"], kind="domain", seed=0, options={}
    )

    name = train.train(study, domains.config(split="no-val", steps=1))

    history = cards.read_history(study, name)
    assert history[list(following.COLUMNS)].isna().all(axis=None)
    assert history[list(following.COLUMNS)].dtypes.eq(float).all()
    assert any("Val has fewer than 2 films of a domain" in note for note in card_of(study, name)["notes"])
    shown = files.read_json(study.checkpoint(name) / "samples.json")["films"]
    assert {film["image_id"] for film in shown} <= set(table.loc[table["part"] == "train", "image_id"])


def test_without_a_classifier_there_is_no_distance_but_a_reason(study):
    name = train.train(study, domains.config(steps=1))

    history = cards.read_history(study, name)
    assert history[["kid_a_to_b", "kid_b_to_a"]].isna().all(axis=None)
    assert card_of(study, name)["classifier_id"] is None
    assert "no classifier" in card_of(study, name)["classifier_reason"]


def test_translations_are_measured_against_films_of_the_wanted_domain(study, monkeypatch):
    """Generators that leave films alone: what is measured is films of one domain against the other."""
    domains.has_a_reader(monkeypatch)
    found = pairs.prepare(study, domains.config())
    followed = following.Following.of(study, found, dataset=domains.DATASET, seed=0)
    still = generators.Generators("", torch.nn.Identity(), torch.nn.Identity(), 32, {})

    measured = followed.measure(still, torch.device("cpu"))

    seen = {domain: domains.Reader().read(pixels).features for domain, pixels in followed.pixels.items()}
    assert measured["kid_a_to_b"] == pytest.approx(following.likeness.kid(seen["B"], seen["A"]))
    assert measured["kid_a_to_b"] == pytest.approx(measured["kid_b_to_a"])
    translated = following.translated(still, followed.pixels["A"], synthetic.A_TO_B, torch.device("cpu"))
    assert np.array_equal(translated, followed.pixels["A"])
