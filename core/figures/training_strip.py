"""A CycleGAN's training over time: the same films translated at every look, and the curves that say when to stop."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image

from core.data import thumbnails
from core.figures.palette import FIRST, QUIET, SECOND, Theme
from core.figures.style import legend_above, says_nothing
from core.figures.training_lines import HEIGHT, STEP, framed, line

ROWS = ("original", "translation", "reconstruction")
WAYS = {  # a curve each
    "a_to_b": ("No Finding to pneumothorax", FIRST),
    "b_to_a": ("pneumothorax to No Finding", SECOND),
}
CURVES = {"kid": "Distance to the films (KID)", "origin_auroc": "Told from films (AUROC)"}
CHANCE = 0.5
NEAREST = {  # measure: how a sentence on its lowest value begins; the first one that was followed is told
    "kid": "Nearest to the films by KID",
    "origin_auroc": "KID was not followed. Hardest to tell from films (AUROC)",
}


def strip_steps(steps: Sequence[int], *, most: int = 8) -> list[int]:
    """Return at most `most` of the steps, evenly chosen, the first and the last among them.

    Examples:
        >>> strip_steps([250, 500, 750, 1000, 1250], most=3), strip_steps([250])
        ([250, 750, 1250], [250])
    """
    if len(steps) <= most:
        return list(steps)
    return [steps[place] for place in np.linspace(0, len(steps) - 1, most).round().astype(int)]


def tile(picture: Image.Image, *, column: int, row: int, edge: int) -> bytes:
    """Return one picture of a grid of samples as JPEG, marked as generated unless it is an original.

    Args:
        picture: The whole grid.
        column: From 0.
        row: Of `ROWS`, from 0.
        edge: Of a tile in pixels.

    Raises:
        ValueError: If the grid has no such tile.
    """
    box = (column * edge, row * edge, (column + 1) * edge, (row + 1) * edge)
    if column < 0 or row < 0 or box[2] > picture.width or box[3] > picture.height:
        msg = f"Expected a tile of {picture.width // edge} x {picture.height // edge}, got column {column}, row {row}"
        raise ValueError(msg)
    own = picture.crop(box).convert("RGB")
    if row:  # drawn where the mark of the grid stands, in case that it has none of its own
        own = thumbnails.marked(own, thumbnails.MARKS["synthetic"])
    content = io.BytesIO()
    own.save(content, "JPEG", quality=88)
    return content.getvalue()


def curve(
    history: pd.DataFrame, name: str, *, at: int | None = None, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Draw the distance to the films, or how far translations are told from them, by step and direction.

    Args:
        history: Columns step and, where known, `kid_...` and `origin_auroc_...`; nulls allowed.
        name: A key of `CURVES`.
        at: The step that is looked at, drawn as a line.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = CURVES[name]
    known = [way for way in WAYS if f"{name}_{way}" in history and history[f"{name}_{way}"].notna().any()]
    if not known:
        return says_nothing(title, "Not measured while it learnt.", height=HEIGHT, caption=caption, theme=theme)
    lines = [line(history, f"{name}_{way}", name=WAYS[way][0], style=WAYS[way][1], along=STEP) for way in known]
    figure = go.Figure(lines)
    framed(figure, history, title=title, y_title="", along=STEP, caption=caption, theme=theme)
    legend_above(figure)
    if name == "kid":
        figure.update_yaxes(rangemode="tozero")  # where they are as the films; else a small fall looks like a large one
    else:
        low = min([CHANCE, *(float(pd.to_numeric(history[f"{name}_{way}"]).min()) for way in known)])
        figure.update_yaxes(range=[low - 0.03, 1.03])
        figure.add_hline(y=CHANCE, line={"color": QUIET, "dash": "dot", "width": 1})
    if at is not None:
        figure.add_vline(x=at, line={"color": QUIET, "width": 1.5})
    return figure


def conclusion(history: pd.DataFrame) -> str:
    """Say at which step each direction came nearest to the films, and what that is worth.

    By KID; where that was not followed, by how far translations are told from films.

    Examples:
        >>> rows = {"step": [250, 500, 750], "kid_a_to_b": [0.3, 0.1, 0.2], "kid_b_to_a": [None, None, None]}
        >>> conclusion(pd.DataFrame(rows)).split(". ")[0]
        'Nearest to the films by KID: No Finding to pneumothorax at step 500 of 750'
        >>> rows = {"step": [250, 500, 750], "origin_auroc_a_to_b": [1.0, 0.9, 0.8]}
        >>> conclusion(pd.DataFrame(rows)).split(". ")[1]
        'Hardest to tell from films (AUROC): No Finding to pneumothorax at step 750 of 750, 0.800'
    """
    last = int(history["step"].max())
    for measure, begin in NEAREST.items():
        found, falling = [], False
        for way, (words, _) in WAYS.items():
            values = likeness(history, measure, way)
            if not values.empty:
                told = "" if measure == "kid" else f", {values.min():.3f}"
                falling = falling or int(history.loc[values.idxmin(), "step"]) == last
                found.append(f"{words} at step {int(history.loc[values.idxmin(), 'step']):,} of {last:,}{told}")
        if found:
            more = (
                "A curve that is lowest at the last step may still fall with more steps"
                if falling
                else "Where a curve has stopped falling, more steps bring nothing"
            )
            return (
                f"{begin}: {'; '.join(found)}. {more}; it is measured on few films of val, so small steps up and down "
                "mean nothing. The AUROC here is that of a simple rule, made to follow the training; the one that "
                "counts stands under Realism."
            )
    return "Neither KID nor the AUROC was followed, so nothing here says when to stop."


def likeness(history: pd.DataFrame, measure: str, way: str) -> pd.Series:
    """Return what is known of a measure of likeness, the smaller the more alike; of the AUROC nothing is below chance.

    Args:
        history: Columns step and, where known, `kid_...` and `origin_auroc_...`; nulls allowed.
        measure: A key of `CURVES`.
        way: A key of `WAYS`.
    """
    values = pd.to_numeric(history.get(f"{measure}_{way}", pd.Series(dtype=float))).dropna()
    return values if measure == "kid" else values.clip(lower=CHANCE)
