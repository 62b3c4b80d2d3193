"""What the page Readers asks, computes once and draws: agreement, the model beside the readers, workload."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from app import navigation, resources, who
from core import __version__
from core.evaluation.report import Measure
from core.figures import readers as figures
from core.figures.style import stamp
from core.models import cards
from core.review import against_model, agreement, counted_reads, population
from core.review.agreement import FILM, ON_CASES, SIDE, UNITS, Agreement, Study
from core.review.workload import Seconds

ALL = "All worklists"
TITLES = {FILM: f"What a film is called, {ON_CASES}", SIDE: f"Grades 0 to 4 of each side, {ON_CASES}"}
MEANING = {
    FILM: (
        "A film is called present, absent or cannot tell. Kappa: agreement beyond what chance would give, Cohen's for "
        "a pair, Fleiss' for all readers together; it falls where nearly all films are without the finding, even if "
        "readers agree. AC1, Gwet's, does not fall there: read the two together. Intervals: 95 %, by patient; where "
        "they overlap, one pair is not shown to agree better than another."
    ),
    SIDE: (
        "Each hemithorax counts by itself. Cohen's kappa weighs a disagreement by the square of its distance, so 0 "
        "against 1 costs little and 0 against 4 much; Fleiss' kappa and AC1 ask for the very same grade, and are lower."
    ),
}
MODEL = (
    "Before the model was seen, against the model's call at the worklist's cut. It says where reader and model differ, "
    "not who is right. The cases were chosen by the model, so these shares do not hold for all films."
)
ZONE_SEEN = (
    'Some lists are open: the page Worklist shows zone, probability and first reason of their films, so "not yet seen" '
    "is said of the desk alone. Answers given after another reader's was seen enter no agreement."
)
TOLD = "Not counted: {:,} answers given after the counterfactual was seen, which tells the film's label."
CHANGES = (
    "Helped: wrong before the model was seen and right after; harmed: the other way round. Judged by {references}; a "
    "report is no reference. A small p says that the difference between helped and harmed is hardly by chance; it "
    "takes films as independent. A third reader has seen the model too, so an adjudication may lean towards it."
)
WORK = (
    "Seconds a film while the window was visible: half of the films take no longer than the median, nine in ten no "
    "longer than the second number. Changed: the grade of a side is another after the model was seen. Days in UTC."
)
POPULATION = (
    "Only random checks speak of films that the model does not suspect: each had the same chance to be drawn, so each "
    "stands for 1 / that chance of them. No other number on this page holds for all films."
)


def withheld_sentence(count: int) -> str:
    """Say that reads are left out which would tell what others answered.

    Args:
        count: How many reads.
    """
    return f"Left out: {count:,} reads of cases that are not settled, where readers are hidden from each other."


def choose(table: pd.DataFrame) -> tuple[str, str | None]:
    """Draw the choice of data set and worklist in the sidebar; the worklist is None for all of them.

    Args:
        table: The reads that count, at least one.
    """
    datasets = sorted(table["dataset"].unique())
    with st.sidebar:
        dataset = datasets[0]
        if len(datasets) > 1:
            dataset = st.selectbox("Data set", datasets, key="readers.dataset", persist_state="session")
        names = table.loc[table["dataset"] == dataset, "worklist"].drop_duplicates(keep="last").tolist()[::-1]
        chosen = st.selectbox("Worklist", [ALL, *names], key=f"readers.worklist.{dataset}", persist_state="session")
    return dataset, None if chosen == ALL else chosen


def counted(table: pd.DataFrame, dataset: str, worklist: str | None) -> Study:
    """Count everything on the reads, again only when there is a new one.

    Args:
        table: Reads of one data set.
        dataset: Its name.
        worklist: Whose reads they are; None: all.
    """
    place = resources.workspace()
    truths, modified = None, 0
    if dataset in resources.dataset_names():
        truths, modified = resources.truth_table(dataset), place.truth(dataset).stat().st_mtime_ns
    key = (str(place.root), place.database_url, dataset, worklist, tuple(table["read_id"]), modified)
    return _counted(key, table, truths)


@st.cache_data(max_entries=16, show_spinner="Counting the reads…")
def _counted(key: tuple[Any, ...], _table: pd.DataFrame, _truths: pd.DataFrame | None) -> Study:
    return agreement.study(_table, _truths)


def draw_empty() -> None:
    """Say what to do where nothing has been read yet."""
    st.info("No read yet: open the worklist and press Start reading.")
    navigation.link("worklist", "Open the worklist")


def draw_lead(found: Study) -> None:
    """Draw the sentence that says how far readers agree, and what it was counted on."""
    st.html(f'<p class="ps-lead">{escape(agreement.lead_sentence(found))}</p>')
    left_out = [
        f"{count:,} {what}"
        for count, what in (
            (found.practice_reads, "of practice rounds are not counted"),
            (found.reads_without_film, "are of films whose predictions are gone"),
        )
        if count
    ]
    st.caption(
        f"{found.reads:,} reads of {found.cases:,} cases, {found.patients:,} patients"
        + "".join(f"; {one}" for one in left_out)
        + ". Names are self-declared: nobody checks them in local mode."
    )


def draw_agreement(found: Study, table: pd.DataFrame, dataset: str, worklist: str | None) -> None:
    """Draw how far readers agree, as a figure and as tables."""
    told = counted_reads.told(table)
    if told:
        st.caption(TOLD.format(told))
    for unit, title in TITLES.items():
        st.subheader(title)
        if not found.pairs[unit]:
            st.caption("No case has two readers yet.")
            continue
        if unit == FILM:
            st.plotly_chart(
                figures.kappas(
                    [
                        figures.Row(
                            name=f"{pair.first}, {pair.second}", before=pair.unaided.kappa, after=pair.aided.kappa
                        )
                        for pair in found.pairs[unit]
                    ],
                    title=f"Cohen's kappa of each pair of readers, {ON_CASES}",
                    caption=_stamp(found, table, dataset, worklist),
                ),
                key="readers.kappas",
                alt="Cohen's kappa of each pair of readers with its 95 % interval, before and after the model was seen",
            )
        st.dataframe(agreement_table(found, unit), hide_index=True, height="content", key=f"readers.agreement.{unit}")
        st.caption(MEANING[unit])


def draw_model(found: Study) -> None:
    """Draw readers against the model, and whether seeing it helped them."""
    st.subheader(f"Readers against the model, {ON_CASES}")
    if found.against_model:
        st.dataframe(model_table(found), hide_index=True, height="content", key="readers.model")
        st.caption(MODEL)
    else:
        st.caption("No first answer yet.")
    st.subheader(f"Before and after the model, {ON_CASES}")
    if not found.changes:
        st.caption(
            "No reference: no film that was read before and after the model was seen has an adjudicated label. "
            "Import one with `python -m core labels import`, or have a third reader adjudicate."
        )
        return
    st.html("".join(f'<p class="ps-lead">{escape(against_model.sentence(one))}</p>' for one in found.changes))
    st.dataframe(changes_table(found), hide_index=True, height="content", key="readers.changes")
    references = sorted({name for one in found.changes for name in one.references})
    st.caption(CHANGES.format(references=", ".join(references) or "nothing, since no film was called both times"))


def draw_work(found: Study) -> None:
    """Draw what each reader did."""
    st.subheader("Workload")
    st.dataframe(work_table(found), hide_index=True, height="content", key="readers.work")
    st.caption(WORK)


def draw_population(found: Study) -> None:
    """Draw what is known of all films of the part."""
    st.subheader("All films, by the random checks")
    st.html("".join(f"<p>{escape(population.sentence(one))}</p>" for one in found.populations))
    st.caption(POPULATION)


def agreement_table(found: Study, unit: str) -> pd.DataFrame:
    """Return a row a pair of readers and one a number of readers that cases have, before the model and after it."""
    rows: list[tuple[str, str, Agreement, Agreement]] = [
        (f"{pair.first}, {pair.second}", "Cohen", pair.unaided, pair.aided) for pair in found.pairs[unit]
    ]
    rows += [(f"all, where {panel.readers} read", "Fleiss", panel.unaided, panel.aided) for panel in found.panels[unit]]
    return pd.DataFrame(
        [
            {
                "Readers": readers,
                "The model": when,
                f"Same answer ({UNITS[unit]})": _share(told.same, told.units),
                "Kappa by": kind,
                "Kappa": agreement.words(told.kappa),
                "AC1": agreement.words(told.ac1),
                "Unreadable": told.left_out,
            }
            for readers, kind, before, after in rows
            for when, told in (("not yet seen", before), ("seen", after))
            if told is before or told.units
        ]
    )


def model_table(found: Study) -> pd.DataFrame:
    """Return a row a reader and model: where both call a film present, one alone does, or neither."""
    names = {card["checkpoint_id"]: cards.short_name(card) for card in resources.checkpoint_cards()}
    return pd.DataFrame(
        [
            {
                "Reader": one.reader,
                "Model": names.get(one.checkpoint_id, one.checkpoint_id),
                "Films": one.films,
                "Both present": one.both_present,
                "Only the reader": one.only_reader,
                "Only the model": one.only_model,
                "Both absent": one.both_absent,
                "Agree": _percent(one.agreement),
                "Cannot tell": one.cannot_tell,
                "Unreadable": one.unreadable,
            }
            for one in found.against_model
        ]
    )


def changes_table(found: Study) -> pd.DataFrame:
    """Return a row a reader: films on which the model helped, harmed, or changed nothing."""
    return pd.DataFrame(
        [
            {
                "Reader": one.reader,
                "Films": one.films,
                "Helped": one.helped,
                "Harmed": one.harmed,
                "Stayed right": one.stayed_right,
                "Stayed wrong": one.stayed_wrong,
                "McNemar p": one.p.reason if one.p.value is None else against_model.p_words(one.p.value),
                "Not called": one.not_called,
            }
            for one in found.changes
        ]
    )


def work_table(found: Study) -> pd.DataFrame:
    """Return a row a reader: reads, films, how long they take, and how many answers the model changed."""
    return pd.DataFrame(
        [
            {
                "Reader": who.called(one.reader),
                "Reads": one.reads,
                "Cases": one.films,
                "As third reader": one.adjudications,
                "Days": one.days,
                "Reads a day": f"{one.reads_a_day:.1f}",
                "Seconds, first answer": _seconds(one.before),
                "Seconds, with the model": _seconds(one.after),
                "Changed": f"{_share(one.changed, one.both)} cases" if one.both else "none read twice",
            }
            for one in found.workload
        ]
    )


def _stamp(found: Study, table: pd.DataFrame, dataset: str, worklist: str | None) -> str:
    kinds = counted_reads.placed(table).drop_duplicates(["dataset", "image_id"])["source"].value_counts()
    return stamp(
        dataset=dataset,
        part=", ".join(sorted(table["part"].unique())),
        kinds=kinds.to_dict(),
        version=__version__,
        counts=f"{worklist or 'all worklists'}, {found.cases:,} cases read, {found.patients:,} patients",
    )


def _seconds(taken: Seconds | None) -> str:
    return "none" if taken is None else f"{taken.median:.0f} ({taken.p90:.0f})"


def _percent(share: Measure) -> str:
    if share.value is None or share.low is None or share.high is None:
        return f"none: {share.reason}"
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}"
