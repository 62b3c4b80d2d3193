"""May a heat map be shown? A verdict from the numbers that were measured of it. Free of torch.

A test that could not be made is told, and alone withholds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Shown = Literal["shown", "withheld", "empty"]
Target = Literal["for", "against"]
_Outcome = tuple[bool | None, str]  # whether a test was passed, None if it was not made; and the sentence

LEAST_AGREEMENT = 0.5  # mean Spearman correlation: with less, which places moved the model depends on the method asked
MOST_RANDOM = 0.5  # mean absolute Spearman correlation: with more, the map shows the network's build, not its learning
LEAST_GRID = 4  # rows and columns: of 2 x 2, each place is a quarter of the film


@dataclass(frozen=True)
class Verdict:
    """Whether a heat map may be shown, and why."""

    verdict: Shown
    reasons: list[str]
    """Sentences with their numbers: what it failed, or what it passed, then which tests were not made."""


@dataclass(frozen=True)
class Answer:
    """What a test answered, or why it was not made."""

    value: float | None
    not_made: str = ""


def judge(
    *,
    grid: tuple[int, int],
    empty: bool,
    target: Target,
    methods: Sequence[str],
    agreement: float | None,
    lung_share: Answer,
    lung_area: float | None,
    randomisation: Answer,
) -> Verdict:
    """Judge a heat map.

    Args:
        grid: Its rows and columns.
        empty: Whether it is zero everywhere.
        target: Evidence for or against a pneumothorax.
        methods: Names of the methods that were compared.
        agreement: Their mean pairwise Spearman correlation, in [-1, 1]; None if one of the maps is
            the same everywhere, which counts as no agreement.
        lung_share: The share of the map inside the lung field, in [0, 1].
        lung_area: The share of the film that the lung field takes, in [0, 1].
        randomisation: Mean absolute Spearman correlation with the maps of untrained networks, in [0, 1].
    """
    if empty:
        return Verdict(
            "empty", [f"Nothing spoke {target} a pneumothorax on the last grid: the map is zero everywhere."]
        )
    found = [
        *_of_grid(grid),
        _of_agreement(methods, agreement),
        _of_lungs(lung_share, lung_area),
        _of_learning(randomisation),
    ]
    failed, passed, not_made = ([sentence for ended, sentence in found if ended is end] for end in (False, True, None))
    return Verdict("withheld" if failed else "shown", (failed or passed) + not_made)


def _of_grid(grid: tuple[int, int]) -> list[_Outcome]:
    if min(grid) >= LEAST_GRID:
        return []
    coarse = f"A grid of {grid[0]} x {grid[1]} is too coarse to say anything about a place"
    return [(False, f"{coarse}; {LEAST_GRID} x {LEAST_GRID} is the least.")]


def _of_agreement(methods: Sequence[str], agreement: float | None) -> _Outcome:
    named = f"{', '.join(methods[:-1])} and {methods[-1]}"
    if agreement is None:
        return False, f"Of {named}, one gives a map that is the same everywhere, so they cannot agree."
    if agreement < LEAST_AGREEMENT:
        return False, f"{named} agree by {agreement:.2f} only; at least {LEAST_AGREEMENT} is asked for."
    return True, f"{named} agree by {agreement:.2f}; at least {LEAST_AGREEMENT} is asked for."


def _of_lungs(share: Answer, area: float | None) -> _Outcome:
    if share.value is None or area is None:
        return None, f"Whether the map lies in the lungs was not tested: {share.not_made}."
    told = f"{share.value:.1%} of the map lies inside the lung field, which takes {area:.1%} of the film"
    if share.value > area:
        return True, f"{told}."
    return False, f"{told}: no more than of a map that is even everywhere."


def _of_learning(likeness: Answer) -> _Outcome:
    if likeness.value is None:
        return None, f"Whether maps of this checkpoint show what it learnt was not tested: {likeness.not_made}."
    told = f"Maps of this checkpoint resemble those of untrained networks by {likeness.value:.2f}"
    if likeness.value < MOST_RANDOM:
        return True, f"{told}; less than {MOST_RANDOM} is asked for."
    return False, f"{told}: they show how it is built rather than what it learnt."
