"""The figures of what a model is unsure of: what they draw, and what they say where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.reliability import reliability, right_calls
from core.figures import composed, uncertainty, zones
from core.triage import policy

RANDOM = np.random.default_rng(0)
COUNT = 120
PROBABILITIES = RANDOM.random(COUNT)
LABELS = (RANDOM.random(COUNT) < PROBABILITIES).astype(float)
SPREAD = 0.3 * RANDOM.random(COUNT)
PATIENTS = np.arange(COUNT) // 2
STAMP = "<b>PHANTOMS</b> · made, test"


def words(figure) -> str:
    return " ".join(str(one.text) for one in figure.layout.annotations)


def every_figure(**look):
    curve = policy.curve(PROBABILITIES, SPREAD, LABELS, PATIENTS, cut=0.4)
    found = reliability(PROBABILITIES, LABELS, PATIENTS)
    groups = {"wrong": LABELS == 1, "right": LABELS == 0}
    return [
        uncertainty.spread_by(SPREAD, groups, title="Spread by correctness", x_title="Spread", **look),
        uncertainty.density(PROBABILITIES, SPREAD, cut=0.4, **look),
        uncertainty.right_calls(right_calls(PROBABILITIES, LABELS, PATIENTS, cut=0.4), **look),
        uncertainty.reliability(found, found, **look),
        uncertainty.passes(PROBABILITIES[:30], cut=0.4, **look),
        uncertainty.members({"One": 0.2, "Other": 0.7}, cut=0.4, **look),
        zones.risk_coverage([("One", np.arange(1, 11) / 10, np.linspace(0, 0.3, 10))], **look),
        zones.workload(curve, chosen=curve.iloc[3], **look),
    ]


def test_every_figure_carries_its_stamp_and_names_its_axes():
    for figure in every_figure(caption=STAMP, theme="dark"):
        assert STAMP in words(figure)
        assert figure.layout.xaxis.title.text
        assert figure.layout.paper_bgcolor == "#101214"


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
    assert figure.data[0].x[-1] == pytest.approx(SPREAD.max())  # the axis is not cut


def test_a_group_without_films_is_named_and_flat():
    groups = {"wrong": np.zeros(COUNT, bool), "right": np.ones(COUNT, bool)}

    figure = uncertainty.spread_by(SPREAD, groups, title="By correctness", x_title="Spread")

    assert figure.data[0].name == "wrong (0)"
    assert not any(figure.data[0].y)


def test_without_a_spread_the_figure_says_so():
    nothing = np.full(COUNT, np.nan)

    for figure in (
        uncertainty.spread_by(nothing, {"a": LABELS == 1, "b": LABELS == 0}, title="T", x_title="X"),
        uncertainty.density(nothing, nothing, cut=0.4),
    ):
        assert "predicted without passes" in words(figure)


@pytest.mark.parametrize("cut", [0.4, 0.999, 0.0])
def test_the_density_counts_every_film_over_the_datas_own_range(cut):
    mean = 0.3 + 0.2 * PROBABILITIES

    figure = uncertainty.density(mean, SPREAD, cut=cut)

    assert np.nansum(figure.data[0].z) == COUNT
    assert figure.data[0].y[-1] == pytest.approx(SPREAD.max())
    assert figure.data[0].x[0] == pytest.approx(min(mean.min(), cut))
    assert figure.data[0].x[-1] == pytest.approx(max(mean.max(), cut))


def test_a_density_of_one_film_without_spread_is_drawn():
    figure = uncertainty.density(np.array([0.4]), np.array([0.0]), cut=0.4)

    assert np.nansum(figure.data[0].z) == 1


def test_bins_show_their_counts_and_intervals():
    bins = right_calls(PROBABILITIES, LABELS, PATIENTS, cut=0.3)

    figure = uncertainty.right_calls(bins)

    line, counts = figure.data[1], figure.data[2]
    assert list(line.y) == [one.share.value for one in bins]
    assert [y + up for y, up in zip(line.y, line.error_y.array, strict=True)] == pytest.approx(
        [one.share.high for one in bins]
    )
    assert [int(text) for text in counts.text] == [one.films for one in bins]
    assert "No film here has a label" in words(uncertainty.right_calls([]))


def test_reliability_has_a_line_before_and_one_after():
    before = reliability(PROBABILITIES**2, LABELS, PATIENTS)
    after = reliability(PROBABILITIES, LABELS, PATIENTS)

    figure = uncertainty.reliability(before, after)

    drawn = {trace.name: trace for trace in figure.data if trace.name}
    assert list(drawn["before"].x) == [one.probability for one in before.bins]
    assert list(drawn["after"].x) == [one.probability for one in after.bins]
    assert drawn["before"].marker.symbol != drawn["after"].marker.symbol
    assert "No film here has a label" in words(uncertainty.reliability(None, None))


def test_the_workload_curve_marks_the_chosen_point_and_says_when_nothing_can_be_missed():
    values = RANDOM.random(COUNT)
    curve = policy.curve(PROBABILITIES, values, LABELS, PATIENTS, cut=0.5)
    none = policy.curve(PROBABILITIES, values, np.zeros(COUNT), PATIENTS, cut=0.5)

    figure = zones.workload(curve, chosen=curve.iloc[5])

    assert list(figure.data[1].x) == curve["read_share"].tolist()
    assert (figure.data[2].x[0], figure.data[2].y[0]) == tuple(curve.loc[5, ["read_share", "missed_share"]])
    assert "nothing can be missed" in words(zones.workload(none, chosen=none.iloc[0]))


def test_the_passes_of_a_film_are_all_counted_even_those_at_an_end():
    probabilities = np.array([0.0, 0.5, 1.0])

    figure = uncertainty.passes(probabilities, cut=0.4)

    bins = figure.data[0].xbins
    assert list(figure.data[0].x) == probabilities.tolist()
    assert bins.start <= 0
    assert bins.end > 1
    assert "3 passes" in figure.layout.title.text


def test_each_member_has_a_row_with_its_name_and_probability():
    figure = uncertainty.members({"CNN, weight 0.40": 0.25, "ViT, weight 0.60": 0.75}, cut=0.4)

    assert list(figure.data[0].x) == [0.25, 0.75]
    assert "CNN, weight 0.40: <b>0.25</b>" in words(figure)


def test_a_long_curve_is_thinned_and_keeps_both_ends():
    coverage = np.arange(1, 50_001) / 50_000

    figure = zones.risk_coverage([("One", coverage, coverage / 4)])

    assert len(figure.data[0].x) <= 400
    assert (figure.data[0].x[0], figure.data[0].x[-1]) == (coverage[0], 1)
    assert "nothing to tell apart" in words(zones.risk_coverage([]))


def test_a_page_of_four_keeps_every_series_title_and_axis():
    four = every_figure()[:4]

    page = composed.four(four, title="What the model is unsure of", caption=STAMP)

    assert len(page.data) == sum(len(figure.data) for figure in four)
    for figure in four:
        assert f"<b>{figure.layout.title.text}</b>" in words(page)
    assert {page.layout[f"xaxis{number}"].title.text for number in ("", 2, 3, 4)} == {
        figure.layout.xaxis.title.text for figure in four
    }
    assert words(page).count(STAMP) == 1
    assert [shape.xref for shape in page.layout.shapes] == ["x2"]  # the cut stays in its own chart


def test_a_page_of_four_shows_an_empty_chart_as_a_sentence():
    nothing = np.full(COUNT, np.nan)
    four = [uncertainty.density(nothing, nothing, cut=0.4), *every_figure()[:3]]

    page = composed.four(four, title="Page", caption=STAMP)

    sentence = next(one for one in page.layout.annotations if "without passes" in one.text)
    assert (sentence.xref, sentence.yref) == ("paper", "paper")
    assert sentence.x == sum(page.layout.xaxis.domain) / 2  # the middle of its box
    assert sentence.y == sum(page.layout.yaxis.domain) / 2
    assert page.layout.xaxis.visible is False


def test_a_page_of_a_case_holds_its_film_and_what_cannot_break_out_of_its_text():
    page = composed.case(
        b"png", title="<b>Case", sentences=["<script>", "probability 0.40"], spread=every_figure()[4], caption=STAMP
    )

    assert page.layout.images[0].source.startswith("data:image/png;base64,")
    assert page.layout.title.text == "&lt;b&gt;Case"
    assert "&lt;script&gt;<br>probability 0.40" in words(page)
    assert STAMP in words(page)
    assert "No image file" in words(composed.case(None, title="Case", sentences=[], spread=None, caption=STAMP))
