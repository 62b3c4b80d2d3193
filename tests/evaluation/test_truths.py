"""Two truths: the same predictions against each source of labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from core.evaluation import delong
from core.evaluation.metrics import Films
from core.evaluation.truths import NAMES, against_each

CUT = 0.5


def made(count: int = 200, *, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions, and three sources: all films, every second one with other labels, and other films only."""
    chance = np.random.default_rng(seed)
    ids = [f"i{number:03d}" for number in range(count)]
    true = (chance.random(count) < 0.4).astype(int)
    report = np.where(chance.random(count) < 0.15, 1 - true, true)
    predictions = pd.DataFrame(
        {
            "image_id": ids,
            "patient_id": [f"p{number // 2}" for number in range(count)],
            "label": report,
            "probability": 0.3 * true + 0.7 * chance.random(count),
        }
    )
    truth = pd.concat(
        [
            pd.DataFrame({"image_id": ids, "truth": "report", "label": report}),
            pd.DataFrame({"image_id": ids[::2], "truth": "adjudicated", "label": true[::2]}),
            pd.DataFrame({"image_id": ["elsewhere"], "truth": "reads-old", "label": [1]}),
            pd.DataFrame({"image_id": ids[:3], "truth": "unsure", "label": [None, None, None]}),
        ]
    )
    return predictions, truth.assign(label=truth["label"].astype("Int64"))


def slow(predictions: pd.DataFrame, label: pd.Series) -> dict[str, float]:
    known = predictions[label.notna().to_numpy()]
    ill = label.dropna().to_numpy(int)
    probability = known["probability"].to_numpy()
    called = probability >= CUT
    return {
        "auroc": sk.roc_auc_score(ill, probability),
        "average_precision": sk.average_precision_score(ill, probability),
        "sensitivity": sk.recall_score(ill, called),
        "specificity": sk.recall_score(1 - ill, ~called),
        "ppv": sk.precision_score(ill, called),
        "npv": sk.precision_score(1 - ill, ~called),
        "brier": sk.brier_score_loss(ill, probability),
        "prevalence": ill.mean(),
    }


def test_every_measure_is_told_against_each_source_on_its_own_and_on_the_common_films():
    predictions, truth = made()

    found = against_each(predictions, truth, threshold=CUT, draws=200)

    assert [(one.truth, one.common, one.films) for one in found] == [
        ("report", False, 200),
        ("adjudicated", False, 100),
        ("report", True, 100),
        ("adjudicated", True, 100),
    ]
    for one in found:
        label = predictions["image_id"].map(truth[truth["truth"] == one.truth].set_index("image_id")["label"])
        if one.common:
            label = label.where(predictions.index % 2 == 0)
        expected = slow(predictions, label)
        assert set(one.metrics) == set(NAMES) == set(expected)
        for name, measure in one.metrics.items():
            assert measure.value == pytest.approx(expected[name]), (one.truth, one.common, name)
            assert measure.low < measure.value < measure.high
        assert (one.positive_films, one.patients) == (int(label.sum()), predictions["patient_id"].nunique())


def test_the_auroc_has_the_interval_of_clustered_delong():
    predictions, truth = made()

    one = against_each(predictions, truth, threshold=None, draws=10)[0]

    interval = delong.auroc_interval(
        Films.of(predictions["label"], predictions["probability"], predictions["patient_id"].to_numpy(object))
    )
    assert (one.metrics["auroc"].low, one.metrics["auroc"].high) == pytest.approx((interval.low, interval.high))
    assert one.metrics["ppv"].reason == "no threshold: none was chosen on tune"


def test_the_report_alone_is_told_once():
    predictions, truth = made()

    found = against_each(predictions, truth[truth["truth"] == "report"], threshold=CUT, draws=10)

    assert [(one.truth, one.common) for one in found] == [("report", False)]


def test_sources_without_a_common_film_say_so():
    predictions, truth = made()
    apart = truth[~((truth["truth"] == "report") & truth["image_id"].isin(predictions["image_id"][::2]))]

    common = [one for one in against_each(predictions, apart, threshold=CUT, draws=10) if one.common]

    assert [(one.films, one.patients, one.positive_films) for one in common] == [(0, 0, 0), (0, 0, 0)]
    assert {measure.reason for one in common for measure in one.metrics.values()} == {
        "no film that every source speaks of"
    }


def test_one_class_is_null_with_the_reason():
    predictions, truth = made()
    positive = truth[(truth["truth"] == "adjudicated") & (truth["label"] == 1)]

    (one,) = against_each(predictions, positive, threshold=CUT, draws=10)

    assert {name for name, measure in one.metrics.items() if measure.value is None} == {
        "auroc",
        "average_precision",
        "specificity",
    }
    assert one.metrics["auroc"].reason == one.metrics["specificity"].reason == "no negative film"
    assert one.metrics["prevalence"].value == 1.0


def test_no_source_that_speaks_of_these_films_is_no_truth():
    predictions, truth = made()

    assert against_each(predictions, truth[truth["image_id"] == "elsewhere"], threshold=CUT, draws=10) == []
