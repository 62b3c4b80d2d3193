"""What the compare page asks and names: the question, the checkpoints it shows, what is computed film by film."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import panels, resources, state
from core.base.errors import InputError
from core.evaluation import comparison, external, pooled, prediction_store
from core.evaluation.comparison import Aligned, Difference
from core.evaluation.evaluate import Negatives
from core.evaluation.pooled import Pooled
from core.evaluation.report import EvaluationReport
from core.figures.curves import Measured
from core.models import cards
from core.review import export, reader_points
from core.review.reader_points import ReaderPoint

PARTS = {"test": "test", "val": "val (fold tune)", "train": "train"}
NEGATIVES = {"all": "all others", "no-finding": "No Finding only"}
FIRST = ("ensemble", "cnn", "vit")  # kinds of model whose newest checkpoints are chosen at first, in this order
SHOWN = 3  # checkpoints chosen at first


def choose_question(dataset: str) -> dict[str, str] | None:
    """Draw the choice of split, part, reference standard and negatives; None when there is no split."""
    split = panels.choose_split("compare", dataset)
    if split is None:
        return None
    with st.sidebar:
        part = st.selectbox(
            "Part",
            list(PARTS),
            format_func=PARTS.__getitem__,
            key="compare.part",
            persist_state="session",
            help="Test is only ever measured. On train a classifier has seen the answers.",
        )
    truth = panels.choose_truth("compare", dataset)
    with st.sidebar:
        negatives = st.selectbox(
            "Films without a pneumothorax",
            list(NEGATIVES),
            format_func=NEGATIVES.__getitem__,
            key="compare.negatives",
            persist_state="session",
            help="Against films with no finding at all the task is much easier, and looks better than a ward is.",
        )
    return {"dataset": dataset, "split": split, "part": part, "truth": truth, "negatives": negatives}


def task_words(question: dict[str, str]) -> str:
    """Say what is measured against what.

    Examples:
        >>> asked = {"dataset": "nih", "split": "patient", "part": "test", "truth": "report", "negatives": "all"}
        >>> task_words(asked)
        'Pneumothorax against all others, by report, on test of nih/patient.'
    """
    place = f"{PARTS[question['part']]} of {question['dataset']}/{question['split']}"
    return f"Pneumothorax against {NEGATIVES[question['negatives']]}, by {question['truth']}, on {place}."


def refuse_mixed_training(reports: Sequence[EvaluationReport]) -> None:
    """Refuse checkpoints of made films beside one of real films.

    Raises:
        InputError: If so.
    """
    chosen = {report.checkpoint_id for report in reports}
    own = [card for card in resources.checkpoint_cards() if card["checkpoint_id"] in chosen]
    comparison.refuse_mixed_training({cards.short_name(card): card["kinds"] for card in own})


def choose_checkpoints(question: dict[str, str], reports: Sequence[EvaluationReport]) -> list[EvaluationReport]:
    """Draw the choice of checkpoints, at first the newest ensemble, CNN and ViT, and return their reports."""
    names = {report.checkpoint_id: short_name(report.checkpoint_id) for report in reports}
    if len(names) < 2:  # nothing to choose
        return list(reports)
    with st.sidebar:
        chosen = st.multiselect(
            "Models",
            list(names),
            default=chosen_first(list(names)),
            format_func=names.__getitem__,
            key=f"compare.checkpoints.{'.'.join(question.values())}",
            persist_state="session",
            help="The first one has the band around its ROC curve.",
        )
    found = {report.checkpoint_id: report for report in reports}
    return [found[name] for name in chosen]


def chosen_first(names: Sequence[str]) -> list[str]:
    """Return the checkpoints shown before anybody chose: the newest of the three kinds, filled up with the newest.

    Those that learnt from synthetic films too, or the head alone, come last: the arms of a dose-response are such,
    and are compared on the page Translations.

    Args:
        names: Ids, the newest first.
    """
    models = _models()
    place = resources.workspace()
    partly = {card["checkpoint_id"] for card in resources.checkpoint_cards() if not cards.is_whole(place, card)}
    names = sorted(names, key=lambda name: name in partly)
    newest = [next((name for name in names if models.get(name) == kind), None) for kind in FIRST]
    first = [name for name in newest if name is not None]
    return [*first, *(name for name in names if name not in first)][: max(SHOWN, len(first))]


def measured(reports: Sequence[EvaluationReport]) -> list[Measured]:
    """Return the reports as figures take them: with as short a name as tells them apart, and the kind of model."""
    models = _models()
    names = {report.checkpoint_id: short_name(report.checkpoint_id) for report in reports}
    titles = [name.split(", ")[0] for name in names.values()]
    return [
        Measured(
            name=_shortest(names[report.checkpoint_id], titles),
            model=models.get(report.checkpoint_id, "external"),
            report=report,
        )
        for report in reports
    ]


def aligned(question: dict[str, str], reports: Sequence[EvaluationReport]) -> tuple[Aligned, tuple[Any, ...]]:
    """Return the predictions of the measured checkpoints film by film, and the key of what is computed from them.

    Raises:
        InputError: If predictions are gone or stale, or do not speak of the same films.
    """
    place = resources.workspace()
    dataset, split, part = (question[name] for name in ("dataset", "split", "part"))
    paths = [place.predictions(report.checkpoint_id, dataset, split, part) for report in reports]
    paths += [place.radiographs(dataset), place.truth(dataset), place.split(dataset, split)]
    times = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
    key = (str(place.root), tuple(report.checkpoint_id for report in reports), *question.values(), *times)
    return _aligned(key, question, [report.checkpoint_id for report in reports]), key


@st.cache_resource(max_entries=4, show_spinner="Laying the predictions side by side…")
def _aligned(key: tuple[Any, ...], _question: dict[str, str], _names: list[str]) -> Aligned:
    place = resources.workspace()
    dataset, split, part = (_question[name] for name in ("dataset", "split", "part"))
    folds = resources.split(dataset, split)
    tune = pd.Index(folds.loc[folds["fold"] == "tune", "image_id"])
    tables: dict[str, pd.DataFrame] = {}
    for name in _names:
        if name in external.names(place):
            table = external.load(place, name, dataset, split, part)
        else:
            table = prediction_store.load(place, cards.read_card(place, name), dataset, split, part)
        tables[name] = table[tune.get_indexer(table["image_id"]) >= 0] if part == "val" else table
    labels = resources.labels(dataset, _question["truth"])
    negatives: Negatives = "no-finding" if _question["negatives"] == "no-finding" else "all"
    return comparison.align(tables, resources.radiographs(dataset), labels=labels, negatives=negatives)


def auroc_differences(found: Aligned, key: tuple[Any, ...]) -> list[Difference]:
    """Return the paired differences of the AUROC, computed once."""
    return _auroc_differences(key, found)


@st.cache_data(max_entries=16, show_spinner="Comparing…")
def _auroc_differences(key: tuple[Any, ...], _found: Aligned) -> list[Difference]:
    return comparison.auroc_differences(_found)


def other_differences(found: Aligned, key: tuple[Any, ...], thresholds: dict[str, float | None]) -> list[Difference]:
    """Return the paired differences of the other measures, and of the calls at each one's own operating point."""
    return _other_differences((*key, *thresholds.items()), found, thresholds)


