"""Why a human is needed, in plain sentences with their numbers: of the model and of the film, never of anatomy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data import quality
from core.evaluation import first_cases
from core.triage.policy import SUSPECTED
from core.triage.signals import COLUMN, SIGNALS

if TYPE_CHECKING:
    from core.triage.decision import Policy
    from core.triage.evidence import Evidence

MOST = 3  # reasons of a case
UNUSUAL = 0.8  # place among the films of tune from which on a further reason is worth a sentence
PLAIN = "cut_distance"
TITLES = {SUSPECTED: "At or above the cut"} | {name: signal.title for name, signal in SIGNALS.items()}
PARTS = {"rotation_cropping": "rotation and cropping"}


@dataclass(frozen=True)
class Reason:
    """One reason why a human should look at a case."""

    signal: str
    sentence: str
    short: str
    """At most 60 characters, for a list."""


def place(reference: list[float] | np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return where values stand among the films of tune, by its quantiles: in [0, 1], equals in the middle.

    Args:
        reference: Quantiles at even steps, rising, shape `(Q,)`.
        values: Shape `(N,)`; NaN stays NaN.

    Examples:
        >>> place([0.0, 0.0, 1.0, 2.0, 3.0], np.array([0.0, 1.0, 9.0]))
        array([0.2, 0.5, 1. ])
    """
    known = np.asarray(reference, float)
    middle = (np.searchsorted(known, values, side="left") + np.searchsorted(known, values, side="right")) / 2
    return np.where(np.isnan(values), np.nan, middle / len(known))


def first(evidence: Evidence, policy: Policy) -> np.ndarray:
    """Return the signal that speaks loudest on each film `(N,)`: the one that stands highest among tune's films."""
    names = _telling(policy, evidence.films)
    columns = evidence.films[[COLUMN + name for name in names]].to_numpy(float)
    places = np.column_stack([place(policy.reference[name], columns[:, at]) for at, name in enumerate(names)])
    places[:, [at for at, name in enumerate(names) if name == "drain"]] *= 0.5  # a note, not a doubt
    return np.array(names, object)[np.nan_to_num(places, nan=-1).argmax(axis=1)]


def of(case: Mapping[str, Any], policy: Policy) -> list[Reason]:
    """Return a case's reasons, the most important first, at most three.

    A suspected film's first reason is its probability. What follows are the signals that stand
    among the highest fifth of the films of tune; the loudest of an unsure case is always told.

    Args:
        case: A row of the table that `cases` gave.
        policy: The one the table was made with.
    """
    names = [name for name in _telling(policy, case) if np.isfinite(float(case[COLUMN + name]))]
    places = {
        name: float(place(policy.reference[name], np.array([float(case[COLUMN + name])]))[0])
        * (0.5 if name == "drain" else 1)
        for name in names
    }
    loudest = sorted(names, key=lambda name: -places[name])
    suspected = case["zone"] == SUSPECTED
    if suspected:
        loudest = [name for name in loudest if name != PLAIN]  # its first reason says as much
    told = [SUSPECTED] if suspected else loudest[:1]
    told += [name for name in loudest if name not in told and places[name] >= UNUSUAL]
    if not suspected and case["first_reason"] in told:
        told = [case["first_reason"], *(name for name in told if name != case["first_reason"])]
    if "drain" in names and float(case[COLUMN + "drain"]) == 1 and "drain" not in told[: MOST - 1]:
        told = [*told[: MOST - 1], "drain"]
    return [Reason(name, *_WORDS[name](case, policy)) for name in told[:MOST]]


def short(case: Mapping[str, Any], policy: Policy) -> str:
    """Return a case's first reason for a list, at most 60 characters."""
    return _WORDS[case["first_reason"]](case, policy)[1]


def _telling(policy: Policy, case: Any) -> list[str]:  # noqa: ANN401 (a row or a table: whatever has columns)
    return [name for name in SIGNALS if name in policy.reference and COLUMN + name in case]


def _number(case: Mapping[str, Any], name: str) -> float:
    return float(case[COLUMN + name])


def _near(case: Mapping[str, Any], policy: Policy) -> tuple[str, str]:
    probability = first_cases.two_digits(case["probability"], cut=policy.cut)
    off = abs(case["probability"] - policy.cut)
    return (
        f"The probability, {probability}, is {off:.2f} off the cut, {policy.cut:.2f}.",
        f"{probability}, against a cut of {policy.cut:.2f}",
    )


