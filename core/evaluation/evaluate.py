"""Measuring a checkpoint: from a predictions table to an EvaluationReport."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime

import numpy as np
import pandas as pd

import core
from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.evaluation import metrics
from core.evaluation.curves import Curve, precision_recall, roc, thinned
from core.evaluation.intervals import DRAWS, bootstrap, percentile_interval
from core.evaluation.metrics import Films
from core.evaluation.operating_point import choose
from core.evaluation.report import Confusion, Counts, EvaluationReport, Measure, Points, Threshold

NO_FINDING = "No Finding"
CLASSES_NEEDED = {"sensitivity": (1,), "specificity": (0,), "brier": (), "log_loss": ()}  # the others need both
MIN_PATIENTS = 5  # of either class; drawing fewer again and again shows nothing of those who were not seen


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
        draws: How often the patients are drawn for the intervals.
        seed: Of the draws; the same for all checkpoints, so that they can be compared pairwise.

    Raises:
        InputError: If no predicted film has a label, or a probability is not in [0, 1].
    """
    known, without_label = _labelled(predictions, labels, truth)
    known = known.merge(radiographs[["image_id", "findings", "source"]], on="image_id", how="left")
    films = Films.of(known["label"].to_numpy(), known["probability"].to_numpy(), known["patient_id"].to_numpy(object))
    positive = films.labels == 1
    both = bool(positive.any() and not positive.all())
    no_finding = ~positive & (known["findings"] == NO_FINDING).to_numpy(bool)
    asked = [part or "all", truth, checkpoint_id, dataset, split or "all"]
    return EvaluationReport(
        report_id=f"{checkpoint_id[:40]}-{asked[0][:10]}-{hashlib.sha256(repr(asked).encode()).hexdigest()[:10]}",
        checkpoint_id=checkpoint_id,
        dataset=dataset,
        split=split,
        split_sha256=split_sha256,
        part=part,
        truth=truth,
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
        metrics=_measures(films, no_finding, threshold.value if threshold else None, draws=draws, seed=seed),
        confusion=_confusion(films, threshold.value) if threshold else None,
        roc=_points(roc(films.labels, films.probabilities)) if both else None,
        precision_recall=_points(precision_recall(films.labels, films.probabilities)) if both else None,
        bootstrap_draws=draws,
        bootstrap_seed=seed,
        versions={"pleurascope": core.__version__, "python": platform.python_version(), "numpy": np.__version__},
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
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
    known, _ = _labelled(predictions[predictions["image_id"].isin(tune)], labels, truth)
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


def _labelled(predictions: pd.DataFrame, labels: pd.Series | None, truth: str) -> tuple[pd.DataFrame, int]:
    """Return the predictions that have a label, as float, and how many have none."""
    label = predictions["label"] if labels is None else predictions["image_id"].map(labels)
    label = label.astype("float64")
    known = predictions[["image_id", "patient_id", "probability"]].assign(label=label)[label.notna()]
    if known.empty:
        msg = (
            f"Expected predicted films with a label from {truth!r}, found none among {len(predictions)}; "
            f"choose another part or source of labels."
        )
        raise InputError(msg)
    outside = ~known["probability"].between(0, 1)
    if outside.any():
        msg = (
            f"Expected probabilities from 0 to 1, found {known.loc[outside, 'probability'].iloc[0]} for "
            f"{known.loc[outside, 'image_id'].iloc[0]!r}; run `predict` again."
        )
        raise InputError(msg)
    return known, len(predictions) - len(known)


def _measures(
    films: Films, no_finding: np.ndarray, threshold: float | None, *, draws: int, seed: int
) -> dict[str, Measure]:
    against_no_finding = films.only((films.labels == 1) | no_finding)

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        ranked = metrics.ranking(films, weights)
        return {
            "auroc": ranked.pop("auroc"),
            "auroc_no_finding": metrics.ranking(against_no_finding, weights)["auroc"],
            **ranked,
            **metrics.errors(films, weights),
            **(metrics.at_threshold(films, weights, threshold) if threshold is not None else {}),
        }

    values = measure(np.ones((1, films.patient_count)))
    drawn = bootstrap(measure, films.patient_count, films.labels.size, draws=draws, seed=seed)
    reasons = _reasons(films, no_finding, threshold)
    patients = {label: np.unique(films.patients[films.labels == label]).size for label in (0, 1)}
    measures = {
        name: _measure(
            float(values[name][0]),
            drawn[name],
            reasons.get(name),
            few=any(patients[label] < MIN_PATIENTS for label in CLASSES_NEEDED.get(name, (0, 1))),
        )
        for name in values
    }
    if threshold is None:
        reason = "no threshold: none was chosen on tune"
        measures |= {name: Measure(value=None, reason=reason) for name in metrics.AT_THRESHOLD}
    prevalence = clustered_proportion(films.labels, films.patients)
    if prevalence is not None:
        measures["prevalence"] = Measure(**prevalence._asdict())
    return measures


def _measure(value: float, drawn: np.ndarray, reason: str | None, *, few: bool) -> Measure:
    if np.isnan(value):
        return Measure(value=None, reason=reason)
    if few:
        return Measure(value=value, reason=f"no interval: fewer than {MIN_PATIENTS} patients in a class it needs")
    interval = percentile_interval(drawn)
    if interval is None:
        return Measure(value=value, reason="no interval: most draws of the patients lack it")
    if interval[0] == interval[1]:  # a bootstrap cannot see what it never draws
        return Measure(value=value, reason="no interval: too few patients to see it vary")
    return Measure(value=value, low=interval[0], high=interval[1])


def _reasons(films: Films, no_finding: np.ndarray, threshold: float | None) -> dict[str, str]:
    """Say for each measure why it would not exist here."""
    positive = films.labels == 1
    no_class = "no positive film" if not positive.any() else "no negative film"
    reasons = dict.fromkeys(metrics.RANKING, no_class)
    reasons["auroc_no_finding"] = "no positive film" if not positive.any() else f"no negative film with {NO_FINDING}"
    if threshold is not None:
        reasons |= {
            "sensitivity": "no positive film",
            "specificity": "no negative film",
            "ppv": "no film at or above the threshold",
            "npv": "no film below the threshold",
            "f1": "no positive film, and none called positive",
        }
    return reasons


def _confusion(films: Films, threshold: float) -> Confusion:
    called, ill = films.probabilities >= threshold, films.labels == 1
    return Confusion(
        true_positive=int((called & ill).sum()),
        false_positive=int((called & ~ill).sum()),
        false_negative=int((~called & ill).sum()),
        true_negative=int((~called & ~ill).sum()),
    )


def _points(curve: Curve) -> Points:
    thin = thinned(curve)
    return Points(
        x=thin.x.tolist(),
        y=thin.y.tolist(),
        thresholds=[value if np.isfinite(value) else None for value in thin.thresholds.tolist()],
        exact=len(curve.x),
    )
