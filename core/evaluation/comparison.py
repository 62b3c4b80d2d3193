"""Several classifiers on the same films of one part: which differ, in numbers and in words that follow them."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np
from pydantic import BaseModel

import core
from core.evaluation.aligned import Aligned, align, refuse_mixed_training
from core.evaluation.differences import Difference, auroc_differences, call_differences, metric_differences
from core.evaluation.evaluate import NO_FINDING
from core.evaluation.intervals import DRAWS
from core.evaluation.report import Counts, Measure

__all__ = [
    "Aligned",
    "Comparison",
    "Difference",
    "align",
    "auroc_differences",
    "call_differences",
    "compare",
    "metric_differences",
    "refuse_mixed_training",
    "sentence",
    "signed",
]

ALPHA = 0.05  # below which a p-value after Holm speaks for a difference
WORDS = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "partial_auroc_90": "partial AUROC",
    "sensitivity_at_specificity_95": "sensitivity at a specificity of 95 %",
    "specificity_at_sensitivity_95": "specificity at a sensitivity of 95 %",
    "brier": "Brier error",
    "log_loss": "log-loss",
    "ece": "calibration error",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


class Comparison(BaseModel):
    """What several checkpoints differ in on one part of a split, against one source of labels."""

    model_config = Measure.model_config

    comparison_id: str
    dataset: str
    split: str | None
    split_sha256: str | None
    """Of the split's table when they were compared: after another `split` of this name it is stale."""
    part: str | None
    truth: str
    negatives: str
    kinds: dict[str, int]
    """Compared films by source: real, phantom, synthetic."""
    counts: Counts
    checkpoints: list[str]
    thresholds: dict[str, float | None]
    """The operating point of each checkpoint, at which the calls were compared."""
    differences: list[Difference]
    """By metric: AUROC, what depends on the ranking and the error, then the calls."""
    verdicts: list[str]
    """A sentence for each difference, in their order."""
    versions: dict[str, str]
    created_at: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `to_dict` gave."""
        return cls.model_validate(values)


def compare(
    aligned: Aligned,
    *,
    names: Mapping[str, str],
    thresholds: Mapping[str, float | None],
    dataset: str,
    split: str | None,
    part: str | None,
    truth: str = "report",
    negatives: str = "all",
    split_sha256: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare all pairs of checkpoints.

    Args:
        aligned: Their predictions of the same films, from `align`, by checkpoint id.
        names: What people call each checkpoint.
        thresholds: The operating point of each; None leaves the differences of its calls null.
        dataset: Name of the data set.
        split: Name of the split, None for all of the data set.
        part: Name of the part, None for all of it.
        truth: Name of the source of labels.
        negatives: As given to `align`.
        split_sha256: Hash of the split's table, by which a stale comparison is known.
        draws: How often the patients are drawn for what has no formula.
        seed: Of the draws.

    Raises:
        ValueError: If there are no two checkpoints.
    """
    differences = [
        *auroc_differences(aligned),
        *metric_differences(aligned, draws=draws, seed=seed),
        *call_differences(aligned, thresholds, seed=seed),
    ]
    films, positive = aligned.films, (aligned.films["label"] == 1).to_numpy()
    asked = [dataset, split or "all", part or "all", truth, negatives, *sorted(aligned.probabilities)]
    place = "-".join(word[:20] for word in asked[:3])
    return Comparison(
        comparison_id=f"{place}-{hashlib.sha256(repr(asked).encode()).hexdigest()[:10]}",
        dataset=dataset,
        split=split,
        split_sha256=split_sha256,
        part=part,
        truth=truth,
        negatives=negatives,
        kinds={str(kind): int(count) for kind, count in films["source"].value_counts().sort_index().items()},
        counts=Counts(
            films=len(films),
            patients=int(aligned.patients.max()) + 1,
            positive_films=int(positive.sum()),
            positive_patients=int(np.unique(aligned.patients[positive]).size),
            no_finding_films=int((~positive & (films["findings"] == NO_FINDING).to_numpy(bool)).sum()),
            without_label=aligned.without_label,
        ),
        checkpoints=list(aligned.probabilities),
        thresholds={name: thresholds.get(name) for name in aligned.probabilities},
        differences=differences,
        verdicts=[sentence(one, names) for one in differences],
        versions={"pleurascope": core.__version__, "python": platform.python_version(), "numpy": np.__version__},
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def sentence(difference: Difference, names: Mapping[str, str]) -> str:
    """Say what a difference tells: that one is better only where its p-value after Holm is below 0.05.

    Args:
        difference: The difference.
        names: What people call each checkpoint; one that is not named keeps its id.

    Examples:
        >>> found = {"first": "e", "second": "c", "metric": "auroc", "method": "", "value": 0.03, "low": 0.01}
        >>> names = {"e": "Ensemble", "c": "CNN"}
        >>> sentence(Difference(**found, high=0.05, p_value=0.004, p_holm=0.004), names)
        'Ensemble ranks better than CNN: AUROC +0.030 (+0.010 to +0.050), p 0.004 after Holm'
        >>> sentence(Difference(**found | {"low": -0.01}, high=0.07, p_value=0.2, p_holm=0.2), names)
        'Ensemble against CNN: no evidence of a difference in AUROC (+0.030, -0.010 to +0.070)'
    """
    first, second = (names.get(one, one) for one in (difference.first, difference.second))
    metric = WORDS.get(difference.metric, difference.metric)
    value, low, high, p_holm = difference.value, difference.low, difference.high, difference.p_holm
    if value is None:
        return f"{first} against {second}: no comparison of the {metric}: {difference.reason}"
    if low is None or high is None:
        # What was not tested is not "no evidence", unless there is nothing to test.
        untested = difference.p_value is None and value != 0
        told = "not tested for a difference" if untested else "no evidence of a difference"
        return f"{first} against {second}: {told} in {metric} ({signed(value)}; {difference.reason})"
    if p_holm is None or p_holm >= ALPHA:
        told = f"{signed(value)}, {signed(low)} to {signed(high)}"
        beyond = f"; p {_p(p_holm)} after Holm" if p_holm is not None and (low > 0 or high < 0) else ""
        return f"{first} against {second}: no evidence of a difference in {metric} ({told}{beyond})"
    error = difference.metric in ("brier", "log_loss", "ece")
    if (value > 0) == error:  # the better one stands first
        first, second, value, low, high = second, first, -value, -high, -low
    told = f"{signed(value)} ({signed(low)} to {signed(high)}), p {_p(p_holm)} after Holm"
    if difference.metric == "auroc":
        return f"{first} ranks better than {second}: {metric} {told}"
    return f"{first} has a {'lower' if error else 'higher'} {metric} than {second}: {told}"


def signed(value: float) -> str:
    """Return a difference with its sign, to three places; what rounds to nothing has none.

    Examples:
        >>> signed(0.0123), signed(-0.0004)
        ('+0.012', '0.000')
    """
    return "0.000" if abs(value) < 0.0005 else f"{value:+.3f}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
