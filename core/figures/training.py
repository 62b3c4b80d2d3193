"""Curves of one training run, or of several laid over each other, from their histories: one row an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from core.figures.palette import ACCENT, QUIET, Theme, model_styles
from core.figures.style import TICKS_HEIGHT, TITLE_HEIGHT, house, legend_above, says_nothing

HEIGHT = 300  # pixels
KEY_ROW = 22  # pixels a name takes in the key below the axes
NO_AUROC = "No AUROC: tune holds one class only."


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training run as a figure shows it."""

    name: str
    """What the reader calls it."""
    model: str
    """A key of `palette.MODELS`; it gives the colour, dash and marker."""
    history: pd.DataFrame
    """Columns epoch, tune_loss, tune_auroc and, of a multi-task classifier, tune_quality_error; at least one row."""


def loss_curves(history: pd.DataFrame, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the loss on train and on tune after each epoch.

    Args:
        history: Columns epoch, train_loss, tune_loss; at least one row, nulls allowed.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    figure = go.Figure()
    for column, name, colour, dash, marker in (
        ("train_loss", "train", QUIET, "dash", "circle-open"),
        ("tune_loss", "tune", ACCENT, "solid", "circle"),
    ):
        figure.add_trace(_by_epoch(history, column, name=name, colour=colour, dash=dash, marker=marker))
    _house(figure, history, title="Loss", y_title="Loss (nats)", caption=caption, theme=theme)
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
    figure = go.Figure(_by_epoch(history, "tune_auroc", name="tune", colour=ACCENT, dash="solid", marker="circle"))
    best = values.idxmax()
    figure.add_annotation(
        x=history.loc[best, "epoch"],
        y=values[best],
        text=f"<b>{values[best]:.3f}</b>",
        showarrow=False,
        yshift=14,
    )
    _house(figure, history, title="AUROC on tune", y_title="AUROC", caption=caption, theme=theme)
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
    figure = _overlaid(runs, "tune_loss", title="Loss on tune", y_title="Loss (nats)", caption=caption, theme=theme)
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
    figure = _overlaid(runs, "tune_auroc", title="AUROC on tune", y_title="AUROC", caption=caption, theme=theme)
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
    figure = _overlaid(graded, "tune_quality_error", title=title, y_title=y_title, caption=caption, theme=theme)
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


def _overlaid(
    runs: Sequence[Run], column: str, *, title: str, y_title: str, caption: str, theme: Theme | None
) -> go.Figure:
    """Lay the runs' values of a column over each other, their names in a key below, one a line."""
    figure = go.Figure()
    for run, style in zip(runs, model_styles([run.model for run in runs], theme=theme or "light"), strict=True):
        trace = _by_epoch(run.history, column, name=run.name, colour=style.colour, dash=style.dash, marker=style.marker)
        figure.add_trace(trace.update(line_width=style.width))
    epochs = pd.concat([run.history[["epoch"]] for run in runs])
    _house(figure, epochs, title=title, y_title=y_title, caption=caption, theme=theme)
    below, key = figure.layout.margin.b if caption else TICKS_HEIGHT + TITLE_HEIGHT, 8 + KEY_ROW * len(runs)
    figure.update_layout(
        height=HEIGHT + key,
        margin_b=below + key,
        showlegend=True,
        legend={
            "x": 0,
            "xanchor": "left",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "title": {"text": ""},
        },
    )
    return figure


def _by_epoch(history: pd.DataFrame, column: str, *, name: str, colour: str, dash: str, marker: str) -> go.Scatter:
    return go.Scatter(
        x=history["epoch"],
        y=pd.to_numeric(history[column]),
        name=name,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        marker={"symbol": marker, "size": 7},
        hovertemplate=f"epoch %{{x}}<br>{name} %{{y:.4f}}<extra></extra>",
    )


def _house(
    figure: go.Figure, history: pd.DataFrame, *, title: str, y_title: str, caption: str, theme: Theme | None
) -> None:
    house(figure, title=title, x_title="Epoch", y_title=y_title, height=HEIGHT, caption=caption, theme=theme)
    last = int(history["epoch"].max())
    figure.update_xaxes(range=[0.5, max(last, 2) + 0.5], tickformat="d", dtick=max(1, -(-last // 8)))
