from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.report import NetBenefit
from core.figures.decision import decision_curve, gaining
from tests.figures.reports import measured, words


def test_the_curves_are_those_of_the_report_with_all_and_none_beside_them():
    one = measured()

    figure = decision_curve([one, measured("vit", seed=1)], caption="the stamp")

    every, model = figure.data[:2]
    assert list(every.y) == one.report.net_benefit.all_positive
    assert list(model.y) == one.report.net_benefit.model
    assert figure.layout.shapes[0].y0 == 0
    assert {"all called positive", "none", "the stamp"} <= {note.text for note in figure.layout.annotations}
    assert figure.layout.yaxis.range[1] > max(model.y)


def test_one_class_is_a_sentence():
    assert "one class only" in words(decision_curve([measured(one_class=True)]))


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=12))
def test_the_longest_run_of_gain_is_found(pairs):
    thresholds = [number / 20 for number in range(len(pairs))]
    benefit = NetBenefit(
        prevalence=0.5, thresholds=thresholds, model=[own for own, _ in pairs], all_positive=[own for _, own in pairs]
    )
    gains = [own > max(every, 0) for own, every in pairs]
    runs = [
        (start, end) for start in range(len(gains)) for end in range(start, len(gains)) if all(gains[start : end + 1])
    ]

    found = gaining(benefit)

    if not runs:
        assert found is None
    else:
        longest = max(end - start for start, end in runs)
        start = next(start for start, end in runs if end - start == longest)
        assert found == (thresholds[start], thresholds[start + longest])