@st.cache_data(max_entries=8, show_spinner="Drawing the patients again, 1,000 times…")
def _other_differences(key: tuple[Any, ...], _found: Aligned, _thresholds: dict[str, float | None]) -> list[Difference]:
    return [*comparison.metric_differences(_found), *comparison.call_differences(_found, _thresholds)]


def seeds(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the checkpoints that differ in nothing but the seed, two or more together."""
    place = resources.workspace()
    known = {card["checkpoint_id"] for card in resources.checkpoint_cards()}
    return pooled.groups({name: cards.read_config(place, name) for name in names if name in known})


def pooled_seeds(found: Aligned, key: tuple[Any, ...], group: tuple[str, ...]) -> Pooled:
    """Return the measures of several seeds together, computed once."""
    return _pooled_seeds((*key, *group), found, group)


@st.cache_resource(max_entries=8, show_spinner="Pooling the seeds…")
def _pooled_seeds(key: tuple[Any, ...], _found: Aligned, _group: tuple[str, ...]) -> Pooled:
    return pooled.pooled(_found, _group)


def readers(question: dict[str, str]) -> list[ReaderPoint]:
    """Return the readers who read enough films of this part, as points; none where the reads cannot be counted."""
    try:
        reads = resources.read_table()
    except InputError:  # a row that was changed past the program; the page Audit says which
        return []
    reads = reads[~export.withheld_from(state.READER.get(), reads)]  # of cases where readers are hidden from each other
    own = reads[(reads["dataset"] == question["dataset"]) & (reads["part"] == question["part"])]
    own = own[own["split"] == question["split"]]
    return (
        [] if own.empty else reader_points.reader_points(own, resources.labels(question["dataset"], question["truth"]))
    )


def short_name(checkpoint_id: str) -> str:
    """Return what a checkpoint is, its pixels, and the end of its id; the id alone when its folder is gone."""
    for card in resources.checkpoint_cards():
        if card["checkpoint_id"] == checkpoint_id:
            return cards.short_name(card)
    return checkpoint_id


def place_words(question: dict[str, str]) -> list[str]:
    """Return the question as options of a command."""
    place = ["--dataset", question["dataset"], "--split", question["split"], "--part", question["part"]]
    return [*place, "--truth", question["truth"], "--negatives", question["negatives"]]


def _shortest(name: str, titles: Sequence[str]) -> str:
    """Return what a checkpoint is, without its pixels and id where no other that is shown is the same.

    Examples:
        >>> _shortest("Simple CNN, 64 px (0a1b2c3d)", ["Simple CNN", "Ensemble"])
        'Simple CNN'
    """
    title = name.split(", ", maxsplit=1)[0]
    return title if titles.count(title) == 1 else name


def _models() -> dict[str, str]:
    return {card["checkpoint_id"]: card["model"] for card in resources.checkpoint_cards()}
