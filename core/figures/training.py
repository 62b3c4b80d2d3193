"""Curves of a training run, from its history: one row an epoch."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.figures.palette import ACCENT, QUIET, Theme
from core.figures.style import house, legend_above, says_nothing

HEIGHT = 300  # pixels


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
        return says_nothing("AUROC on tune", "No AUROC: tune holds one class only.", height=HEIGHT)
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


def learning_caption(history: pd.DataFrame) -> str:
    """Say how far a training is: epochs, learning rate, speed.

    Args:
        history: At least one row.

    Examples:
        >>> row = {"epoch": 3, "learning_rate": 3e-4, "seconds": 12.0, "images_per_s": 85.2}
        >>> learning_caption(pd.DataFrame([row]))
        'Epoch 3 · 12 s an epoch · 85 images a second · learning rate 3.0e-04'
    """
    last = history.iloc[-1]
    words = [f"Epoch {int(last['epoch'])}"]
    for column, text in (
        ("seconds", "{:.0f} s an epoch"),
        ("images_per_s", "{:.0f} images a second"),
        ("learning_rate", "learning rate {:.1e}"),
    ):
        if pd.notna(last.get(column)):
            words.append(text.format(float(last[column])))
    return " · ".join(words)


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
