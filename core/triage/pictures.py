"""The figures of what triage stands on, made from evidence: the same on the page and in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from core import __version__
from core.base.statistics import Interval
from core.evaluation import calibration, reliability
from core.figures import style, uncertainty, zones
from core.triage import bench, combination, policy, signals

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from core.evaluation.reliability import Reliability
    from core.figures.palette import Theme
    from core.triage.decision import Chosen
    from core.triage.evidence import Evidence


TUNE = "tune (val)"


def part_words(evidence: Evidence) -> str:
    """Return which films these are: the part, or the fold of val."""
    return TUNE if _is_tune(evidence) else str(evidence.part or "all")


def stamp(evidence: Evidence) -> str:
    """Return the stamp of a figure made from these films."""
    known = evidence.labelled()
    return style.stamp(
        dataset=evidence.dataset,
        part=part_words(evidence),
        kinds={str(kind): int(count) for kind, count in evidence.films["source"].value_counts().items()},
        version=__version__,
        counts=(
            f"{len(known.films):,} films, {len(set(known.patients)):,} patients, "
            f"{int((known.labels == 1).sum()):,} positive"
        ),
        truth=evidence.truth,
    )


def by_correctness(evidence: Evidence, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the spread of the right calls and of the wrong ones."""
    known = evidence.labelled()
    return uncertainty.spread_by(
        _column(known, "probability_std"),
        {"wrong calls": known.errors, "right calls": ~known.errors},
        title="Spread by correctness",
        x_title=spread_words(evidence),
        caption=caption,
        theme=theme,
    )


def by_label(evidence: Evidence, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the spread of the films with the finding and of those without."""
    known = evidence.labelled()
    return uncertainty.spread_by(
        _column(known, "probability_std"),
        {"with the finding": known.labels == 1, "without": known.labels == 0},
        title="Spread by label",
        x_title=spread_words(evidence),
        caption=caption,
        theme=theme,
    )


def density(evidence: Evidence, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how many films have which mean and which spread; labels are not asked."""
    mean, spread = (_column(evidence, name) for name in ("probability_mean", "probability_std"))
    return uncertainty.density(mean, spread, cut=evidence.cut, caption=caption, theme=theme)


def right_calls(evidence: Evidence, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how often the call is right, by its probability."""
    known = evidence.labelled()
    bins = reliability.right_calls(known.probabilities, known.labels, known.patients, cut=known.cut)
    return uncertainty.right_calls(bins, caption=caption, theme=theme)


def reliabilities(evidence: Evidence) -> tuple[Reliability | None, Reliability | None]:
    """Return the reliability of the logit taken as it is, and of the calibrated probability."""
    known = evidence.labelled()
    before, after = (
        reliability.reliability(values, known.labels, known.patients)
        for values in (special.expit(_column(known, "logit")), known.probabilities)
    )
    return before, after


def reliability_words(evidence: Evidence, before: Reliability | None, after: Reliability | None) -> str:
    """Say how far the probabilities are off, before and after calibration, and what calibration aimed at.

    Args:
        evidence: The films.
        before: As `reliabilities` gave it.
        after: Likewise.
    """
    if before is None or after is None:
        return uncertainty.NO_LABELS
    found = calibration.words(evidence.card.get("calibration", {}))
    known = evidence.labelled()
    return (
        f"Before: {_errors(before)}. After: {_errors(after)}. All three are better when lower. The probabilities are "
        f"{found}; {100 * float((known.labels == 1).mean()):.1f} % of these films have the finding."
    )


def risk_coverage(chosen: Chosen, evidence: Evidence, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw wrong calls among the films kept, by the chosen signal, the plain distance and the combination.

    On tune the combination is cross-fitted, as on the bench.
    """
    known = evidence.labelled()
    curves = []
    if known.errors.any():
        fitted = None if _is_tune(evidence) else chosen.bench.combination
        every = bench.candidates(known.table, known.errors, known.patients, combination=fitted)
        for name in dict.fromkeys((chosen.signal, bench.PLAIN, combination.NAME)):
            values = every.get(name, np.array([]))
            there = ~np.isnan(values)
            if there.any():
                curves.append((signals.title(name), *bench.risk_coverage(values[there], known.errors[there])))
    return zones.risk_coverage(curves, caption=caption, theme=theme)


def workload_curve(chosen: Chosen, tune: Evidence) -> pd.DataFrame:
    """Return what a policy costs and misses on tune; see `core.triage.policy.curve`."""
    return policy.curve(tune.probabilities, chosen.values(tune), tune.labels, tune.patients, cut=tune.cut)


def at_threshold(curve: pd.DataFrame, threshold: float | None) -> pd.Series:
    """Return the point of a workload curve that a policy's threshold stands for; None: all below the cut are unsure."""
    at = 0 if threshold is None else int(np.searchsorted(curve["threshold"], threshold))
    row: pd.Series = curve.iloc[min(at, len(curve) - 1)]
    return row


def workload_sentence(row: pd.Series) -> str:
    """Say in natural numbers what a point of the workload curve costs and misses.

    Examples:
        >>> import pandas as pd
        >>> row = {"read_share": 0.62, "unsure_share": 0.18, "missed_share": 0.05, "low": 0.02, "high": 0.11}
        >>> workload_sentence(pd.Series(row))
        'Of 100 films, 62 are read: 44 suspected and 18 unsure. Of 100 with the finding, 5 are missed (2 to 11).'
    """
    suspected = row["read_share"] - row["unsure_share"]
    told = (
        f"Of 100 films, {_of_100(row['read_share'])} are read: {_of_100(suspected)} suspected and "
        f"{_of_100(row['unsure_share'])} unsure."
    )
    missed = Interval(row["missed_share"], row["low"], row["high"])
    if np.isnan(missed.value):
        return f"{told} No film here has the finding, so nothing can be missed."
    between = f"{_of_100(missed.low)} to {_of_100(missed.high)}"
    return f"{told} Of 100 with the finding, {_of_100(missed.value)} are missed ({between})."


def workload(curve: pd.DataFrame, *, at: float | None, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw workload against missed cases, with the point marked that a policy's threshold stands for."""
    return zones.workload(curve, chosen=at_threshold(curve, at), caption=caption, theme=theme)


def spread_words(evidence: Evidence) -> str:
    """Return what the spread of these films is, with its unit."""
    between = "between members" if "members" in evidence.card else "over passes"
    return f"Spread {between} (standard deviation of the probability)"


def _is_tune(evidence: Evidence) -> bool:
    return evidence.part == "val" and bool((evidence.films["fold"] == "tune").all())


def _column(evidence: Evidence, name: str) -> np.ndarray:
    return evidence.films[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _errors(found: Reliability) -> str:
    return f"ECE {found.ece:.3f}, adaptive ECE {found.adaptive_ece:.3f}, Brier {found.brier:.3f}"


def _of_100(share: float) -> str:
    """Return a share as a number of 100, with a digit behind the point where it says something."""
    number = 100 * share
    return f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}"
