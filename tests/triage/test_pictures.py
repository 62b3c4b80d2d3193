"""The figures that evidence makes, and what is known of one case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import percentileofscore

from core.evaluation.reliability import reliability
from core.triage import decision, one_case, pictures
from core.triage.signals import COLUMN, SIGNALS
from tests.triage import films

CALIBRATED = films.CARD | {
    "calibration": {"a": 1.2, "b": 0.1, "method": "platt", "prevalence": 0.35, "films": 120, "at_bound": False}
}


@pytest.fixture(scope="module")
def tune():
    return films.made(200, card=CALIBRATED).fold("tune")


@pytest.fixture(scope="module")
def shown():
    return films.made(160, seed=1, part="test", card=CALIBRATED)


@pytest.fixture(scope="module")
def chosen(tune):
    return decision.choose(tune, draws=0)


def test_the_stamp_says_what_was_drawn(tune, shown):
    positive = int((shown.labels == 1).sum())

    assert pictures.stamp(shown).startswith(
        f"<b>PHANTOMS</b> · made, test · 160 films, 80 patients, {positive} positive<br>against report · PleuraScope "
    )
    assert "made, tune (val)" in pictures.stamp(tune)
    assert pictures.part_words(films.made(20)) == "val"  # both folds


def test_the_spread_is_parted_by_the_calls_at_the_cut(shown):
    figure = pictures.by_correctness(shown)

    wrong = ((shown.probabilities >= shown.cut) != (shown.labels == 1)).sum()
    assert [trace.name for trace in figure.data] == [f"wrong calls ({wrong})", f"right calls ({160 - wrong})"]
    assert "over passes" in figure.layout.xaxis.title.text


def test_films_without_a_label_are_left_out_where_labels_count(shown):
    half = shown.films.assign(label=shown.films["label"].astype("Int64").mask(np.arange(160) % 2 == 0))
    unknown = type(shown)(**(shown.__dict__ | {"films": half}))

    assert "80 films" in pictures.stamp(unknown)
    assert sum(int(text) for text in pictures.right_calls(unknown).data[2].text) == 80
    assert np.nansum(pictures.density(unknown).data[0].z) == 160


def test_reliability_before_calibration_is_that_of_the_logit(shown):
    before, after = pictures.reliabilities(shown)

    plain = 1 / (1 + np.exp(-shown.films["logit"].to_numpy()))
    assert before == reliability(plain, shown.labels, shown.patients)
    assert after == reliability(shown.probabilities, shown.labels, shown.patients)
    words = pictures.reliability_words(shown, before, after)
    assert f"After: ECE {after.ece:.3f}, adaptive ECE {after.adaptive_ece:.3f}, Brier {after.brier:.3f}." in words
    assert "for a prevalence of 35.0 %" in words


def test_risk_coverage_ends_at_the_share_of_all_wrong_calls(chosen, shown, tune):
    for evidence in (shown, tune):
        figure = pictures.risk_coverage(chosen, evidence)

        for trace in figure.data:
            assert trace.y[-1] == pytest.approx(evidence.errors.mean())
        assert {"Near the cut", "Combination"} <= {trace.name for trace in figure.data}


def test_on_tune_the_combination_is_measured_on_patients_it_was_not_fitted_to(chosen, tune):
    fitted = chosen.bench.combination.values(tune.table)

    curve = next(trace for trace in pictures.risk_coverage(chosen, tune).data if trace.name == "Combination")

    order = np.argsort(fitted, kind="stable")
    flattering = np.cumsum(tune.errors[order]) / np.arange(1, len(order) + 1)
    assert not np.allclose(curve.y, flattering)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 1.0])
def test_the_marked_point_is_what_the_policy_really_costs_and_misses(chosen, tune, share):
    policy = decision.by_budget(chosen, tune, share=share)

    row = pictures.at_threshold(pictures.workload_curve(chosen, tune), policy.threshold)

    below = tune.probabilities < tune.cut
    out = below & (chosen.values(tune) < (-np.inf if policy.threshold is None else policy.threshold))
    assert row["read_share"] == pytest.approx(1 - out.mean())
    assert row["missed_share"] == pytest.approx((out & (tune.labels == 1)).sum() / (tune.labels == 1).sum())
    assert row["unsure_share"] <= share + 1e-9 or share == 0.0


def test_natural_numbers_say_when_nothing_can_be_missed():
    row = pd.Series({"read_share": 0.5, "unsure_share": 0.055, "missed_share": np.nan, "low": np.nan, "high": np.nan})

    told = "Of 100 films, 50 are read: 44 suspected and 5.5 unsure."
    assert pictures.workload_sentence(row) == f"{told} No film here has the finding, so nothing can be missed."


def test_a_signals_place_is_that_of_scipy_among_the_films_of_tune(tune, shown):
    case = shown.films.iloc[3].to_dict()

    table = one_case.signals_table(tune, case)

    assert table["Place"].is_monotonic_decreasing
    for name, signal in SIGNALS.items():
        rows = table[table["Signal"] == signal.title]
        if np.isnan(case[COLUMN + name]):
            assert rows.empty
        else:
            known = tune.films[COLUMN + name].dropna()
            expected = percentileofscore(known, case[COLUMN + name], kind="mean") / 100
            assert rows["Place"].item() == pytest.approx(expected)


def test_the_passes_of_a_film_are_its_own_row(tmp_path):
    ids = pd.Series(["a", "b", "c"])
    values = np.arange(12, dtype=np.float32).reshape(3, 4) / 12
    np.save(tmp_path / "x.passes.npy", values)

    found = one_case.passes(tmp_path / "x.parquet", ids, "b")

    np.testing.assert_array_equal(found, values[1])
    assert one_case.passes(tmp_path / "x.parquet", ids, "nobody") is None
    assert one_case.passes(tmp_path / "x.parquet", ids[:2], "b") is None  # of another table
    assert one_case.passes(tmp_path / "y.parquet", ids, "b") is None


def test_members_without_probabilities_are_none():
    card = {"members": [{"title": "CNN", "checkpoint_id": "cnn-1", "weight": 1.0}]}

    assert one_case.members(card, {"member_probabilities": None}) == {}
    assert one_case.members(card, {"member_probabilities": [0.1, 0.2]}) == {}
    assert one_case.members({}, {"member_probabilities": [0.1]}) == {}
