"""The DoseReport: what synthetic images among those learnt do to a classifier, as numbers that fit into JSON."""

from __future__ import annotations

from typing import Any, Literal

from core.evaluation.report import Measure, Plain
from core.evaluation.seeds import Tested

PREFIX = "dose-response-"  # of a report's id; data set, split and synthetic data set follow

Verdict = Literal["helps", "no evidence", "harms"]


class Difference(Tested):
    """A dose minus no synthetic images, paired by patient, with its p value after Holm over the doses."""


class Dose(Plain):
    """Classifiers that learnt with one share of synthetic films, one a seed, measured on the same films."""

    share: float
    """Synthetic positives for each real one, from 0."""
    classes: str
    """`positives`, or `both` for the control arm."""
    synthetic_films: int
    checkpoints: list[str]
    """One a seed."""
    auroc: Measure
    """Mean over the seeds; its interval is for other patients and these seeds."""
    auroc_between: float | None
    """Standard deviation between the seeds."""
    auroc_of_seeds: list[float]
    average_precision: Measure
    brier: Measure
    ece: Measure
    auroc_difference: Difference
    average_precision_difference: Difference
    brier_difference: Difference
    """Below zero is better."""


class DoseReport(Plain):
    """Whether synthetic images help a classifier on films it did not learn from."""

    report_id: str
    created_at: str
    dataset: str
    split: str
    part: str
    truth: str
    synthetic: str
    generator_id: str
    model: str
    image_size: int
    head_only: bool
    films: int
    patients: int
    positive_films: int
    kinds: dict[str, int]
    """Measured films by source."""
    doses: list[Dose]
    """By share, the dose 0 first; a control arm last."""
    verdict: Verdict
    """By the AUROC: `helps` or `harms` if any dose differs after Holm and none the other way, else `no evidence`."""
    sentence: str
    """The verdict in words, with the difference and its interval."""
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return self.model_dump(mode="json")
