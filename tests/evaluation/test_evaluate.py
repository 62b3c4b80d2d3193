from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from core.base import schema
from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.evaluation.decision_curve import net_benefit
from core.evaluation.delong import auroc_interval
from core.evaluation.evaluate import evaluate, threshold_on_tune
from core.evaluation.metrics import Films
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

    report = evaluate(
        predictions,
        radiographs=radiographs,
        threshold=CUT,
        **PLACE,
        part="test",
        chosen_prevalence=0.1,
        draws=200,
    )

    label, probability = predictions["label"].to_numpy(int), predictions["probability"].to_numpy()
    assert set(report.metrics) == {
        *("auroc", "auroc_no_finding", "average_precision", "partial_auroc_90", "sensitivity_at_specificity_95"),
        *("specificity_at_sensitivity_95", "brier", "log_loss", "ece", "sensitivity", "specificity", "ppv", "npv"),
        *("ppv_at_prevalence", "npv_at_prevalence", "f1", "mcc", "prevalence"),
    }
    for name, measure in report.metrics.items():
        if name != "ece":
            assert measure.low < measure.value < measure.high, name
    assert report.metrics["ece"].reason == "no interval: drawing patients again makes it larger than it is"
    assert report.metrics["auroc"].value == pytest.approx(sk.roc_auc_score(label, probability))
    easy = (label == 1) | (radiographs["findings"] == "No Finding")
    assert report.metrics["auroc_no_finding"].value == pytest.approx(sk.roc_auc_score(label[easy], probability[easy]))
    assert report.metrics["f1"].value == pytest.approx(sk.f1_score(label, probability >= 0.5))
    films = Films.of(label, probability, predictions["patient_id"].to_numpy(object))
    assert report.metrics["auroc"].low == auroc_interval(films).low
    called = probability >= 0.5
    expected = clustered_proportion(label[called] == 1, predictions["patient_id"][called])
    assert report.metrics["ppv"].model_dump(include={"value", "low", "high"}) == expected._asdict()
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
    monkeypatch.setattr("core.evaluation.measures.percentile_interval", lambda values: None)

    report = evaluate(predictions, radiographs=radiographs, threshold=None, **PLACE, part="test", draws=3)

    found = report.metrics["average_precision"]
    assert found.value is not None
    assert (found.low, found.reason) == (None, "no interval: most draws of the patients lack it")


def test_four_patients_of_a_class_give_no_interval_and_five_do(study):
    predictions, radiographs = study
    positive = predictions.loc[predictions["label"] == 1, "patient_id"].unique()

    def measured(patients):
        kept = predictions[(predictions["label"] == 0) | predictions["patient_id"].isin(positive[:patients])]
        return evaluate(kept, radiographs=radiographs, threshold=None, **PLACE, part="test", draws=50).metrics

    assert measured(4)["auroc"].reason == "no interval: fewer than 5 patients in a class it needs"
    assert measured(4)["brier"].low is not None  # which needs no class
    assert measured(5)["auroc"].low is not None
    few = predictions[predictions["patient_id"].isin(positive[:4])]
    alone = evaluate(few, radiographs=radiographs, threshold=None, **PLACE, part="test", draws=50).metrics
    assert (alone["brier"].low, alone["brier"].reason) == (None, "no interval: fewer than 5 patients")


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


def test_limits_calibration_spread_and_net_benefit_stand_there(study):
    predictions, radiographs = study
    label, probability = predictions["label"].to_numpy(int), predictions["probability"].to_numpy()

    report = evaluate(predictions, radiographs=radiographs, threshold=CUT, **PLACE, part="test", draws=200)

    limits = report.roc_limits
    assert (limits.x[0], limits.x[-1], len(limits.x)) == (0, 1, 101)
    false, true, _ = sk.roc_curve(label, probability, drop_intermediate=False)
    rows = zip(limits.x, limits.low, limits.high, strict=True)
    inside = [low <= true[false <= x + 1e-12].max() <= high for x, low, high in rows]
    assert np.mean(inside) > 0.95
    assert (np.diff(limits.low) >= 0).all()
    assert (limits.low[-1], limits.high[-1]) == (1, 1)
    assert sum(one.films for one in report.calibration) == 180
    assert sum(one.films * one.share for one in report.calibration) == pytest.approx(label.sum())
    heaps = {(one.label, one.right): sum(one.counts) for one in report.spread}
    cells = report.confusion
    assert heaps == {
        (1, True): cells.true_positive,
        (1, False): cells.false_negative,
        (0, True): cells.true_negative,
        (0, False): cells.false_positive,
    }
    assert all(len(one.counts) == 20 for one in report.spread)
    model, everyone = net_benefit(label, probability, np.array(report.net_benefit.thresholds))
    assert report.net_benefit.model == pytest.approx(model)
    assert report.net_benefit.all_positive == pytest.approx(everyone)


