"""How the AUROC grows with the reads that a classifier learnt from, against reads of films drawn at random.

Each number is a weighted sum of the AUROCs of arms and seeds. With other patients all classifiers vary
together, by clustered DeLong. With other seeds the sum over the arms varies from seed to seed: an arm's
films are among those of the larger arms of its seed, so only whole seeds count as independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation import delong, metrics
from core.evaluation.aligned import Aligned
from core.evaluation.comparison import ALPHA, signed
from core.evaluation.differences import NOISE
from core.evaluation.loop_report import NONE, RANDOM, UNSURE, Arm
from core.evaluation.measures import FEW, MIN_PATIENTS
from core.evaluation.report import Measure
from core.evaluation.seeds import Tested, Varying, of_seeds, tested

READS = 100  # for which the gain is told
ITSELF = "no difference: this is what the others are compared with"
ONE_BUDGET = "no slope: every arm has as many reads"


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """Classifiers that differ in the seed only."""

    strategy: str
    """`none`, `unsure first` or `at random`."""
    reads: int
    wrong: float
    """Wrong answers among them, mean over the seeds."""
    classifiers: tuple[str, ...]
    """One a seed, in the same order of the seeds in each arm."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What was measured of all arms."""

    arms: list[Arm]
    per_100: dict[str, Tested]
    per_100_difference: Tested


def curve(aligned: Aligned, arms: Sequence[Learnt]) -> Curve:
    """Measure each arm, its gain, and the gain for 100 reads.

    Args:
        aligned: What all the classifiers say of the same labelled films.
        arms: The one without reads first, then two strategies with the same numbers of reads; two or more
            seeds each, as many in each.

    Raises:
        ValueError: If there are fewer seeds, or not as many in each arm.
    """
    if {len(arm.classifiers) for arm in arms} != {len(arms[0].classifiers)} or len(arms[0].classifiers) < 2:
        msg = f"Expected arms of as many seeds each, two or more, got {[len(arm.classifiers) for arm in arms]}"
        raise ValueError(msg)
    ask = _Sums.of(aligned, arms)
    places = {(arm.strategy, arm.reads): at for at, arm in enumerate(arms)}
    found = [_arm(ask, arms, at, places.get((RANDOM, arm.reads))) for at, arm in enumerate(arms)]
    slopes = {name: _slope(arms, name) for name in (UNSURE, RANDOM)}
    return Curve(
        arms=found,
        per_100={name: ask.told(weights) for name, weights in slopes.items()},
        per_100_difference=ask.told(slopes[UNSURE] - slopes[RANDOM]),
    )


def sentence(found: Curve) -> str:
    """Say whether reads help, and whether it matters which films are read; each by the gain for 100 reads."""
    of_unsure, of_random = (found.per_100[name] for name in (UNSURE, RANDOM))
    return f"{_words(of_unsure, UNSURE)} {_words(of_random, RANDOM)} {_against_random(found.per_100_difference)}"


def _words(gain: Tested, strategy: str) -> str:
    told = f"100 reads of films chosen {strategy}" if strategy == RANDOM else "100 reads, unsure films first,"
    if gain.value is None or gain.low is None or gain.high is None:
        return f"{told[:1].upper()}{told[1:]}: not tested ({gain.reason})."
    if gain.p is None or gain.p >= ALPHA:
        return f"No evidence that {told} change the AUROC: {_interval(gain)}."
    verb = "raise" if gain.value > 0 else "lower"
    return f"{told[:1].upper()}{told[1:]} {verb} the AUROC by {_interval(gain, absolute=True)}."


def _against_random(difference: Tested) -> str:
    if difference.value is None or difference.low is None or difference.high is None:
        return f"Which films are read could not be tested ({difference.reason})."
    if difference.p is None or difference.p >= ALPHA:
        return f"No evidence that it matters which films are read: {_interval(difference)} for 100 reads."
    better = "Unsure films first brings more than" if difference.value > 0 else "Unsure films first brings less than"
    return f"{better} films at random: {_interval(difference)} for 100 reads."


