"""The one palette: who has which colour, dash and marker on every page and in every exported figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Theme = Literal["light", "dark"]

TEXT: dict[Theme, str] = {"light": "#1B1F24", "dark": "#D7DADE"}
BACKGROUND: dict[Theme, str] = {"light": "#FFFFFF", "dark": "#101214"}

QUIET = "#80868E"  # readable on both backgrounds: chance lines, train, captions
HAIRLINE = "rgba(128, 134, 142, 0.28)"
ACCENT = "#2E8BC9"  # the one series of a figure that compares no models

ZONES: dict[Theme, dict[str, str]] = {
    "light": {"suspected": "#B34700", "unsure": "#A3457C", "not suspected": QUIET},
    "dark": {"suspected": "#E8833A", "unsure": "#CC79A7", "not suspected": QUIET},
}
SHAPES = {"suspected": "●", "unsure": "◐", "not suspected": "○"}  # so that no zone is told by its colour alone
SEQUENTIAL = "cividis"
DIVERGING = ((0.0, "#7FB8DA"), (0.5, "#FFFFFF"), (1.0, "#F2B07A"))  # blue, white, orange: dark text stands on all
ON_DIVERGING = "#1B1F24"
# Darker, unchanged, brighter: the same tints, to ends that are seen on black and on white.
SIGNED = ((0.0, "#0B4F7D"), (0.25, "#7FB8DA"), (0.5, "#FFFFFF"), (0.75, "#F2B07A"), (1.0, "#9A4A00"))
HEAT = ((0.0, "#061E2C"), (1.0, "#40C4FF"))  # the one hue of heat maps, told from every grey


@dataclass(frozen=True, kw_only=True)
class Style:
    """How one series looks; never told apart by its colour alone."""

    colour: str
    dash: str = "solid"
    marker: str = "circle"
    width: float = 2.0  # pixels


# Okabe and Ito's colours, which the colour-blind can tell apart; the two for images never stand beside the others.
MODELS = {
    "cnn": Style(colour="#0072B2", marker="circle"),
    "vit": Style(colour="#E69F00", dash="dash", marker="square"),
    "ensemble": Style(colour="text", marker="diamond", width=3.5),
    "multitask": Style(colour="#CC79A7", dash="dot", marker="triangle-up"),
    "resnet18": Style(colour="#56B4E9", dash="dashdot", marker="cross"),
    "densenet121": Style(colour="#D55E00", dash="longdash", marker="x"),
    "efficientnet_b0": Style(colour="#009E73", dash="longdashdot", marker="star"),
    "cyclegan": Style(colour="#8E6FC1", dash="9px,3px", marker="hexagon"),
    "real-vs-synthetic": Style(colour="#A6761D", dash="3px,6px", marker="triangle-down"),
}
OTHER = Style(colour=QUIET, dash="dash", marker="pentagon")

# The series of a figure that compares no models, the one it is about first.
FIRST = Style(colour=ACCENT)
SECOND = Style(colour="#D55E00", dash="dash", marker="diamond")
THIRD = Style(colour=QUIET, dash="dot", marker="square")
RUN_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")  # of runs of one model, in their order
RUN_MARKERS = ("circle", "square-open", "triangle-up", "diamond-open", "cross", "star-open")

PARTS = {
    "train": Style(colour=QUIET, marker="circle"),
    "val": Style(colour="#3FA7D6", dash="dash", marker="square"),
    "test": Style(colour="#C08A1E", dash="dot", marker="diamond"),
}


def model_styles(models: Sequence[str], *, theme: Theme = "light") -> list[Style]:
    """Return the style of each series, given the kind of model it shows.

    A second series of one kind keeps its colour and dash and has an open marker and a thinner
    line; a third is thinner still.

    Args:
        models: Keys of `MODELS`; unknown ones look alike.
        theme: What the ensemble's text colour stands on.

    Examples:
        >>> [style.marker for style in model_styles(["cnn", "vit", "cnn"])]
        ['circle', 'square', 'circle-open']
    """
    seen: dict[str, int] = {}
    styles = []
    for model in models:
        style = MODELS.get(model, OTHER)
        colour = TEXT[theme] if style.colour == "text" else style.colour
        earlier = seen.get(model, 0)
        marker = style.marker + ("-open" if earlier else "")
        styles.append(replace(style, colour=colour, marker=marker, width=max(1.0, style.width - 0.5 * earlier)))
        seen[model] = earlier + 1
    return styles


def run_styles(models: Sequence[str], *, theme: Theme = "light") -> list[Style]:
    """Return the style of each run of a training, given the model that learns.

    Runs of several models look as in `model_styles`. Those of one model keep its colour, and each has a dash
    and a marker of its own, since a long run has no markers; the seventh looks like the first, but thinner.

    Args:
        models: Keys of `MODELS`; unknown ones look alike.
        theme: What the ensemble's text colour stands on.

    Examples:
        >>> [style.dash for style in run_styles(["cyclegan", "cyclegan"])]
        ['solid', 'dash']
    """
    styles = model_styles(models, theme=theme)
    if len(models) == 1 or len(set(models)) > 1:
        return styles
    return [
        replace(
            styles[0],
            dash=RUN_DASHES[number % len(RUN_DASHES)],
            marker=RUN_MARKERS[number % len(RUN_MARKERS)],
            width=max(1.0, styles[0].width - 0.75 * (number // len(RUN_DASHES))),
        )
        for number in range(len(models))
    ]


def faded(colour: str, *, opacity: float) -> str:
    """Return a colour such as "#0072B2" with an opacity in [0, 1].

    Examples:
        >>> faded("#0072B2", opacity=0.2)
        'rgba(0, 114, 178, 0.2)'
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"
