"""What the reads brought: a classifier before and after it learnt what readers said, and the gain of a simulation."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app import panels, resources, who
from app.plain import plain
from core.base.errors import InputError
from core.data import split_store
from core.evaluation import loop_store
from core.figures import loop as figures
from core.jobs import worker
from core.models import cards
from core.models.registry import ENSEMBLE, TITLES
from core.review import loop, rights

if TYPE_CHECKING:
    from core.evaluation.loop_report import LoopReport
    from core.review.loop import NewLabels

HEAD = "What the reads brought"
TITLES_OF = {"real": "With the labels of readers", "simulated": "With a simulated reader"}
NOT_YET = "Not measured yet: whether a classifier that learns what readers said gets better on films of test."
MANY_FILES = 40  # reports of which the page offers the newest


def draw(dataset: str | None, reads: pd.DataFrame | None = None) -> None:
    """Draw what came of the reads of a data set, and the button that trains again with them.

    Args:
        dataset: The data set; None, where nothing was read yet: only what was simulated is drawn.
        reads: The reads of the page; None: there are none.
    """
    found = loop_store.of_dataset(resources.workspace(), dataset)[:MANY_FILES]
    if reads is None and not found:
        return
    st.subheader(HEAD)
    real, simulated = ([one for one in found if (one.simulated is None) is kind] for kind in (True, False))
    if real:
        _draw_one(real, key="real")
    elif reads is not None:
        st.caption(NOT_YET)
    if dataset is not None and reads is not None:
        _draw_retraining(dataset, reads)
    if simulated:  # a figure of its own each: phantoms and real films never share an axis
        _draw_one(simulated, key="simulated")


def _draw_one(reports: list[LoopReport], *, key: str) -> None:
    """Draw one of the reports, the newest unless another is chosen."""
    st.markdown(f"**{TITLES_OF[key]}**")
    report = reports[0]
    if len(reports) > 1:
        report = st.selectbox("Measured as", reports, format_func=_named, key=f"readers.loop.{key}", width=520)
    st.html(f'<p class="ps-lead">{escape(report.sentence)}</p>')
    st.caption(figures.whose(report, title=TITLES.get(report.model, report.model)))
    if _is_stale(report):
        st.warning("The split was made anew since: measure again.")
    if report.simulated is not None:
        drawn = figures.curve(report, caption=figures.stamp_of(report))
        panels.draw_figure(drawn, key=f"readers.loop.{key}.curve", alt=figures.TITLE)
    st.caption(figures.conclusion(report))
    with st.expander("Numbers and notes", key=f"readers.loop.{key}.details"):
        st.dataframe(
            pd.DataFrame(figures.table(report)), hide_index=True, height="content", key=f"readers.loop.{key}.table"
        )
        lines = [*(_labels(report) if report.before_after else []), *report.notes]
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))
    with st.expander("The command that makes it again", key=f"readers.loop.{key}.command"):
        st.code(command(report), language="bash", wrap_lines=True)


def _draw_retraining(dataset: str, reads: pd.DataFrame) -> None:
    """Draw what training again with the new labels would do, and the button that files it."""
    offered = _offered(dataset, reads)
    if not offered:
        st.caption("No classifier to train again: none that learnt from this data set by itself.")
        return
    with st.popover("Retrain with the new labels", key="readers.loop.retrain"):
        card = st.selectbox(
            "Classifier", offered, format_func=cards.short_name, key=f"readers.loop.card.{dataset}", width=420
        )
        try:
            new = _planned(dataset, card, reads)
        except InputError as error:
            st.markdown(plain(str(error)))
            return
        st.markdown(plain(confirm_line(card, new)))
        reader = who.acts()
        may = rights.may(reader, rights.RUN)
        st.button(
            "File the job",
            key="readers.loop.file",
            type="primary",
            disabled=not may,
            help=None if may else f"Only {rights.holders(rights.RUN)} may file jobs.",
            on_click=_file,
            args=(card,),
        )


def confirm_line(card: dict[str, Any], new: NewLabels) -> str:
    """Say what filing the job will do.

    Args:
        card: Of the classifier that is trained again.
        new: What readers changed in its labels.
    """
    own = new.replaced
    changed = f"{new.changed:,} label{'s' if new.changed != 1 else ''}"
    minutes = max(1, round(float(card["training_s"]) / 60))
    return (
        f"Trains {cards.short_name(card)} again with the same options and seed, on the labels {own.before!r} with "
        f"{changed} changed by readers: {own.to_present:,} now present, {own.to_absent:,} now absent, "
        f"{own.newly_labelled:,} new. Films of test keep their labels: both classifiers are compared on them. The "
        f"first training took about {minutes:,} min. The classifier before stays as it is."
    )


def command(report: LoopReport) -> str:
    """Return the command that makes a report again."""
    words = f"python -m core loop {report.checkpoint_id} --truth {report.truth}"
    found = report.simulated
    if found is None:
        return words
    numbers = sorted({arm.reads for arm in found.arms if arm.reads})
    return (
        f"{words} --simulate --error-rate {found.error_rate:g} --reads {' '.join(map(str, numbers))} "
        f"--seeds {len(found.seeds)} --known-share {found.known_share:g}{' --whole' if found.whole else ''}"
    )


def _labels(report: LoopReport) -> list[str]:
    """Say what the readers changed, as lines of a list."""
    if report.before_after is None:
        return []
    own = report.before_after.labels
    lines = [
        f"Learnt the labels {own.after!r}: {own.films:,} films of train and val were read, {own.to_present:,} are now "
        f"present, {own.to_absent:,} now absent, {own.newly_labelled:,} newly labelled, {own.confirmed:,} as before.",
        f"{own.undecided:,} films on which readers disagree or could not tell keep the label they had; cases that "
        f"wait for a reader: {own.pending:,}. {own.test_films:,} films of test were read: they measure, and taught "
        "nothing.",
        f"The new checkpoint is {report.before_after.after}.",
    ]
    return lines + [f"Left out: {count:,} films {reason}." for reason, count in own.left_out.items()]


def _offered(dataset: str, reads: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the cards of the classifiers that can be trained again, those first that the readers saw."""
    own = [
        card
        for card in resources.checkpoint_cards()
        if card["dataset"] == dataset and card["model"] != ENSEMBLE and "training_s" in card
    ]
    seen = set(reads["checkpoint_id"])
    own = [card for card in own if card["checkpoint_id"] in seen or cards.is_whole(resources.workspace(), card)]
    return sorted(own, key=lambda card: card["checkpoint_id"] not in seen)


