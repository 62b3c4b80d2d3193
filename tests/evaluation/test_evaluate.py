from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from core.base import schema
from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.evaluation.evaluate import evaluate, threshold_on_tune
from core.evaluation.report import EvaluationReport, Threshold

PLACE = {"checkpoint_id": "cnn-1", "dataset": "set", "split": "p0"}
CUT = Threshold(value=0.5, rule="youden", **PLACE, fold="tune", films=10, positive_films=5)


@pytest.fixture
def study() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A predictions and a radiographs table of 90 patients, two films each."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 180)
    images = [f"i{row:03d}" for row in range(180)]
    predictions = pd.DataFrame(
        {
            "image_id": images,
            "patient_id": np.repeat([f"p{i}" for i in range(90)], 2),
            "label": label,
            "logit": 0.0,
            "probability": np.clip(0.25 * label + 0.75 * rng.random(180), 0, 1),
        }
    )
    radiographs = pd.DataFrame(
        {
            "image_id": images,
            "findings": np.where(label == 1, "Pneumothorax", rng.choice(["No Finding", "Effusion"], 180)),
            "source": "phantom",
        }
    )
    return schema.checked(predictions, schema.PREDICTIONS), radiographs


def test_every_measure_stands_there_with_its_interval(study):
    predictions, radiographs = study

    report = evaluate(predictions, radiographs=radiographs, threshold=CUT, **PLACE, part="test", draws=200)

    label, probability = predictions["label"].to_numpy(int), predictions["probability"].to_numpy()
    assert set(report.metrics) == {
        *("auroc", "auroc_no_finding", "average_precision", "sensitivity_at_specificity_95", "brier", "log_loss"),
        *("sensitivity", "specificity", "ppv", "npv", "f1", "prevalence"),
    }
    for name, measure in report.metrics.items():
        assert measure.low < measure.value < measure.high, name
    assert report.metrics["auroc"].value == pytest.approx(sk.roc_auc_score(label, probability))
    easy = (label == 1) | (radiographs["findings"] == "No Finding")
    assert report.metrics["auroc_no_finding"].value == pytest.approx(sk.roc_auc_score(label[easy], probability[easy]))
    assert report.metrics["f1"].value == pytest.approx(sk.f1_score(label, probability >= 0.5))
    assert report.metrics["prevalence"].low == clustered_proportion(label, predictions["patient_id"]).low
    table = report.confusion
    cells = [[table.true_negative, table.false_positive], [table.false_negative, table.true_positive]]
    assert cells == sk.confusion_matrix(label, probability >= 0.5).tolist()
    assert report.kinds == {"phantom": 180}
    assert report.counts.model_dump() == {
        "films": 180,
        "patients": 90,
        "positive_films": label.sum(),
        "positive_patients": predictions.loc[label == 1, "patient_id"].nunique(),
        "no_finding_films": ((label == 0) & (radiographs["findings"] == "No Finding")).sum(),
        "without_label": 0,
    }
    assert report.roc.exact == 181
    assert report.roc.thresholds[0] is None


def test_a_report_survives_the_way_through_json(study):
    predictions, radiographs = study
    report = evaluate(predictions, radiographs=radiographs, threshold=CUT, **PLACE, part="test", draws=20)

    text = json.dumps(report.to_dict(), allow_nan=False)

    assert EvaluationReport.from_dict(json.loads(text)) == report


def test_the_order_of_the_rows_does_not_matter(study):
    predictions, radiographs = study
    options = {"threshold": CUT, **PLACE, "part": "test", "draws": 50}

    report = evaluate(predictions, radiographs=radiographs, **options)
    turned = evaluate(predictions.iloc[::-1], radiographs=radiographs.iloc[::-1], **options)

    for name, measure in report.metrics.items():
        other = turned.metrics[name]
        assert (measure.value, measure.low, measure.high) == pytest.approx((other.value, other.low, other.high)), name
    assert turned.report_id == report.report_id


def test_another_source_of_labels_is_measured_against_on_the_films_it_speaks_of(study):
    predictions, radiographs = study
    labels = pd.Series(1 - predictions["label"].to_numpy(int)[:100], index=predictions["image_id"][:100])

    report = evaluate(
        predictions, radiographs=radiographs, threshold=CUT, **PLACE, truth="phantom", labels=labels, draws=20
    )

    assert (report.truth, report.counts.films, report.counts.without_label) == ("phantom", 100, 80)
    plain = sk.roc_auc_score(predictions["label"].to_numpy(int)[:100], predictions["probability"][:100])
    assert report.metrics["auroc"].value == pytest.approx(1 - plain)


