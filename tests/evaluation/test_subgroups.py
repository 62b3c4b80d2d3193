"""Subgroups: which films are in which, and their measures against scikit-learn and slow counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.base.statistics import clustered_proportion
from core.evaluation import delong
from core.evaluation.metrics import Films
from core.evaluation.subgroups import subgroups

CUT = 0.5


def films(count: int = 400, *, seed: int = 0) -> pd.DataFrame:
    """Films of which everything is known of most, two a patient."""
    chance = np.random.default_rng(seed)
    label = (chance.random(count) < 0.3).astype(float)
    unknown = chance.random((6, count)) < 0.1
    return pd.DataFrame(
        {
            "image_id": [f"{number:04d}" for number in range(count)],
            "patient_id": [f"p{number // 2}" for number in range(count)],
            "label": label,
            "probability": np.clip(chance.normal(0.35 + 0.3 * label, 0.2), 0, 1).round(2),
            "sex": np.where(unknown[0], None, chance.choice(["F", "M"], count)),
            "age_years": np.where(unknown[1], np.nan, chance.integers(0, 95, count)),
            "view": chance.choice(["PA", "AP"], count),
            "follow_up": pd.array(np.where(unknown[2], None, chance.integers(0, 4, count)), dtype="Int64"),
            "size_share": np.where(unknown[3], np.nan, label * chance.choice([0.02, 0.05, 0.1, 0.15, 0.4], count)),
            "drain": pd.array(np.where(unknown[4], None, chance.integers(0, 2, count)), dtype="Int64"),
            "quality_grade": np.where(unknown[5], np.nan, chance.choice([0.2, 0.5, 0.6, 0.7, 0.9], count)),
            "source": "phantom",
        }
    )


def by_name(found) -> dict[tuple[str, str], object]:
    return {(one.by, one.group): one for one in found}


def test_the_groups_stand_in_their_order_with_the_unknown_last():
    assert [(one.by, one.group) for one in subgroups(films(), threshold=CUT)] == [
        *[("sex", name) for name in ("female", "male", "unknown")],
        *[("age", name) for name in ("under 18", "18 to 39", "40 to 59", "60 and over", "unknown")],
        *[("view", name) for name in ("AP", "PA")],
        *[("follow-up", name) for name in ("first film", "later films", "unknown")],
        *[("size of the pneumothorax", name) for name in ("up to 5 %", "over 5 to 15 %", "over 15 %", "unknown")],
        *[("drain", name) for name in ("with a drain", "without a drain", "unknown")],
        *[("drain", name) for name in ("negatives with a drain", "negatives without a drain")],
        *[("quality grade", name) for name in ("below 0.5", "0.5 to below 0.7", "0.7 and over", "unknown")],
    ]


@pytest.mark.parametrize(
    ("by", "group", "kept"),
    [
        ("sex", "female", lambda t: t["sex"] == "F"),
        ("sex", "unknown", lambda t: t["sex"].isna()),
        ("age", "under 18", lambda t: t["age_years"] < 18),
        ("age", "18 to 39", lambda t: t["age_years"].between(18, 39)),
        ("age", "40 to 59", lambda t: t["age_years"].between(40, 59)),
        ("age", "60 and over", lambda t: t["age_years"] >= 60),
        ("view", "AP", lambda t: t["view"] == "AP"),
        ("follow-up", "first film", lambda t: t["follow_up"] == 0),
        ("follow-up", "later films", lambda t: t["follow_up"] > 0),
        ("size of the pneumothorax", "up to 5 %", lambda t: (t["label"] == 0) | (t["size_share"] <= 0.05)),
        (
            "size of the pneumothorax",
            "over 5 to 15 %",
            lambda t: (t["label"] == 0) | t["size_share"].isin([0.1, 0.15]),
        ),
        ("size of the pneumothorax", "over 15 %", lambda t: (t["label"] == 0) | (t["size_share"] > 0.15)),
        ("size of the pneumothorax", "unknown", lambda t: (t["label"] == 0) | t["size_share"].isna()),
        ("drain", "with a drain", lambda t: (t["label"] == 0) | (t["drain"] == 1)),
        ("drain", "without a drain", lambda t: (t["label"] == 0) | (t["drain"] == 0)),
        ("quality grade", "below 0.5", lambda t: t["quality_grade"] == 0.2),
        ("quality grade", "0.5 to below 0.7", lambda t: t["quality_grade"].isin([0.5, 0.6])),
        ("quality grade", "0.7 and over", lambda t: t["quality_grade"].isin([0.7, 0.9])),
    ],
)
def test_a_group_is_measured_on_its_own_films(by, group, kept):
    table = films()
    own = table[kept(table).fillna(False).astype(bool)]
    ill, called = own["label"] == 1, own["probability"] >= CUT

    found = by_name(subgroups(table, threshold=CUT))[by, group]

    assert (found.films, found.positive_films) == (len(own), int(ill.sum()))
    assert (found.patients, found.positive_patients) == (
        own["patient_id"].nunique(),
        own.loc[ill, "patient_id"].nunique(),
    )
    assert found.auroc.value == pytest.approx(sk.roc_auc_score(ill, own["probability"]))
    for measure, right, among in ((found.sensitivity, called, ill), (found.specificity, ~called, ~ill)):
        expected = clustered_proportion(right[among].to_numpy(), own.loc[among, "patient_id"].to_numpy(str))
        assert (measure.value, measure.low, measure.high) == pytest.approx(tuple(expected))
    if min(found.positive_patients, own.loc[~ill, "patient_id"].nunique()) >= 5:
        interval = delong.auroc_interval(Films.of(ill, own["probability"], own["patient_id"].to_numpy(object)))
        assert (found.auroc.low, found.auroc.high) == pytest.approx((interval.low, interval.high))


def test_negatives_with_a_drain_have_a_specificity_and_nothing_else():
    table = films()
    own = table[(table["label"] == 0) & (table["drain"] == 1)]

    found = by_name(subgroups(table, threshold=CUT))["drain", "negatives with a drain"]

    assert (found.films, found.positive_films, found.warning) == (len(own), 0, None)
    assert found.specificity.value == pytest.approx((own["probability"] < CUT).mean())
    assert (found.auroc.reason, found.sensitivity.reason) == ("no positive film", "no positive film")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_every_film_is_in_one_group_of_what_all_films_have(seed, count):
    table = films(count, seed=seed)

    found = subgroups(table, threshold=CUT)

    for by in ("sex", "age", "view", "follow-up", "quality grade"):
        own = [one for one in found if one.by == by]
        assert sum(one.films for one in own) in (0, count)
        assert len(own) != 1
        assert sum(one.positive_films for one in own) in (0, table["label"].sum())


def test_what_is_the_same_for_all_or_not_known_tells_nothing_apart():
    table = films()
    alike = table.assign(sex="F", view=None, age_years=30.0, quality_grade=np.nan, drain=pd.NA)

    assert {one.by for one in subgroups(alike, threshold=CUT)} == {"follow-up", "size of the pneumothorax"}
    assert subgroups(table[["image_id", "patient_id", "label", "probability"]], threshold=CUT) == []


def test_kinds_of_image_are_told_apart_where_there_are_several():
    table = films()
    table["source"] = np.where(table.index % 3 == 0, "synthetic", "phantom")

    found = [(one.group, one.films) for one in subgroups(table, threshold=CUT) if one.by == "kind of image"]

    assert found == [("phantom", 266), ("synthetic", 134)]


def test_without_a_threshold_there_is_an_auroc_only():
    found = subgroups(films(), threshold=None)[0]

    assert found.auroc.value is not None
    assert found.sensitivity.reason == found.specificity.reason == "no threshold: none was chosen on tune"


def test_too_few_patients_are_said_and_have_no_interval():
    table = pd.DataFrame(
        {
            "image_id": list("abcdefgh"),
            "patient_id": list("11223344"),
            "label": [1.0, 1, 0, 0, 1, 0, 0, 0],
            "probability": [0.9, 0.8, 0.2, 0.3, 0.4, 0.1, 0.6, 0.2],
            "view": list("PPPPAAAA"),
        }
    )

    upright, lying = subgroups(table, threshold=CUT)[::-1]

    assert (upright.group, upright.films, upright.patients, upright.positive_patients) == ("P", 4, 2, 1)
    assert (upright.auroc.value, upright.auroc.low) == (1.0, None)
    assert upright.auroc.reason == "no interval: fewer than 5 patients in a class it needs"
    assert upright.warning == (
        "fewer than 10 patients of a class (1 with a pneumothorax, 1 without one): little can be concluded"
    )
    assert lying.specificity.value == pytest.approx(2 / 3)
