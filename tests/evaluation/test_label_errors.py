"""Confident learning: against a slow definition, by planted errors, and only on films that were not learnt from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base import files, schema
from core.base.errors import InputError
from core.evaluation import label_errors
from core.evaluation.label_errors import Noise, noise, suspected, unseen_predictions


def table(probability, ids=None) -> pd.DataFrame:
    names = ids if ids is not None else [f"i{number:05d}" for number in range(len(probability))]
    return pd.DataFrame({"image_id": names, "probability": np.asarray(probability, dtype=float)})


def labels_of(predictions: pd.DataFrame, label) -> pd.Series:
    return pd.Series(label, index=predictions["image_id"]).astype("Int64")


def slow(probability, label) -> tuple[dict[tuple[int, int], int], dict[int, float]]:
    """Count the confident joint film by film, and scale its rows, as the paper's equations say."""
    of = {1: list(probability), 0: [1 - value for value in probability]}
    films = range(len(label))
    least = {c: np.mean([of[c][i] for i in films if label[i] == c]) for c in (0, 1)}
    joint = {(given, true): 0 for given in (0, 1) for true in (0, 1)}
    for i in films:
        reached = [c for c in (0, 1) if of[c][i] >= least[c]]
        if reached:
            best = max(of[c][i] for c in reached)
            likeliest = [c for c in reached if of[c][i] == best]
            joint[label[i], label[i] if label[i] in likeliest else likeliest[0]] += 1
    wrong = {given: joint[given, 1 - given] / (joint[given, 0] + joint[given, 1]) for given in (0, 1)}
    return joint, wrong


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 64), st.booleans()), min_size=2, max_size=40))
def test_the_counts_are_those_of_the_definition(drawn):
    probability = np.array([share / 64 for share, _ in drawn])  # sums and means are exact
    label = [int(ill) for _, ill in drawn]
    predictions = table(probability)
    if len(set(label)) == 1:
        with pytest.raises(InputError, match="Expected labelled films with and without a pneumothorax"):
            suspected(predictions, labels_of(predictions, label))
        return
    _, wrong = slow(probability, label)

    found = suspected(predictions, labels_of(predictions, label))
    estimated = noise(predictions, labels_of(predictions, label))

    assert (estimated.positives_mislabelled, estimated.negatives_mislabelled) == pytest.approx((wrong[1], wrong[0]))
    for value in (0, 1):
        own = [i for i in range(len(label)) if label[i] == value]
        margin = {i: (1 - 2 * probability[i]) * (1 if value == 1 else -1) for i in own}
        expected = sorted(own, key=lambda i: (-margin[i], predictions["image_id"][i]))[: round(wrong[value] * len(own))]
        assert found.loc[found["label"] == value, "image_id"].tolist() == predictions["image_id"][expected].tolist()
    assert found["order"].tolist() == list(range(1, len(found) + 1))
    assert found["margin"].is_monotonic_decreasing
    assert (found["suspected_label"] == 1 - found["label"]).all()


def test_a_hand_worked_case():
    # Thresholds: positives (0.9 + 0.8 + 0.1) / 3 = 0.6; negatives 1 - (0.2 + 0.1 + 0.3 + 0.7) / 4 = 0.675.
    # Confident: positives 0.9, 0.8 as such, 0.1 as a negative: 1 of 3. Negatives 0.2, 0.1, 0.3 as such, 0.7 as a
    # positive: 1 of 4.
    predictions = table([0.9, 0.8, 0.1, 0.2, 0.1, 0.3, 0.7])
    label = labels_of(predictions, [1, 1, 1, 0, 0, 0, 0])

    found = suspected(predictions, label)

    assert noise(predictions, label) == Noise(
        positive_films=3, negative_films=4, positives_mislabelled=1 / 3, negatives_mislabelled=1 / 4
    )
    assert list(found) == list(label_errors.COLUMNS)
    assert found["image_id"].tolist() == ["i00002", "i00006"]
    assert found["margin"].tolist() == pytest.approx([0.8, 0.4])
    assert found["suspected_label"].tolist() == [0, 1]


def test_a_classifier_that_cannot_tell_the_classes_apart_suspects_a_whole_one():
    predictions = table(np.full(30, 0.1))  # which is why a share above one half is no finding about labels
    label = labels_of(predictions, np.arange(30) % 3 == 0)

    assert noise(predictions, label).positives_mislabelled == 1.0
    assert set(suspected(predictions, label)["label"]) == {1}


