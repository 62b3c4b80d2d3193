from __future__ import annotations

import os
from datetime import datetime

import pytest

from core.base import files
from core.base.errors import InputError
from core.evaluation import report_store
from core.evaluation.report import Counts, EvaluationReport, Measure


def empty_report(report_id: str) -> EvaluationReport:
    return EvaluationReport(
        report_id=report_id,
        checkpoint_id="cnn-1",
        dataset="set",
        split="p0",
        part="test",
        truth="report",
        kinds={"phantom": 1},
        counts=Counts(films=1, patients=1, positive_films=0, positive_patients=0, no_finding_films=1, without_label=0),
        threshold=None,
        metrics={"auroc": Measure(value=None, reason="no positive film")},
        confusion=None,
        roc=None,
        precision_recall=None,
        bootstrap_draws=10,
        bootstrap_seed=0,
        versions={},
        created_at="2030-01-01T00:00:00+00:00",
    )


def test_what_is_saved_is_what_is_loaded(workspace):
    report_store.save(workspace, empty_report("r1"))

    assert report_store.load(workspace, "r1") == empty_report("r1")
    assert report_store.report_ids(workspace) == ["r1"]


def test_an_unknown_report_is_answered_with_those_there_are(workspace):
    with pytest.raises(InputError, match="none named 'r2'; there is none yet; make one with `evaluate`"):
        report_store.load(workspace, "r2")
    report_store.save(workspace, empty_report("r1"))
    with pytest.raises(InputError, match="none named 'r2'; choose from r1"):
        report_store.load(workspace, "r2")


@pytest.mark.parametrize("content", [{"report_id": "r1"}, {**empty_report("r1").to_dict(), "later": 1}, [], 7])
def test_what_another_version_wrote_is_one_sentence(workspace, content):
    files.write_json(workspace.report("r1"), content)

    with pytest.raises(InputError, match=r"found .*; remove the file and measure again") as told:
        report_store.load(workspace, "r1")
    assert "reports/r1.json" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_report_without_what_came_later_is_read(workspace):
    values = empty_report("r1").to_dict()
    for name in ("negatives", "spread", "truths", "roc_limits", "split_sha256"):
        del values[name]
    files.write_json(workspace.report("r1"), values)

    assert report_store.load(workspace, "r1") == empty_report("r1")


@pytest.mark.parametrize(
    ("checkpoint", "changed", "outdated"),
    [
        ("cnn-1", "test", True),
        ("cnn-1", "test.signals", True),
        ("cnn-1", "truth", True),
        ("cnn-1", "val", False),
        ("external-theirs", "val", True),  # on which its operating point is chosen
        ("cnn-1", None, False),
    ],
)
def test_a_report_is_outdated_once_what_it_was_made_of_is_written_again(workspace, checkpoint, changed, outdated):
    report = empty_report("r1").model_copy(update={"checkpoint_id": checkpoint})
    folder = workspace.predictions(checkpoint, "set", "p0", "test").parent
    paths = {name: folder / f"set-p0-{name}.parquet" for name in ("test", "test.signals", "val")}
    for name, path in (paths | {"truth": workspace.truth("set")}).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        at = datetime.fromisoformat(report.created_at).timestamp() + (60 if name == changed else -60)
        os.utime(path, (at, at))

    assert report_store.outdated(workspace, report) == outdated
