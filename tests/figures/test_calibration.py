from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.reliability import binned
from core.figures import calibration
from tests.figures.reports import measured, words


def test_each_bin_of_the_report_is_a_point_with_its_interval():
    one = measured()

    figure = calibration.calibration([one], caption="the stamp")

    series = next(trace for trace in figure.data if trace.name == one.name)
    bins = one.report.calibration
    assert list(series.y) == [part.share for part in bins]
    assert list(series.x) == [part.probability for part in bins]
    np.testing.assert_allclose(np.add(series.y, series.error_y.array), [part.high for part in bins])
    np.testing.assert_allclose(np.subtract(series.y, series.error_y.arrayminus), [part.low for part in bins])
    assert f"{one.name}  {one.report.metrics['ece'].value:.3f}" in words(figure)
    assert words(figure).endswith("the stamp")


def test_the_line_of_truth_is_the_diagonal():
    line = calibration.calibration([measured()]).data[0]

    assert (list(line.x), list(line.y)) == ([0, 1], [0, 1])


def test_several_checkpoints_stand_beside_each_other_in_a_bin():
    both = [measured(), measured("vit", seed=1)]

    first, second = (
        next(trace for trace in calibration.calibration(both).data if trace.name == one.name) for one in both
    )

    assert first.x[0] - both[0].report.calibration[0].probability == pytest.approx(-calibration.APART / 2)
    assert second.x[0] - both[1].report.calibration[0].probability == pytest.approx(calibration.APART / 2)
    assert first.marker.symbol != second.marker.symbol


def test_bins_of_reliability_are_taken_as_they_are():
    rng = np.random.default_rng(0)
    probabilities = rng.random(60)
    bins = binned(probabilities, rng.random(60) < probabilities, np.arange(60))

    found = calibration.points(bins)

    assert [(one.films, one.share, one.low, one.high) for one in found] == [(one.films, *one.share) for one in bins]


def test_a_report_from_before_says_so():
    one = measured()
    older = type(one)(name="CNN", model="cnn", report=one.report.model_copy(update={"calibration": []}))

    assert "evaluate again" in words(calibration.calibration([older]))
