"""Suspected label errors: how many there are, the films, and sending them to readers who do not know of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import navigation, resources, who
from app.plain import plain
from core.base.errors import InputError
from core.data.browsing import LABEL_WORDS
from core.evaluation import external, label_errors
from core.evaluation.label_errors import Noise
from core.models import cards
from core.review import rights
from core.triage import label_review

FILM = 64  # pixels
HALF = 0.5  # of a class; a model that cannot tell the classes apart suspects a whole one
SHOWN = 50  # rows; further ones can be sent all the same
MADE = "label_errors.made"  # session key: the worklist that this session made last, and from which block
BLINDED = (
    "The list is blinded: its readers do not see that a label is suspected, and what the model says only after their "
    "first answer."
)
MEANING = (
    "By confident learning: the films whose probability speaks most against their label, as many as there are "
    "estimated to be. A film that is hard for the model looks like a wrong label, so the estimate is rather too high, "
    "and an error that the model has learnt is not found: a film is a suspect until somebody has read it."
)


def draw(question: dict[str, str], checkpoint_id: str) -> None:
    """Draw the suspected label errors of one checkpoint's part, and the form that sends them to a worklist.

    Args:
        question: dataset, split, part and truth.
        checkpoint_id: Whose predictions suspect them.
    """
    if checkpoint_id in external.names(resources.workspace()):
        st.info("What an external model learnt from is not known here, so it cannot tell wrong labels; choose another.")
        return
    try:
        found, noise = _found(question, checkpoint_id)
    except InputError as error:
        st.info(plain(error))
        return
    st.markdown(noise_words(noise, question["truth"]))
    if max(noise.positives_mislabelled, noise.negatives_mislabelled) > HALF:
        st.warning("More than half of a class would be wrong: that says more of this model than of the labels.")
    st.caption(MEANING)
    if found.empty:
        st.info("No label of this part is suspected.")
        return
    key = f"label_errors.{checkpoint_id}.{'.'.join(question[name] for name in ('dataset', 'split', 'part', 'truth'))}"
    _draw_films(found.head(SHOWN), question["dataset"], key=key)
    st.caption(f"{films_words(min(SHOWN, len(found)), len(found))}, the most suspected first; the table scrolls.")
    _draw_form(found, question, checkpoint_id, key=key)


def films_words(shown: int, suspected: int) -> str:
    """Say how many of the suspected films stand in the table.

    Examples:
        >>> films_words(50, 1200), films_words(1, 1)
        ('50 of 1,200 suspected films', '1 suspected film')
    """
    noun = f"suspected film{'' if suspected == 1 else 's'}"
    return f"{suspected:,} {noun}" if shown == suspected else f"{shown:,} of {suspected:,} {noun}"


def noise_words(noise: Noise, truth: str) -> str:
    """Say how many labels are estimated to be wrong.

    Examples:
        >>> counts = {"positive_films": 40, "negative_films": 200}
        >>> noise_words(Noise(positives_mislabelled=0.1, negatives_mislabelled=0.005, **counts), "report")
        'Labels by report, estimated wrong: 4 of 40 with a pneumothorax (10.0 %), 1 of 200 without (0.5 %).'
    """
    wrong = noise.positives_mislabelled * noise.positive_films, noise.negatives_mislabelled * noise.negative_films
    return (
        f"Labels by {truth}, estimated wrong: {wrong[0]:,.0f} of {noise.positive_films:,} with a pneumothorax "
        f"({noise.positives_mislabelled:.1%}), {wrong[1]:,.0f} of {noise.negative_films:,} without "
        f"({noise.negatives_mislabelled:.1%})."
    ).replace("%)", " %)")


def _found(question: dict[str, str], checkpoint_id: str) -> tuple[pd.DataFrame, Noise]:
    """Return the suspected films and the estimate, computed again only when a file has changed."""
    place = resources.workspace()
    dataset, split, part = (question[name] for name in ("dataset", "split", "part"))
    sources = [
        place.checkpoint(checkpoint_id) / cards.CARD,
        place.predictions(checkpoint_id, dataset, split, part),
        *(place.split(dataset, split), place.split(dataset, split).with_suffix(".json")),
        *(place.radiographs(dataset), place.truth(dataset)),
    ]
    times = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in sources)
    key = (str(place.root), str(place.checkpoints), checkpoint_id, dataset, split, part, question["truth"], *times)
    return _computed(key, question, checkpoint_id)


@st.cache_data(max_entries=8, show_spinner=False)
def _computed(key: tuple[Any, ...], _question: dict[str, str], _checkpoint_id: str) -> tuple[pd.DataFrame, Noise]:
    place = resources.workspace()
    where = (_question["dataset"], _question["split"], _question["part"])
    table = label_errors.unseen_predictions(place, cards.read_card(place, _checkpoint_id), *where)
    labels = resources.labels(_question["dataset"], _question["truth"])
    return label_errors.suspected(table, labels), label_errors.noise(table, labels)


def _draw_films(rows: pd.DataFrame, dataset: str, *, key: str) -> None:
    films = resources.radiographs(dataset).set_index("image_id")
    known = films.loc[rows["image_id"], ["path", "sha256", "source"]].to_dict("records")
    shown = pd.DataFrame(
        {
            "Film": [_picture(film) for film in known],
            "Id": rows["image_id"].to_list(),
            "Label": rows["label"].map(LABEL_WORDS).to_list(),
            "Probability": rows["probability"].to_list(),
            "Probably": rows["suspected_label"].map(LABEL_WORDS).to_list(),
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        row_height=FILM + 4,
        key=f"{key}.films",
        column_config={
            "Film": st.column_config.ImageColumn(width="small"),
            "Probability": st.column_config.NumberColumn(format="%.3f"),
        },
    )


def _picture(film: dict[str, Any]) -> str | None:
    picture = resources.thumbnail(film, size=FILM)
    return None if picture is None else f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


def _draw_form(found: pd.DataFrame, question: dict[str, str], checkpoint_id: str, *, key: str) -> None:
    made = st.session_state.get(MADE)
    if made is not None and made[0] == key:
        st.success(f"The worklist {made[1]} is made. Its readers find it on the page Worklist.")
        navigation.link("worklist", "Open the worklists")
    if not resources.has_images(question["dataset"]):
        st.caption(f"{question['dataset']} is a table only, so nobody can read its films here; index it with --images.")
        return
    with st.form(f"{key}.form", border=False):
        left, middle, right = st.columns([3, 1, 3])
        name = left.text_input(
            "Name of the worklist", f"blinded-{question['dataset']}-{question['part']}", key=f"{key}.name"
        )
        count = middle.number_input("Films", 1, len(found), min(len(found), 20), key=f"{key}.count")
        names = right.text_input(
            "Readers, by commas",
            key=f"{key}.readers",
            help="Two or more read every film, hidden from each other; none: anybody, and one is enough.",
        )
        st.caption(BLINDED)
        if st.form_submit_button("Send to a worklist"):
            try:
                saved = _send(
                    found["image_id"].head(int(count)).tolist(), question, checkpoint_id, name, names.split(",")
                )
            except InputError as error:
                st.error(plain(error))
            else:
                st.session_state[MADE] = (key, saved)
                st.rerun()


def _send(films: Sequence[str], question: dict[str, str], checkpoint_id: str, name: str, readers: Sequence[str]) -> str:
    place = resources.workspace()
    made = label_review.worklist(
        place,
        cards.read_card(place, checkpoint_id),
        question,
        films,
        name=name,
        readers=rights.checked_readers(readers),
        created_by=who.acts(),
    )
    return resources.worklists().save(made).name
