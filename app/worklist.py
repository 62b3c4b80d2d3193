"""What the worklist page reads, filters and says: the listing of a worklist, its sentences, its sidebar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from app import intake_resources, resources
from core.models import cards
from core.review import progress, reading_list
from core.review.progress import ADJUDICATE, NOT_YOURS, TO_READ
from core.review.read_store import Read, final
from core.review.reading_list import BLINDED, OPEN, ReadingList
from core.triage import cases, chosen_films, decision, reasons, signals
from core.triage.cases import Counts
from core.triage.decision import Policy
from core.triage.evidence import Evidence
from core.triage.policy import SUSPECTED, UNSURE
from core.triage.worklists import Worklist

ALL, TODAY = "all to read", "read today"
SEGMENTS = {
    ALL: "All to read",
    SUSPECTED: "Suspected",
    UNSURE: "Unsure",
    ADJUDICATE: "Adjudicate",
    TODAY: "Read today",
}
BLINDED_SEGMENTS = {ALL: "To read", ADJUDICATE: "Adjudicate", TODAY: "Read today"}
FILMS_A_PAGE = (25, 50, 100, 200)
FILTERS = {"first_reason": "First reason", "view": "View", "sex": "Sex", "source": "Kind of image"}
TELLING = ("first_reason",)  # filters that a blinded list does not have
# A page cannot tell what it does not have.
UNSHOWN = ["label", "random_check", "listed", "mask_path", "lung_path", "drain_path"]
BLINDED_COLUMNS = [*("image_id", "path", "sha256", "source"), *("view", "sex", "age_years", "follow_up", "priors")]
MODES = {OPEN: "zones are shown", BLINDED: "blinded: nothing of the model before the first answer"}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A worklist with its cases, computed once for all sessions; nobody may change it."""

    reading: ReadingList
    films: pd.DataFrame
    """The listed films in their order, without what must not be told."""
    counts: Counts
    choices: Mapping[str, list[str]]
    """What each column of `FILTERS` holds."""

    @property
    def worklist(self) -> Worklist:
        """The worklist itself."""
        return self.reading.worklist

    @property
    def policy(self) -> Policy:
        """What it was made with."""
        return self.reading.policy


def read(worklist: Worklist) -> Listing:
    """Return a worklist's cases, computed again only when a file that they come from has changed.

    Raises:
        InputError: If they cannot be computed: the checkpoint is gone or another, the predictions
            are missing or stale, or the worklist was saved by another version.
    """
    reading_list.card_of(resources.workspace(), worklist)
    where = (worklist.checkpoint_id, worklist.dataset)
    if chosen_films.is_whole(worklist.split, worklist.part):
        found, key = intake_resources.evidence(*where, worklist.films, worklist.truth, cut=worklist.cut)
    else:
        found, key = resources.evidence(*where, worklist.split, worklist.part, worklist.truth, cut=worklist.cut)
    place = resources.workspace()
    return _listing((*key, place.database_url, worklist.name, worklist.created_at), worklist, found)


@st.cache_resource(max_entries=8, show_spinner="Sorting the films…")
def _listing(key: tuple[Any, ...], _worklist: Worklist, _found: Evidence) -> Listing:
    reading = reading_list.build(_worklist, reading_list.policy_of(_worklist), _found)
    listed = reading.films["image_id"].isin(reading.names)
    films = reading.films[listed].drop(columns=UNSHOWN, errors="ignore").reset_index(drop=True)
    choices = {name: sorted(films[name].dropna().astype(str).unique()) for name in FILTERS}
    choices["first_reason"].sort(key=list(reasons.TITLES).index)
    return Listing(reading=reading, films=films, counts=cases.counts(reading.films), choices=choices)


def of_reader(listing: Listing, reader: str) -> pd.DataFrame:
    """Return the listed films as one reader may see them, in that reader's order.

    Returns:
        The columns of `Listing.films`, or for a blinded list those of the film alone, and `name` (the
        case's opaque one), `state` (`to read`, `adjudicate`, `read` or `not yours`) and `today`
        (whether the reader answered it today).
    """
    reading = listing.reading
    reads = resources.reads().of_worklist(listing.worklist.name)
    states = progress.states(reads, reader, reading)
    films = listing.films.set_index("image_id", drop=False).loc[list(states)].reset_index(drop=True)
    films = films[BLINDED_COLUMNS] if reading.blinded else films
    today = {name for name, own in reads.items() if _read_today(own, reader)}
    return films.assign(
        name=films["image_id"].map(reading.names),
        state=films["image_id"].map(states),
        today=films["image_id"].isin(today),
    )


def first_waiting(films: pd.DataFrame) -> str | None:
    """Return the opaque name of the first case that waits for the reader, or None."""
    waiting = films.loc[films["state"].isin([TO_READ, ADJUDICATE]), "name"]
    return None if waiting.empty else str(waiting.iloc[0])


