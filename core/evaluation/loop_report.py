"""The LoopReport: what labels from readers do to a classifier, as numbers that fit into JSON."""

from __future__ import annotations

from typing import Any

from core.evaluation.differences import Difference
from core.evaluation.report import Measure, Plain
from core.evaluation.seeds import Tested

PREFIX = "loop-"  # of a report's id; the checkpoint follows
SIMULATED, WHOLE = "-simulated", "-whole"  # behind it
NONE, UNSURE, RANDOM = "none", "unsure first", "at random"  # how the films that are read are chosen


class Compared(Plain):
    """A measure of the classifier before and after, on the same films, and the difference of the two."""

    metric: str
    before: Measure
    after: Measure
    difference: Difference
    """After less before, paired by patient."""


class Replaced(Plain):
    """What readers said of the films that may be learnt from, against the labels that were there."""

    before: str
    """Source of the labels that the classifier learnt from."""
    after: str
    """Source of the labels with those of the readers in their place."""
    films: int
    """Films of train and val that readers called present or absent."""
    to_present: int
    to_absent: int
    newly_labelled: int
    confirmed: int
    undecided: int
    """Films of train and val on which readers disagree or could not tell: they keep the label they had."""
    pending: int
    """Cases that still wait for a reader."""
    test_films: int
    """Decided films of test: they measure, and teach nothing."""
    seen_counterfactual: int
    """Of `films`, those of which a reader had seen the counterfactual, which tells the data set's own label."""
    left_out: dict[str, int]
    """Decided films that count nowhere, by reason."""


class BeforeAfter(Plain):
    """A classifier trained again with the labels of readers, beside the one before."""

    after: str
    """The new checkpoint."""
    labels: Replaced
    measures: list[Compared]
    """The AUROC first."""
    by_reads: Compared | None
    """The AUROC against what readers said of films of test; None where no such film was decided."""
    by_reads_films: int


class Arm(Plain):
    """Classifiers that learnt with one number of simulated reads, one a seed, measured on the same films."""

    strategy: str
    """`none`, `unsure first` or `at random`."""
    reads: int
    wrong: float
    """Wrong answers among these reads, mean over the seeds."""
    auroc: Measure
    """Mean over the seeds; its interval is for other patients and these seeds."""
    auroc_of_seeds: list[float]
    gain: Tested
    """Against no reads."""
    against_random: Tested | None
    """Against as many reads at random; None for the random arms and the one without reads."""


class Simulated(Plain):
    """How a classifier gains by reads of a reader who errs at a chosen rate, where the truth is known."""

    seeds: list[int]
    known_share: float
    """Share of train's patients whose labels the classifier begins with."""
    known_films: float
    """Of these patients, mean over the seeds."""
    known_wrong: float
    """Labels of these films that are not the truth, mean over the seeds."""
    pool_films: int
    """Films that could be read: those of train without a known label, or all of train where all are known."""
    error_rate: float
    whole: bool
    """Whether whole networks learnt anew, or only heads on the features of the beginning network."""
    arms: list[Arm]
    """The one without reads, then by strategy and reads."""
    per_100: dict[str, Tested]
    """By strategy: the slope of the AUROC over the reads, for 100 of them."""
    per_100_difference: Tested
    """Unsure first less at random."""


class LoopReport(Plain):
    """What came of reads: measured on films that nobody learnt from."""

    report_id: str
    created_at: str
    checkpoint_id: str
    """The classifier before."""
    model: str
    image_size: int
    dataset: str
    split: str
    split_sha256: str
    part: str
    truth: str
    films: int
    patients: int
    positive_films: int
    kinds: dict[str, int]
    """Measured films by source."""
    before_after: BeforeAfter | None = None
    """Of real reads; then `simulated` is null."""
    simulated: Simulated | None = None
    sentence: str
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return self.model_dump(mode="json")