def _interval(one: Tested, *, absolute: bool = False) -> str:
    value, low, high = one.value or 0.0, one.low or 0.0, one.high or 0.0
    if absolute:
        ends = sorted((abs(low), abs(high)))
        return f"{abs(value):.3f} ({ends[0]:.3f} to {ends[1]:.3f})"
    return f"{signed(value)} ({signed(low)} to {signed(high)})"


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """AUROCs of A arms and K seeds, and how weighted sums of the arms' means vary."""

    aurocs: np.ndarray  # (A, K)
    covariance: np.ndarray | None  # (A * K, A * K); None: too few patients
    freedom: int  # of the patients

    @classmethod
    def of(cls, aligned: Aligned, arms: Sequence[Learnt]) -> _Sums:
        names = [name for arm in arms for name in arm.classifiers]
        films = aligned.of(names[0])
        shape = (len(arms), len(arms[0].classifiers))
        freedom = delong.freedom(films)
        if freedom + 1 < MIN_PATIENTS:
            areas = [metrics.auroc(films.labels, aligned.probabilities[name]) for name in names]
            values = np.array([np.nan if area is None else area for area in areas])
            return cls(aurocs=values.reshape(shape), covariance=None, freedom=freedom)
        aurocs, covariance = delong.covariance(films, np.array([aligned.probabilities[name] for name in names]))
        return cls(aurocs=aurocs.reshape(shape), covariance=covariance, freedom=freedom)

    def told(self, weights: np.ndarray, *, low: float = -1.0, these_seeds: bool = False) -> Tested:
        """Return the sum of the arms' means by their weights `(A,)`.

        Args:
            weights: Of the arms.
            low: Least value that the interval may hold.
            these_seeds: Whether the interval is for other patients only.
        """
        by_seed = weights @ self.aurocs  # (K,)
        value = float(by_seed.mean())
        if self.covariance is None:
            return Tested(value=None if np.isnan(value) else value, reason=FEW)
        if not weights.any():
            return Tested(value=None, reason=ONE_BUDGET)
        seeds = by_seed.size
        row = np.repeat(weights / seeds, seeds)
        variance = float(row @ self.covariance @ row)
        if variance <= NOISE * float(np.abs(row) @ np.diag(self.covariance)):
            variance = 0.0  # rounding
        by_patient = Varying(variance=variance, freedom=self.freedom)
        other_seeds = Varying(variance=0.0, freedom=1) if these_seeds else of_seeds(by_seed)
        return tested(value, by_patient, other_seeds, low=low)


def _arm(ask: _Sums, arms: Sequence[Learnt], at: int, random: int | None) -> Arm:
    """Return one arm, measured.

    Args:
        ask: The AUROCs.
        arms: All of them.
        at: Where it stands.
        random: Where the arm with as many reads at random stands.
    """
    arm, one = arms[at], np.eye(len(arms))
    mean = ask.told(one[at], low=0.0, these_seeds=True)
    against = None if arm.strategy != UNSURE or random is None else ask.told(one[at] - one[random])
    return Arm(
        strategy=arm.strategy,
        reads=arm.reads,
        wrong=arm.wrong,
        auroc=Measure(**mean.model_dump(exclude={"p"})),
        auroc_of_seeds=[float(area) for area in ask.aurocs[at] if not np.isnan(area)],
        gain=Tested(value=0.0, reason=ITSELF) if at == 0 else ask.told(one[at] - one[0]),
        against_random=against,
    )


def _slope(arms: Sequence[Learnt], strategy: str) -> np.ndarray:
    """Return the weights of the arms' means in the least-squares slope over 100 reads of a strategy, `(A,)`."""
    own = np.array([arm.strategy in (NONE, strategy) for arm in arms])
    reads = np.array([arm.reads for arm in arms]) / READS
    away = np.where(own, reads - reads[own].mean(), 0.0)
    total = float(away @ away)
    slope: np.ndarray = away / total if total > 0 else np.zeros(len(arms))
    return slope