def _read_today(own: Sequence[Read], reader: str) -> bool:
    last = final([read for read in own if read.reader == reader])
    return last is not None and datetime.fromtimestamp(last.created_at).date() == datetime.now().date()


def policy_line(policy: Policy) -> str:
    """Say by what rule films below the cut are unsure.

    Examples:
        >>> about = {"combination": None, "cut": 0.4, "threshold": 0.9, "budget": 0.2}
        >>> policy_line(Policy(kind="budget", signal="cut_distance", **about))
        'Unsure: at most 20 % of the films, by "Near the cut".'
    """
    by = f'by "{signals.title(policy.signal)}"'
    if policy.kind == decision.BUDGET or policy.certificate is None:
        return f"Unsure: at most {100 * (policy.budget or 0):.3g} % of the films, {by}."
    limit = f"{100 * policy.certificate.max_missed:.3g} % missed ({100 * policy.certificate.confidence:.3g} %)"
    if not policy.certificate.certified:
        return f"Unsure: every film below the cut, since a limit of {limit} is not certified; ordered {by}."
    return f"Unsure: as few films as a limit of {limit} allows, {by}."


def choose_worklist(found: Sequence[Worklist]) -> Worklist:
    """Draw the choice of a worklist in the sidebar, the newest at first."""
    by_name = {worklist.name: worklist for worklist in found}
    with st.sidebar:
        return by_name[st.selectbox("Worklist", list(by_name), key="worklist.name", persist_state="session")]


def draw_about(listing: Listing) -> None:
    """Draw in the sidebar what a worklist is made of: model, films, cut, policy."""
    worklist = listing.worklist
    made = datetime.fromtimestamp(worklist.created_at).astimezone()
    about = {
        "Model": cards.short_name(dict(listing.reading.card)),
        "Films": place_words(worklist),
        "Cut": f"{worklist.cut:.2f}, {worklist.cut_from}",
        "Policy": policy_line(listing.policy),
        "Read": f"{MODES[worklist.read_mode]}, by {' and '.join(worklist.readers) or 'anybody'}",
        "Made": f"{made:%Y-%m-%d %H:%M}, {worklist.created_by}",
    }
    with st.sidebar:
        for title, text in about.items():
            st.caption(f"**{title}**  \n{text}")


def place_words(worklist: Worklist) -> str:
    """Say where a worklist's films come from."""
    if chosen_films.is_whole(worklist.split, worklist.part):
        return f"{worklist.dataset}, chosen one by one"
    return f"{worklist.dataset}, split {worklist.split}, part {worklist.part}"


def choose_films(listing: Listing) -> tuple[dict[str, list[str]], bool, int]:
    """Draw the filters and the order in the sidebar.

    Returns:
        What is chosen by column, whether the most uncertain come first, and films a page.
    """
    name = listing.worklist.name
    chosen = {}
    with st.sidebar:
        st.subheader("Films shown")
        for column, title in FILTERS.items():
            if len(listing.choices[column]) > 1 and not (listing.reading.blinded and column in TELLING):
                chosen[column] = st.multiselect(
                    title,
                    listing.choices[column],
                    format_func=lambda value: reasons.TITLES.get(value, value),
                    key=f"worklist.{name}.{column}",
                    persist_state="session",
                )
        uncertain = not listing.reading.blinded and st.toggle(
            "Most uncertain first",
            key="worklist.uncertain",
            persist_state="session",
            help="For research: a suspected film may then stand below an unsure one.",
        )
        size = st.selectbox("Films a page", FILMS_A_PAGE, key="worklist.size", persist_state="session")
    return chosen, uncertain, size


def filtered(
    films: pd.DataFrame, *, segment: str, chosen: Mapping[str, Sequence[str]], uncertain: bool
) -> pd.DataFrame:
    """Return the films of a segment that fit every filter; an empty choice lets all through.

    Args:
        films: What `of_reader` gave.
        segment: A key of `SEGMENTS`.
        chosen: Values by column.
        uncertain: Order them by the policy's signal alone, those without it on top.

    Examples:
        >>> films = pd.DataFrame({"zone": ["suspected", "unsure", "unsure"], "value": [0.1, 0.2, float("nan")]})
        >>> films = films.assign(state="to read", today=False)
        >>> filtered(films, segment="unsure", chosen={"zone": []}, uncertain=True).index.to_list()
        [2, 1]
    """
    if segment == TODAY:
        kept = films["today"].to_numpy(bool)
    elif segment == ADJUDICATE:
        kept = (films["state"] == ADJUDICATE).to_numpy()
    else:
        kept = films["state"].isin([TO_READ, NOT_YOURS]).to_numpy()
        if segment != ALL:
            kept = kept & (films["zone"] == segment).to_numpy()
    for column, values in chosen.items():
        if values:
            kept = kept & films[column].isin(list(values)).to_numpy()
    left = films[kept]
    return left.sort_values("value", ascending=False, na_position="first", kind="stable") if uncertain else left
