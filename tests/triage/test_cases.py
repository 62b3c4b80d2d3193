from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation import first_cases
from core.triage import cases, decision, reasons
from core.triage.policy import NOT_SUSPECTED, SUSPECTED, UNSURE
from core.triage.reasons import TITLES
from tests.triage.films import CUT, made


@pytest.fixture(scope="module")
def val():
    return made(count=800)


@pytest.fixture(scope="module")
def policy(val):
    return decision.by_budget(decision.choose(val.fold("tune"), draws=0), val, share=0.2)


def test_suspected_come_first_by_probability_then_the_unsure_by_the_signal_then_the_rest(val, policy):
    table = cases.cases(val, policy)

    assert table["zone"].drop_duplicates().tolist() == [SUSPECTED, UNSURE, NOT_SUSPECTED]
    assert table.loc[table["zone"] == SUSPECTED, "probability"].is_monotonic_decreasing
    assert table.loc[table["zone"] == UNSURE, "value"].is_monotonic_decreasing
    assert (table["listed"] == (table["zone"] != NOT_SUSPECTED)).all()
    assert (table.loc[table["zone"] == SUSPECTED, "probability"] >= CUT).all()


def test_the_order_does_not_depend_on_that_of_the_rows(val, policy):
    mixed = replace(
        val, films=val.films.iloc[np.random.default_rng(0).permutation(len(val.films))].reset_index(drop=True)
    )

    assert set(cases.cases(mixed, policy)["image_id"][:50]) == set(cases.cases(val, policy)["image_id"][:50])


def test_random_checks_stand_among_the_unsure_and_nothing_but_their_own_column_tells_them(val, policy):
    without = cases.cases(val, replace(policy, random_share=0.0))
    table = cases.cases(val, policy)

    drawn = table[table["random_check"]]
    assert set(drawn["zone"]) == {UNSURE}
    assert 0.02 < len(drawn) / (without["zone"] == NOT_SUSPECTED).sum() < 0.1
    unsure = table[table["zone"] == UNSURE].reset_index(drop=True)
    places = unsure.index[unsure["random_check"]] / len(unsure)
    assert places.min() < 0.5  # not all at the end, where their own signal would put them
    assert set(unsure.loc[unsure["random_check"], "value"]) <= set(without.loc[without["zone"] == UNSURE, "value"])


def test_a_film_without_the_signal_is_unsure_and_on_top(val, policy):
    films = val.films.copy()
    low = films.index[films["probability"] < 0.2][0]
    plain = replace(policy, signal="pass_spread", combination=None)
    films.loc[low, "signal.pass_spread"] = np.nan

    table = cases.cases(replace(val, films=films), plain)

    first = table[table["zone"] == UNSURE].iloc[0]
    assert first["image_id"] == films.loc[low, "image_id"]


def test_counts_add_up(val, policy):
    found = cases.counts(cases.cases(val, policy))

    assert found.suspected + found.unsure + found.not_suspected == found.films == 800
    assert found.unsure <= 0.2 * 800 + found.random_checks


def test_every_case_has_a_reason_in_a_plain_sentence_and_a_short_one_that_fits_the_list(val, policy):
    table = cases.cases(val, policy)

    for case in table.to_dict("records")[::7]:
        told = reasons.of(case, policy)
        assert 1 <= len(told) <= 3
        assert told[0].signal == case["first_reason"]
        assert told[0].short == reasons.short(case, policy)
        assert len({reason.signal for reason in told}) == len(told)
        for reason in told:
            assert reason.sentence.endswith(".")
            assert reason.sentence[0].isupper() or reason.sentence[0].isdigit()
            assert len(reason.short) <= 60
            assert reason.signal in TITLES


def test_a_suspected_case_names_its_probability_and_the_cut_first(val, policy):
    case = cases.cases(val, policy).iloc[0]

    told = reasons.of(case, policy)

    assert (
        told[0].sentence
        == f"The probability, {first_cases.two_digits(case['probability'], cut=CUT)}, reaches the cut, 0.40."
    )
    assert "cut_distance" not in [reason.signal for reason in told]


def test_a_poor_film_is_told_with_its_weakest_known_part(val, policy):
    films = val.films.copy()
    row = int(np.flatnonzero(val.probabilities < 0.1)[0])
    films.loc[row, ["signal.poor_quality", "quality_grade", "exposure"]] = [0.99, 0.01, 0.02]
    quiet = [name for name in films if name.startswith("signal.") and name != "signal.poor_quality"]
    films.loc[row, quiet] = 0.0
    everything = replace(policy, threshold=None)

    table = cases.cases(replace(val, films=films), everything)

    case = table[table["image_id"] == films.loc[row, "image_id"]].iloc[0]
    assert case["first_reason"] == "poor_quality"
    assert reasons.of(case, everything)[0].sentence == (
        "Image quality is graded 0.01 of 1, as measured on the pixels; the weakest part is exposure, 0.02."
    )


def test_places_lie_between_0_and_1_and_rise_with_the_value():
    reference = np.linspace(0, 1, 101)

    places = reasons.place(reference, np.array([-1.0, 0.0, 0.5, 1.0, 2.0, np.nan]))

    assert places[0] == 0
    assert places[4] == 1
    assert (np.diff(places[:5]) > 0).all()
    assert np.isnan(places[5])
