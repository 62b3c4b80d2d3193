"""From a classifier's logit to a probability that can be taken at its word, at a stated prevalence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize, special

if TYPE_CHECKING:
    from collections.abc import Mapping

MIN_SLOPE = 0.01  # keeps the order of the films: a calibrated probability never falls where the logit rises


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The probability `sigmoid(a * logit + b)`, and how a and b were found."""

    a: float
    b: float
    method: str
    """`platt`: fitted; `none`: the logit is taken as it is, as the films hold one class or there is none."""
    prevalence: float | None
    """What it targets, in [0, 1]; None where nothing was asked for and there is no film."""
    films: int
    positive_films: int
    at_bound: bool
    """Whether a was held at `MIN_SLOPE`: these films would have asked for less, or for the opposite order."""
    temperature: float | None
    """The T of `sigmoid(logit / T)` that fits best, above 0 and at most `1 / MIN_SLOPE`; reported, used for nothing."""
    log_loss: dict[str, float] | None
    """Weighted, in nats, on the films it was fitted on: `uncalibrated`, by `temperature`, `calibrated`."""

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """Return the calibrated probability of each logit, shape `(N,)`, float64, in [0, 1]."""
        return special.expit(self.a * np.asarray(logits, dtype=float) + self.b)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for the card's JSON."""
        return asdict(self)


def natural_weights(labels: np.ndarray, prevalence: float | None) -> np.ndarray:
    """Return how much each film counts, so that the positives have a given share of the whole.

    Films of a part that was balanced by drawing within the classes then count as if they had
    been drawn from all; the order of the films within a class does not change.

    Args:
        labels: Reference standard, shape `(N,)`, 1 for the finding and 0 without.
        prevalence: Share of the positives to weigh to, in (0, 1); None leaves the films as they are.

    Returns:
        Weights, shape `(N,)`, of mean 1; ones for films of one class, which no weight can mix.

    Raises:
        ValueError: If the prevalence is out of range.

    Examples:
        >>> natural_weights(np.array([1, 1, 0, 0]), 0.1)
        array([0.2, 0.2, 1.8, 1.8])
    """
    if prevalence is not None and not 0 < prevalence < 1:
        msg = f"Expected a prevalence in (0, 1), got {prevalence}"
        raise ValueError(msg)
    positive = np.asarray(labels) == 1
    if prevalence is None or not _both_classes(positive):
        return np.ones(positive.size)
    share = positive.mean()
    return np.where(positive, prevalence / share, (1 - prevalence) / (1 - share))


def fit(logits: np.ndarray, labels: np.ndarray, *, prevalence: float | None) -> Calibration:
    """Fit the slope and the intercept that turn logits into probabilities at a prevalence.

    They minimise the weighted log-loss against Platt's targets, which stand a little inside 0 and
    1: against the labels themselves, films that the classifier separates would send a to infinity.
    The slope is at least `MIN_SLOPE`. The intercept is what a temperature lacks: after training on
    as many positives as negatives all logits are too high by about the same amount.

    Args:
        logits: The classifier's, of the films of `tune`, shape `(N,)`, finite.
        labels: Reference standard, shape `(N,)`, 1 for the finding and 0 without.
        prevalence: Of the data set, in (0, 1), to which the films are weighted; None if they
            are as the data set is.

    Raises:
        ValueError: If a logit is not finite, or the prevalence is out of range.

    References:
        Platt, "Probabilistic Outputs for Support Vector Machines and Comparisons to Regularized
        Likelihood Methods", Advances in Large Margin Classifiers, 1999.
        Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: the
        temperature.

    Examples:
        >>> found = fit(np.array([-3.0, -1.0, 1.0, -1.0, 1.0, 3.0]), np.array([0, 0, 0, 1, 1, 1]), prevalence=None)
        >>> f"a {found.a:.2f}, T {found.temperature:.2f}"
        'a 0.35, T 2.84'
    """
    logits, labels = np.asarray(logits, dtype=float), np.asarray(labels)
    strange = int((~np.isfinite(logits)).sum())
    if strange:
        msg = f"Expected finite logits, got {strange} of {logits.size} that are not"
        raise ValueError(msg)
    positive = labels == 1
    weights = natural_weights(labels, prevalence)
    if prevalence is None and positive.size:
        prevalence = float(positive.mean())
    facts: dict[str, Any] = {
        "prevalence": prevalence,
        "films": int(positive.size),
        "positive_films": int(positive.sum()),
    }
    if not _both_classes(positive):
        return Calibration(a=1.0, b=0.0, method="none", at_bound=False, temperature=None, log_loss=None, **facts)
    targets = _smoothed(positive, weights)
    a, b = _line(logits, targets, weights)
    sharpness = _sharpness(logits, targets, weights)
    lines = {"uncalibrated": logits, "temperature": sharpness * logits, "calibrated": a * logits + b}
    return Calibration(
        a=a,
        b=b,
        method="platt",
        at_bound=a <= MIN_SLOPE,
        temperature=1 / sharpness,
        log_loss={name: _log_loss(line, positive, weights) for name, line in lines.items()},
        **facts,
    )


