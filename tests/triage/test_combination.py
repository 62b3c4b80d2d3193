from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.triage import combination
from core.triage.combination import Combination, Term, cross_fitted, fit


def films(seed: int = 0, *, patients: int = 80, worth: float = 1.0):
    """Signals of films of which about a fifth is called wrongly: two that know it, one full of holes, one of noise."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
    errors = rng.random(patient.size) < 0.2
    errors[:2] = True, False
    table = {
        "cut_distance": worth * errors + rng.normal(size=patient.size),
        "pass_spread": 5 + 0.1 * worth * errors + 0.1 * rng.normal(size=patient.size),
        "prior_change": np.where(rng.random(patient.size) < 0.4, np.nan, rng.normal(size=patient.size)),
        "poor_quality": rng.normal(size=patient.size),
    }
    return table, errors, np.char.add("p", patient.astype(str))


def test_is_the_logistic_regression_of_scikit_learn_on_standardised_signals_with_medians_for_holes():
    table, errors, _ = films()
    matrix = np.column_stack(list(table.values()))
    pipeline = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(tol=1e-10))

    values = fit(table, errors).values(table)

    expected = pipeline.fit(matrix, errors).predict_proba(matrix)[:, 1]
    assert values == pytest.approx(expected, abs=1e-5)


def test_the_same_films_in_another_order_give_the_same_combination():
    table, errors, _ = films()
    order = np.random.default_rng(1).permutation(errors.size)

    first, again = fit(table, errors), fit(table, errors)
    shuffled = fit({name: values[order] for name, values in table.items()}, errors[order])

    assert first == again
    assert shuffled.values(table) == pytest.approx(first.values(table), abs=1e-9)


def test_goes_through_json_unchanged():
    table, errors, _ = films()
    fitted = fit(table, errors)

    back = Combination.from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))

    assert back == fitted
    assert list(back.terms) == list(table)


@pytest.mark.parametrize("wrong", [False, True])
def test_one_class_of_calls_teaches_nothing(wrong):
    table, errors, _ = films()

    assert fit(table, np.full(errors.size, wrong)) is None


def test_signals_that_say_nothing_are_left_out():
    table, errors, _ = films()
    silent = {
        "drain": np.ones(errors.size),
        "neighbours_disagree": np.full(errors.size, np.nan),
        "outside_lung": np.where(np.arange(errors.size) % 2, 0.3, np.nan),
    }

    assert fit(table | silent, errors) == fit(table, errors)
    assert fit(silent, errors) is None


def test_a_film_without_a_value_counts_as_the_median_film():
    table, errors, _ = films()
    fitted = fit(table, errors)
    holes = {name: values[:3].copy() for name, values in table.items()}
    holes["pass_spread"][:] = np.nan, np.inf, -np.inf
    without = {name: values for name, values in holes.items() if name != "pass_spread"}
    median = holes | {"pass_spread": np.full(3, np.median(table["pass_spread"]))}

    expected = fitted.values(median)

    assert np.array_equal(fitted.values(holes), expected)
    assert np.array_equal(fitted.values(without), expected)
    assert (expected > 0).all()
    assert (expected < 1).all()


def test_a_case_worked_by_hand():
    one = Combination(intercept=0.5, terms={"drain": Term(median=1.0, mean=2.0, scale=4.0, coefficient=-2.0)})

    values = one.values({"drain": np.array([2.0, 6.0, np.nan])})

    assert values == pytest.approx([1 / (1 + np.exp(-odds)) for odds in (0.5, 0.5 - 2, 0.5 + 0.5)])


def test_no_film_is_valued_by_a_combination_that_saw_a_film_of_its_patient(monkeypatch):
    table, errors, patients = films()
    table["row"] = np.arange(errors.size, dtype=float)
    seen, valued = [], []

    class Spy:
        def values(self, own):
            valued.append(own["row"].astype(int))
            return own["row"]

    def spied(own, _):
        seen.append(own["row"].astype(int))
        return Spy()

    monkeypatch.setattr(combination, "fit", spied)
    values = cross_fitted(table, errors, patients, seed=3)

    assert np.array_equal(values, table["row"])
    assert len(seen) == combination.FOLDS
    for learnt, own in zip(seen, valued, strict=True):
        assert not set(patients[learnt]) & set(patients[own])
        assert learnt.size + own.size == errors.size
    shares = [np.isin(np.unique(patients[own]), patients[errors]).mean() for own in valued]
    assert max(shares) - min(shares) < 0.1  # patients with a wrong call are spread evenly


def test_noise_looks_useful_only_where_the_combination_learnt_it():
    table, errors, patients = films(patients=60, worth=0.0)
    rng = np.random.default_rng(5)
    table |= {f"noise_{number}": rng.normal(size=errors.size) for number in range(20)}

    inside = roc_auc_score(errors, fit(table, errors).values(table))
    outside = roc_auc_score(errors, cross_fitted(table, errors, patients))

    assert inside > 0.75
    assert outside < 0.65


def test_the_seed_decides_the_folds():
    table, errors, patients = films()

    first, again = (cross_fitted(table, errors, patients, seed=1) for _ in range(2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, cross_fitted(table, errors, patients, seed=2))


def test_two_patients_make_two_folds():
    table = {"cut_distance": np.array([0.0, 1.0, 0.0, 1.0])}
    errors = np.array([False, True, False, True])

    values = cross_fitted(table, errors, np.array(["a", "a", "b", "b"]))

    assert values[1] > values[0]
    assert values.tolist() == [values[0], values[1]] * 2


def test_wrong_calls_of_one_patient_only_cannot_be_cross_fitted():
    table, errors, patients = films()

    assert cross_fitted(table, patients == "p3", patients) is None
    assert cross_fitted(table, errors, np.full(errors.size, "p")) is None