def _planned(dataset: str, card: dict[str, Any], reads: pd.DataFrame) -> NewLabels:
    """Return what readers changed in a classifier's labels, worked out again only when something is another.

    Raises:
        InputError: If they changed nothing, or the data set or split is gone.
    """
    place = resources.workspace()
    stamps = [path.stat().st_mtime_ns for path in _inputs(dataset, card) if path.exists()]
    key = (str(place.root), dataset, card["checkpoint_id"], tuple(reads["read_id"]), tuple(stamps))
    new = _worked_out(key, dataset, card, reads)
    loop.refuse_nothing_new(new, reads, dataset=dataset)
    return new


def _inputs(dataset: str, card: dict[str, Any]) -> list[Any]:
    place = resources.workspace()
    return [place.radiographs(dataset), place.truth(dataset), place.split(dataset, card["split"])]


@st.cache_data(max_entries=8, show_spinner=False)
def _worked_out(key: tuple[Any, ...], dataset: str, _card: dict[str, Any], _reads: pd.DataFrame) -> NewLabels:
    return loop.new_labels(resources.workspace(), _reads, dataset=dataset, split=_card["split"], before=_card["labels"])


def _file(card: dict[str, Any]) -> None:
    title = f"Retrain {cards.short_name(card)} with the labels of readers"
    words = ["loop", str(card["checkpoint_id"])]
    panels.act(lambda: _filed(title, words))


def _filed(title: str, words: list[str]) -> None:
    job = resources.queue().file(title, words, by=who.acts(), holds_device=False)
    worker.ensure_running(resources.workspace())
    st.toast(f"Job {job.job_id} is in the queue; the page Training shows how far it is.")


def _is_stale(report: LoopReport) -> bool:
    try:
        made = split_store.certificate(resources.workspace(), report.dataset, report.split)
    except InputError:  # it is gone
        return True
    return bool(made["table_sha256"] != report.split_sha256)


def _named(report: LoopReport) -> str:
    how = "" if report.simulated is None else (", whole networks" if report.simulated.whole else ", heads")
    return f"{report.checkpoint_id}{how}, {report.created_at[:10]}"