def probabilities(card: Mapping[str, Any], logits: np.ndarray) -> np.ndarray:
    """Return the calibrated probability of a checkpoint's logits, of any shape, by what its card keeps, float64."""
    kept = card["calibration"]
    found: np.ndarray = special.expit(kept["a"] * np.asarray(logits, dtype=np.float64) + kept["b"])
    return found


def words(calibration: Mapping[str, Any]) -> str:
    """Say how a checkpoint's probabilities were calibrated, from what its card holds.

    Args:
        calibration: What `Calibration.to_dict` gave; cards from before there was a fit hold
            less, and tell less.

    Examples:
        >>> words({"a": 1.2, "b": -0.3, "method": "platt", "prevalence": 0.301, "films": 63, "at_bound": False})
        'calibrated on 63 films of the fold tune for a prevalence of 30.1 %'
        >>> words({"a": 1.0, "b": 0.0, "method": "none", "prevalence": 0.5})
        'not calibrated, aimed at a prevalence of 50.0 %'
    """
    prevalence = calibration.get("prevalence")
    aim = "" if prevalence is None else f"{100 * prevalence:.1f} %"
    if calibration.get("method") == "platt":
        told = f"calibrated on {calibration['films']:,} films of the fold tune for a prevalence of {aim}"
        bound = f"; the slope was held at its lower bound {MIN_SLOPE}, as of a classifier that hardly ranks the films"
        return told + bound if calibration["at_bound"] else told
    if "films" in calibration:
        return f"not calibrated: the fold tune holds {'one class' if calibration['films'] else 'no film'}"
    return f"not calibrated, aimed at a prevalence of {aim}" if aim else "not calibrated"


def _both_classes(positive: np.ndarray) -> bool:
    return bool(positive.any()) and not bool(positive.all())


def _smoothed(positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Platt's targets `(N,)`; as a class counts by weight, their mean stays within 1 / N of the prevalence."""
    count, others = weights[positive].sum(), weights[~positive].sum()
    return np.where(positive, (count + 1) / (count + 2), 1 / (others + 2))


def _line(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return the slope, at least `MIN_SLOPE`, and the intercept of the smallest log-loss."""
    centre = float(np.median(logits))
    around = logits - centre
    scale = float(np.std(around)) or 1.0
    # Around 0 and of spread 1 the two numbers hardly depend on each other, and few steps are enough.
    slope, height = _lowest(np.column_stack([around / scale, np.ones_like(logits)]), targets, weights)
    a = slope / scale
    if a <= MIN_SLOPE:
        # The loss is convex, so the best line within the bound lies on it and only the height is left to find. A
        # bounded search for both stalls where logits are so large that this slope makes all probabilities 0 or 1.
        a, height = MIN_SLOPE, _height(MIN_SLOPE * around, targets, weights)
    return a, height - a * centre


def _height(line: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    """Return what to add to a line `(N,)` around 0 for the smallest log-loss: there the means agree."""
    level = float(special.logit(np.average(targets, weights=weights)))
    reach = 1 + 2 * float(np.ptp(line))  # so far up or down all films lie on one side of the mean

    def excess(height: float) -> float:
        return float(np.average(special.expit(line + height) - targets, weights=weights))

    return float(optimize.brentq(excess, level - reach, level + reach, maxiter=1000))


def _sharpness(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    """Return the factor on the logits, 1 / T, of the smallest log-loss; at least `MIN_SLOPE`."""
    scale = float(np.sqrt(np.mean(logits**2))) or 1.0
    (factor,) = _lowest(logits[:, None] / scale, targets, weights)
    return max(factor / scale, MIN_SLOPE)


def _lowest(features: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> list[float]:
    """Return the coefficients `(K,)` of features `(N, K)`, about 1 in size, that have the smallest log-loss."""

    def loss_and_slope(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        line = features @ coefficients
        return _log_loss(line, targets, weights), features.T @ (weights * (special.expit(line) - targets)) / line.size

    start = np.zeros(features.shape[1])
    found = optimize.minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options={"ftol": 0.0, "gtol": 1e-8})
    if not found.success:
        msg = f"Expected the log-loss of {len(targets)} films to have a lowest point, got {found.message!r}"
        raise RuntimeError(msg)
    return [float(value) for value in found.x]


def _log_loss(line: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    """Return the weighted log-loss in nats; exact where a probability itself would round to 0 or 1."""
    surprise = -(targets * special.log_expit(line) + (1 - targets) * special.log_expit(-line))
    return float(np.average(surprise, weights=weights))
