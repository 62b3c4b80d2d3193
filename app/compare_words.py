"""What the compare page says about its figures: costs, how to read a curve, how a difference was measured."""

from __future__ import annotations

from collections.abc import Sequence

from app import resources
from core.figures.curves import Measured
from core.figures.efficiency import Cost
from core.review.reader_points import ReaderPoint


def costs(measured: Sequence[Measured]) -> dict[str, list[str]]:
    """Return parameters and minutes of training of each model in words, for the table of measures."""
    found = [cost(one.report.checkpoint_id) for one in measured]
    return {
        "Parameters": [_millions(None if one is None else one.parameters) for one in found],
        "Minutes of training": [_minutes(None if one is None else one.training_minutes) for one in found],
    }


def roc_words(measured: Sequence[Measured], readers: Sequence[ReaderPoint]) -> str:
    """Say how the ROC curves are to be read."""
    told = "A marked point is an operating point: chosen on the fold tune of val, never on this part."
    if measured[0].report.roc_limits is not None:
        told = f"The band is the 95 % interval of {measured[0].name}. {told}"
    if readers:
        films = ", ".join(f"{one.reader} {one.films:,} films" for one in readers)
        told += (
            f" Hollow diamonds are readers before they saw the model ({films}); they read films from worklists, which "
            "a model had chosen, so a diamond above a curve does not show that the reader is better."
        )
    return told


def paired_words(pairs: int) -> str:
    """Say how the differences in the verdicts were measured.

    Examples:
        >>> paired_words(1)
        'In brackets: the 95 % interval of the difference, on the same films and by patient.'
    """
    told = "In brackets: the 95 % interval of the difference, on the same films and by patient."
    if pairs == 1:
        return told
    return f"{told} p is raised by Holm's rule, since of {pairs} pairs one or another differs by chance."


def cost(checkpoint_id: str) -> Cost | None:
    """Return what a checkpoint cost; None for a model that was made elsewhere."""
    for card in resources.checkpoint_cards():
        if card["checkpoint_id"] == checkpoint_id:
            return Cost.of_card(card)
    return None


def points(measured: Sequence[Measured]) -> str:
    """Name the operating point of each model."""
    told = [
        f"{one.name} {'none' if one.report.threshold is None else f'{one.report.threshold.value:.3f}'}"
        for one in measured
    ]
    return ", ".join(told)


def _millions(parameters: float | None) -> str:
    return "" if parameters is None else f"{parameters / 1e6:.1f} M"


def _minutes(minutes: float | None) -> str:
    return "" if minutes is None else f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}"
