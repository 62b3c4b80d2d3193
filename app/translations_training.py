"""While it learnt: the same films translated at every look, as a film strip, over the curves that say when to stop."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import panels, resources, synthesis_resources
from app.plain import plain
from app.synthesis_resources import Samples
from core import __version__
from core.base.errors import InputError
from core.figures import style, training_strip
from core.models import cards

STRIP, LARGE = 128, 220  # pixels
WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other
DOMAINS = {"A": "without finding", "B": "with a pneumothorax"}


def draw(generator_id: str) -> None:
    """Draw how a generator's translations came about.

    Args:
        generator_id: Its checkpoint.

    Raises:
        InputError: If what is kept of it is damaged.
    """
    card = next((one for one in synthesis_resources.generators() if one["checkpoint_id"] == generator_id), None)
    if card is None:
        st.info(f"The generator {generator_id} is not here any more, so nothing is known of how it learnt.")
        return
    st.caption(about(card))
    step = None
    try:
        samples = synthesis_resources.samples(resources.workspace().checkpoint(generator_id))
        if samples is None:
            st.info("No pictures were kept while this generator learnt.")
        else:
            step = _draw_strip(samples, generator_id)
    except InputError as error:  # the curves can be drawn all the same
        st.warning(plain(error))
    history = synthesis_resources.history(generator_id)
    stamp = style.stamp(
        dataset=f"{card['dataset']}/{card['split']}",
        part="val",
        kinds=card["kinds"],
        version=__version__,
        counts=cards.short_name(card),
    )
    with st.grid(min_column_width=WIDTH):
        for name, title in training_strip.CURVES.items():
            panels.draw_figure(
                training_strip.curve(history, name, at=step, caption=stamp), key=f"translations.curve.{name}", alt=title
            )
    st.caption(training_strip.conclusion(history))
    if card.get("classifier_reason"):
        st.caption(f"Why there is no KID: {card['classifier_reason']}")


def about(card: dict[str, Any]) -> str:
    """Say what a generator is, what it learnt from and for how long.

    Examples:
        >>> learnt = {"title": "CycleGAN", "input": {"size": 64}, "checkpoint_id": "cyclegan-nih-20260101-0a1b2c3d"}
        >>> about(learnt | {"dataset": "nih", "split": "domain", "training": {"steps": 1500}, "training_s": 600})
        'CycleGAN, 64 px (0a1b2c3d), learnt from nih/domain: 1,500 steps, 10 min 0 s.'
    """
    words = f"{cards.short_name(card)}, learnt from {card['dataset']}/{card['split']}"
    steps, seconds = card.get("training", {}).get("steps"), card.get("training_s")
    more = [] if steps is None else [f"{steps:,} steps"]
    more += [] if seconds is None else [panels.duration(seconds)]
    return f"{words}: {', '.join(more)}." if more else f"{words}."


def _draw_strip(samples: Samples, generator_id: str) -> int:
    """Draw the choice of film, its translation over the steps, and one step large; return that step."""
    steps = list(samples.steps)
    columns = list(range(len(samples.films)))
    column = st.selectbox(
        "Film",
        columns,
        format_func=lambda number: film_words(samples.films[number]),
        key=f"translations.column.{generator_id}",
        width=420,
    )
    shown = training_strip.strip_steps(steps)
    if len(shown) > 1:
        with st.container(horizontal=True, gap="xsmall", key="translations.strip"):
            for one in shown:
                with st.container(gap=None, width=STRIP):
                    picture = synthesis_resources.sample_tile(samples, one, column=column, row=1)
                    st.image(picture, width=STRIP, alt=f"Translation at step {one}")
                    st.caption(f"{one:,}")
    step = steps[-1]
    if len(steps) > 1:
        step = st.select_slider(
            "Step", steps, value=steps[-1], key=f"translations.step.{generator_id}", format_func="{:,}".format
        )
    with st.container(horizontal=True, gap="small"):
        for row, name in enumerate(training_strip.ROWS):
            with st.container(gap="xsmall", width=LARGE):
                picture = synthesis_resources.sample_tile(samples, step, column=column, row=row)
                st.image(picture, width=LARGE, alt=f"{name} at step {step}")
                st.caption(f"{name.capitalize()}, step {step:,}")
    return step


def film_words(film: dict[str, str]) -> str:
    """Name a film that was translated at every look.

    Examples:
        >>> film_words({"image_id": "00012_003.png", "domain": "A"})
        '00012_003.png, without finding'
    """
    return f"{film['image_id']}, {DOMAINS.get(film['domain'], film['domain'])}"
