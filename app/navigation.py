"""The pages in their groups."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

import streamlit as st

from app import who
from app.plain import plain
from core.base.paths import ROOT
from core.review import rights

PAGES = ROOT / "pages"

GROUPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Read": (
        ("worklist", "Worklist", ":material/view_list:"),
        ("intake", "Intake", ":material/upload_file:"),
        ("review", "Review", ":material/radiology:"),
    ),
    "Research": (
        ("splits", "Splits", ":material/call_split:"),
        ("compare", "Compare", ":material/monitoring:"),
        ("thresholds", "Thresholds", ":material/tune:"),
        ("uncertainty", "Uncertainty", ":material/blur_on:"),
        ("translations", "Translations", ":material/compare:"),
    ),
    "Run": (
        ("overview", "Overview", ":material/home:"),
        ("training", "Training", ":material/model_training:"),
        ("readers", "Readers", ":material/groups:"),
        ("audit", "Audit", ":material/fact_check:"),
    ),
}
REACHED = ("review",)  # from other pages only
HOME = "overview"  # where the front door leads whom it may; others to the first page of theirs
TITLES = {title: name for entries in GROUPS.values() for name, title, _ in entries}


def pages() -> dict[str, list[st.Page]]:
    """Return the pages by group, in the order of the navigation; those that this reader may not open are hidden."""
    front_door = st.Page(_enter, title="PleuraScope", url_path="start", default=True, visibility="hidden")
    return {"": [front_door]} | {
        group: [
            st.Page(
                PAGES / f"{name}.py",
                title=title,
                icon=icon,
                url_path=name,
                visibility="hidden" if name in REACHED or not may_open(name) else "visible",
            )
            for name, title, icon in entries
        ]
        for group, entries in GROUPS.items()
    }


def may_open(name: str) -> bool:
    """Tell whether whoever is here may open a page; one that `rights.PAGES` does not name opens for nobody."""
    return rights.may(who.acts(), rights.PAGES.get(name, ""))


def run(page: st.Page) -> None:
    """Run a page, or say in a sentence who may open it.

    Args:
        page: Of `pages`, the one that is asked for.
    """
    name = TITLES.get(page.title)
    if name is None or may_open(name):
        page.run()
        return
    st.title(page.title)
    st.warning(f"Only {rights.holders(rights.PAGES[name])} may open this page; you are signed in as {who.acts()}.")
    link(_home(), "Back to where you may go on")


def _enter() -> None:
    st.switch_page(PAGES / f"{_home()}.py")


def _home() -> str:
    """Return the page that a reader begins with; every role has one."""
    return HOME if may_open(HOME) else next(name for name in TITLES.values() if may_open(name))


def sidebar(name: str) -> Literal["collapsed", "auto"]:
    """Return how a page's sidebar stands until somebody opens or closes it: closed where films are read.

    Args:
        name: Of the page, as in its address.
    """
    return "collapsed" if name in {page for page, _, _ in GROUPS["Read"]} else "auto"


def link(name: str, label: str) -> None:
    """Draw a link to a page of this dashboard."""
    st.page_link(PAGES / f"{name}.py", label=label)


def case_link(worklist: str, case: str, label: str) -> None:
    """Draw a link that opens one case of a worklist for reading; its address can be kept.

    Args:
        worklist: Name of the worklist.
        case: Its opaque name.
        label: What the link says.
    """
    place = {"worklist": worklist, "case": case}
    st.page_link(PAGES / "review.py", label=plain(label), icon="", help="", width="stretch", query_params=place)


def practice_link() -> None:
    """Draw a link to a practice round."""
    label = "Practise on phantoms"
    st.page_link(PAGES / "review.py", label=label, icon=":material/school:", query_params={"practice": "1"})


def open_worklist() -> None:
    """Open the page Worklist."""
    st.switch_page(PAGES / "worklist.py")


def open_review(**place: str) -> None:
    """Open the page Review.

    Args:
        place: Of its address: `worklist` and `case`, or `practice`.
    """
    st.switch_page(PAGES / "review.py", query_params=place)


def research_address(image_id: str, *, checkpoint: str, dataset: str, split: str, part: str) -> str:
    """Return the address of one case on the page Uncertainty, from the root of this dashboard.

    Args:
        image_id: The film.
        checkpoint: Whose predictions are shown.
        dataset: Where the film stands, as are `split` and `part`.
        split: See `dataset`.
        part: See `dataset`.
    """
    place = {"checkpoint": checkpoint, "dataset": dataset, "split": split, "part": part, "case": image_id}
    return f"/uncertainty?{urlencode(place)}"
