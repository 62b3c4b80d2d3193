"""Reports side by side: one column a checkpoint, and a reason where there is no number."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation import side_by_side
from core.evaluation.evaluate import evaluate
from core.evaluation.report import Measure, Threshold

LABELS = [1, 1, 1, 0, 0, 0, 0, 0]


MANY = [1, 0] * 20


def report(checkpoint="cnn-1", *, labels=LABELS, cut=0.5, part="test", truth="report", split="patient"):
    ids = [f"{number}.png" for number in range(len(labels))]
    predictions = pd.DataFrame(
        {
            "image_id": ids,
            "patient_id": ids,
            "label": pd.array(labels, dtype="Int64"),
            "probability": np.linspace(0.9, 0.2, len(labels)),
        }
    )
    radiographs = pd.DataFrame(
        {
            "image_id": ids,
            "findings": ["Pneumothorax" if label else "No Finding" for label in labels],
            "source": "phantom",
        }
    )
    point = None
    if cut is not None:
        point = Threshold(
            value=cut,
            rule="youden",
            checkpoint_id=checkpoint,
            dataset="d",
            split=split,
            fold="tune",
            films=9,
            positive_films=3,
        )
    return evaluate(
        predictions,
        radiographs=radiographs,
        threshold=point,
        checkpoint_id=checkpoint,
        dataset="d",
        split=split,
        part=part,
        split_sha256="1",
        truth=truth,
        draws=100,
    )


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        (Measure(value=0.9, low=0.85, high=0.94), "0.900 (0.850 to 0.940)"),
        (Measure(value=0.0, low=0.0, high=0.0), "0.000 (0.000 to 0.000)"),
        (Measure(value=1.0, reason="no interval: too few patients"), "1.000, no interval: too few patients"),
        (Measure(value=None, reason="no positive film"), "none: no positive film"),
    ],
)
def test_a_measure_comes_with_its_interval_or_the_reason_for_none(measure, told):
    assert side_by_side.words(measure) == told


def test_one_column_a_checkpoint_and_one_row_a_measure():
    table = side_by_side.measures_table([report("cnn-1"), report("cnn-2", cut=None)])

    assert list(table) == ["Measure", "cnn-1", "cnn-2"]
    told = [title for name, title in side_by_side.TITLES.items() if not name.endswith("_at_prevalence")]
    assert table["Measure"].tolist() == [*told, "Threshold"]
    rows = table.set_index("Measure")
    assert (
        rows.loc["AUROC, against all others", "cnn-1"]
        == "1.000, no interval: fewer than 5 patients in a class it needs"
    )
    assert rows.loc["Threshold"].tolist() == ["0.500 (youden on tune)", "none"]
    assert rows.loc["Sensitivity", "cnn-2"] == "none: no threshold: none was chosen on tune"


def test_every_measure_is_explained():
    assert side_by_side.HELP.keys() == side_by_side.TITLES.keys()
    assert set(side_by_side.TITLES) <= report().metrics.keys()


def test_no_report_makes_a_table_without_checkpoints():
    assert list(side_by_side.measures_table([])) == ["Measure"]


def test_a_chosen_prevalence_has_its_rows():
    chosen = report("cnn-1").model_copy(update={"chosen_prevalence": 0.05})

    assert side_by_side.measures_table([chosen])["Measure"].tolist() == [*side_by_side.TITLES.values(), "Threshold"]


def test_the_sentence_tells_how_well_so_few_films_know_an_auroc():
    first = report(labels=MANY)
    interval = first.metrics["auroc"]

    sentence = side_by_side.lead_sentence([first])

    assert sentence.startswith("40 films, 40 patients, 20 with a pneumothorax: AUROC known to within about ")
    assert sentence.endswith(f"{(interval.high - interval.low) / 2:.2f}.")


def test_with_few_patients_in_a_class_no_precision_is_claimed():
    assert side_by_side.lead_sentence([report()]) == (
        "8 films, 8 patients, 3 with a pneumothorax: with fewer than 10 patients in a class an AUROC says little."
    )


def test_the_widest_interval_is_the_one_told():
    narrow = report(labels=MANY)
    wide = narrow.model_copy(update={"metrics": narrow.metrics | {"auroc": Measure(value=0.5, low=0.1, high=0.9)}})

    assert side_by_side.lead_sentence([narrow, wide]).endswith("known to within about 0.40.")


def test_one_class_has_no_auroc():
    assert side_by_side.lead_sentence([report(labels=[0, 0, 0])]) == (
        "3 films, 3 patients, 0 with a pneumothorax: no AUROC: one class only."
    )


def test_only_answers_to_the_same_question_stand_side_by_side():
    wanted = report()
    of_an_older_split = wanted.model_copy(update={"split_sha256": "0"})
    others = [report(part="val"), report(truth="phantom"), report(split="small"), of_an_older_split]
    asked = {"dataset": "d", "split": "patient", "split_sha256": "1", "part": "test", "truth": "report"}

    assert side_by_side.fitting([*others, wanted], **asked) == [wanted]
    assert side_by_side.fitting([wanted], **asked | {"dataset": "e"}) == []
    easy = wanted.model_copy(update={"negatives": "no-finding"})
    assert side_by_side.fitting([easy, wanted], **asked) == [wanted]
    assert side_by_side.fitting([easy, wanted], **asked, negatives="no-finding") == [easy]


def test_of_a_checkpoint_the_newest_report_stands_there():
    first = report().model_copy(update={"created_at": "2026-01-01T00:00:00+00:00"})
    later = first.model_copy(update={"created_at": "2026-01-02T00:00:00+00:00", "chosen_prevalence": 0.05})
    asked = {"dataset": "d", "split": "patient", "split_sha256": "1", "part": "test", "truth": "report"}

    assert side_by_side.fitting([later, report("cnn-2"), first], **asked)[0] == later


def test_a_report_from_before_a_measure_says_so():
    wanted = report()
    older = wanted.model_copy(update={"metrics": {k: v for k, v in wanted.metrics.items() if k != "mcc"}})

    rows = side_by_side.measures_table([older]).set_index("Measure")

    assert rows.loc["Matthews correlation", "cnn-1"] == "none: measured by an older version; evaluate again"
