"""Measuring a checkpoint: from a predictions table to an EvaluationReport."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import pandas as pd

import core
from core.base.errors import InputError
from core.evaluation import decision_curve, reliability
from core.evaluation.curves import Curve, precision_recall, roc, thinned
from core.evaluation.intervals import DRAWS
from core.evaluation.measures import MIN_PATIENTS, NO_FINDING, confusion, labelled, measures
from core.evaluation.metrics import Films
from core.evaluation.operating_point import choose
from core.evaluation.report import (
    Calibrated,
    Counts,
    EvaluationReport,
    Heaps,
    NetBenefit,
    Points,
    Threshold,
)
from core.evaluation.shortcut import shortcut
from core.evaluation.subgroups import subgroups
from core.evaluation.truths import against_each

__all__ = ["MIN_PATIENTS", "NO_FINDING", "evaluate", "kept_negatives", "report_name", "threshold_on_tune"]

Negatives = Literal["all", "no-finding"]
HEAPS = 20  # bins of the spread
CUTS = np.linspace(0, 0.99, 100)  # of the decision curve; at 1 a false alarm would weigh endlessly
OF_RADIOGRAPHS = ("findings", "source", "sex", "view", "age_years", "follow_up")
OF_TRUTH = ("size_share", "drain", "quality_grade")
OF_SIGNALS = ("drain", "quality_grade", "drain_masked_probability", "drain_control_probability")


def evaluate(
    predictions: pd.DataFrame,
    *,
    radiographs: pd.DataFrame,
    threshold: Threshold | None,
    checkpoint_id: str,
    dataset: str,
    split: str | None = None,
    part: str | None = None,
    truth: str = "report",
    labels: pd.Series | None = None,
    split_sha256: str | None = None,
    negatives: Negatives = "all",
    chosen_prevalence: float | None = None,
    truth_table: pd.DataFrame | None = None,
    signals: pd.DataFrame | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> EvaluationReport:
    """Measure predictions against a source of labels.

    Args:
        predictions: A predictions table: image_id, patient_id, label, probability.
        radiographs: The data set's radiographs table: image_id, findings, source.
        threshold: The operating point, from `threshold_on_tune`; None leaves what needs one null.
        checkpoint_id: Whose predictions they are.
        dataset: Name of the data set.
        split: Name of the split, None for all of the data set.
        part: Name of the part, None for all of it.
        truth: Name of the source of labels.
        labels: Its labels by image_id, 1, 0 or null; without it the predictions' own are used.
        split_sha256: Hash of the split's table, by which a stale report is known.
        negatives: `no-finding` leaves negatives out whose report tells of other findings.
        chosen_prevalence: At which PPV and NPV are told besides, in (0, 1).
        truth_table: The data set's truth table, for the subgroups and the other sources of labels.
        signals: The signals table beside the predictions, for the subgroups.
        draws: How often the patients are drawn for the intervals.
        seed: Of the draws; the same for all checkpoints, so that they can be compared pairwise.

    Raises:
        InputError: If no predicted film has a label, or a probability is not in [0, 1].
        ValueError: If the prevalence is not in (0, 1).
    """
    begun = datetime.now(UTC)  # what changes from here on is newer than the report
    known, without_label = labelled(predictions, labels, truth)
    known = kept_negatives(_with_facts(known, radiographs, truth_table, signals, truth=truth), negatives)
    films = Films.of(known["label"].to_numpy(), known["probability"].to_numpy(), known["patient_id"].to_numpy(object))
    positive = films.labels == 1
    both = bool(positive.any() and not positive.all())
    no_finding = ~positive & (known["findings"] == NO_FINDING).to_numpy(bool)
    cut = threshold.value if threshold else None
    found, limits = measures(films, no_finding, cut, prevalence=chosen_prevalence, draws=draws, seed=seed)
    others = predictions if negatives == "all" else predictions[predictions["image_id"].isin(known["image_id"])]
    return EvaluationReport(
        report_id=report_name(
            checkpoint_id,
            dataset=dataset,
            split=split,
            part=part,
            truth=truth,
            negatives=negatives,
            prevalence=chosen_prevalence,
        ),
        checkpoint_id=checkpoint_id,
        dataset=dataset,
        split=split,
        split_sha256=split_sha256,
        part=part,
        truth=truth,
        negatives=negatives,
        kinds={str(kind): int(count) for kind, count in known["source"].value_counts().sort_index().items()},
        counts=Counts(
            films=len(known),
            patients=films.patient_count,
            positive_films=int(positive.sum()),
            positive_patients=int(np.unique(films.patients[positive]).size),
            no_finding_films=int(no_finding.sum()),
            without_label=without_label,
        ),
        threshold=threshold,
        metrics=found,
        confusion=None if cut is None else confusion(films, cut),
        roc=_points(roc(films.labels, films.probabilities)) if both else None,
        precision_recall=_points(precision_recall(films.labels, films.probabilities)) if both else None,
        roc_limits=limits,
        calibration=_calibration(films),
        spread=_spread(films, cut),
        net_benefit=_net_benefit(films) if both else None,
        subgroups=subgroups(known, threshold=cut),
        shortcut=shortcut(known, threshold=cut),
        truths=[] if truth_table is None else against_each(others, truth_table, threshold=cut, draws=draws, seed=seed),
        chosen_prevalence=chosen_prevalence,
        bootstrap_draws=draws,
        bootstrap_seed=seed,
        versions={"pleurascope": core.__version__, "python": platform.python_version(), "numpy": np.__version__},
        created_at=begun.isoformat(timespec="seconds"),
    )


def threshold_on_tune(
    predictions: pd.DataFrame,
    split_table: pd.DataFrame,
    *,
    checkpoint_id: str,
    dataset: str,
    split: str,
    truth: str = "report",
    labels: pd.Series | None = None,
    rule: str = "youden",
) -> Threshold | None:
    """Choose the operating point on the `tune` fold of val, and on nothing else.

    Args:
        predictions: The checkpoint's predictions; rows outside `tune` are not looked at.
        split_table: The split's table, which says what is `tune`.
        checkpoint_id: Whose predictions they are.
        dataset: Name of the data set.
        split: Name of the split.
        truth: Name of the source of labels.
        labels: Its labels by image_id; without it the predictions' own are used.
        rule: A key of `operating_point.RULES`.

    Returns:
        The threshold, or None if `tune` holds one class only.

    Raises:
        InputError: If no film of `tune` has a prediction and a label.
    """
    tune = split_table.loc[split_table["fold"] == "tune", "image_id"]
    known, _ = labelled(predictions[predictions["image_id"].isin(tune)], labels, truth)
    positive = int((known["label"] == 1).sum())
    if positive in (0, len(known)):
        return None
    point = choose(known["label"].to_numpy(), known["probability"].to_numpy(), rule=rule)
    return Threshold(
        value=point.threshold,
        rule=rule,
        checkpoint_id=checkpoint_id,
        dataset=dataset,
        split=split,
        fold="tune",
        films=len(known),
        positive_films=positive,
    )


def kept_negatives(films: pd.DataFrame, negatives: str) -> pd.DataFrame:
    """Return the films that are measured on: all, or all positives and the negatives with No Finding.

    Args:
        films: With the columns label and findings.
        negatives: `all` or `no-finding`.

    Raises:
        InputError: If there is no such choice, or no film is left.
    """
    if negatives not in ("all", "no-finding"):
        msg = f"Expected negatives 'all' or 'no-finding', found {negatives!r}; choose one of them."
        raise InputError(msg)
    if negatives == "all":
        return films
    kept = films[(films["label"] == 1) | (films["findings"] == NO_FINDING)]
    if kept.empty:
        msg = (
            f"Expected positive films or films with {NO_FINDING}, found none among {len(films)}; "
            f"measure against all negatives."
        )
        raise InputError(msg)
    return kept


def report_name(
    checkpoint_id: str,
    *,
    dataset: str,
    split: str | None,
    part: str | None,
    truth: str,
    negatives: str = "all",
    prevalence: float | None = None,
) -> str:
    """Return the name of the report that answers a question; the arguments are those of `evaluate`."""
    place = part or "all"
    asked = [place, truth, checkpoint_id, dataset, split or "all"]
    if negatives != "all" or prevalence is not None:  # else as before there were these two
        asked += [negatives, repr(prevalence)]
    return f"{checkpoint_id[:40]}-{place[:10]}-{hashlib.sha256(repr(asked).encode()).hexdigest()[:10]}"


def _with_facts(
    known: pd.DataFrame,
    radiographs: pd.DataFrame,
    truth_table: pd.DataFrame | None,
    signals: pd.DataFrame | None,
    *,
    truth: str,
) -> pd.DataFrame:
    """Add what is known of each film besides: of its radiograph, by sources of labels, and by its signals."""
    own = ["image_id", *(name for name in OF_RADIOGRAPHS if name in radiographs)]
    films = known.merge(radiographs[own], on="image_id", how="left")
    if truth_table is not None:
        ranked = truth_table.sort_values("truth", key=lambda names: names != truth, kind="stable")
        first = ranked.groupby("image_id", sort=False)[[name for name in OF_TRUTH if name in ranked]].first()
        films = films.merge(first, on="image_id", how="left")
    if signals is not None:
        new = [name for name in OF_SIGNALS if name in signals and (name not in films or films[name].isna().all())]
        films = films.drop(columns=new, errors="ignore").merge(signals[["image_id", *new]], on="image_id", how="left")
    return films


def _calibration(films: Films) -> list[Calibrated]:
    return [
        Calibrated(
            films=one.films, probability=one.probability, share=one.share.value, low=one.share.low, high=one.share.high
        )
        for one in reliability.binned(films.probabilities, films.labels == 1, films.patients)
    ]


def _spread(films: Films, threshold: float | None) -> list[Heaps]:
    """Count the films of each label, and called right or wrong, in bins of their probability."""
    ill = films.labels == 1
    heaps = []
    for label in (1, 0):
        own = ill == bool(label)
        kept: dict[bool | None, np.ndarray] = {None: own}
        if threshold is not None:
            right = (films.probabilities >= threshold) == ill
            kept = {True: own & right, False: own & ~right}
        for verdict, films_of in kept.items():
            counts, _ = np.histogram(films.probabilities[films_of], bins=HEAPS, range=(0, 1))
            heaps.append(Heaps(label=label, right=verdict, counts=counts.tolist()))
    return heaps


def _net_benefit(films: Films) -> NetBenefit:
    model, all_positive = decision_curve.net_benefit(films.labels, films.probabilities, CUTS)
    return NetBenefit(
        prevalence=float((films.labels == 1).mean()),
        thresholds=CUTS.tolist(),
        model=model.tolist(),
        all_positive=all_positive.tolist(),
    )


def _points(curve: Curve) -> Points:
    thin = thinned(curve)
    return Points(
        x=thin.x.tolist(),
        y=thin.y.tolist(),
        thresholds=[value if np.isfinite(value) else None for value in thin.thresholds.tolist()],
        exact=len(curve.x),
    )
