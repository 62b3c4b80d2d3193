from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.triage import combination
from core.triage.bench import aurc, bench, candidates, coverage_at_risk, risk_coverage, winner

many = settings(deadline=None, max_examples=30)
seeds, ties = st.integers(0, 10_000), st.sampled_from([None, 3, 20])


def films(seed: int = 0, *, patients: int = 80, worth: float = 1.5, steps: int | None = None):
    """A table of signals of different worth, which calls are wrong, and the patients."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
    count = patient.size
    errors = rng.random(count) < 0.2
    errors[:2] = True, False
    table = {
        "pass_spread": worth * errors + rng.normal(size=count),
        "cut_distance": 0.5 * errors + rng.normal(size=count),
        "prior_change": np.where(rng.random(count) < 0.5, np.nan, 4.0 * errors + rng.normal(size=count)),
    }
    if steps:
        table = {name: np.round(values * steps) / steps for name, values in table.items()}
    return table, errors, np.char.add("p", patient.astype(str))


def slow_curve(values: np.ndarray, errors: np.ndarray) -> list[float]:
    """The error rate among the k surest, one k after the other; ties count with their mean."""
    risks = []
    for kept in range(1, values.size + 1):
        last = np.sort(values)[kept - 1]
        sure, tied = values < last, values == last
        risks.append((errors[sure].sum() + (kept - sure.sum()) * errors[tied].mean()) / kept)
    return risks


@many
@given(seeds, ties)
def test_error_auroc_agrees_with_scikit_learn_on_the_films_that_have_the_signal(seed, steps):
    table, errors, patients = films(seed, patients=30, steps=steps)

    rows = {row.signal: row for row in bench(table, errors, patients, draws=0).rows}

    for name, values in table.items():
        there = ~np.isnan(values)
        own, plain = (roc_auc_score(errors[there], column[there]) for column in (values, table["cut_distance"]))
        assert rows[name].films == there.sum()
        assert rows[name].errors == errors[there].sum()
        assert rows[name].error_auroc.value == pytest.approx(own, abs=1e-12)
        if name != "cut_distance":
            assert rows[name].gain.value == pytest.approx(own - plain, abs=1e-12)


@many
@given(seeds, ties)
def test_the_curve_its_area_and_its_coverage_agree_with_their_slow_definitions(seed, steps):
    table, errors, _ = films(seed, patients=15, steps=steps)
    values = table["pass_spread"]

    coverage, risk = risk_coverage(values, errors)

    expected = slow_curve(values, errors)
    shares = np.arange(1, values.size + 1) / values.size
    assert coverage == pytest.approx(shares)
    assert risk == pytest.approx(expected, abs=1e-12)
    assert aurc(values, errors) == pytest.approx(np.mean(expected), abs=1e-12)
    for allowed in (0.05, 0.1):
        within = [share for share, found in zip(shares, expected, strict=True) if found <= allowed + 1e-12]
        assert coverage_at_risk(values, errors, risk=allowed) == pytest.approx(max(within, default=0.0))


@many
@given(seeds, ties)
def test_the_order_of_the_rows_changes_nothing(seed, steps):
    table, errors, _ = films(seed, patients=30, steps=steps)
    order = np.random.default_rng(seed).permutation(errors.size)

    _, risk = risk_coverage(table["pass_spread"], errors)
    _, shuffled = risk_coverage(table["pass_spread"][order], errors[order])

    assert shuffled == pytest.approx(risk, abs=1e-12)
    assert winner({name: values[order] for name, values in table.items()}, errors[order]) == winner(table, errors)


def test_a_case_worked_by_hand():
    values, errors = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, True, False, True])

    coverage, risk = risk_coverage(values, errors)

    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk == pytest.approx([0, 0.5 / 2, 1 / 3, 2 / 4])
    assert aurc(values, errors) == pytest.approx((0 + 1 / 4 + 1 / 3 + 1 / 2) / 4)
    assert coverage_at_risk(values, errors) == 0.25
    assert coverage_at_risk(values, errors, risk=1 / 3) == 0.75
    assert coverage_at_risk(values, ~errors) == 0


def test_intervals_agree_with_drawing_the_films_of_the_patients_one_by_one():
    table, errors, patients = films(patients=150)

    rows = {row.signal: row for row in bench(table, errors, patients, draws=200, seed=3).rows}

    ids = np.unique(patients)
    drawn = np.random.default_rng(3).integers(ids.size, size=(200, ids.size))
    there = ~np.isnan(table["prior_change"])
    areas, gains = [], []
    for draw in drawn:
        picked = np.concatenate([np.flatnonzero((patients == ids[number]) & there) for number in draw])
        own, plain = (roc_auc_score(errors[picked], table[name][picked]) for name in ("prior_change", "cut_distance"))
        areas.append(own)
        gains.append(own - plain)
    found = rows["prior_change"]
    assert (found.error_auroc.low, found.error_auroc.high) == pytest.approx(np.quantile(areas, [0.025, 0.975]))
    assert (found.gain.low, found.gain.high) == pytest.approx(np.quantile(gains, [0.025, 0.975]))


def test_on_tune_the_combination_is_cross_fitted_and_one_fitted_on_all_films_comes_back():
    table, errors, patients = films()

    found = bench(table, errors, patients, draws=0, seed=4)

    rows = {row.signal: row for row in found.rows}
    crossed = combination.cross_fitted(table, errors, patients, seed=4)
    assert rows["combination"].error_auroc.value == pytest.approx(roc_auc_score(errors, crossed), abs=1e-12)
    assert found.combination == combination.fit(table, errors)
    assert (found.films, found.errors, found.patients) == (errors.size, errors.sum(), 80)


def test_on_test_the_combination_and_the_choice_of_tune_are_only_measured():
    table, errors, _ = films(0)
    fitted = combination.fit(table, errors)
    other, wrong, theirs = films(1)

    found = bench(other, wrong, theirs, combination=fitted, chosen="cut_distance", draws=0)

    rows = {row.signal: row for row in found.rows}
    assert rows["combination"].error_auroc.value == pytest.approx(roc_auc_score(wrong, fitted.values(other)), abs=1e-12)
    assert found.combination is fitted
    assert found.winner == "cut_distance"
    assert found.rows[0].signal != "cut_distance"
    assert "better than the distance to the cut: it was chosen on tune, 0." in found.verdict


def test_where_tune_chose_a_single_signal_no_combination_is_fitted_on_test():
    table, errors, patients = films()

    found = bench(table, errors, patients, chosen="pass_spread", draws=0)

    assert found.combination is None
    assert {row.signal for row in found.rows} == set(table)


def test_a_bench_becomes_plain_values_for_json():
    table, errors, patients = films()
    found = bench(table, errors, patients, draws=50)

    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))

    assert plain["winner"] == found.winner
    assert plain["combination"] == found.combination.to_dict()
    assert plain["rows"][0]["signal"] == found.rows[0].signal
    assert plain["rows"][0]["error_auroc"]["low"] == found.rows[0].error_auroc.low
    assert plain["rows"][-1]["gain"] == found.rows[-1].gain.model_dump()


def test_rows_stand_best_first_and_a_signal_that_half_of_the_films_lack_cannot_win():
    table, errors, patients = films(worth=2.0)

    found = bench(table, errors, patients, draws=0)

    values = [row.error_auroc.value for row in found.rows]
    assert values == sorted(values, reverse=True)
    assert found.rows[0].signal == "prior_change"
    assert found.winner == winner(candidates(table, errors, patients), errors) != "prior_change"


def test_of_equals_the_plain_distance_wins():
    table, errors, _ = films()

    assert winner({"twin": 2 * table["cut_distance"], "cut_distance": table["cut_distance"]}, errors) == "cut_distance"


def test_a_signal_that_is_better_beyond_doubt_is_said_to_be():
    table, errors, patients = films(patients=200, worth=3.0)
    del table["prior_change"]

    found = bench(table, errors, patients, draws=200)
    told = bench(table, errors, patients, combination=found.combination, chosen="pass_spread", draws=200)

    gain = {row.signal: row.gain for row in found.rows}["pass_spread"]
    assert gain.low > 0
    assert (
        f"finds wrong calls better than the distance to the cut: error AUROC {found.rows[0].error_auroc.value:.3f}"
        in (found.verdict)
    )
    assert "picked on these films among 3, so look at it on others" in found.verdict
    assert told.verdict.startswith('The signal "Spread over passes", chosen on tune, finds wrong calls better than')
    assert f"{gain.value:+.3f} (95 % interval {gain.low:+.3f} to {gain.high:+.3f})" in told.verdict


def test_a_signal_that_may_be_no_better_is_said_to_lack_evidence():
    table, errors, patients = films(patients=40, worth=0.8)

    found = bench(table, errors, patients, combination=combination.fit(table, errors), chosen="pass_spread", draws=200)

    gain = {row.signal: row.gain for row in found.rows}["pass_spread"]
    assert gain.low < 0 < gain.high
    assert found.verdict.startswith(
        'No evidence that "Spread over passes", chosen on tune, finds wrong calls better than'
    )


def test_where_no_signal_is_higher_the_plain_distance_stays():
    rng = np.random.default_rng(0)
    errors = rng.random(100) < 0.2
    table = {"cut_distance": errors + 0.1 * rng.random(100), "poor_quality": rng.random(100)}

    found = bench(table, errors, np.arange(100).astype(str), draws=50)

    assert found.winner == "cut_distance"
    assert found.verdict.startswith(
        "No evidence that a signal finds wrong calls better than the distance to the cut: none that nearly all"
    )
    assert {row.signal: row.gain for row in found.rows}["cut_distance"].reason == "the others are compared with it"


@pytest.mark.parametrize(("wrong", "reason"), [(False, "no wrong call on 5 films"), (True, "no right call on 5 films")])
def test_one_class_of_calls_measures_nothing(wrong, reason):
    table = {"cut_distance": np.arange(5.0), "drain": np.array([0, 1, 0, 1, np.nan])}

    found = bench(table, np.full(5, wrong), np.array(list("aabbc")))

    assert found.winner == "cut_distance"
    assert found.combination is None
    assert found.verdict == f"Of 5 calls {5 * wrong} are wrong, so no signal can be told from another."
    assert [row.signal for row in found.rows] == ["cut_distance", "drain"]
    plain = found.rows[0]
    assert (plain.error_auroc.value, plain.error_auroc.reason) == (None, reason)
    assert plain.aurc is plain.coverage_at_5 is None


def test_no_film_at_all_measures_nothing():
    found = bench({"cut_distance": np.zeros(0)}, np.zeros(0, bool), np.zeros(0, str))

    assert (found.winner, found.films, found.patients) == ("cut_distance", 0, 0)
    assert found.rows[0].error_auroc.reason == "no film has a value"


def test_a_chosen_signal_that_no_film_has_is_named():
    table, errors, patients = films()
    fitted = combination.fit(table, errors)

    found = bench(table, errors, patients, combination=fitted, chosen="feature_distance", draws=0)

    assert found.verdict == 'Nothing is known of "Unlike the training films", chosen on tune: no film has a value.'
    assert found.rows[-1].signal == "feature_distance"


def test_few_patients_or_no_draws_give_no_interval():
    table, errors, patients = films()
    few = np.isin(patients, np.unique(patients[errors])[:3]) & errors

    found = bench(table, few, patients, draws=50)
    undrawn = bench(table, errors, patients, draws=0)

    assert found.rows[0].error_auroc.reason == "no interval: fewer than 5 patients with right or wrong calls"
    assert found.rows[0].error_auroc.low is None
    assert undrawn.rows[0].error_auroc.reason == "no interval: nothing was drawn"


def test_the_plain_distance_must_be_known_for_every_film():
    table, errors, patients = films()
    table["cut_distance"][0] = np.nan

    with pytest.raises(
        ValueError, match=f"Expected cut_distance of all {errors.size} films, found it of {errors.size - 1}"
    ):
        bench(table, errors, patients)
    with pytest.raises(ValueError, match="found it of 0"):
        bench({"drain": table["cut_distance"]}, errors, patients)
