"""The measures of an EvaluationReport, each with the interval that suits it or the reason for none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.evaluation import delong, metrics
from core.evaluation.intervals import bootstrap, percentile_band, percentile_interval
from core.evaluation.metrics import Films
from core.evaluation.report import Confusion, Limits, Measure

NO_FINDING = "No Finding"
PROPORTIONS = ("sensitivity", "specificity", "ppv", "npv")
NEED_NO_CLASS = ("brier", "log_loss")  # the others need both classes
MIN_PATIENTS = 5  # of either class; drawing fewer again and again shows nothing of those who were not seen
ROC = "roc"  # among what is drawn
GRID = np.linspace(0, 1, 101)  # of 1 - specificity, where the limits of the ROC are told
FEW = f"no interval: fewer than {MIN_PATIENTS} patients in a class it needs"
FEW_IN_ALL = f"no interval: fewer than {MIN_PATIENTS} patients"
ALIKE = "no interval: too few patients to see it vary"
LACKING = "no interval: most draws of the patients lack it"
INFLATED = "no interval: drawing patients again makes it larger than it is"
NO_THRESHOLD = "no threshold: none was chosen on tune"
NO_PREVALENCE = "no prevalence was chosen"


def labelled(predictions: pd.DataFrame, labels: pd.Series | None, truth: str) -> tuple[pd.DataFrame, int]:
    """Return the predictions that have a label, as float, and how many have none.

    Args:
        predictions: A predictions table: image_id, patient_id, label, probability.
        labels: Labels by image_id, 1, 0 or null; None takes the predictions' own.
        truth: Name of their source.

    Raises:
        InputError: If no predicted film has a label, or a probability is not in [0, 1].
    """
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


def measures(
    films: Films, no_finding: np.ndarray, threshold: float | None, *, prevalence: float | None, draws: int, seed: int
) -> tuple[dict[str, Measure], Limits | None]:
    """Return every measure with its interval, and the limits of the ROC curve.

    The AUROCs have the interval of clustered DeLong, proportions that of clustered Wilson, and the
    rest percentiles of draws of the patients. The calibration error has none: in a draw patients
    stand twice, which makes it larger than it is among as many different ones.

    Args:
        films: The labelled predictions.
        no_finding: Negatives whose report says No Finding, shape `(N,)`.
        threshold: The operating point; None leaves what needs one null.
        prevalence: At which PPV and NPV are told besides, in (0, 1); None leaves them null.
        draws: How often the patients are drawn.
        seed: Of the draws.
    """
    ill = films.labels == 1
    lacking = None if ill.any() and not ill.all() else "no negative film" if ill.any() else "no positive film"
    easy_lacking = lacking if not ill.any() or no_finding.any() else f"no negative film with {NO_FINDING}"
    drawn, limits = _drawn(films, lacking, threshold, prevalence=prevalence, draws=draws, seed=seed)
    found = {
        "auroc": auroc(films, lacking),
        "auroc_no_finding": auroc(films.only(ill | no_finding), easy_lacking),
        **drawn,
        **_proportions(films, threshold),
    }
    order = ("auroc", "auroc_no_finding", *metrics.RANKING[1:], *metrics.ERRORS)
    return {name: found[name] for name in (*order, *metrics.AT_THRESHOLD, *metrics.AT_PREVALENCE, "prevalence")}, limits


def confusion(films: Films, threshold: float) -> Confusion:
    """Count the films by reference standard and call."""
    called, ill = films.probabilities >= threshold, films.labels == 1
    return Confusion(
        true_positive=int((called & ill).sum()),
        false_positive=int((called & ~ill).sum()),
        false_negative=int((~called & ill).sum()),
        true_negative=int((~called & ~ill).sum()),
    )


def auroc(films: Films, lacking: str | None) -> Measure:
    """Return the AUROC with its interval by clustered DeLong, or why there is none.

    Args:
        films: The films.
        lacking: Why there is no AUROC, where there is one class only; else None.
    """
    if lacking is not None:
        return Measure(value=None, reason=lacking)
    if _few(films):
        return Measure(value=metrics.auroc(films.labels, films.probabilities), reason=FEW)
    interval = delong.auroc_interval(films)
    if interval is None:
        return Measure(value=metrics.auroc(films.labels, films.probabilities), reason=ALIKE)
    return Measure(**interval._asdict())


def _few(films: Films) -> bool:
    return delong.freedom(films) + 1 < MIN_PATIENTS


def _proportions(films: Films, threshold: float | None) -> dict[str, Measure]:
    """Return the prevalence, and what shares of the films are called right at the threshold."""
    ill = films.labels == 1
    found = {"prevalence": share(ill, films.patients, "no film")}
    if threshold is None:
        return found | dict.fromkeys(PROPORTIONS, Measure(value=None, reason=NO_THRESHOLD))
    called = films.probabilities >= threshold
    cases = {
        "sensitivity": (called, ill, "no positive film"),
        "specificity": (~called, ~ill, "no negative film"),
        "ppv": (ill, called, "no film at or above the threshold"),
        "npv": (~ill, ~called, "no film below the threshold"),
    }
    return found | {
        name: share(hits[among], films.patients[among], reason) for name, (hits, among, reason) in cases.items()
    }


def share(hits: np.ndarray, patients: np.ndarray, reason: str) -> Measure:
    """Return the share of films that are hits `(N,)`, with the clustered Wilson interval by their patients `(N,)`.

    Args:
        hits: Whether each is one.
        patients: Of each.
        reason: Why there is none, where there is no film.
    """
    found = clustered_proportion(hits, patients)
    return Measure(value=None, reason=reason) if found is None else Measure(**found._asdict())


def _drawn(
    films: Films, lacking: str | None, threshold: float | None, *, prevalence: float | None, draws: int, seed: int
) -> tuple[dict[str, Measure], Limits | None]:
    """Return the measures whose intervals come from draws of the patients, and the limits of the ROC curve."""

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        curves = metrics.steps(films, weights)
        none = dict.fromkeys((*metrics.RANKING, ROC), np.full((len(weights), 1), np.nan))
        ranked = none if curves is None else metrics.ranking_of(curves) | {ROC: curves.sensitivities(1 - GRID)}
        at_cut = {} if threshold is None else metrics.at_threshold(films, weights, threshold, prevalence=prevalence)
        return ranked | metrics.errors(films, weights) | at_cut

    values = measure(np.ones((1, films.patient_count)))
    drawn = bootstrap(measure, films.patient_count, films.labels.size, draws=draws, seed=seed)
    few = _few(films)
    reasons = _reasons(lacking, threshold, prevalence)
    found = {}
    for name, reason in reasons.items():
        value = float(values[name].item()) if name in values else np.nan
        if np.isnan(value):
            found[name] = Measure(value=None, reason=reason)
        elif name == "ece":
            found[name] = Measure(value=value, reason=INFLATED)
        elif few and name not in NEED_NO_CLASS:
            found[name] = Measure(value=value, reason=FEW)
        elif films.patient_count < MIN_PATIENTS:
            found[name] = Measure(value=value, reason=FEW_IN_ALL)
        else:
            found[name] = _with_interval(value, drawn[name])
    band = None if few else percentile_band(drawn[ROC])
    return found, None if band is None else Limits(x=GRID.tolist(), low=band[0].tolist(), high=band[1].tolist())


def _with_interval(value: float, drawn: np.ndarray) -> Measure:
    interval = percentile_interval(drawn)
    if interval is None:
        return Measure(value=value, reason=LACKING)
    if interval[0] == interval[1]:  # a bootstrap cannot see what it never draws
        return Measure(value=value, reason=ALIKE)
    return Measure(value=value, low=interval[0], high=interval[1])


def _reasons(lacking: str | None, threshold: float | None, prevalence: float | None) -> dict[str, str | None]:
    """Say for each measure that `_drawn` makes why it would not exist here."""
    reasons: dict[str, str | None] = dict.fromkeys((*metrics.RANKING[1:], *metrics.ERRORS), lacking)
    reasons["f1"] = NO_THRESHOLD if threshold is None else "no positive film, and none called positive"
    reasons["mcc"] = NO_THRESHOLD if threshold is None else lacking or "all films are called alike"
    nobody = {"ppv_at_prevalence": "no film would be called positive", "npv_at_prevalence": "all would be"}
    for name, otherwise in nobody.items():
        missing = NO_THRESHOLD if threshold is None else NO_PREVALENCE if prevalence is None else lacking
        reasons[name] = missing or otherwise
    return reasons
