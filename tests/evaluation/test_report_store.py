from __future__ import annotations

import pytest

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
