from __future__ import annotations

import numpy as np
import pytest

from core.figures.spread import spread
from tests.figures.reports import films, measured, words


def test_positives_go_up_negatives_down_and_wrong_calls_are_hatched():
    own = films()
    figure = spread([measured()], caption="the stamp")

    for sign, label in ((1, 1), (-1, 0)):
        values = own.loc[own["label"] == label, "probability"].to_numpy()
        bars = [bar for bar in figure.data if np.sign(np.sum(bar.y)) == sign]
        total = np.sum([bar.customdata for bar in bars], axis=0)
        assert total.tolist() == np.histogram(values, np.linspace(0, 1, 21))[0].tolist()
        assert sum(abs(np.sum(bar.y)) for bar in bars) == pytest.approx(1)
        wrong = [bar for bar in bars if bar.marker.pattern.shape == "/"]
        missed = (values < 0.5) if label else (values >= 0.5)
        assert sum(int(np.sum(bar.customdata)) for bar in wrong) == int(missed.sum())
    assert "the stamp" in words(figure)


def test_without_a_threshold_nothing_is_called_wrong():
    figure = spread([measured(threshold=None)])

    assert {bar.marker.pattern.shape for bar in figure.data} == {""}


def test_a_report_from_before_says_so():
    one = measured()
    older = type(one)(name="CNN", model="cnn", report=one.report.model_copy(update={"spread": []}))

    assert "evaluate again" in words(spread([older]))


def test_a_share_is_never_written_as_negative():
    figure = spread([measured()])

    assert min(figure.layout.yaxis.tickvals) < 0
    assert not any("-" in text or "−" in text for text in figure.layout.yaxis.ticktext)
    tallest = max(float(np.sum([bar.y for bar in figure.data if np.sum(bar.y) > 0], axis=0).max()), 0)
    assert tallest <= max(figure.layout.yaxis.tickvals)
