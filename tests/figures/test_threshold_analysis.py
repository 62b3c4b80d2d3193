from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from core.figures.threshold_analysis import threshold_analysis
from tests.figures.reports import films, measured, words


def test_every_point_is_what_scikit_learn_counts_at_its_threshold():
    own = films()
    figure = threshold_analysis([measured()])
    lines = {trace.name: dict(zip(trace.x, trace.y, strict=True)) for trace in figure.data}

    for at in np.random.default_rng(0).choice(sorted(lines["PPV"]), 20):
        called = own["probability"] >= at
        assert lines["Sensitivity"][at] == pytest.approx(recall_score(own["label"], called))
        assert lines["Specificity"][at] == pytest.approx(recall_score(1 - own["label"], ~called))
        assert lines["PPV"][at] == pytest.approx(precision_score(own["label"], called))
        assert lines["F1"][at] == pytest.approx(f1_score(own["label"], called))


def test_between_two_points_the_step_is_that_of_the_upper_one():
    figure = threshold_analysis([measured()])

    assert {trace.line.shape for trace in figure.data} == {"vh"}
    assert all(np.all(np.diff(trace.x) > 0) for trace in figure.data)


def test_a_panel_a_checkpoint_each_with_its_operating_point_and_one_key():
    figure = threshold_analysis([measured(), measured("vit", seed=1, threshold=0.3)], caption="the stamp")

    assert sorted({shape.x0 for shape in figure.layout.shapes}) == [0.3, 0.5]
    assert [trace.name for trace in figure.data if trace.showlegend] == ["Sensitivity", "Specificity", "PPV", "F1"]
    assert "the stamp" in words(figure)


def test_one_class_is_a_sentence():
    assert "one class only" in words(threshold_analysis([measured(one_class=True)]))
