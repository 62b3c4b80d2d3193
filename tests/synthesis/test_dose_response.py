"""Whether synthetic films help: against scikit-learn, the paired t-test and DeLong, and over simulated studies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from core.evaluation import differences, seeds
from core.evaluation.aligned import Aligned
from core.evaluation.seeds import Varying
from core.synthesis import dose_response
from core.synthesis.dose_response import BOTH, POSITIVES, Arm

SHARES = (0.0, 0.5, 1.0)


def study(rng, *, effects=(0.0, 0.0, 0.0), seeds=2, patients=120, between=0.15, control=False):
    """Simulate classifiers of the same films: what each adds to the truth differs by seed, by dose as `effects` say."""
    of_patient = np.repeat(np.arange(patients), 2)
    labels = (np.arange(patients) % 3 == 0)[of_patient].astype(float)
    shared = 1.5 * labels + 0.8 * rng.normal(size=patients)[of_patient] + 0.5 * rng.normal(size=labels.size)
    probabilities, arms = {}, []
    for number, effect in enumerate(effects):
        names = tuple(f"{number}-{seed}" for seed in range(seeds))
        for name in names:
            learnt = (effect + between * rng.normal()) * labels
            noise = 0.5 * rng.normal(size=labels.size) + 0.3 * rng.normal(size=patients)[of_patient]
            probabilities[name] = 1 / (1 + np.exp(-(shared + learnt + noise - 1)))
        classes = BOTH if control and number == len(effects) - 1 else POSITIVES
        arms.append(Arm(share=0.5 * number, classes=classes, synthetic_films=10 * number, checkpoints=names))
    films = pd.DataFrame({"image_id": np.arange(labels.size).astype(str), "label": labels})
    return Aligned(films, probabilities, of_patient, 0), arms


def alike(rng, **options):
    """Simulate a study whose seeds all say the same."""
    aligned, arms = study(rng, **options)
    for arm in arms:
        for name in arm.checkpoints:
            aligned.probabilities[name] = aligned.probabilities[arm.checkpoints[0]]
    return aligned, arms


def test_a_dose_is_the_mean_over_its_seeds_as_scikit_learn_has_them():
    aligned, arms = study(np.random.default_rng(0), effects=(0, 0.5, 1))

    found = dose_response.doses(aligned, arms, draws=50)

    labels = aligned.films["label"]
    for dose, arm in zip(found, arms, strict=True):
        of_seeds = [aligned.probabilities[name] for name in arm.checkpoints]
        aurocs = [roc_auc_score(labels, one) for one in of_seeds]
        assert dose.auroc_of_seeds == pytest.approx(aurocs)
        assert dose.auroc.value == pytest.approx(np.mean(aurocs))
        assert dose.auroc_between == pytest.approx(np.std(aurocs, ddof=1))
        assert dose.auroc.low < dose.auroc.value < dose.auroc.high
        precision = [average_precision_score(labels, one) for one in of_seeds]
        assert dose.average_precision.value == pytest.approx(np.mean(precision))
        errors = [brier_score_loss(labels, one) for one in of_seeds]
        assert dose.brier.value == pytest.approx(np.mean(errors))
        assert (dose.ece.low, dose.synthetic_films) == (None, arm.synthetic_films)
        assert dose.auroc_difference.value == pytest.approx(dose.auroc.value - found[0].auroc.value)
        assert dose.brier_difference.value == pytest.approx(dose.brier.value - found[0].brier.value)
    assert found[0].auroc_difference.reason == dose_response.ITSELF
    assert found[2].auroc_difference.low > 0


def test_with_seeds_that_say_the_same_a_difference_is_that_of_two_classifiers():
    aligned, arms = alike(np.random.default_rng(1), effects=(0, 0.3))
    two = {arm.checkpoints[0]: aligned.probabilities[arm.checkpoints[0]] for arm in arms[::-1]}
    (expected,) = differences.auroc_differences(Aligned(aligned.films, two, aligned.patients, 0))

    found = dose_response.auroc_differences(aligned, arms)[1]

    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert found.p == pytest.approx(expected.p_value)


def test_what_other_seeds_would_do_is_the_paired_t_test_where_patients_do_not_vary():
    values = np.array([[0.81, 0.84, 0.79], [0.86, 0.85, 0.85]])
    expected = stats.ttest_rel(values[1], values[0])

    by_seed = dose_response.of_seeds(values)
    found = seeds.tested(float(np.diff(values.mean(axis=1))[0]), Varying(variance=0.0, freedom=40), by_seed)

    assert by_seed.freedom == 2
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))


def verdicts(rng, *, times, **options):
    said = []
    for _ in range(times):
        aligned, arms = study(rng, **options)
        said.append(verdict(arms, dose_response.auroc_differences(aligned, arms)))
    return said


def verdict(arms, found):
    return dose_response.verdict([told(arm, one) for arm, one in zip(arms, found, strict=True)])


def told(arm, difference):
    """Return a dose that holds a difference and nothing else."""
    return dose_response.Dose.model_construct(
        share=arm.share, classes=arm.classes, auroc_difference=difference, checkpoints=list(arm.checkpoints)
    )


@pytest.mark.parametrize("between", [0.0, 0.4])
def test_where_nothing_differs_there_is_no_evidence_at_least_ninety_five_times_in_a_hundred(between):
    said = verdicts(np.random.default_rng(2), times=300, between=between)

    assert said.count("no evidence") >= 0.93 * 300  # two standard errors of 300 below 0.95


@pytest.mark.parametrize(("effect", "wanted", "never"), [(1.2, "helps", "harms"), (-1.2, "harms", "helps")])
def test_a_large_effect_is_found_and_never_taken_for_its_opposite(effect, wanted, never):
    said = verdicts(np.random.default_rng(3), times=60, effects=(0, effect / 2, effect), between=0.1, seeds=3)

    assert said.count(wanted) >= 54
    assert never not in said


def test_a_control_decides_nothing_and_costs_the_doses_nothing():
    effects = (0.0, 1.5, -1.5)
    aligned, arms = study(np.random.default_rng(4), effects=effects, between=0.02, control=True, seeds=3)

    found = dose_response.auroc_differences(aligned, arms)

    assert found[2].p < 0.05
    assert verdict(arms, found) == "helps"
    positives = [Arm(**vars(arm) | {"classes": POSITIVES}) for arm in arms]
    corrected = dose_response.auroc_differences(aligned, positives)
    assert verdict(positives, corrected) == "no evidence"  # the doses disagree
    assert sorted(one.p for one in corrected[1:])[1] == max(found[1].p, found[2].p)
    assert sorted(one.p for one in corrected[1:])[0] == pytest.approx(
        min(2 * min(found[1].p, found[2].p), max(found[1].p, found[2].p))
    )


def test_the_sentence_holds_the_figures_the_verdict_stands_on():
    aligned, arms = study(np.random.default_rng(5), effects=(0, 0, 1.5), between=0.02, seeds=3)
    found = dose_response.doses(aligned, arms, draws=20)

    said = dose_response.sentence(found)

    difference = found[2].auroc_difference
    assert dose_response.verdict(found) == "helps"
    assert said.startswith("Helps: training with 100 % synthetic positives ranks better than training without: AUROC ")
    assert f"+{difference.value:.3f} (+{difference.low:.3f} to +{difference.high:.3f}), p" in said
    assert "50 %" not in said


def test_no_evidence_is_said_with_the_clearest_difference():
    aligned, arms = study(np.random.default_rng(6))

    said = dose_response.sentence(dose_response.doses(aligned, arms, draws=20))

    assert said.startswith("No evidence that synthetic images help or harm: training with ")
    assert said.endswith(" Other doses are less clear.")


def test_doses_that_disagree_are_both_told():
    aligned, arms = study(np.random.default_rng(7), effects=(0, 1.5, -1.5), between=0.02, seeds=3)

    said = dose_response.sentence(dose_response.doses(aligned, arms, draws=20))

    assert said.startswith("No evidence either way, as doses disagree: ")
    assert "training with 50 % synthetic positives ranks better than training without" in said
    assert "training without ranks better than training with 100 % synthetic positives" in said


def test_few_patients_are_not_tested():
    aligned, arms = study(np.random.default_rng(8), patients=12, effects=(0, 3))

    found = dose_response.doses(aligned, arms, draws=20)

    assert found[1].auroc_difference.p is None
    assert found[1].auroc_difference.reason == "no interval: fewer than 5 patients in a class it needs"
    assert found[1].brier_difference.p is not None  # it needs no class
    assert dose_response.verdict(found) == "no evidence"
    assert dose_response.sentence(found).startswith("No evidence, as nothing could be tested: training with 50 %")


def test_classifiers_that_all_say_the_same_do_not_differ():
    aligned, arms = alike(np.random.default_rng(9))
    for name in aligned.probabilities:
        aligned.probabilities[name] = aligned.probabilities["0-0"]

    found = dose_response.doses(aligned, arms, draws=20)

    assert (found[1].auroc_difference.value, found[1].auroc_difference.p) == (0, None)
    assert found[1].auroc_difference.reason == seeds.NOTHING_VARIES
    assert dose_response.verdict(found) == "no evidence"


def test_the_order_of_films_and_of_seeds_changes_nothing():
    aligned, arms = study(np.random.default_rng(10), effects=(0, 0.4, 0.2), seeds=3)
    order = np.random.default_rng(0).permutation(len(aligned.films))
    turned = [Arm(**vars(arm) | {"checkpoints": arm.checkpoints[::-1]}) for arm in arms]
    shuffled = Aligned(
        aligned.films.iloc[order].reset_index(drop=True),
        {name: one[order] for name, one in aligned.probabilities.items()},
        aligned.patients[order],
        0,
    )

    for one, other in zip(
        dose_response.auroc_differences(aligned, arms),
        dose_response.auroc_differences(shuffled, turned),
        strict=True,
    ):
        assert one.value == pytest.approx(other.value)
        assert one.p == pytest.approx(other.p)


def test_one_arm_or_unequal_seeds_are_a_mistake_of_the_program():
    aligned, arms = study(np.random.default_rng(11))

    with pytest.raises(ValueError, match="two or more arms"):
        dose_response.doses(aligned, arms[:1])
    with pytest.raises(ValueError, match="two or more arms"):
        dose_response.doses(aligned, [arms[0], Arm(**vars(arms[1]) | {"checkpoints": ("1-0",)})])
