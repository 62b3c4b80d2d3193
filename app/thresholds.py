"""What the page Thresholds asks and reads: one model's films of one part, sorted once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app import compare, navigation, panels, resources, who
from app.plain import plain
from core.base.errors import InputError
from core.data import radiographs as radiographs_of
from core.data.radiographs import sources
from core.evaluation import prediction_store
from core.evaluation.metrics import Films
from core.evaluation.operating_point import RULES
from core.evaluation.thresholds import Thresholds
from core.jobs import worker
from core.models import cards

PARTS = {"val": "val (fold tune)", "test": "test"}
TUNE = "tune"
PREVALENCES = {"own": None, "1 %": 0.01, "5 %": 0.05, "10 %": 0.1, "50 %": 0.5, "other": None}
FILMS_A_DAY = 100


@dataclass(frozen=True)
class Question:
    """Whose films are looked at, and what counts as right."""

    checkpoint_id: str
    dataset: str
    split: str
    part: str
    """A key of `PARTS`."""
    truth: str

    @property
    def place(self) -> dict[str, str]:
        """Where the films stand, as a proposal names it."""
        fold = TUNE if self.part == "val" else ""
        return {"dataset": self.dataset, "split": self.split, "part": self.part, "fold": fold, "truth": self.truth}


@dataclass(frozen=True)
class Material:
    """The labelled films of the part, sorted once."""

    key: tuple[Any, ...]
    """Of what can be cached about them."""
    lookup: Thresholds
    films: pd.DataFrame
    """A row a film, as in `lookup`: image_id, label, probability, and what its picture needs."""
    marks: dict[str, float]
    """Thresholds of the named rules, chosen on tune."""
    kinds: dict[str, int]
    without_label: int

    @property
    def counted(self) -> str:
        """The films, patients and positives in words."""
        patients, positive = self.lookup.films.patient_count, self.lookup.positives
        return f"{len(self.films):,} films, {patients:,} patients, {positive:,} positive"


def choose_question() -> Question | None:
    """Draw the choice of data set, split and truth in the sidebar, and here of model and part; None: nothing there."""
    dataset = panels.choose_dataset("thresholds")
    if dataset is None:
        return None
    split = panels.choose_split("thresholds", dataset)
    if split is None:
        return None
    truth = panels.choose_truth("thresholds", dataset)
    found = {card["checkpoint_id"]: card for card in _offered(dataset, split)}
    first = compare.chosen_first(list(found))  # as on the page Compare
    if not found:
        st.info(f"No model learnt from {dataset}/{split} or was applied to it yet.")
        navigation.link("training", "Train one on this split")
        return None
    checkpoint = st.selectbox(
        "Model",
        [*first, *(name for name in found if name not in first)],
        format_func=lambda name: cards.short_name(found[name]),
        key="thresholds.checkpoint",
        persist_state="session",
        width=330,
    )
    part = st.selectbox(
        "Part",
        list(PARTS),
        format_func=PARTS.__getitem__,
        key="thresholds.part",
        persist_state="session",
        help="Thresholds are chosen on tune. Test can be looked at, not chosen from. The other fold of val, "
        "certify, is never read here.",
        width=170,
    )
    return Question(checkpoint, dataset, split, part, truth)


def choose_setting(own: float) -> tuple[float | None, int]:
    """Draw the choice of prevalence and of films a day.

    Args:
        own: Prevalence of the part.

    Returns:
        The prevalence, None for the part's own; and the films a day.
    """
    choice = st.selectbox(
        "Prevalence",
        list(PREVALENCES),
        format_func=lambda name: {"own": f"own, {100 * own:.3g} %", "other": "another one"}.get(name, name),
        key="thresholds.prevalence",
        persist_state="session",
        help="Share of the films with a pneumothorax where the model is to work; at first that of this part. PPV, NPV, "
        "F1, MCC, alerts and net benefit depend on it.",
        width=160,
    )
    prevalence = PREVALENCES[choice]
    if choice == "other":
        percent = st.number_input(
            "In percent", 0.01, 99.99, 3.0, 0.5, key="thresholds.percent", persist_state="session", width=120
        )
        prevalence = percent / 100
    day = st.number_input(
        "Films a day", 1, 1_000_000, FILMS_A_DAY, key="thresholds.day", persist_state="session", width=130
    )
    return prevalence, int(day)


def material(question: Question) -> Material:
    """Return the films of the part, read and sorted again only when a file has changed.

    Raises:
        InputError: If the predictions are missing or stale, no film has a label, or all have the same.
    """
    place = resources.workspace()
    card = cards.read_card(place, question.checkpoint_id)
    split = place.split(question.dataset, question.split)
    read = [
        place.checkpoint(question.checkpoint_id) / cards.CARD,
        place.predictions(question.checkpoint_id, question.dataset, question.split, question.part),
        *(split, split.with_suffix(".json"), place.radiographs(question.dataset), place.truth(question.dataset)),
    ]
    times = [path.stat().st_mtime_ns if path.exists() else 0 for path in read]
    key = (str(place.root), str(place.checkpoints), *asdict(question).values(), *times)
    return _material(key, question, card)


@st.cache_resource(max_entries=6, show_spinner="Sorting the films…")
def _material(key: tuple[Any, ...], _question: Question, _card: dict[str, Any]) -> Material:
    asked = _question
    table = prediction_store.load(resources.workspace(), _card, asked.dataset, asked.split, asked.part)
    if asked.part == "val":  # the other fold is kept for the limit on missed cases
        split = resources.split(asked.dataset, asked.split)
        tune = pd.Index(
            split.loc[split["fold"] == TUNE, "image_id"]
        )  # looked up: `isin` takes seconds where ids are text
        table = table[tune.get_indexer(table["image_id"]) >= 0]
    label = table["image_id"].map(resources.labels(asked.dataset, asked.truth)).astype("float64")
    known = table[label.notna()].assign(label=label)[["image_id", "patient_id", "label", "probability"]]
    _require_both(known["label"], asked)
    shown = resources.radiographs(asked.dataset)[["image_id", "path", "sha256", "source"]]
    known = known.merge(shown, on="image_id", how="left")
    patients = known["patient_id"].to_numpy(object)
    lookup = Thresholds.of(Films.of(known["label"].to_numpy(), known["probability"].to_numpy(), patients))
    if asked.part == "val":
        marks = {rule: point.threshold for rule, point in lookup.named_points().items()}
    else:  # nothing is chosen on test, not even a mark
        marks = {
            rule: _card["operating_points"][rule]["threshold"] for rule in RULES if rule in _card["operating_points"]
        }
    return Material(key, lookup, known, marks, sources(known), len(table) - len(known))


def _require_both(labels: pd.Series, question: Question) -> None:
    """Refuse films that no threshold can be weighed on.

    Raises:
        InputError: If there are none, or they are of one class.
    """
    positives = int((labels == 1).sum())
    if 0 < positives < len(labels):
        return
    found = "none" if not len(labels) else "only films with one" if positives else "only films without one"
    msg = (
        f"Expected labelled films with and without a pneumothorax in {PARTS[question.part]} of {question.dataset}/"
        f"{question.split}, against {question.truth}, found {found}; choose another part or reference standard."
    )
    raise InputError(msg)


def offer_predicting(question: Question, error: InputError) -> None:
    """Say why there is nothing to draw, and offer the job that makes the predictions where that is what lacks."""
    st.warning(plain(error))
    place = resources.workspace()
    card = cards.read_card(place, question.checkpoint_id)
    if prediction_store.fresh(place, card, question.dataset, question.split, question.part) is not None:
        return
    if not resources.has_images(question.dataset):
        st.caption(f"{question.dataset} is a table only: without images nothing can be predicted on it.")
        return
    films = radiographs_of.load(place, question.dataset)
    try:
        cards.refuse_other_kinds(card, films)
    except InputError as refused:
        st.caption(plain(refused))
        return
    st.button("Predict now", key="thresholds.predict", type="primary", on_click=_predict, args=(question,))


def _offered(dataset: str, split: str) -> list[dict[str, Any]]:
    """Return the cards of the checkpoints that learnt from the split, and of those that were applied to it."""
    found = resources.checkpoint_cards()
    own = [card for card in found if (card["dataset"], card["split"]) == (dataset, split)]
    applied = [
        card
        for card in found
        if card not in own
        and any(
            resources.workspace().predictions(card["checkpoint_id"], dataset, split, part).exists() for part in PARTS
        )
    ]
    return own + applied


def _predict(question: Question) -> None:
    words = ["predict", question.checkpoint_id, "--dataset", question.dataset, "--split", question.split]
    title = f"Predict {question.part}: {question.checkpoint_id}"
    panels.act(lambda: resources.queue().file(title, [*words, "--part", question.part], by=who.acts()))
    worker.ensure_running(resources.workspace())
    st.toast("The prediction is filed; the overview shows how far it is.")
