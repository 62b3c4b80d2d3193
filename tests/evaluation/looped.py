"""Reports of what reads brought, made up by hand."""

from __future__ import annotations

from typing import Any

from core.evaluation.differences import Difference
from core.evaluation.loop_report import (
    NONE,
    RANDOM,
    UNSURE,
    Arm,
    BeforeAfter,
    Compared,
    LoopReport,
    Replaced,
    Simulated,
)
from core.evaluation.report import Measure
from core.evaluation.seeds import Tested

ABOUT: dict[str, Any] = {
    "report_id": "loop-cnn-made-1",
    "created_at": "2026-02-01T00:00:00+00:00",
    "checkpoint_id": "cnn-made-1",
    "model": "cnn",
    "image_size": 64,
    "dataset": "made",
    "split": "patient",
    "split_sha256": "0a" * 32,
    "part": "test",
    "truth": "phantom",
    "films": 200,
    "patients": 120,
    "positive_films": 80,
    "kinds": {"phantom": 200},
    "notes": ["A note."],
}
RISING, FLAT = 0.02, 0.0


def tested(value: float, half: float = 0.01) -> Tested:
    """Return a value with an interval that is so wide on either side."""
    p = 0.01 if abs(value) > half else 0.5
    return Tested(value=value, low=value - half, high=value + half, p=p)


def arm(strategy: str, reads: int, area: float) -> Arm:
    """Return one arm of two seeds."""
    return Arm(
        strategy=strategy,
        reads=reads,
        wrong=0.05 * reads,
        auroc=Measure(value=area, low=area - 0.05, high=area + 0.05),
        auroc_of_seeds=[area - 0.01, area + 0.01],
        gain=tested(area - 0.7) if reads else Tested(value=0.0, reason="no difference"),
        against_random=tested(0.015) if strategy == UNSURE else None,
    )


def simulated(*, slope: float = RISING, against: float = FLAT, **values: Any) -> LoopReport:
    """Return what a simulation found: AUROCs that rise by a slope for 100 reads, and more so unsure first."""
    arms = [arm(NONE, 0, 0.7)]
    arms += [arm(UNSURE, reads, 0.7 + (slope + against) * reads / 100) for reads in (50, 200)]
    arms += [arm(RANDOM, reads, 0.7 + slope * reads / 100) for reads in (50, 200)]
    found = Simulated(
        seeds=[0, 1],
        known_share=0.2,
        known_films=100.0,
        known_wrong=6.0,
        pool_films=420,
        error_rate=0.05,
        whole=False,
        arms=arms,
        per_100={UNSURE: tested(slope + against), RANDOM: tested(slope)},
        per_100_difference=tested(against),
    )
    about = ABOUT | {"report_id": "loop-cnn-made-1-simulated", "sentence": "What it says."}
    return LoopReport(**about | values, simulated=found)


def of_reads(*, value: float = 0.03, by_reads: bool = True, **values: Any) -> LoopReport:
    """Return what a training with the labels of readers brought."""
    compared = Compared(
        metric="auroc",
        before=Measure(value=0.8, low=0.75, high=0.85),
        after=Measure(value=0.8 + value, low=0.75 + value, high=0.85 + value),
        difference=Difference(
            first="cnn-made-2",
            second="cnn-made-1",
            metric="auroc",
            method="made up",
            value=value,
            low=value - 0.01,
            high=value + 0.01,
            p_value=0.01,
            p_holm=0.01,
        ),
    )
    found = BeforeAfter(
        after="cnn-made-2",
        labels=Replaced(
            before="report",
            after="reads-0a1b2c3d",
            films=12,
            to_present=3,
            to_absent=2,
            newly_labelled=1,
            confirmed=6,
            undecided=4,
            pending=5,
            test_films=7,
            seen_counterfactual=0,
            left_out={"in no part": 2},
        ),
        measures=[compared],
        by_reads=compared if by_reads else None,
        by_reads_films=7 if by_reads else 0,
    )
    return LoopReport(**ABOUT | {"sentence": "Trained again."} | values, before_after=found)
