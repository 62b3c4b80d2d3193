"""Curves of a CycleGAN's training by step, and what to conclude from them: when to stop is a curve, not a guess."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from core.figures.palette import FIRST, QUIET, Style, Theme
from core.figures.style import legend_above, says_nothing
from core.figures.training_lines import HEIGHT, STEP, Run, framed, line, overlaid
from core.figures.training_strip import CHANCE, CURVES, likeness

if TYPE_CHECKING:
    from collections.abc import Sequence

CALLED = {"kid": "KID", "origin_auroc": "AUROC"}  # the measures of likeness, in the columns' names
TOWARDS = {"a_to_b": "to pneumothorax", "b_to_a": "to No Finding"}  # the directions
KEPT_UNIT = "Mean change, share of the grey range"
GREY_RANGES = 4  # such a loss adds up two directions, whose grey values go from -1 to 1
LOSSES_DO_NOT_TELL = "The losses do not tell when to stop: the networks learn against each other."
COMPARING = (
    "Lower is more alike. KID of two runs can be compared only where the same classifier measured both, and the AUROC "
    "only where it stands on the same features; the realism report measures both anew."
)
FALLING = 2  # looks: a curve whose lowest value is as new as that is called falling


def adversarial_losses(history: pd.DataFrame, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw what the generators and the discriminators lose against each other.

    Args:
        history: Columns step, adversarial_loss, discriminator_loss; at least one row, nulls allowed.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    pairs = (("adversarial_loss", "generators", FIRST), ("discriminator_loss", "discriminators", _OTHER))
    return _two_losses(history, pairs, title="Against each other", y_title="Loss", caption=caption, theme=theme)


def kept_losses(history: pd.DataFrame, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how far a film there and back, and one of the wanted domain already, is from what it was.

    Args:
        history: Columns step, cycle_loss, identity_loss; at least one row, nulls allowed.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    pairs = (("cycle_loss", "there and back", FIRST), ("identity_loss", "staying the same", _OTHER))
    title, shares = "What a film loses", _as_shares(history)
    return _two_losses(shares, pairs, title=title, y_title=KEPT_UNIT, caption=caption, theme=theme)


def likenesses_of_runs(
    runs: Sequence[Run], measure: str, way: str, *, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Draw how alike the translations of several runs and films are, in one direction.

    Args:
        runs: Of CycleGANs, at least one; those that lack the measure are gaps, and where all do, the
            figure is empty and says so.
        measure: A key of `CALLED`; of the AUROC 0.5 is marked, where the two cannot be told apart.
        way: A key of `TOWARDS`.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    column, title = f"{measure}_{way}", f"{CURVES[measure]} {TOWARDS[way]}"
    own = [run for run in runs if column in run.history and run.history[column].notna().any()]
    if not own:
        return says_nothing(title, "Not measured while they learnt.", height=HEIGHT, caption=caption, theme=theme)
    figure = overlaid(own, column, title=title, y_title="", along=STEP, caption=caption, theme=theme)
    if measure == "kid":
        figure.update_yaxes(rangemode="tozero")
    else:
        low = min(float(pd.to_numeric(run.history[column]).min()) for run in own)
        figure.update_yaxes(range=[min(CHANCE, low) - 0.03, 1.03])
        figure.add_hline(y=CHANCE, line={"color": QUIET, "dash": "dot", "width": 1})
    return figure


def kept_of_runs(runs: Sequence[Run], *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how far films there and back are from what they were, for several runs of CycleGANs, at least one."""
    title, y_title = "What a film loses there and back", KEPT_UNIT
    shares = [replace(run, history=_as_shares(run.history)) for run in runs]
    figure = overlaid(shares, "cycle_loss", title=title, y_title=y_title, along=STEP, caption=caption, theme=theme)
    return figure.update_yaxes(rangemode="tozero")


def still_falling(history: pd.DataFrame) -> str:
    """Say which measures of likeness may still fall, and which have not fallen for a while; a sentence, or nothing.

    Args:
        history: Columns step and, where known, `kid_...` and `origin_auroc_...`; at least one row, nulls allowed.

    Examples:
        >>> rows = {"step": [250, 500, 750, 1000], "kid_a_to_b": [0.3, 0.1, 0.2, 0.2], "kid_b_to_a": [4, 3, 2, 1]}
        >>> still_falling(pd.DataFrame(rows))
        'May still fall: KID to No Finding. Not fallen since its lowest: KID to pneumothorax (step 500).'
    """
    falling, ended = [], []
    for measure, called in CALLED.items():
        for way, towards in TOWARDS.items():
            values = likeness(history, measure, way)
            if len(values) <= FALLING:
                continue
            at = values.idxmin()
            if len(values.loc[at:]) <= FALLING:
                falling.append(f"{called} {towards}")
            else:
                ended.append(f"{called} {towards} (step {int(history.loc[at, STEP]):,})")
    told = (("May still fall", falling), ("Not fallen since its lowest", ended))
    return " ".join(f"{words}: {', '.join(names)}." for words, names in told if names)


def stepping_caption(history: pd.DataFrame) -> str:
    """Say how far a CycleGAN's training is: steps, learning rate, speed.

    Args:
        history: At least one row.

    Examples:
        >>> row = {"step": 1250, "learning_rate": 2e-4, "seconds": 120.0, "images_per_s": 16.2}
        >>> stepping_caption(pd.DataFrame([{"step": 1000}, row]))
        'Step 1,250 · 0.48 s a step · 16 films a second · learning rate 2.0e-04'
    """
    last = history.iloc[-1]
    words = [f"Step {int(last[STEP]):,}"]
    since = int(last[STEP]) - (int(history[STEP].iloc[-2]) if len(history) > 1 else 0)
    if pd.notna(last.get("seconds")) and since > 0:
        words.append(f"{float(last['seconds']) / since:.2g} s a step")
    for column, text in (("images_per_s", "{:.0f} films a second"), ("learning_rate", "learning rate {:.1e}")):
        if pd.notna(last.get(column)):
            words.append(text.format(float(last[column])))
    return " · ".join(words)


_OTHER = Style(colour=QUIET, dash="dash", marker="circle-open")


def _as_shares(history: pd.DataFrame) -> pd.DataFrame:
    """Return the history with the losses that are differences of images as shares of the grey range, a mean a film."""
    columns = {name: pd.to_numeric(history[name]) / GREY_RANGES for name in ("cycle_loss", "identity_loss")}
    return history.assign(**columns)


def _two_losses(
    history: pd.DataFrame,
    pairs: Sequence[tuple[str, str, Style]],
    *,
    title: str,
    y_title: str,
    caption: str,
    theme: Theme | None,
) -> go.Figure:
    figure = go.Figure([line(history, column, name=name, style=style, along=STEP) for column, name, style in pairs])
    framed(figure, history, title=title, y_title=y_title, along=STEP, caption=caption, theme=theme)
    figure.update_yaxes(rangemode="tozero")
    legend_above(figure)
    return figure
