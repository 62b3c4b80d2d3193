from __future__ import annotations

from core.evaluation.report import Measure
from core.figures.readers import AFTER, BEFORE, Row, kappas

NONE = Measure(value=None, reason="all answers are one and the same")


def test_each_pair_has_a_row_and_each_stage_a_marker_of_its_own():
    rows = [
        Row(name="Ada, Grace", before=Measure(value=0.7, low=0.5, high=0.8), after=Measure(value=0.9, low=0.8, high=1)),
        Row(name="Ada, Alan", before=Measure(value=0.2, low=-0.6, high=0.5), after=NONE),
    ]

    figure = kappas(rows, title="Kappa", caption="<b>PHANTOMS</b>")

    before, after = figure.data
    assert (before.name, after.name) == (BEFORE, AFTER)
    assert list(before.x) == [0.7, 0.2]
    assert list(after.x) == [0.9]
    assert before.marker.symbol != after.marker.symbol  # not told apart by colour alone
    assert before.y[0] < after.y[0] < before.y[1]
    assert list(figure.layout.yaxis.ticktext) == ["Ada, Grace", "Ada, Alan"]
    assert figure.layout.xaxis.range[0] < -0.6  # no whisker is cut off
    assert before.error_x.arrayminus[1] == 0.8
    assert "0.70 (0.50 to 0.80)" in before.text[0]
    assert "PHANTOMS" in figure.layout.annotations[0].text


def test_a_kappa_without_an_interval_has_no_whisker_and_says_why():
    reason = "no interval: fewer than 5 patients"

    (before,) = kappas([Row(name="a, b", before=Measure(value=0.7, reason=reason), after=NONE)], title="Kappa").data

    assert before.error_x.array == (None,)
    assert before.text == (f"a, b<br>0.70, {reason}",)


def test_nothing_known_draws_the_names_only():
    figure = kappas([Row(name="a, b", before=NONE, after=NONE)], title="Kappa")

    assert not figure.data[0].x
    assert list(figure.layout.yaxis.ticktext) == ["a, b"]


def test_a_figure_for_a_file_takes_the_themes_colours():
    assert (
        kappas([Row(name="a, b", before=NONE, after=NONE)], title="Kappa", theme="dark").layout.paper_bgcolor
        == "#101214"
    )
