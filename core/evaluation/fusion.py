"""Several classifiers' probabilities as one: how much each member of an ensemble counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from core.evaluation import metrics

FUSIONS = ("log-loss", "f1", "equal")
GAP = 1e-6  # nats; weights whose log-loss may be further than this from the lowest are refused


def fuse(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean of the members' probabilities, shape `(N,)`.

    Args:
        probabilities: Of each film by each member, shape `(N, M)`, in [0, 1].
        weights: Of each member, shape `(M,)`, not negative, of sum 1.

    Examples:
        >>> fuse(np.array([[0.2, 0.6], [0.8, 0.9]]), np.array([0.75, 0.25]))
        array([0.3  , 0.825])
    """
    return np.asarray(probabilities, dtype=float) @ np.asarray(weights, dtype=float)


def weights(
    probabilities: np.ndarray, labels: np.ndarray, *, fusion: str, film_weights: np.ndarray | None = None
) -> np.ndarray:
    """Return how much each member counts, shape `(M,)`, not negative, of sum 1.

    `log-loss` makes the log-loss of the weighted mean the lowest that any weights reach; `f1` gives
    each member its best F1 over all thresholds, divided by their sum; `equal` counts all alike.
    Where the films hold one class, or there is none, they tell nothing apart and all count alike.

    Args:
        probabilities: Calibrated, of each film of `tune` by each member, shape `(N, M)`, in [0, 1].
        labels: Reference standard, shape `(N,)`, 1 for the finding and 0 without.
        fusion: One of `FUSIONS`.
        film_weights: How much each film counts, shape `(N,)`; all alike if None.

    Raises:
        ValueError: If there is no such fusion.

    Examples:
        >>> labels = np.array([0, 0, 1, 1])
        >>> probabilities = np.array([[0.1, 0.5], [0.2, 0.5], [0.9, 0.5], [0.8, 0.5]])
        >>> weights(probabilities, labels, fusion="log-loss")
        array([1., 0.])
        >>> weights(probabilities, labels, fusion="f1")
        array([0.6, 0.4])
    """
    if fusion not in FUSIONS:
        msg = f"Expected a fusion among {', '.join(FUSIONS)}, got {fusion!r}"
        raise ValueError(msg)
    probabilities, positive, film_weights = _prepared(probabilities, labels, film_weights)
    members = probabilities.shape[1]
    if fusion == "equal" or not positive.any() or positive.all():
        return np.full(members, 1 / members)
    if fusion == "f1":
        best = np.array([_best_f1(one, positive, film_weights) for one in probabilities.T])
        return best / best.sum()
    return _lowest_log_loss(probabilities, positive, film_weights)


def compared(
    probabilities: np.ndarray, labels: np.ndarray, *, film_weights: np.ndarray | None = None
) -> dict[str, Any]:
    """Return what every fusion and every single member achieve on the films the weights were chosen on.

    Args:
        probabilities: Calibrated, of each film of `tune` by each member, shape `(N, M)`, in [0, 1].
        labels: Reference standard, shape `(N,)`, 1 for the finding and 0 without.
        film_weights: How much each film counts, shape `(N,)`; all alike if None. The AUROC does
            not use them: weights that differ between the classes only would not change it.

    Returns:
        For each of `FUSIONS` its `weights`, `log_loss` (nats) and `auroc`, and under `members` a
        list of `log_loss` and `auroc` by member. None for a log-loss of no film and for an
        AUROC of one class.
    """
    probabilities, positive, film_weights = _prepared(probabilities, labels, film_weights)

    def measured(one: np.ndarray) -> dict[str, float | None]:
        films = metrics.Films(positive.astype(float), one, np.arange(one.size))  # each a patient, to weigh it alone
        log_loss = float(metrics.errors(films, film_weights[None])["log_loss"][0])
        return {"log_loss": None if np.isnan(log_loss) else log_loss, "auroc": metrics.auroc(positive, one)}

    found: dict[str, Any] = {}
    for fusion in FUSIONS:
        chosen = weights(probabilities, positive, fusion=fusion, film_weights=film_weights)
        found[fusion] = {"weights": chosen.tolist(), **measured(fuse(probabilities, chosen))}
    return found | {"members": [measured(one) for one in probabilities.T]}


def _prepared(
    probabilities: np.ndarray, labels: np.ndarray, film_weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positive = np.asarray(labels) == 1
    film_weights = np.ones(positive.size) if film_weights is None else np.asarray(film_weights, dtype=float)
    return np.asarray(probabilities, dtype=float), positive, film_weights


def _best_f1(probabilities: np.ndarray, positive: np.ndarray, film_weights: np.ndarray) -> float:
    """Return the highest F1 over all thresholds of one member's probabilities `(N,)`."""
    order = np.argsort(-probabilities, kind="stable")
    last = np.append(np.flatnonzero(np.diff(probabilities[order])), positive.size - 1)  # of each distinct value
    called = np.cumsum(film_weights[order])[last]
    found = np.cumsum((film_weights * positive)[order])[last]
    return float((2 * found / (called + found[-1])).max())


def _lowest_log_loss(probabilities: np.ndarray, positive: np.ndarray, film_weights: np.ndarray) -> np.ndarray:
    """Return the weights `(M,)` whose mean has the lowest log-loss.

    These are the proportions of a mixture of M known components, a convex problem. The EM steps
    usual for it crawl where members resemble each other, as classifiers of the same films do;
    sequential quadratic programming needs some twenty steps whatever they are like, and on the
    way keeps a weight at exactly 0 for a member that adds nothing.

    References:
        Kim, Carbonetto, Stephens, Anitescu, "A Fast Algorithm for Maximum Likelihood Estimation of
        Mixture Proportions Using Sequential Quadratic Programming", Journal of Computational and
        Graphical Statistics 29(2), 2020.
    """
    tiny = np.finfo(float).eps
    inside = np.clip(probabilities, tiny, 1 - tiny)
    given = np.where(positive[:, None], inside, 1 - inside)  # (N, M), to what the film shows
    share = film_weights / film_weights.sum()
    members = given.shape[1]

    def log_loss(chosen: np.ndarray) -> tuple[float, np.ndarray]:
        fused = given @ chosen
        return -float(share @ np.log(fused)), -(share / fused) @ given

    solution = optimize.minimize(
        log_loss,
        np.full(members, 1 / members),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * members,
        constraints={"type": "eq", "fun": lambda chosen: chosen.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-14},
    )
    chosen = np.clip(solution.x, 0, None)
    chosen /= chosen.sum()
    # At the lowest point no member's gradient exceeds 1; elsewhere the log of the largest bounds what is left to gain.
    gap = float(np.log(-log_loss(chosen)[1].min()))
    if gap > GAP:
        msg = f"Expected fusion weights within {GAP} nats of the lowest log-loss, got {gap:.2g}: {solution.message}"
        raise RuntimeError(msg)
    return chosen
