"""Whether synthetic images help a classifier: doses of them against none, over several seeds, on the same films.

A difference is a mean over the seeds, and varies for two reasons, as `core.evaluation.seeds` has it.
That of the patients is the variance of the paired differences by patient; that of the seeds is what is
left of the seeds' values once the mean of each arm and of each seed is taken out, pooled over the arms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation import comparison, delong, differences, metrics, pooled
from core.evaluation.aligned import Aligned
from core.evaluation.differences import NOISE
from core.evaluation.dose_report import Difference, Dose, Verdict
from core.evaluation.intervals import DRAWS, bootstrap
from core.evaluation.measures import FEW, FEW_IN_ALL, MIN_PATIENTS, NEED_NO_CLASS
from core.evaluation.report import Measure
from core.evaluation.seeds import Varying, tested

POSITIVES, BOTH = "positives", "both"  # classes of the synthetic films of an arm
COMPARED = ("auroc", "average_precision", "brier")
ITSELF = "no difference: this is what the others are compared with"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """Classifiers that differ in the seed only."""

    share: float
    """Synthetic positives for each real one, from 0."""
    classes: str
    """`POSITIVES`, or `BOTH` for the control."""
    synthetic_films: int
    checkpoints: tuple[str, ...]
    """One a seed, in the same order of the seeds in each arm."""


def doses(aligned: Aligned, arms: Sequence[Arm], *, draws: int = DRAWS, seed: int = 0) -> list[Dose]:
    """Measure each arm, and its difference from the first.

    Args:
        aligned: What all the classifiers say of the same labelled films.
        arms: The arm without synthetic films first; two or more, with two or more seeds each, as many in each.
        draws: How often the patients are drawn for what has no formula.
        seed: Of the draws.

    Raises:
        ValueError: If there are fewer arms or seeds, or not as many seeds in each.
    """
    if len(arms) < 2 or {len(arm.checkpoints) for arm in arms} != {len(arms[0].checkpoints)}:
        msg = f"Expected two or more arms of as many seeds each, got {[len(arm.checkpoints) for arm in arms]}"
        raise ValueError(msg)
    compared = {"auroc": auroc_differences(aligned, arms)}
    compared |= _drawn_differences(aligned, arms, COMPARED[1:], draws=draws, seed=seed)
    found = []
    for at, arm in enumerate(arms):
        measured = pooled.pooled(aligned, arm.checkpoints, draws=draws, seed=seed).metrics
        values = {name: measured[name].model_dump(exclude={"between"}) for name in (*COMPARED, "ece")}
        found.append(
            Dose(
                share=arm.share,
                classes=arm.classes,
                synthetic_films=arm.synthetic_films,
                checkpoints=list(arm.checkpoints),
                auroc=Measure(**values["auroc"]),
                auroc_between=measured["auroc"].between,
                auroc_of_seeds=_aurocs(aligned, arm),
                average_precision=Measure(**values["average_precision"]),
                brier=Measure(**values["brier"]),
                ece=Measure(**values["ece"]),
                auroc_difference=compared["auroc"][at],
                average_precision_difference=compared["average_precision"][at],
                brier_difference=compared["brier"][at],
            )
        )
    return found


def auroc_differences(aligned: Aligned, arms: Sequence[Arm]) -> list[Difference]:
    """Return the difference of each arm's mean AUROC from the first's; the part of the patients by clustered DeLong.

    Args:
        aligned: What all the classifiers say of the same labelled films.
        arms: As for `doses`.

    References:
        `core.evaluation.delong`.
    """
    films = aligned.of(arms[0].checkpoints[0])
    names = [name for arm in arms for name in arm.checkpoints]
    probabilities = np.array([aligned.probabilities[name] for name in names])
    if _few(aligned) is not None:
        areas = [metrics.auroc(films.labels, row) for row in probabilities]
        return _untested(arms, np.array([np.nan if area is None else area for area in areas]))
    aurocs, covariance = delong.covariance(films, probabilities)
    contrasts = _contrasts(arms)
    freedom = delong.freedom(films)
    by_patient = [
        Varying(variance=float(row @ covariance @ row), freedom=freedom)
        if row @ covariance @ row > NOISE * (np.abs(row) @ np.diag(covariance))
        else Varying(variance=0.0, freedom=freedom)  # rounding
        for row in contrasts
    ]
    return _tested(arms, aurocs, by_patient)


def verdict(found: Sequence[Dose]) -> Verdict:
    """Return what the doses of positives say of the AUROC: `helps` or `harms` if one differs and none the other way."""
    differs = [one.auroc_difference.value or 0.0 for one in found if one.classes == POSITIVES and _differs(one)]
    if differs and min(differs) > 0:
        return "helps"
    if differs and max(differs) < 0:
        return "harms"
    return "no evidence"


def sentence(found: Sequence[Dose]) -> str:
    """Say the verdict in words, with the difference that it stands on: the one with the smallest p value."""
    made = [one for one in found if one.classes == POSITIVES and one.share > 0]
    differs = [one for one in made if _differs(one)]
    said = verdict(found)
    if said != "no evidence":
        return f"{said.capitalize()}: {'; '.join(words(one) for one in differs)}."
    if differs:  # both ways
        return f"No evidence either way, as doses disagree: {'; '.join(words(one) for one in differs)}."
    tested = [one for one in made if one.auroc_difference.p is not None]
    if not tested:
        return f"No evidence, as nothing could be tested: {words(made[0])}."
    clearest = min(tested, key=lambda one: (one.auroc_difference.p or 0, -abs(one.auroc_difference.value or 0)))
    others = " Other doses are less clear." if len(made) > 1 else ""
    return f"No evidence that synthetic images help or harm: {words(clearest)}.{others}"


def words(dose: Dose) -> str:
    """Say how the AUROC of a dose, or of the control, compares with that of training without synthetic films."""
    difference = dose.auroc_difference
    made = f"{100 * dose.share:g} % synthetic positives"
    training = f"training with {made}" + (" and as many negatives" if dose.classes == BOTH else "")
    told = differences.Difference(
        first="dose",
        second="none",
        metric="auroc",
        method="",
        **difference.model_dump(exclude={"p"}),
        p_value=difference.p,
        p_holm=difference.p,
    )
    return comparison.sentence(told, {"dose": training, "none": "training without"})


def _differs(dose: Dose) -> bool:
    return dose.auroc_difference.p is not None and dose.auroc_difference.p < comparison.ALPHA


def _few(aligned: Aligned, name: str = "auroc") -> str | None:
    """Say why too few patients were measured to tell how a measure would vary, or None."""
    labels = aligned.films["label"].to_numpy()
    groups = [np.unique(aligned.patients[labels == label]).size for label in (0, 1)]
    if name in NEED_NO_CLASS:
        return FEW_IN_ALL if np.unique(aligned.patients).size < MIN_PATIENTS else None
    return FEW if min(groups) < MIN_PATIENTS else None


def _contrasts(arms: Sequence[Arm]) -> np.ndarray:
    """Return for each arm the weights of all classifiers in its mean less that of the first, `(D, D * K)`."""
    own = np.kron(np.eye(len(arms)), np.full(len(arms[0].checkpoints), 1 / len(arms[0].checkpoints)))
    contrasts: np.ndarray = own - own[0]
    return contrasts


def of_seeds(values: np.ndarray) -> Varying:
    """Return how the difference of two arms' means would vary with other seeds.

    Args:
        values: A measure of each arm and seed, shape `(D, K)`, two or more of both.

    Returns:
        Twice the mean square of what is left without the arms' and the seeds' means, over K.

    Examples:
        >>> of_seeds(np.array([[0.8, 0.9], [0.8, 0.9]])).variance
        0.0
    """
    left = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
    freedom = (values.shape[0] - 1) * (values.shape[1] - 1)
    square = float((left**2).sum()) / freedom
    return Varying(variance=2 * square / values.shape[1] if square > NOISE else 0.0, freedom=freedom)


def _tested(arms: Sequence[Arm], values: np.ndarray, by_patient: Sequence[Varying]) -> list[Difference]:
    """Return the differences of a measure with intervals and p values.

    Args:
        arms: As for `doses`.
        values: Of all classifiers in the order of the arms, `(D * K,)`.
        by_patient: How each difference would vary with other patients.
    """
    by_seed = of_seeds(values.reshape(len(arms), -1))
    found = [
        Difference(**tested(float(value), patients, by_seed).model_dump())
        for value, patients in zip(_contrasts(arms) @ values, by_patient, strict=True)
    ]
    found[0] = Difference(value=0.0, reason=ITSELF)
    return _corrected(arms, found)


def _corrected(arms: Sequence[Arm], found: Sequence[Difference]) -> list[Difference]:
    """Return the differences with their p values after Holm over the doses; the control is a question of its own."""
    asked = [at for at, arm in enumerate(arms) if arm.classes == POSITIVES and found[at].p is not None]
    adjusted = dict(zip(asked, differences.holm([found[at].p or 0.0 for at in asked]), strict=True))
    return [one.model_copy(update={"p": adjusted.get(at, one.p)}) for at, one in enumerate(found)]


def _untested(arms: Sequence[Arm], values: np.ndarray, reason: str = FEW) -> list[Difference]:
    told = [
        Difference(value=None if np.isnan(value) else float(value), reason=reason)
        for value in _contrasts(arms) @ values
    ]
    return [told[0].model_copy(update={"reason": ITSELF}), *told[1:]]


def _drawn_differences(
    aligned: Aligned, arms: Sequence[Arm], names: Sequence[str], *, draws: int, seed: int
) -> dict[str, list[Difference]]:
    """Return differences of measures without a formula; the part of the patients by drawing them again."""
    films = [aligned.of(name) for arm in arms for name in arm.checkpoints]

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        own = [metrics.ranking(one, weights) | metrics.errors(one, weights) for one in films]
        return {name: np.column_stack([values[name] for values in own]) for name in names}

    patients = int(aligned.patients.max()) + 1
    values = {name: value[0] for name, value in measure(np.ones((1, patients))).items()}
    drawn = bootstrap(measure, patients, aligned.patients.size * len(films), draws=draws, seed=seed)
    found = {}
    for name, value in values.items():
        few = _few(aligned, name)
        if few is not None:
            found[name] = _untested(arms, value, few)
            continue
        there = drawn[name][~np.isnan(drawn[name]).any(axis=1)]
        spread = (there @ _contrasts(arms).T).var(axis=0, ddof=1)
        freedom = patients - 1 if name in NEED_NO_CLASS else delong.freedom(films[0])
        found[name] = _tested(arms, value, [Varying(variance=float(one), freedom=freedom) for one in spread])
    return found


def _aurocs(aligned: Aligned, arm: Arm) -> list[float]:
    labels = aligned.films["label"].to_numpy()
    areas = [metrics.auroc(labels, aligned.probabilities[name]) for name in arm.checkpoints]
    return [area for area in areas if area is not None]
