"""Curves of one training run, or of several laid over each other, from their histories: one row an epoch."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.figures.palette import ACCENT, QUIET, Style, Theme
from core.figures.style import legend_above, says_nothing
from core.figures.training_lines import HEIGHT, Run, framed, line, overlaid

TUNE = Style(colour=ACCENT)
NO_AUROC = "No AUROC: tune holds one class only."


def loss_curves(history: pd.DataFrame, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the loss on train and on tune after each epoch.

    Args:
        history: Columns epoch, train_loss, tune_loss; at least one row, nulls allowed.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    figure = go.Figure()
    train = Style(colour=QUIET, dash="dash", marker="circle-open")
    for column, name, style in (("train_loss", "train", train), ("tune_loss", "tune", TUNE)):
        figure.add_trace(line(history, column, name=name, style=style))
    framed(figure, history, title="Loss", y_title="Loss (nats)", caption=caption, theme=theme)
    figure.update_yaxes(rangemode="tozero")
    legend_above(figure)
    return figure


def auroc_curve(history: pd.DataFrame, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the AUROC on tune after each epoch, the best one marked.

    Args:
        history: Columns epoch, tune_auroc; at least one row. All null, where tune has one class
            only, gives an empty figure that says so.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    values = pd.to_numeric(history["tune_auroc"])
    if values.isna().all():
        return says_nothing("AUROC on tune", NO_AUROC, height=HEIGHT, caption=caption, theme=theme)
    figure = go.Figure(line(history, "tune_auroc", name="tune", style=TUNE))
    best = values.idxmax()
    figure.add_annotation(
        x=history.loc[best, "epoch"],
        y=values[best],
        text=f"<b>{values[best]:.3f}</b>",
        showarrow=False,
        yshift=14,
    )
    framed(figure, history, title="AUROC on tune", y_title="AUROC", caption=caption, theme=theme)
    low = min(0.5, float(values.min()) - 0.05)
    figure.update_yaxes(range=[low, 1.04], dtick=0.1, tickformat=".1f")
    return figure


def losses_of_runs(runs: Sequence[Run], *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the loss on tune of several runs; the loss on train, which needs no comparing, is left out.

    Args:
        runs: At least one.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    figure = overlaid(runs, "tune_loss", title="Loss on tune", y_title="Loss (nats)", caption=caption, theme=theme)
    return figure.update_yaxes(rangemode="tozero")


def aurocs_of_runs(runs: Sequence[Run], *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the AUROC on tune of several runs.

    Args:
        runs: At least one. If none has an AUROC the figure is empty and says why.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    lows = [low for run in runs if pd.notna(low := pd.to_numeric(run.history["tune_auroc"]).min())]
    if not lows:
        return says_nothing("AUROC on tune", NO_AUROC, height=HEIGHT, caption=caption, theme=theme)
    figure = overlaid(runs, "tune_auroc", title="AUROC on tune", y_title="AUROC", caption=caption, theme=theme)
    return figure.update_yaxes(range=[min(0.5, float(min(lows)) - 0.05), 1.04], dtick=0.1, tickformat=".1f")


def quality_errors_of_runs(runs: Sequence[Run], *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how far the grade of image quality is off on tune.

    Args:
        runs: At least one; those that do not learn image quality are left out, and where none does
            the figure is empty and says so.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    graded = [run for run in runs if learns_quality(run.history)]
    title = "Image quality on tune"
    if not graded:
        return says_nothing(
            title, "None of these runs learns image quality.", height=HEIGHT, caption=caption, theme=theme
        )
    y_title = "Mean error of the grade (0 to 1)"
    figure = overlaid(graded, "tune_quality_error", title=title, y_title=y_title, caption=caption, theme=theme)
    return figure.update_yaxes(rangemode="tozero")


def learns_quality(history: pd.DataFrame) -> bool:
    """Tell whether a run measures a grade of image quality."""
    return "tune_quality_error" in history and bool(history["tune_quality_error"].notna().any())


def comparing_caption(runs: Sequence[Run]) -> str:
    """Say what to conclude from the curves of several runs: which is best so far, and how little that says.

    Examples:
        >>> row = {"epoch": 1, "tune_loss": 0.5, "tune_auroc": 0.8}
        >>> runs = [Run(name=f"CNN, job {job}", model="cnn", history=pd.DataFrame([row])) for job in (1, 2)]
        >>> comparing_caption(runs).split(". ")[0]
        'Lowest loss so far: CNN, job 1, 0.500 at epoch 1'
    """
    words = []
    for column, what, best_of in (("tune_loss", "Lowest loss", min), ("tune_auroc", "Highest AUROC", max)):
        found = []
        for run in runs:
            values = pd.to_numeric(run.history[column]).dropna()
            if not values.empty:
                at = values.idxmin() if best_of is min else values.idxmax()
                found.append((float(values[at]), run.name, int(run.history.loc[at, "epoch"])))
        if found:
            value, name, epoch = best_of(found, key=lambda one: one[0])
            words.append(f"{what} so far: {name}, {value:.3f} at epoch {epoch}.")
    words.append(
        "Where a loss rises again the classifier begins to know its films by heart. Tune chose the epochs and is "
        "small: small differences here mean nothing; the Compare page measures on test, with intervals."
    )
    return " ".join(words)


def learning_caption(history: pd.DataFrame) -> str:
    """Say how far a training is: epochs, learning rate, speed.

    Args:
        history: At least one row.

    Examples:
        >>> row = {"epoch": 3, "learning_rate": 3e-4, "seconds": 12.0, "images_per_s": 85.2}
        >>> learning_caption(pd.DataFrame([row]))
        'Epoch 3 · 12 s an epoch · 85 films a second · learning rate 3.0e-04'
    """
    last = history.iloc[-1]
    words = [f"Epoch {int(last['epoch'])}"]
    for column, text in (
        ("seconds", "{:.0f} s an epoch"),
        ("images_per_s", "{:.0f} films a second"),
        ("learning_rate", "learning rate {:.1e}"),
    ):
        if pd.notna(last.get(column)):
            words.append(text.format(float(last[column])))
    return " · ".join(words)
