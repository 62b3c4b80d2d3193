"""Reports of what reads brought, on disk."""

from __future__ import annotations

import pytest

from core.base import files
from core.base.errors import InputError
from core.evaluation import loop_store, report_store
from tests.evaluation.looped import of_reads, simulated


def test_a_report_is_read_back_as_it_was_written(workspace):
    for report in (of_reads(), simulated()):
        report_store.save(workspace, report)

        assert loop_store.load(workspace, report.report_id) == report


def test_reports_of_a_data_set_come_newest_first_without_those_of_another_version(workspace):
    old = simulated(report_id="loop-old", created_at="2026-01-01T00:00:00+00:00")
    other = simulated(report_id="loop-other", dataset="another")
    for report in (old, of_reads(), other):
        report_store.save(workspace, report)
    files.write_json(workspace.report("loop-broken"), {"nothing": 1})

    assert [one.report_id for one in loop_store.of_dataset(workspace, "made")] == [of_reads().report_id, "loop-old"]
    assert len(loop_store.of_dataset(workspace)) == 3


def test_names_tell_the_reader_and_what_learnt():
    names = [
        loop_store.report_name("cnn-1", simulated=simulated_, whole=whole)
        for simulated_, whole in ((False, False), (True, False), (True, True))
    ]

    assert names == ["loop-cnn-1", "loop-cnn-1-simulated", "loop-cnn-1-simulated-whole"]


def test_a_report_that_is_not_there_is_told_with_those_that_are(workspace):
    report_store.save(workspace, simulated())

    with pytest.raises(InputError, match="none named 'loop-x'; choose from loop-cnn-made-1-simulated"):
        loop_store.load(workspace, "loop-x")
