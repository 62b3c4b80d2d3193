"""The figures of what a model is unsure of: what they draw, and what they say where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.reliability import reliability
from core.figures import uncertainty, zones
from core.triage import policy

RANDOM = np.random.default_rng(0)
COUNT = 120
PROBABILITIES = RANDOM.random(COUNT)
LABELS = (RANDOM.random(COUNT) < PROBABILITIES).astype(float)
SPREAD = 0.3 * RANDOM.random(COUNT)
PATIENTS = np.arange(COUNT) // 2


def words(figure) -> str:
    return " ".join(str(one.text) for one in figure.layout.annotations)


def test_both_groups_are_drawn_as_shares_and_told_apart_by_their_lines():
    groups = {"wrong": LABELS == 1, "right": LABELS == 0}

    figure = uncertainty.spread_by(SPREAD, groups, title="By correctness", x_title="Spread")

    assert [trace.name for trace in figure.data] == [
        f"wrong ({int(LABELS.sum())})",
        f"right ({int(COUNT - LABELS.sum())})",
    ]
    assert len({trace.line.dash for trace in figure.data}) == 2
    for trace in figure.data:
        assert sum(trace.y[::2]) == pytest.approx(1)


def test_without_a_spread_the_figure_says_so():
    nothing = np.full(COUNT, np.nan)

    for figure in (
        uncertainty.spread_by(nothing, {"a": LABELS == 1, "b": LABELS == 0}, title="T", x_title="X"),
        uncertainty.density(nothing, nothing, cut=0.4),
    ):
        assert "predicted without passes" in words(figure)


def test_the_density_counts_every_film_and_does_not_cut_the_axis():
    figure = uncertainty.density(PROBABILITIES, SPREAD, cut=0.4)

    assert np.nansum(figure.data[0].z) == COUNT
    assert figure.data[0].y[-1] == pytest.approx(SPREAD.max())


def test_right_calls_are_those_at_the_cut_in_force():
    figure = uncertainty.right_by_confidence(PROBABILITIES, LABELS, PATIENTS, cut=0.3)

    films = figure.data[1].customdata
    right = (PROBABILITIES >= 0.3) == (LABELS == 1)
    assert films.sum() == COUNT
    assert (films * figure.data[1].y).sum() == pytest.approx(right.sum())


def test_reliability_has_a_line_before_and_one_after():
    found = reliability(PROBABILITIES, LABELS, PATIENTS)

    figure = uncertainty.reliability(found, found)

    assert [trace.name for trace in figure.data[1:]] == ["after", "before"]
    assert "No labelled films" in words(uncertainty.reliability(None, None))


def test_the_workload_curve_says_when_nothing_can_be_missed():
    values = RANDOM.random(COUNT)
    curve = policy.curve(PROBABILITIES, values, LABELS, PATIENTS, cut=0.5)
    none = policy.curve(PROBABILITIES, values, np.zeros(COUNT), PATIENTS, cut=0.5)

    figure = zones.workload(curve, chosen=0.7)

    assert list(figure.data[1].x) == curve["read_share"].tolist()
    assert "nothing can be missed" in words(zones.workload(none, chosen=0.7))


def test_the_passes_of_a_film_are_all_counted():
    figure = uncertainty.passes(PROBABILITIES[:30], cut=0.4)

    assert len(figure.data[0].x) == 30
    assert "30 passes" in figure.layout.title.text


def test_no_wrong_call_is_said():
    assert "No wrong calls" in words(zones.risk_coverage([]))
