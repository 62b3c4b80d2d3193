"""The EvaluationReport: what a checkpoint measures on one part, as plain numbers that fit into JSON."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class Plain(BaseModel):
    """Frozen, without unknown fields, and without NaN or infinity, for which JSON has no word."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Measure(Plain):
    """A measure with its 95 % interval; null with the reason where it does not exist."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


class Threshold(Plain):
    """The operating point that the measures at a threshold were taken at, and where it was chosen."""

    value: float
    rule: str
    checkpoint_id: str
    dataset: str
    split: str
    fold: str
    films: int
    positive_films: int
    name: str | None = None
    """What its proposer called it; None for the card's own, chosen at training."""
    set_by: str | None = None
    """Who activated it; None for the card's own."""
    set_at: str | None = None
    """When it was activated, ISO 8601, UTC; None for the card's own."""


class Counts(Plain):
    """What was measured on."""

    films: int
    patients: int
    positive_films: int
    positive_patients: int
    no_finding_films: int
    """Negatives whose report says No Finding: the others of `auroc_no_finding`."""
    without_label: int
    """Predicted films that the reference standard does not speak of; they are left out."""


class Confusion(Plain):
    """Films by reference standard and call at the threshold."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


class Points(Plain):
    """A curve thinned for the screen; `exact` is how many points it has in full."""

    x: list[Share]
    y: list[Share]
    thresholds: list[float | None]
    """Null at the start of a ROC curve, where nothing is called positive."""
    exact: int


class Limits(Plain):
    """95 % limits of the sensitivity along a ROC curve."""

    x: list[Share]
    """1 - specificity, rising."""
    low: list[Share]
    high: list[Share]


class Calibrated(Plain):
    """Films whose probabilities lie in one bin of equal width, and how often it came true."""

    films: int
    probability: Share
    """Mean predicted."""
    share: Share
    """With the finding, by the reference standard."""
    low: Share
    high: Share


class Heaps(Plain):
    """How the probabilities of some films are spread: counts in bins of equal width from 0 to 1."""

    label: int
    """1 with the finding, 0 without."""
    right: bool | None
    """Whether they were called right at the threshold; None where there is none, and all films count."""
    counts: list[int]


class NetBenefit(Plain):
    """The decision curve: what calling films positive from a threshold on gains, in true positives a film."""

    prevalence: Share
    thresholds: list[Share]
    model: list[float]
    all_positive: list[float]
    """If every film were called positive; calling none has 0."""


class Subgroup(Plain):
    """The films that share one value of something that is known of them."""

    by: str
    """What tells them apart, in words: "view", "age", "drain"."""
    group: str
    films: int
    patients: int
    positive_films: int
    positive_patients: int
    auroc: Measure
    sensitivity: Measure
    specificity: Measure
    warning: str | None = None
    """Why little can be concluded, such as too few patients."""


class Shortcut(Plain):
    """Whether the drain is recognised in the place of the air."""

    with_drain: Subgroup | None
    """Positives with a drain, against all negatives."""
    without_drain: Subgroup | None
    """Positives without one, against all negatives."""
    masked_films: int
    """Positive films with a drain of which it is known what the checkpoint says once the drain is painted over."""
    masked_patients: int
    mean_change: Measure
    """Of their probability, by painting over; below 0 it fell."""
    control_change: Measure = Measure(value=None, reason="not measured; predict and evaluate again")
    """The same, by painting over that place mirrored to the other side: what painting alone does."""
    beyond_control: Measure = Measure(value=None, reason="not measured; predict and evaluate again")
    """Film by film, how much more the one changes than the other: only this speaks of the drain."""
    calls_lost: int | None
    """Called positive with the drain and not without; None without a threshold or such films."""


class Truth(Plain):
    """The measures against one source of labels."""

    truth: str
    common: bool
    """Whether on the films that every source here speaks of, instead of all that this one speaks of."""
    films: int
    patients: int
    positive_films: int
    metrics: dict[str, Measure]


class EvaluationReport(Plain):
    """What a checkpoint measures on one part of a split, against one source of labels.

    Numbers are not rounded. Intervals go by patient: clustered DeLong for the AUROCs, clustered
    Wilson for proportions, percentiles of bootstrap draws of the patients for the rest; the
    calibration error has none, as drawing patients again makes it larger than it is.
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
    negatives: str = "all"
    """`all` others, or `no-finding` only: then films with other findings are left out."""
    roc_limits: Limits | None = None
    calibration: list[Calibrated] = []
    spread: list[Heaps] = []
    net_benefit: NetBenefit | None = None
    subgroups: list[Subgroup] = []
    shortcut: Shortcut | None = None
    truths: list[Truth] = []
    chosen_prevalence: float | None = None
    """At which `ppv_at_prevalence` and `npv_at_prevalence` are told; None: not asked for."""
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
