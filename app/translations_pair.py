"""One translation large: film, translation, what changed, and on demand the film sent there and back; its passport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from app import resources, synthesis_resources
from app.plain import plain
from app.viewer.pair import Legend, Pane, pair
from core.base.errors import InputError
from core.data import thumbnails
from core.data.synthetic import A_TO_B, SyntheticCard
from core.figures import heat_map, palette, synthesis
from core.figures import passport_words as passports

SIZE = 512  # pixels of a picture as it is sent
MADE = {A_TO_B: "Translation: meant to show a pneumothorax", "b-to-a": "Translation: meant to show none"}
NEAREST = 160  # pixels
CONTROL = (
    "There and back is the control: what it changes is the network's own touch. A translation speaks of the finding "
    "only where it changes the film elsewhere, or more."
)


def draw(passport: Mapping[str, Any], card: SyntheticCard) -> None:
    """Draw one translation with its passport.

    Args:
        passport: Its row of `synthesis_resources.pairs`.
        card: Of its data set.
    """
    name = passport["image_id"]
    st.subheader(f"Image {plain(name)}")
    against = passports.warnings(passport, card)
    if against:
        st.warning("  \n".join(map(plain, against)), icon=":material/warning:")
    film = synthesis_resources.film(card.dataset, passport["parent_image_id"])
    before = None if film is None else synthesis_resources.pixels_at(film, card.image_size)
    after = resources.film_pixels(passport)
    if film is None or before is None or after is None:
        gone = "The image" if after is None else "The film it was made from"
        st.warning(f"{gone} cannot be read as it was indexed; translate again, or restore the file.")
    else:
        asked = st.toggle(
            "There and back (recomputed)",
            key="translations.back",
            persist_state="session",
            help="The film translated and back again, and what that changed: the control.",
        )
        back = _back(card, before) if asked else None
        key = (str(film["sha256"]), str(passport["sha256"]), card.direction, thumbnails.STYLE)
        pair(_panes(key, back, film, before, after, card), name=name, key="translations.pair")
        st.caption(
            f"The film is shown as the generator saw it, a square of {card.image_size} px; not for diagnosis. "
            + CONTROL
        )
    st.markdown("\n".join(f"- {plain(one)}" for one in passports.words(passport, card)))
    _draw_nearest(passport, card)


@st.cache_data(max_entries=32, max_size="64MB", show_spinner=False)
def _panes(
    key: tuple[str, str, str, int],
    back: np.ndarray | None,
    _film: Mapping[str, Any],
    _before: np.ndarray,
    _after: np.ndarray,
    _card: SyntheticCard,
) -> list[Pane]:
    return panes(_film, _before, _after, back, _card)


def panes(
    film: Mapping[str, Any], before: np.ndarray, after: np.ndarray, back: np.ndarray | None, card: SyntheticCard
) -> list[Pane]:
    """Return the pictures in their order: film, translation, there and back if it was asked for, and the changes.

    Args:
        film: The row of the film.
        before: Its pixels `(S, S)` `uint8`.
        after: Those of the translation.
        back: Those of the film there and back, or None.
        card: Of the data set.
    """
    mark = thumbnails.MARKS.get(film["source"])
    name = film["image_id"]
    changed = synthesis.difference(before, after)
    undone = None if back is None else synthesis.difference(before, back)
    limit = synthesis.limit(changed) if undone is None else synthesis.limit(changed, undone)
    found = [
        _grey("Film", f"{name}", before, mark),
        _grey(MADE[card.direction], "invented by a network", after, synthesis.GENERATED),
    ]
    if back is not None:
        found.append(_grey("There and back", "the control, invented too", back, synthesis.GENERATED))
    found.append(_change("Translation less film", changed, limit))
    if undone is not None:
        found.append(_change("There and back less film", undone, limit))
    return found


def _grey(title: str, note: str, pixels: np.ndarray, mark: str | None) -> Pane:
    drawn = heat_map.film_png(pixels, mark=mark, size=SIZE)
    return Pane(title=title, note=note, picture=drawn, alt=f"{title}{f', {mark}' if mark else ''}", mark=mark)


def _change(title: str, change: np.ndarray, limit: int) -> Pane:
    note = f"mean change {synthesis.mean_change(change):.1f} grey levels of 255; white is unchanged"
    return Pane(
        title=title,
        note=note,
        picture=synthesis.difference_png(change, limit=limit, size=SIZE),
        alt=f"{title}, in signed colours: {note}",
        mark=synthesis.GENERATED,
        legend=Legend(
            colours=tuple(colour for _, colour in palette.SIGNED),
            labels=(f"−{limit} darker", "0", f"+{limit} brighter"),
        ),
    )


def _back(card: SyntheticCard, before: np.ndarray) -> np.ndarray | None:
    """Return the film there and back, or None with the reason drawn."""
    try:
        with st.spinner("Sending the film there and back…"):
            return sent_back(card.generator_id, card.generator_sha256, card.direction, before.tobytes())
    except InputError as error:
        st.warning(plain(error))
        return None


@st.cache_data(max_entries=64, show_spinner=False)
def sent_back(checkpoint_id: str, weights_sha256: str, direction: str, film: bytes) -> np.ndarray:
    """Return a film translated and back again, `(S, S)` `uint8`.

    Args:
        checkpoint_id: The generator's.
        weights_sha256: Of its weights when the data set was made.
        direction: `a-to-b` or `b-to-a`.
        film: The pixels of a square film, one byte each.

    Raises:
        InputError: If the generator is gone, or is another by now.
    """
    from core.synthesis import there_and_back  # torch: seconds, so only when somebody asks

    made = _generators(str(resources.workspace().checkpoints), checkpoint_id, weights_sha256)
    pixels = np.frombuffer(film, np.uint8).reshape(1, made.size, made.size)
    return there_and_back.reconstructed(made, pixels, direction)[0]


@st.cache_resource(max_entries=2, show_spinner=False)
def _generators(root: str, checkpoint_id: str, weights_sha256: str) -> Any:  # noqa: ANN401 (torch's, imported below)
    from core.synthesis import generators

    made = generators.load(resources.workspace(), checkpoint_id)
    if made.card["weights_sha256"] != weights_sha256:
        msg = f"Expected the generator that made these images, found another named {checkpoint_id}; translate again."
        raise InputError(msg)
    return made


def _draw_nearest(passport: Mapping[str, Any], card: SyntheticCard) -> None:
    """Draw the training film that looks most like the translation."""
    near = passport["nearest_image_id"]
    film = synthesis_resources.film(card.dataset, near) if isinstance(near, str) else None
    picture = None if film is None else resources.thumbnail(film, size=NEAREST)
    if picture is None:
        return
    st.image(picture, width=NEAREST, alt=f"Training film {near}")
    st.caption(f"The training film most like it: {plain(near)}")
