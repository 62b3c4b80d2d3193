from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluation.metrics import Films, at_threshold, auroc, errors, predictive_values, ranking, steps
from core.evaluation.reliability import reliability


def predicted(seed: int, *, films: int = 120, steps: int | None = None) -> Films:
    """Random films of about a third as many patients; with `steps` many probabilities are tied."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, films)
    labels[:2] = 0, 1
    probabilities = np.clip(0.2 * labels + 0.8 * rng.random(films), 0, 1)
    if steps:
        probabilities = np.round(probabilities * steps) / steps
    return Films.of(labels, probabilities, rng.integers(0, films // 3, films).astype(str))


def plain(measure, films: Films, *arguments: float) -> dict[str, float]:
    return {name: values[0] for name, values in measure(films, np.ones((1, films.patient_count)), *arguments).items()}


many = settings(deadline=None, max_examples=20)
seeds, ties = st.integers(0, 10_000), st.sampled_from([None, 3, 20])


@many
@given(seeds, ties)
def test_ranking_agrees_with_scikit_learn(seed, steps):
    films = predicted(seed, steps=steps)

    found = plain(ranking, films)

    false, true, _ = sk.roc_curve(films.labels, films.probabilities, drop_intermediate=False)
    assert found["auroc"] == pytest.approx(sk.roc_auc_score(films.labels, films.probabilities), abs=1e-12)
    expected = sk.average_precision_score(films.labels, films.probabilities)
    assert found["average_precision"] == pytest.approx(expected, abs=1e-12)
    assert found["sensitivity_at_specificity_95"] == pytest.approx(true[false <= 0.05 + 1e-12].max(), abs=1e-12)
    assert found["specificity_at_sensitivity_95"] == pytest.approx(1 - false[true >= 0.95 - 1e-12].min(), abs=1e-12)
    partial = sk.roc_auc_score(films.labels, films.probabilities, max_fpr=0.1)
    assert found["partial_auroc_90"] == pytest.approx(partial, abs=1e-12)


@many
@given(seeds, ties)
def test_weighted_ranking_agrees_with_scikit_learn(seed, steps):
    films = predicted(seed, steps=steps)
    weights = np.random.default_rng(seed).integers(0, 3, films.patient_count).astype(float)
    of_films = weights[films.patients]
    kept = of_films > 0  # scikit-learn would count thresholds at films without weight
    labels, probabilities, of_films = films.labels[kept], films.probabilities[kept], of_films[kept]

    found = {name: values[0] for name, values in ranking(films, weights[None]).items()}

    told = {"sample_weight": of_films}
    assert found["auroc"] == pytest.approx(sk.roc_auc_score(labels, probabilities, **told), abs=1e-9)
    partial = sk.roc_auc_score(labels, probabilities, max_fpr=0.1, **told)
    assert found["partial_auroc_90"] == pytest.approx(partial, abs=1e-9)
    expected = sk.average_precision_score(labels, probabilities, **told)
    assert found["average_precision"] == pytest.approx(expected, abs=1e-9)


@many
@given(seeds, ties)
def test_the_roc_on_a_grid_is_the_highest_sensitivity_at_each_specificity(seed, ties):
    films = predicted(seed, steps=ties)
    specificities = np.linspace(1, 0, 23)

    found = steps(films, np.ones((1, films.patient_count))).sensitivities(specificities)[0]

    false, true, _ = sk.roc_curve(films.labels, films.probabilities, drop_intermediate=False)
    expected = [true[false <= 1 - specificity + 1e-12].max() for specificity in specificities]
    assert found == pytest.approx(expected, abs=1e-12)


@many
@given(seeds, ties, st.floats(0.05, 0.95))
def test_errors_and_rates_agree_with_scikit_learn(seed, steps, threshold):
    films = predicted(seed, steps=steps)
    called = films.probabilities >= threshold

    found = plain(errors, films) | plain(at_threshold, films, threshold)
    mcc, margins = found.pop("mcc"), sk.confusion_matrix(films.labels, called)

    expected = {
        "brier": sk.brier_score_loss(films.labels, films.probabilities),
        "log_loss": sk.log_loss(films.labels, films.probabilities),
        "sensitivity": sk.recall_score(films.labels, called),
        "specificity": sk.recall_score(films.labels, called, pos_label=0),
        "ppv": sk.precision_score(films.labels, called, zero_division=np.nan),
        "npv": sk.precision_score(films.labels, called, pos_label=0, zero_division=np.nan),
        "f1": sk.f1_score(films.labels, called),
        "ece": reliability(films.probabilities, films.labels, films.patients).ece,
    }
    if margins.sum(axis=0).all():
        assert mcc == pytest.approx(sk.matthews_corrcoef(films.labels, called), abs=1e-12)
    else:
        assert np.isnan(mcc)  # scikit-learn says 0, as if it had been measured
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@many
@given(seeds, ties)
def test_weights_count_films_as_if_they_stood_there_so_often(seed, steps):
    films = predicted(seed, steps=steps)
    weights = np.random.default_rng(seed).integers(0, 4, films.patient_count).astype(float)
    rows = np.repeat(np.arange(films.labels.size), weights[films.patients].astype(int))
    repeated = films.only(rows)

    for measure, arguments in ((ranking, ()), (errors, ()), (at_threshold, (0.5,))):
        weighted = {name: values[0] for name, values in measure(films, weights[None], *arguments).items()}
        everyone = np.ones((1, films.patient_count))
        expected = {name: values[0] for name, values in measure(repeated, everyone, *arguments).items()}
        assert weighted == pytest.approx(expected, abs=1e-9, nan_ok=True)


@many
@given(seeds, ties)
def test_auroc_is_blind_to_order_and_to_a_monotone_change(seed, steps):
    films = predicted(seed, steps=steps)
    shuffled = films.only(np.random.default_rng(seed).permutation(films.labels.size))

    value = auroc(films.labels, films.probabilities)

    assert auroc(shuffled.labels, shuffled.probabilities) == pytest.approx(value, abs=1e-12)
    assert auroc(films.labels, np.exp(3 * films.probabilities) - 7) == pytest.approx(value, abs=1e-12)
    assert auroc(films.labels, -films.probabilities) == pytest.approx(1 - value, abs=1e-12)


def test_a_case_worked_by_hand():
    films = Films.of(np.array([1, 0, 1, 0]), np.array([0.9, 0.6, 0.6, 0.2]), np.array(["a", "b", "c", "d"]))

    assert plain(ranking, films) == pytest.approx(
        {
            "auroc": 3.5 / 4,  # of the four pairs three are in order and one is tied
            "average_precision": 0.5 * 1 + 0.5 * 2 / 3,
            # Up to 1 - specificity 0.1 the curve rises from 0.5 by a fifth of the slanting step, 0.5 wide and high.
            "partial_auroc_90": (1 + (0.5 * 0.1 + 0.1 * 0.1 / 2 - 0.005) / (0.1 - 0.005)) / 2,
            "sensitivity_at_specificity_95": 0.5,
            "specificity_at_sensitivity_95": 0.5,
        }
    )
    assert plain(at_threshold, films, 0.6) == pytest.approx(
        {"sensitivity": 1.0, "specificity": 0.5, "ppv": 2 / 3, "npv": 1.0, "f1": 0.8, "mcc": 2 / 12**0.5}
    )
    assert plain(errors, films)["brier"] == pytest.approx((0.01 + 0.36 + 0.16 + 0.04) / 4)
    assert plain(errors, films)["ece"] == pytest.approx((0.1 + abs(1 - 1.2) + 0.2) / 4)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 0.99))
def test_predictive_values_follow_bayes_and_meet_the_counted_ones_at_their_own_prevalence(
    sensitivity, specificity, share
):
    ppv, npv = predictive_values(np.array([sensitivity]), np.array([specificity]), share)

    called = sensitivity * share + (1 - specificity) * (1 - share)
    assert ppv == pytest.approx([sensitivity * share / called if called > 0 else np.nan], nan_ok=True)
    silent = 1 - called
    assert npv == pytest.approx(
        [specificity * (1 - share) / silent if silent > 1e-9 else npv[0]], nan_ok=True, abs=1e-6
    )


def test_predictive_values_at_the_prevalence_of_the_films_are_those_counted():
    films = predicted(3)

    found = plain(lambda *given: at_threshold(*given, prevalence=float(films.labels.mean())), films, 0.5)

    assert found["ppv_at_prevalence"] == pytest.approx(found["ppv"])
    assert found["npv_at_prevalence"] == pytest.approx(found["npv"])


@pytest.mark.parametrize("prevalence", [0, 1, -0.1])
def test_a_prevalence_at_which_nothing_is_to_be_told_apart_is_refused(prevalence):
    with pytest.raises(ValueError, match=r"prevalence in \(0, 1\), got"):
        predictive_values(np.array([0.9]), np.array([0.9]), prevalence)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_ranking(label):
    assert auroc(np.full(3, label), np.array([0.1, 0.2, 0.3])) is None
    films = Films.of(np.full(3, label), np.array([0.1, 0.2, 0.3]), np.arange(3))
    assert np.isnan(list(plain(ranking, films).values())).all()


def test_no_call_at_all_has_no_ppv():
    films = predicted(0)

    found = plain(at_threshold, films, 1.1)

    assert np.isnan(found["ppv"])
    assert (found["sensitivity"], found["specificity"], found["f1"]) == (0, 1, 0)
