"""`evaluate` as a person runs it: the report, its files, and what is refused."""

from __future__ import annotations

import pytest

from core.base import files
from core.data import split_store
from core.evaluation import external, report_store
from core.figures import exported
from tests.commands.studies import PLACE, own


@pytest.fixture
def drawn(monkeypatch):
    """Figures by path and format, kept instead of drawn."""
    kept = {}

    def keep(figures, *, formats=exported.FORMATS):
        names = {path.with_name(f"{path.name}.{kind}"): figure for path, figure in figures.items() for kind in formats}
        kept.update(names)
        return list(names)

    monkeypatch.setattr(exported, "write", keep)
    return kept


def test_the_whole_report_is_printed_and_kept(study, done):
    checkpoint = own(study)

    summary, made = done(
        *("evaluate", checkpoint, *PLACE, "--part", "test", "--negatives", "no-finding", "--prevalence", "0.05")
    )

    report = made["report"]
    assert report["checkpoint_id"] == made["checkpoint_id"] == checkpoint
    assert (report["negatives"], report["chosen_prevalence"]) == ("no-finding", 0.05)
    assert report["counts"]["films"] == report["counts"]["positive_films"] + report["counts"]["no_finding_films"]
    assert report["metrics"]["ppv_at_prevalence"]["value"] is not None
    assert {group["by"] for group in report["subgroups"]} >= {"sex", "view", "drain"}
    assert {truth["truth"] for truth in report["truths"]} == {"report", "phantom"}
    assert report_store.load(study, report["report_id"]).to_dict() == report
    assert "negatives with No Finding only" in summary
    assert "(youden on tune)" in summary


def test_of_val_only_tune_is_measured(study, done):
    _, made = done("evaluate", own(study), *PLACE, "--part", "val")

    split = split_store.load(study, "phantoms", "patient")
    assert made["report"]["counts"]["films"] == int((split["fold"] == "tune").sum())


def test_figures_and_the_report_are_written_without_a_path_of_the_machine(study, done, drawn, tmp_path):
    folder, page = tmp_path / "made here" / "figures", tmp_path / "made here" / "one.html"

    summary, made = done(
        *("evaluate", own(study), *PLACE, "--part", "test", "--figures", str(folder), "--html", str(page))
    )

    assert made["html"] == str(page)
    names = {path.stem for path in drawn}
    assert {"summary", "roc", "precision-recall", "confusion", "metrics", "threshold-analysis"} <= names
    assert {"probabilities", "calibration", "decision-curve", "subgroups", "efficiency", "truths"} <= names
    assert "differences" not in names
    assert len(made["figures"]) == 2 * len(names)
    text = page.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "made here" not in text
    assert "--part test --truth report --negatives all --html one.html" in text
    assert "Intended use" in text  # the model card
    assert all(str(study.root) not in figure.to_json() for figure in drawn.values())
    assert f"report written to {page}" in summary


def test_a_table_made_elsewhere_is_measured_at_its_own_point(study, done):
    tables = [
        files.read_parquet(study.predictions(own(study), "phantoms", "patient", part)) for part in ("val", "test")
    ]
    for number, table in enumerate(tables):
        own_part = table[["image_id", "label", "probability"]]
        external.take_in(study, own_part, name="theirs", dataset="phantoms", split="patient", by="Ada")
        _, made = done("evaluate", "external-theirs", *PLACE, "--part", ("val", "test")[number])
        assert made["report"]["threshold"]["fold"] == "tune"
        assert made["report"]["threshold"]["checkpoint_id"] == "external-theirs"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--prevalence", "1"], "prevalence"),
        (["--negatives", "some"], "negatives"),
        (["--truth", "nobody"], "source of labels"),
    ],
)
def test_what_cannot_be_asked_is_refused(study, refused, words, expected):
    assert expected in refused("evaluate", own(study), *PLACE, "--part", "test", *words)


def test_a_table_that_nobody_loaded_is_refused(study, refused):
    assert "load its table" in refused("evaluate", "external-none", *PLACE, "--part", "test")


def test_places_that_cannot_be_written_to_are_refused_before_anything_is_measured(study, refused, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in study.reports.glob("*.json")}
    (tmp_path / "file").write_text("mine")

    told = refused("evaluate", own(study), *PLACE, "--part", "test", "--figures", str(tmp_path / "file"))
    assert "Expected a folder for the figures, found a file named 'file'" in told
    told = refused("evaluate", own(study), *PLACE, "--part", "test", "--html", str(tmp_path))
    assert "Expected a file for the report, found a folder" in told
    for option in ("--html", "--figures"):
        told = refused("evaluate", own(study), *PLACE, "--part", "test", option, str(tmp_path / "file" / "deep" / "it"))
        assert "Expected a folder to write into, found a file named 'file'" in told

    assert {path: path.stat().st_mtime_ns for path in study.reports.glob("*.json")} == before


def test_without_a_browser_one_sentence_says_so_and_nothing_is_written(study, refused, monkeypatch, tmp_path):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nowhere"))
    folder, page = tmp_path / "figures", tmp_path / "one.html"

    told = refused(*("evaluate", own(study), *PLACE, "--part", "test", "--figures", str(folder), "--html", str(page)))

    assert "found none; install one" in told
    assert not folder.exists()
    assert not page.exists()
