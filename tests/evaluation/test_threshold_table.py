"""The table of all thresholds: each row is what the lookup, the sentence and the decision curve say on their own."""

import json

import numpy as np
import pytest

from core.evaluation import curves, decision_curve, natural, threshold_table
from core.evaluation.metrics import Films
from core.evaluation.thresholds import Thresholds, at_prevalence, measures


@pytest.fixture(scope="module")
def lookup():
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(150), 2)
    labels = (rng.random(300) < 0.3).astype(int)
    logit = 1.5 * labels - 1 + rng.normal(size=150)[patients] + rng.normal(size=300)
    return Thresholds.of(Films.of(labels, 1 / (1 + np.exp(-logit)), patients))


@pytest.mark.parametrize("prevalence", [None, 0.05])
def test_each_row_is_what_the_lookup_says(lookup, prevalence):
    exact = float(lookup.films.probabilities[7])

    table = threshold_table.table(lookup, points=[exact, 0.5], prevalence=prevalence, films_a_day=80)

    assert len(table["threshold"]) == 1002  # 0.5 stands on the grid
    share = lookup.prevalence if prevalence is None else prevalence
    for threshold in (0.0, 0.25, exact, 0.999):
        row = table["threshold"].index(threshold)
        counts = lookup.at(threshold)
        assert [table[name][row] for name in counts._fields] == [int(count) for count in counts]
        assert table["called"][row] == int((lookup.films.probabilities >= threshold).sum())
        found = measures(at_prevalence(counts, share))
        for name in ("sensitivity", "specificity", "ppv", "npv", "f1", "mcc"):
            expected = float(found[name])
            assert table["values"][name][row] == (None if np.isnan(expected) else pytest.approx(expected))
        assert table["alerts"][row] == pytest.approx(80 * float(found["alerts"]))
        benefit = decision_curve.net_benefit(
            lookup.films.labels, lookup.films.probabilities, np.array([threshold]), prevalence=prevalence
        )
        assert (table["net_benefit"][row], table["all_positive"][row]) == pytest.approx([one[0] for one in benefit])
        assert table["sentence"][row] == natural.sentence(
            films=80,
            prevalence=share,
            sensitivity=float(found["sensitivity"]),
            specificity=float(found["specificity"]),
        )
        limits = lookup.limits(np.array([threshold]), prevalence=prevalence)
        for name, own in limits.items():
            low = table["limits"][name]["low"][row]
            assert low == (None if np.isnan(own.low[0]) else pytest.approx(own.low[0]))


def test_what_is_not_there_has_a_reason_and_all_fits_into_json(lookup):
    table = threshold_table.table(lookup, points=[1.2], prevalence=0.05, films_a_day=100)

    json.dumps(table, allow_nan=False)
    first, last = 0, len(table["threshold"]) - 1
    assert (table["values"]["npv"][first], table["reasons"]["npv"][first]) == (None, "no film below the cut")
    assert (table["values"]["ppv"][last], table["reasons"]["ppv"][last]) == (None, "no film at or above the cut")
    assert (table["values"]["mcc"][first], table["reasons"]["mcc"][first]) == (None, "every film is called alike")
    assert table["net_benefit"][last] is None
    for name, own in table["values"].items():
        assert all((value is not None) or reason for value, reason in zip(own, table["reasons"][name], strict=True))
    highest = float(lookup.films.probabilities[lookup.films.labels == 0].max())
    row = table["threshold"].index(min(value for value in table["threshold"] if value > highest))
    if table["true_positive"][row]:
        assert table["values"]["ppv"][row] == 1
        assert table["limits"]["ppv"]["low"][row] is None
        assert "count of 0" in table["reasons"]["ppv"][row]


def test_the_light_curves_are_the_thinned_ones(lookup):
    films = lookup.films

    roc, precision_recall = threshold_table.light_curves(films, prevalence=lookup.prevalence)

    expected = curves.thinned(curves.roc(films.labels, films.probabilities))
    assert np.array_equal(roc.x, expected.x)
    exact = curves.precision_recall(films.labels, films.probabilities)
    at = np.searchsorted(-exact.thresholds, -precision_recall.thresholds)
    assert precision_recall.y == pytest.approx(exact.y[at])
    assert len(roc.x) <= curves.SCREEN_POINTS


def test_at_another_prevalence_the_precision_recall_curve_is_bayes(lookup):
    roc, _ = threshold_table.light_curves(lookup.films, prevalence=0.5)
    _, rare = threshold_table.light_curves(lookup.films, prevalence=0.01)

    assert rare.y[-1] == pytest.approx(0.01)
    assert rare.x[-1] == roc.y[-1] == 1
