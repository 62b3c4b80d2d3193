"""What `evaluate` and `compare` share: the question, whose predictions answer it, and the files that show it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import Field

from core.base import files
from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace
from core.data import radiographs, split_store, truth
from core.evaluation import external, points_in_force, prediction_store, report_store, side_by_side
from core.evaluation.evaluate import evaluate, report_name
from core.evaluation.report import EvaluationReport, Threshold
from core.models import cards

if TYPE_CHECKING:
    from core.evaluation.comparison import Comparison
    from core.figures.curves import Measured


class Question(Config):
    """What is measured, against what, and which files are written of it."""

    dataset: str = Field(description="Data set the predictions were made for.")
    split: str = Field(description="Split of the data set.")
    part: Literal["train", "val", "test"] = Field(description="Part of the split.")
    truth: str = Field("report", description="Source of the labels that count as the reference standard.")
    negatives: Literal["all", "no-finding"] = Field(
        "all",
        description='Films without a pneumothorax: "all", or "no-finding" to leave out those with other findings.',
    )
    figures: GivenPath | None = Field(None, description="Folder for the figures, as PNG and SVG; needs Chromium.")
    html: GivenPath | None = Field(None, description="File for a report of its own, to be read without a network.")


@dataclass(frozen=True)
class Subject:
    """Whose predictions are measured: a checkpoint, or a model whose table was made elsewhere."""

    checkpoint_id: str
    card: dict[str, Any] | None
    """None for a table that was made elsewhere."""

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return self.checkpoint_id if self.card is None else cards.short_name(self.card)

    @property
    def model(self) -> str:
        """A key of `palette.MODELS`, or "external"."""
        return "external" if self.card is None else str(self.card["model"])

    def predictions(self, workspace: Workspace, question: Question) -> pd.DataFrame:
        """Read the predictions of the part; of val those of the fold tune: the other is kept for the limit on misses.

        Raises:
            InputError: If there are none, or stale ones.
        """
        place = (question.dataset, question.split, question.part)
        if self.card is None:
            return external.load(workspace, self.checkpoint_id, *place)
        table = prediction_store.load(workspace, self.card, *place)
        if question.part == "val":
            split = split_store.load(workspace, question.dataset, question.split)
            table = table[table["image_id"].isin(split.loc[split["fold"] == "tune", "image_id"])]
        return table

    def threshold(self, workspace: Workspace, question: Question) -> Threshold | None:
        """Return the operating point in force; of a table made elsewhere that of Youden on tune, if it covers tune."""
        if self.card is not None:
            return points_in_force.in_force(workspace, self.card)
        labels = truth.labels(workspace, question.dataset, question.truth)
        return external.threshold(
            workspace, self.checkpoint_id, question.dataset, question.split, truth=question.truth, labels=labels
        )


def subject(workspace: Workspace, checkpoint_id: str) -> Subject:
    """Return what a name stands for.

    Raises:
        InputError: If there is no such checkpoint; the sentence lists those there are.
    """
    if checkpoint_id.startswith(external.PREFIX):
        known = external.names(workspace)
        if checkpoint_id not in known:
            found = f"choose from {', '.join(known[:5])}." if known else "load its table on the page Compare."
            msg = f"Expected a model whose table was loaded, found none named {checkpoint_id!r}; {found}"
            raise InputError(msg)
        return Subject(checkpoint_id, None)
    return Subject(checkpoint_id, cards.read_card(workspace, checkpoint_id))


def measure(
    workspace: Workspace, one: Subject, question: Question, *, prevalence: float | None = None
) -> EvaluationReport:
    """Measure predictions and keep the report.

    Args:
        workspace: Where they lie.
        one: Whose they are.
        question: What is asked.
        prevalence: At which PPV and NPV are told besides.

    Raises:
        InputError: If there are no predictions, or no labels.
    """
    dataset, split, part = question.dataset, question.split, question.part
    beside = workspace.predictions(one.checkpoint_id, dataset, split, part).with_suffix(prediction_store.SIGNALS)
    report = evaluate(
        one.predictions(workspace, question),
        radiographs=radiographs.load(workspace, dataset),
        threshold=one.threshold(workspace, question),
        checkpoint_id=one.checkpoint_id,
        dataset=dataset,
        split=split,
        part=part,
        truth=question.truth,
        labels=truth.labels(workspace, dataset, question.truth),
        split_sha256=split_store.certificate(workspace, dataset, split)["table_sha256"],
        negatives=question.negatives,
        chosen_prevalence=prevalence,
        truth_table=truth.load(workspace, dataset),
        signals=files.read_parquet(beside) if beside.exists() else None,
    )
    report_store.save(workspace, report)
    return report


def kept(workspace: Workspace, one: Subject, question: Question) -> EvaluationReport | None:
    """Return the report that answers the question already, or None.

    It must be of the split as it is, of the operating point in force, newer than the predictions
    and labels that it was made of, and hold what reports hold now.
    """
    dataset, split = question.dataset, question.split
    name = report_name(
        one.checkpoint_id,
        dataset=dataset,
        split=split,
        part=question.part,
        truth=question.truth,
        negatives=question.negatives,
    )
    if not workspace.report(name).exists():
        return None
    report = report_store.load(workspace, name)
    as_it_is = report.split_sha256 == split_store.certificate(workspace, dataset, split)["table_sha256"]
    whole = bool(report.spread and report.truths)
    at_point = report.threshold == one.threshold(workspace, question)
    return report if as_it_is and whole and at_point and not report_store.outdated(workspace, report) else None


def check_targets(question: Question) -> None:
    """Refuse places that cannot be written to, and figures where no browser draws them, before anything is measured.

    Raises:
        InputError: If so.
    """
    if question.html is not None and question.html.is_dir():
        msg = f"Expected a file for the report, found a folder named {question.html.name!r}; name a file in it."
        raise InputError(msg, field="html")
    for field, target in (("html", question.html), ("figures", question.figures)):
        if target is not None:
            _refuse_unusable(next(folder for folder in target.parents if folder.exists()), field)
    if question.figures is not None:
        if question.figures.exists() and not question.figures.is_dir():
            msg = f"Expected a folder for the figures, found a file named {question.figures.name!r}; name another."
            raise InputError(msg, field="figures")
        from core.figures import exported

        exported.write({})  # starts the browser, and says where there is none


def _refuse_unusable(folder: Path, field: str) -> None:
    """Refuse a place below what is no folder, or one that is not to be written to."""
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        found = "one that cannot be written to" if folder.is_dir() else "a file"
        msg = f"Expected a folder to write into, found {found} named {folder.name!r}; name another."
        raise InputError(msg, field=field)


def write(
    workspace: Workspace,
    question: Question,
    subjects: Sequence[Subject],
    reports: Sequence[EvaluationReport],
    *,
    comparison: Comparison | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    command: Sequence[str],
) -> dict[str, Any]:
    """Write the figures and the report that were asked for, and return their places for `--json`.

    Args:
        workspace: Where the checkpoints lie.
        question: What was asked.
        subjects: Whose predictions were measured.
        reports: One each.
        comparison: Of all pairs, where there are two or more.
        tables: For the report, further to the measures, by title.
        command: Words that make the files again.

    Raises:
        InputError: If there is no Chromium to draw with.
    """
    if question.figures is None and question.html is None:
        return {}
    from core.figures import exported, gallery, html_report  # Plotly only where it is asked for
    from core.figures.curves import Measured
    from core.figures.efficiency import Cost
    from core.figures.style import stamp_of
    from core.figures.training import Run

    measured = [
        Measured(name=one.name, model=one.model, report=report) for one, report in zip(subjects, reports, strict=True)
    ]
    trained = [one for one in subjects if one.card is not None and "members" not in one.card]
    runs = [
        Run(name=one.name, model=one.model, history=cards.read_history(workspace, one.checkpoint_id)) for one in trained
    ]
    shown = gallery.gallery(
        measured,
        [None if one.card is None else Cost.of_card(one.card) for one in subjects],
        comparison=comparison,
        runs=runs,
    )
    made: dict[str, Any] = {}
    if question.figures is not None:
        written = exported.write({question.figures / one.name: one.figure for one in shown})
        made["figures"] = [str(path) for path in written]
    if question.html is not None:
        text = html_report.page(
            shown,
            title=gallery.title_of(measured),
            stamp=stamp_of(reports[0]),
            verdicts=gallery.verdicts_of(comparison, measured),
            tables={"Measures": table(measured)} | dict(tables or {}),
            texts={f"Model card: {one.name}": _model_card(workspace, one) for one in subjects if one.card is not None},
            command=shlex.join([*command, "--html", question.html.name]),
        )
        files.write_text(question.html, text)
        made["html"] = str(question.html)
    return made


def table(measured: Sequence[Measured]) -> pd.DataFrame:
    """Return the measures side by side under the names that readers know."""
    names = {one.report.checkpoint_id: one.name for one in measured}
    return side_by_side.measures_table([one.report for one in measured]).rename(columns=names)


def words_of(question: Question) -> list[str]:
    """Return the question as options of a command, without the files."""
    place = ["--dataset", question.dataset, "--split", question.split, "--part", question.part]
    return [*place, "--truth", question.truth, "--negatives", question.negatives]


def told(made: Mapping[str, Any]) -> list[str]:
    """Return lines that say which files were written."""
    lines = []
    if "figures" in made:
        lines.append(f"  {len(made['figures'])} files written to {Path(made['figures'][0]).parent}")
    if "html" in made:
        lines.append(f"  report written to {made['html']}")
    return lines


def _model_card(workspace: Workspace, one: Subject) -> str:
    path = workspace.checkpoint(one.checkpoint_id) / cards.MODEL_CARD
    return path.read_text(encoding="utf-8") if path.exists() else "This checkpoint has no model card."