@pytest.mark.parametrize("seed", range(3))
def test_planted_errors_are_found(seed):
    # A good classifier that was not told of the errors: 15 % of the positives and 3 % of the negatives are wrong.
    chance = np.random.default_rng(seed)
    count = 5000
    true = chance.random(count) < 0.3
    logit = chance.normal(np.where(true, 2.5, -2.5), 1.2)
    predictions = table(1 / (1 + np.exp(-logit)))
    flipped = chance.random(count) < np.where(true, 0.0794, 0.0604)
    given_label = np.where(flipped, ~true, true)
    rate = {value: flipped[given_label == value].mean() for value in (True, False)}

    found = suspected(predictions, labels_of(predictions, given_label))
    estimated = noise(predictions, labels_of(predictions, given_label))

    caught = flipped[found["image_id"].str[1:].astype(int)]
    assert caught.mean() > 0.9  # precision
    assert caught.sum() / flipped.sum() > 0.85  # recall
    assert estimated.positives_mislabelled == pytest.approx(rate[True], abs=0.03)
    assert estimated.negatives_mislabelled == pytest.approx(rate[False], abs=0.02)


def test_films_without_a_label_are_left_out():
    predictions = table([0.9, 0.1, 0.2, 0.95, 0.5])
    label = pd.Series([1, 0, 0, 0, None], index=predictions["image_id"], dtype="Int64")

    assert suspected(predictions, label.drop("i00003")).empty
    assert suspected(predictions, label)["image_id"].tolist() == ["i00003"]


# Films that the checkpoint did not learn from


CARD = {
    "checkpoint_id": "cnn-made-1",
    "weights_sha256": "0a" * 32,
    "dataset": "made",
    "split": "patient",
    "split_sha256": "of the split",
}


@pytest.fixture
def predicted(workspace):
    """A data set of ten films, a split of it, and predictions of all its parts."""
    ids = [f"{number}.png" for number in range(10)]
    named = {"image_id": ids, "patient_id": ids, "label": [1, 0] * 5}
    films = pd.DataFrame(named | {"source": "phantom", "sha256": ids})
    parts = {
        "part": ["train"] * 4 + ["val"] * 4 + ["test"] * 2,
        "fold": [None] * 4 + ["tune", "certify"] * 2 + [None] * 2,
    }
    split = schema.checked(pd.DataFrame(named | parts), schema.SPLIT)
    files.write_parquet(workspace.radiographs("made"), schema.checked(films, schema.RADIOGRAPHS))
    files.write_parquet(workspace.split("made", "patient"), split)
    certified(workspace, "of the split")
    about = {"logit": 0.0, "probability": 0.5, "weights_sha256": CARD["weights_sha256"], "image_sha256": ids}
    for part, rows in pd.DataFrame(named | about).groupby(split["part"]):
        path = workspace.predictions(CARD["checkpoint_id"], "made", "patient", part)
        files.write_parquet(path, schema.checked(rows, schema.PREDICTIONS))
    return workspace


def certified(workspace, sha256: str) -> None:
    path = workspace.split("made", "patient").with_suffix(".json")
    files.write_json(path, {"kind": "patient", "table_sha256": sha256})


def test_of_val_only_the_fold_tune_counts(predicted):
    tune = unseen_predictions(predicted, CARD, "made", "patient", "val")
    test = unseen_predictions(predicted, CARD, "made", "patient", "test")

    assert tune["image_id"].tolist() == ["4.png", "6.png"]
    assert test["image_id"].tolist() == ["8.png", "9.png"]


def test_train_is_refused(predicted):
    with pytest.raises(InputError, match="found part 'train', whose labels it may have learnt by heart") as told:
        unseen_predictions(predicted, CARD, "made", "patient", "train")

    assert told.value.field == "part"


def test_a_split_of_the_same_films_that_it_did_not_learn_from_is_refused(predicted):
    certified(predicted, "of another split")

    with pytest.raises(InputError, match="which is not the split it learnt from as it then was"):
        unseen_predictions(predicted, CARD, "made", "patient", "test")

    elsewhere = CARD | {"dataset": "another"}  # whose films it cannot have seen here
    assert len(unseen_predictions(predicted, elsewhere, "made", "patient", "test")) == 2


def test_the_same_films_under_another_name_are_refused(predicted):
    films = files.read_parquet(predicted.radiographs("made"))
    files.write_parquet(predicted.radiographs("another"), films[films["image_id"] != "8.png"])

    with pytest.raises(InputError, match="found 1 of made that are also in another, from which it learnt"):
        unseen_predictions(predicted, CARD | {"dataset": "another"}, "made", "patient", "test")
