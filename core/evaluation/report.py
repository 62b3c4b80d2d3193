"""The EvaluationReport: what a checkpoint measures on one part, as plain numbers that fit into JSON."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class _Plain(BaseModel):
    """Frozen, without unknown fields, and without NaN or infinity, for which JSON has no word."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Measure(_Plain):
    """A measure with its 95 % interval; null with the reason where it does not exist."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


class Threshold(_Plain):
    """The operating point that the measures at a threshold were taken at, and where it was chosen."""

    value: float
    rule: str
    checkpoint_id: str
    dataset: str
    split: str
    fold: str
    films: int
    positive_films: int


class Counts(_Plain):
    """What was measured on."""

    films: int
    patients: int
    positive_films: int
    positive_patients: int
    no_finding_films: int
    """Negatives whose report says No Finding: the others of `auroc_no_finding`."""
    without_label: int
    """Predicted films that the reference standard does not speak of; they are left out."""


class Confusion(_Plain):
    """Films by reference standard and call at the threshold."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


class Points(_Plain):
    """A curve thinned for the screen; `exact` is how many points it has in full."""

    x: list[Share]
    y: list[Share]
    thresholds: list[float | None]
    """Null at the start of a ROC curve, where nothing is called positive."""
    exact: int


class EvaluationReport(_Plain):
    """What a checkpoint measures on one part of a split, against one source of labels.

    Numbers are not rounded. The intervals are percentiles of bootstrap draws of the patients,
    but that of `prevalence`, which is the split certificate's.
    """

    report_id: str
    checkpoint_id: str
    dataset: str
    split: str | None
    split_sha256: str | None = None
    """Of the split's table when it was measured: after another `split` of this name the report is stale."""
    part: str | None
    truth: str
    kinds: dict[str, int]
    """Measured films by source: real, phantom, synthetic."""
    counts: Counts
    threshold: Threshold | None
    metrics: dict[str, Measure]
    confusion: Confusion | None
    roc: Points | None
    """x: 1 - specificity, y: sensitivity."""
    precision_recall: Points | None
    """x: sensitivity, y: PPV."""
    bootstrap_draws: int
    bootstrap_seed: int
    versions: dict[str, str]
    created_at: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `to_dict` gave."""
        return cls.model_validate(values)
