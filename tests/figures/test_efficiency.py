from __future__ import annotations

import math

from core.figures.efficiency import Cost, efficiency
from tests.figures.reports import measured, words

CARD = {
    "parameters": 11_000_000,
    "training_s": 90.0,
    "efficiency": {"gflops": 0.3, "images_per_s": 410.0, "wall_s": 90.0},
}


def test_the_costs_are_those_of_the_card():
    assert Cost.of_card(CARD) == Cost(parameters=11e6, gflops=0.3, training_minutes=1.5, images_per_s=410.0)


def test_an_ensemble_has_no_speed_of_its_own_and_no_dot_there():
    alone = Cost.of_card(CARD | {"efficiency": {"gflops": 0.9, "images_per_s": None}})

    figure = efficiency([measured("ensemble"), measured("vit", seed=1)], [alone, Cost.of_card(CARD)])

    assert len(figure.data) == 7
    assert sum(trace.xaxis == "x4" for trace in figure.data) == 1


def test_dots_stand_at_their_auroc_with_whiskers_on_logarithmic_axes():
    one = measured()

    figure = efficiency([one], [Cost.of_card(CARD)], caption="the stamp")

    auroc = one.report.metrics["auroc"]
    for trace in figure.data:
        assert trace.y[0] == auroc.value
        assert math.isclose(trace.y[0] + trace.error_y.array[0], auroc.high)
    assert [figure.layout[axis].type for axis in ("xaxis", "xaxis2", "xaxis3", "xaxis4")] == ["log"] * 4
    low, high = figure.layout.xaxis.range
    assert low < math.log10(11e6) < high
    assert "the stamp" in words(figure)


def test_a_table_made_elsewhere_has_no_costs():
    assert "none of these was trained here" in words(efficiency([measured()], [None]))
    assert len(efficiency([measured(), measured("vit", seed=1)], [None, Cost(parameters=1e6)]).data) == 1
