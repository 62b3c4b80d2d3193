"""From the fold `tune` to a policy: which signal orders the unsure cases, and where the third zone begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from core.base.errors import InputError
from core.triage import bench as benches
from core.triage import certification, combination, policy
from core.triage.certification import Certificate
from core.triage.combination import Combination
from core.triage.random_checks import SHARE

if TYPE_CHECKING:
    from core.triage.bench import Bench
    from core.triage.evidence import Evidence

ALWAYS = ("cut_distance", "poor_quality", "drain")  # facts a reader wants to know, whether or not they find errors
QUANTILES = 101  # of a signal on tune, by which a case's place among those films is told
BUDGET, LIMIT = "budget", "limit"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Which films below the cut want a human."""

    kind: str
    """`budget` or `limit`."""
    signal: str
    """A name of `SIGNALS`, or `combination`."""
    combination: Combination | None
    cut: float
    threshold: float | None
    """A film below the cut is unsure where the signal reaches it; None: all of them are."""
    budget: float | None = None
    """Share of the films that may be unsure, in [0, 1]."""
    certificate: Certificate | None = None
    random_share: float = SHARE
    """Chance of a not-suspected film to be read all the same."""
    seed: int = 0
    reference: Mapping[str, list[float]] = field(default_factory=dict)
    """Quantiles on tune of the signals that give reasons, 101 each."""

    def values(self, evidence: Evidence) -> np.ndarray:
        """Return the ordering signal of each film `(N,)`; NaN where a film lacks it."""
        return _values(self.signal, self.combination, evidence)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            **{name: getattr(self, name) for name in ("kind", "signal", "cut", "threshold", "budget")},
            "combination": None if self.combination is None else self.combination.to_dict(),
            "certificate": None if self.certificate is None else self.certificate.to_dict(),
            "random_share": self.random_share,
            "seed": self.seed,
            "reference": dict(self.reference),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` gave."""
        combined, certified = values["combination"], values["certificate"]
        read = {
            "combination": None if combined is None else Combination.from_dict(combined),
            "certificate": None if certified is None else Certificate.from_dict(certified),
        }
        return cls(**{**values, **read})


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What `tune` chose: the signal that finds errors best there, and the bench it won."""

    signal: str
    combination: Combination | None
    bench: Bench
    reference: Mapping[str, list[float]]

    def values(self, evidence: Evidence) -> np.ndarray:
        """Return that signal of each film `(N,)`; NaN where a film lacks it."""
        return _values(self.signal, self.combination, evidence)

    def measured_on(self, evidence: Evidence, *, draws: int = 1000) -> Bench:
        """Measure what was chosen, as it is, on films that chose nothing."""
        known = evidence.labelled()
        return benches.bench(
            known.table,
            known.errors,
            known.patients,
            combination=self.bench.combination,
            chosen=self.signal,
            draws=draws,
        )


def choose(tune: Evidence, *, draws: int = 1000) -> Chosen:
    """Choose the signal that orders the unsure cases, by the labelled films of `tune`.

    Args:
        tune: The films of the fold `tune`.
        draws: Of the patients, for the intervals; 0 for none.

    Raises:
        InputError: If no film of it has a label.
    """
    known = tune.labelled()
    if known.films.empty:
        msg = (
            f"Expected labelled films in the fold tune of {tune.dataset}/{tune.split}, found none; choose other labels."
        )
        raise InputError(msg)
    found = benches.bench(known.table, known.errors, known.patients, draws=draws)
    useful = {row.signal for row in found.rows if row.error_auroc.value is not None and row.error_auroc.value > 0.5}
    reference = {
        name: np.nanquantile(values, np.linspace(0, 1, QUANTILES)).tolist()
        for name, values in tune.table.items()
        if name in useful or name in ALWAYS
    }
    return Chosen(
        signal=found.winner,
        combination=found.combination if found.winner == combination.NAME else None,
        bench=found,
        reference=reference,
    )


def by_budget(chosen: Chosen, evidence: Evidence, *, share: float) -> Policy:
    """Let at most a share of these films be unsure, those with the highest signal first.

    Raises:
        InputError: If the share is not in [0, 1].
    """
    threshold = policy.within_budget(
        evidence.probabilities,
        chosen.values(evidence),
        cut=evidence.cut,
        share=share,
    )
    return _policy(chosen, BUDGET, evidence.cut, threshold, budget=share)


def by_limit(
    chosen: Chosen,
    tune: Evidence,
    certify: Evidence,
    *,
    max_missed: float,
    confidence: float,
    refused: str | None = None,
    seed: int = 0,
) -> Policy:
    """Make the third zone as large as the limit on missed cases lets it be, certified on the fold `certify`.

    Args:
        chosen: What tune chose.
        tune: Its films, from which the sequence of thresholds comes.
        certify: The films of the other fold, which have chosen nothing.
        max_missed: Positives in the third zone, of all positives, in (0, 1).
        confidence: With which it holds, in (0, 1).
        refused: Why nothing can be certified on these films at all.
        seed: Decides which film of a positive patient counts.

    Raises:
        InputError: If a share is out of range.
    """
    known = certify.labelled()
    below = tune.probabilities < tune.cut
    found = certification.certify(
        known.probabilities,
        chosen.values(known),
        known.labels,
        known.patients,
        cut=certify.cut,
        thresholds=certification.thresholds_from_tune(chosen.values(tune)[below]),
        max_missed=max_missed,
        confidence=confidence,
        seed=seed,
        scope=certify.scope,
    )
    if refused is not None:
        found = replace(found, certified=False, threshold=None, reason=refused)
    return _policy(chosen, LIMIT, certify.cut, found.threshold, certificate=found, seed=seed)


def _policy(chosen: Chosen, kind: str, cut: float, threshold: float | None, **about: Any) -> Policy:  # noqa: ANN401 (fields)
    return Policy(
        kind=kind,
        signal=chosen.signal,
        combination=chosen.combination,
        cut=cut,
        threshold=threshold,
        reference=chosen.reference,
        **about,
    )


def _values(signal: str, combined: Combination | None, evidence: Evidence) -> np.ndarray:
    if combined is not None:
        return combined.values(evidence.table)
    return evidence.table.get(signal, np.full(len(evidence.films), np.nan))
