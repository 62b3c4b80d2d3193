"""What every threshold on a fine grid achieves, as plain columns that a browser can draw without computing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from core.evaluation import curves, decision_curve, natural
from core.evaluation.curves import Curve
from core.evaluation.metrics import Films
from core.evaluation.thresholds import Counts, Thresholds, at_prevalence, measures

STEPS = 1000  # from 0 to 1
WITHOUT_LIMITS = ("f1", "mcc")
NO_CALL = {"ppv": "no film at or above the cut", "npv": "no film below the cut"}
ALL_ALIKE = "every film is called alike"
NO_RATIO = "no interval: a count of 0 on that side of the cut"
NO_ODDS = "no net benefit at a cut of 1"


def table(lookup: Thresholds, *, points: Iterable[float], prevalence: float | None, films_a_day: int) -> dict[str, Any]:
    """Return a row for each threshold of the grid, and for some exact ones between.

    Args:
        lookup: The films, of both classes.
        points: Thresholds that are to have a row of their own.
        prevalence: At which all but sensitivity and specificity are told, in (0, 1); None is the films' own.
        films_a_day: For the alerts and the sentence.

    Returns:
        Columns of equal length, by name: `threshold`, the four counts and `called`; `values`, by
        measure, the measure or None; `limits`, by measure with an interval, its `low` and `high`;
        `reasons`, by measure, why a value or its limits are None; `alerts` a day; `net_benefit`
        and that of calling every film positive, `all_positive`; and the `sentence`.

    Raises:
        ValueError: If there is one class only.
    """
    thresholds = np.unique(np.concatenate([np.arange(STEPS + 1) / STEPS, np.asarray(list(points), dtype=float)]))
    counts = lookup.at(thresholds)
    share = lookup.prevalence if prevalence is None else prevalence
    weighed = at_prevalence(counts, share)
    found = measures(weighed)
    limits = lookup.limits(thresholds, prevalence=prevalence)
    model, all_positive = _net_benefit(weighed, thresholds, share)
    names = (*limits, *WITHOUT_LIMITS)
    return {
        "threshold": thresholds.tolist(),
        **{name: getattr(counts, name).tolist() for name in Counts._fields},
        "called": (counts.true_positive + counts.false_positive).tolist(),
        "values": {name: _plain(found[name]) for name in names},
        "limits": {name: {"low": _plain(own.low), "high": _plain(own.high)} for name, own in limits.items()},
        "reasons": {name: _reasons(name, found[name], limits[name].low if name in limits else None) for name in names},
        "alerts": _plain(found["alerts"] * films_a_day),
        "net_benefit": _plain(model),
        "all_positive": _plain(all_positive),
        "sentence": [
            natural.sentence(
                films=films_a_day, prevalence=share, sensitivity=float(sensitivity), specificity=float(specificity)
            )
            for sensitivity, specificity in zip(found["sensitivity"], found["specificity"], strict=True)
        ],
    }


def light_curves(films: Films, *, prevalence: float) -> tuple[Curve, Curve]:
    """Return the ROC, and the precision-recall curve at a prevalence, thinned for the screen.

    Args:
        films: Of both classes.
        prevalence: In (0, 1).

    Raises:
        ValueError: If there is one class only.
    """
    roc = curves.roc(films.labels, films.probabilities)
    found, false = prevalence * roc.y[1:], (1 - prevalence) * roc.x[1:]
    precision_recall = Curve(roc.y[1:], found / (found + false), roc.thresholds[1:])
    return curves.thinned(roc), curves.thinned(precision_recall)


def _net_benefit(weighed: Counts, thresholds: np.ndarray, prevalence: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the net benefit of the model and of calling every film positive; NaN at 1, where the odds have no end."""
    found, all_of_them = np.full(thresholds.shape, np.nan), np.full(thresholds.shape, np.nan)
    there = thresholds < 1
    found[there], all_of_them[there] = decision_curve.weighed(
        weighed.true_positive[there] / prevalence,
        weighed.false_positive[there] / (1 - prevalence),
        thresholds[there],
        prevalence=prevalence,
    )
    return found, all_of_them


def _reasons(name: str, values: np.ndarray, low: np.ndarray | None) -> list[str | None]:
    """Say for each threshold why a measure is not there, or why it has no limits."""
    without = NO_CALL.get(name, ALL_ALIKE)
    bare = np.zeros(values.shape, bool) if low is None else np.isnan(low)
    return [
        without if absent else NO_RATIO if alone else None for absent, alone in zip(np.isnan(values), bare, strict=True)
    ]


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