def _suspected(case: Mapping[str, Any], policy: Policy) -> tuple[str, str]:
    probability = first_cases.two_digits(case["probability"], cut=policy.cut)
    return (
        f"The probability, {probability}, reaches the cut, {policy.cut:.2f}.",
        f"{probability}, at or above the cut {policy.cut:.2f}",
    )


def _members(case: Mapping[str, Any], _policy: Policy) -> tuple[str, str]:
    each = [float(one) for one in case["member_probabilities"]]
    return (
        f"The members disagree: their probabilities go from {min(each):.2f} to {max(each):.2f}.",
        f"Members disagree: {min(each):.2f} to {max(each):.2f}",
    )


def _quality(case: Mapping[str, Any], _policy: Policy) -> tuple[str, str]:
    grade = float(case[quality.GRADE])
    parts = {name: float(case[name]) for name in quality.PARTS if np.isfinite(float(case[name] or np.nan))}
    told = "" if case["quality_from"] == "told" else ", as measured on the pixels"
    if not parts:
        return f"Image quality is graded {grade:.2f} of 1{told}.", f"Image quality {grade:.2f} of 1"
    worst = min(parts, key=parts.__getitem__)
    name = PARTS.get(worst, worst)
    return (
        f"Image quality is graded {grade:.2f} of 1{told}; the weakest part is {name}, {parts[worst]:.2f}.",
        f"Image quality {grade:.2f} of 1, weakest: {name}",
    )


def _prior(case: Mapping[str, Any], _policy: Policy) -> tuple[str, str]:
    change = _number(case, "prior_change")
    return (
        f"The probability differs by {change:.2f} from that of the patient's previous film.",
        f"Differs by {change:.2f} from the previous film",
    )


def _neighbours(case: Mapping[str, Any], policy: Policy) -> tuple[str, str]:
    count = len(case["neighbour_ids"])
    unlike = round(_number(case, "neighbours_disagree") * count)
    called = "without" if case["probability"] >= policy.cut else "with"
    return (
        f"{unlike} of the {count} nearest training films are labelled {called} a pneumothorax, against the call.",
        f"{unlike} of {count} nearest cases labelled {called} the finding",
    )


def _plainly(name: str, sentence: str, brief: str) -> Callable[[Mapping[str, Any], Policy], tuple[str, str]]:
    def words(case: Mapping[str, Any], _policy: Policy) -> tuple[str, str]:
        value = _number(case, name)
        return sentence.format(value=value, rest=1 - value), brief.format(value=value, rest=1 - value)

    return words


_WORDS: dict[str, Callable[[Mapping[str, Any], Policy], tuple[str, str]]] = {
    SUSPECTED: _suspected,
    PLAIN: _near,
    "member_spread": _members,
    "poor_quality": _quality,
    "prior_change": _prior,
    "neighbours_disagree": _neighbours,
    "pass_spread": _plainly(
        "pass_spread",
        "With parts of the network left out at random, the probability varies by {value:.2f} (standard deviation).",
        "Varies by {value:.2f} over passes with dropout",
    ),
    "predictive_entropy": _plainly(
        "predictive_entropy",
        "The mean answer is undecided: an entropy of {value:.2f} nats, where 0.69 is the most.",
        "Undecided: entropy {value:.2f} of at most 0.69 nats",
    ),
    "mutual_information": _plainly(
        "mutual_information",
        "The single answers contradict each other: {value:.3f} nats of mutual information.",
        "Answers contradict each other: {value:.3f} nats",
    ),
    "augmentation_spread": _plainly(
        "augmentation_spread",
        "Turned, moved or resized a little, the film gets probabilities that vary by {value:.2f} (standard deviation).",
        "Varies by {value:.2f} when moved or turned a little",
    ),
    "feature_distance": _plainly(
        "feature_distance",
        "The film is unlike those the model learnt from: {value:.1f} times their usual distance.",
        "Unlike the training films: {value:.1f} x usual distance",
    ),
    "outside_lung": _plainly(
        "outside_lung",
        "{value:.0%} of the heat map lies outside the lung field.",
        "{value:.0%} of the heat map outside the lung field",
    ),
    "heat_map_disagreement": _plainly(
        "heat_map_disagreement",
        "Three ways of drawing the heat map disagree: their rank correlation is {rest:.2f}.",
        "Heat maps by three methods disagree ({rest:.2f})",
    ),
    "drain": _plainly("drain", "A drain is recorded for this film.", "A drain is recorded"),
}