def test_without_a_threshold_the_spread_counts_all_films_of_a_label(study):
    predictions, radiographs = study

    report = evaluate(predictions, radiographs=radiographs, threshold=None, **PLACE, part="test", draws=20)

    assert [(one.label, one.right) for one in report.spread] == [(1, None), (0, None)]


def test_one_class_has_no_curve_no_limits_and_no_net_benefit(study):
    predictions, radiographs = study
    positives = predictions[predictions["label"] == 1]

    report = evaluate(positives, radiographs=radiographs, threshold=CUT, **PLACE, part="test", draws=20)

    assert report.roc is None
    assert report.roc_limits is None
    assert report.net_benefit is None
    for name in ("partial_auroc_90", "specificity_at_sensitivity_95", "mcc", "specificity"):
        assert report.metrics[name].model_dump(exclude={"low", "high"}) == {"value": None, "reason": "no negative film"}


def test_negatives_with_other_findings_can_be_left_out(study):
    predictions, radiographs = study
    options = {"radiographs": radiographs, "threshold": CUT, **PLACE, "part": "test", "draws": 50}

    everyone = evaluate(predictions, **options)
    easy = evaluate(predictions, **options, negatives="no-finding")

    kept = (predictions["label"] == 1) | (radiographs["findings"] == "No Finding")
    assert (easy.negatives, easy.counts.films) == ("no-finding", kept.sum())
    assert easy.metrics["auroc"] == easy.metrics["auroc_no_finding"]
    assert easy.metrics["auroc"].value == pytest.approx(everyone.metrics["auroc_no_finding"].value)
    assert easy.metrics["auroc"].low == pytest.approx(everyone.metrics["auroc_no_finding"].low, abs=2e-3)
    assert easy.metrics["sensitivity"] == everyone.metrics["sensitivity"]


def test_a_wrong_word_for_negatives_or_a_set_without_any_is_refused(study):
    predictions, radiographs = study
    options = {"threshold": CUT, **PLACE, "part": "test", "draws": 5}

    with pytest.raises(InputError, match="'all' or 'no-finding', found 'some'; choose one"):
        evaluate(predictions, radiographs=radiographs, **options, negatives="some")
    negatives = predictions[predictions["label"] == 0]
    with pytest.raises(InputError, match="found none among"):
        evaluate(negatives, radiographs=radiographs.assign(findings="Effusion"), **options, negatives="no-finding")


def test_ppv_at_a_chosen_prevalence_follows_from_sensitivity_and_specificity(study):
    predictions, radiographs = study
    options = {"radiographs": radiographs, "threshold": CUT, **PLACE, "part": "test", "draws": 100}

    report = evaluate(predictions, **options, chosen_prevalence=0.05)

    sensitivity, specificity = (report.metrics[name].value for name in ("sensitivity", "specificity"))
    expected = sensitivity * 0.05 / (sensitivity * 0.05 + (1 - specificity) * 0.95)
    assert report.metrics["ppv_at_prevalence"].value == pytest.approx(expected)
    assert report.chosen_prevalence == 0.05
    assert evaluate(predictions, **options).metrics["npv_at_prevalence"].reason == "no prevalence was chosen"


def test_each_question_has_a_name_of_its_own(study):
    predictions, radiographs = study
    options = {"radiographs": radiographs, "threshold": CUT, **PLACE, "part": "test", "draws": 2}

    names = {
        evaluate(predictions, **options, negatives=negatives, chosen_prevalence=prevalence).report_id
        for negatives in ("all", "no-finding")
        for prevalence in (None, 0.05, 0.1)
    }

    assert len(names) == 6


def test_sources_of_labels_and_signals_tell_of_the_films(study):
    predictions, radiographs = study
    ill = predictions["label"].to_numpy(int) == 1
    images = predictions["image_id"]
    truth = pd.concat(
        [
            pd.DataFrame({"image_id": images, "truth": "report", "label": ill.astype(int)}),
            pd.DataFrame(
                {
                    "image_id": images,
                    "truth": "phantom",
                    "label": ill.astype(int),
                    "size_share": np.where(ill, 0.1, np.nan),
                    "drain": (ill & (np.arange(180) % 2 == 0)).astype(int),
                }
            ),
        ]
    )
    signals = pd.DataFrame({"image_id": images, "quality_grade": 0.9, "drain": 0, "drain_masked_probability": 0.1})
    options = {"radiographs": radiographs, "threshold": CUT, **PLACE, "part": "test", "draws": 20}

    report = evaluate(predictions, **options, truth_table=schema.checked(truth, schema.TRUTH), signals=signals)

    assert report.shortcut.with_drain.positive_films == (ill & (np.arange(180) % 2 == 0)).sum()  # of the truth table
    assert report.shortcut.masked_films == report.shortcut.with_drain.positive_films
    assert {one.truth for one in report.truths} == {"report", "phantom"}
    assert {"drain"} <= {one.by for one in report.subgroups}
    bare = evaluate(predictions, **options)
    assert bare.shortcut is None
    assert bare.truths == []
    assert EvaluationReport.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False))) == report