def test_one_class_only_gives_nulls_with_the_reason(study):
    predictions, radiographs = study
    negatives = predictions[predictions["label"] == 0]

    report = evaluate(negatives, radiographs=radiographs, threshold=CUT, **PLACE, part="test", draws=20)

    for name in ("auroc", "auroc_no_finding", "average_precision", "sensitivity"):
        assert report.metrics[name].model_dump() == {
            "value": None,
            "low": None,
            "high": None,
            "reason": "no positive film",
        }
    assert report.metrics["specificity"].value is not None
    assert report.metrics["ppv"].value == 0
    assert report.roc is None
    assert json.dumps(report.to_dict(), allow_nan=False)


def test_a_set_without_no_finding_says_so(study):
    predictions, radiographs = study

    report = evaluate(
        predictions, radiographs=radiographs.assign(findings=None), threshold=CUT, **PLACE, part="test", draws=20
    )

    assert report.metrics["auroc_no_finding"].reason == "no negative film with No Finding"


def test_without_a_threshold_the_rest_is_measured(study):
    predictions, radiographs = study

    report = evaluate(predictions, radiographs=radiographs, threshold=None, **PLACE, part="test", draws=20)

    assert report.confusion is None
    assert report.metrics["ppv"].reason == "no threshold: none was chosen on tune"
    assert report.metrics["auroc"].value is not None


def test_a_measure_that_most_draws_lack_has_a_value_but_no_interval(study, monkeypatch):
    predictions, radiographs = study
    monkeypatch.setattr("core.evaluation.evaluate.percentile_interval", lambda values: None)

    report = evaluate(predictions, radiographs=radiographs, threshold=None, **PLACE, part="test", draws=3)

    auroc = report.metrics["auroc"]
    assert auroc.value is not None
    assert (auroc.low, auroc.reason) == (None, "no interval: most draws of the patients lack it")


def test_four_patients_of_a_class_give_no_interval_and_five_do(study):
    predictions, radiographs = study
    positive = predictions.loc[predictions["label"] == 1, "patient_id"].unique()

    def measured(patients):
        kept = predictions[(predictions["label"] == 0) | predictions["patient_id"].isin(positive[:patients])]
        return evaluate(kept, radiographs=radiographs, threshold=None, **PLACE, part="test", draws=50).metrics

    assert measured(4)["auroc"].reason == "no interval: fewer than 5 patients in a class it needs"
    assert measured(4)["brier"].low is not None  # which needs no class
    assert measured(5)["auroc"].low is not None


def test_the_threshold_is_chosen_on_tune_and_nothing_else(study):
    predictions, _ = study
    fold = np.array(["tune", "certify", None], dtype=object)[np.arange(180) % 3]
    split = pd.DataFrame({"image_id": predictions["image_id"], "fold": fold})
    outside = predictions.copy()
    outside.loc[fold != "tune", "probability"] = 0.0

    point = threshold_on_tune(predictions, split, **PLACE)

    assert point == threshold_on_tune(outside, split, **PLACE)
    assert (point.fold, point.rule, point.films) == ("tune", "youden", 60)
    assert point.positive_films == int(predictions.loc[fold == "tune", "label"].sum())


def test_a_tune_fold_with_one_class_gives_no_threshold_and_one_without_films_is_refused(study):
    predictions, _ = study
    split = pd.DataFrame({"image_id": predictions["image_id"], "fold": "tune"})

    assert threshold_on_tune(predictions[predictions["label"] == 1], split, **PLACE) is None
    with pytest.raises(InputError, match="label from 'report', found none among 0"):
        threshold_on_tune(predictions, split.assign(fold="certify"), **PLACE)


def test_probabilities_out_of_range_are_refused(study):
    predictions, radiographs = study
    predictions.loc[3, "probability"] = 1.5

    with pytest.raises(InputError, match=r"from 0 to 1, found 1\.5 for 'i003'; run `predict` again"):
        evaluate(predictions, radiographs=radiographs, threshold=CUT, **PLACE)
