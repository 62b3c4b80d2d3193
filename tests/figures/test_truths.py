from __future__ import annotations

from core.figures.truths import NAMES, truths
from tests.figures.reports import measured, words


def test_every_source_is_a_row_on_all_its_films_and_on_the_common_ones():
    one = measured()

    figure = truths([one], caption="the stamp")

    found = one.report.truths
    assert len(figure.layout.yaxis.ticktext) == len(found)
    for tick, truth in zip(figure.layout.yaxis.ticktext, found, strict=True):
        assert tick.startswith(
            f"<b>{truth.truth}</b>, {'films that all speak of' if truth.common else 'all its films'}"
        )
    drawn = {(trace.xaxis, trace.y[0]): trace.x[0] for trace in figure.data}
    for row, truth in enumerate(found):
        for number, name in enumerate(NAMES, start=1):
            assert drawn[f"x{'' if number == 1 else number}", row] == truth.metrics[name].value
    assert "the stamp" in words(figure)


def test_one_source_alone_is_a_sentence():
    assert "One source of labels only" in words(truths([measured(truths=False)]))
