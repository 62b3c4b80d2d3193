from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from core.evaluation.evaluate import evaluate
from core.evaluation.report import Measure, Threshold
from core.figures import curves, metrics
from core.figures.curves import Measured
from core.figures.style import stamp_of

CUT = Threshold(
    value=0.5, rule="youden", checkpoint_id="c", dataset="demo", split="p0", fold="tune", films=10, positive_films=5
)


def measured(model: str, *, seed: int = 0, threshold: Threshold | None = CUT, one_class: bool = False) -> Measured:
    rng = np.random.default_rng(seed)
    label = np.zeros(80, int) if one_class else rng.integers(0, 2, 80)
    images = [f"i{row}" for row in range(80)]
    predictions = pd.DataFrame(
        {
            "image_id": images,
            "patient_id": images,
            "label": label,
            "probability": np.clip(0.2 * label + 0.8 * rng.random(80), 0, 1),
        }
    )
    radiographs = pd.DataFrame({"image_id": images, "findings": "No Finding", "source": "phantom"})
    report = evaluate(
        predictions,
        radiographs=radiographs,
        threshold=threshold,
        checkpoint_id="c",
        dataset="demo",
        split="p0",
        part="test",
        draws=50,
    )
    return Measured(name=model.upper(), model=model, report=report)


def texts(figure) -> str:
    return " ".join(annotation.text for annotation in figure.layout.annotations)


def test_the_roc_is_square_with_every_curve_its_operating_point_and_its_auroc():
    both = [measured("cnn"), measured("vit", seed=1)]

    figure = curves.roc(both)

    assert figure.layout.yaxis.scaleanchor == "x"
    names = [trace.name for trace in figure.data if trace.name]
    assert names == ["CNN", "CNN, operating point", "VIT", "VIT, operating point"]
    point = next(trace for trace in figure.data if trace.name == "CNN, operating point")
    sensitivity, specificity = (both[0].report.metrics[name].value for name in ("sensitivity", "specificity"))
    assert (point.x[0], point.y[0]) == (1 - specificity, sensitivity)
    assert f"CNN  {both[0].report.metrics['auroc'].value:.3f}" in texts(figure)


def test_the_band_of_the_report_is_drawn_around_the_selected_curve_alone():
    both = [measured("cnn"), measured("vit", seed=1)]

    first, second = (curves.roc(both, selected=number) for number in (0, 1))

    for figure, one, colour in (
        (first, both[0], "rgba(0, 114, 178, 0.18)"),
        (second, both[1], "rgba(230, 159, 0, 0.18)"),
    ):
        (band,) = [trace for trace in figure.data if trace.fill == "toself"]
        limits = one.report.roc_limits
        assert band.fillcolor == colour
        assert list(band.y) == [*limits.low, *reversed(limits.high)]


@dataclass(frozen=True)
class Reader:
    """As `core.review.reader_points` counts one."""

    reader: str
    sensitivity: Measure
    specificity: Measure


def test_readers_are_hollow_diamonds_with_intervals_on_both_axes():
    reader = Reader("Ada <i>", Measure(value=0.8, low=0.6, high=0.9), Measure(value=0.7, low=0.65, high=0.85))
    blind = Reader("Bob", Measure(value=None, reason="no positive film"), Measure(value=0.7))

    figure = curves.roc([measured("cnn")], readers=[reader, blind])

    (point,) = [trace for trace in figure.data if trace.marker.symbol == "diamond-open"]
    assert (point.x[0], point.y[0]) == (pytest.approx(0.3), 0.8)
    assert point.x[0] - point.error_x.arrayminus[0] == pytest.approx(1 - 0.85)
    assert point.x[0] + point.error_x.array[0] == pytest.approx(1 - 0.65)
    assert point.y[0] + point.error_y.array[0] == pytest.approx(0.9)
    assert "Ada &lt;i&gt;" in texts(figure)
    assert "Bob" not in texts(figure)


def test_precision_recall_has_the_prevalence_as_its_line_of_chance():
    one = measured("cnn")

    figure = curves.precision_recall([one])

    assert figure.layout.shapes[0].y0 == one.report.metrics["prevalence"].value
    assert f"CNN  {one.report.metrics['average_precision'].value:.3f}" in texts(figure)


@pytest.mark.parametrize("draw", [curves.roc, curves.precision_recall])
def test_one_class_says_so_and_leaves_the_others_their_curves(draw):
    empty = measured("cnn", one_class=True)

    assert texts(draw([empty])) == "No curve: the part holds one class only."
    assert "VIT" in [trace.name for trace in draw([empty, measured("vit", threshold=None)]).data]


def test_dots_stand_a_row_a_checkpoint_with_whiskers_and_figures():
    both = [measured("cnn"), measured("vit", seed=1)]

    figure = metrics.dots(both, names=("auroc", "brier"))

    assert len(figure.data) == 4
    dot, measure = figure.data[0], both[0].report.metrics["auroc"]
    assert dot.x[0] + dot.error_x.array[0] == pytest.approx(measure.high)
    assert dot.x[0] - dot.error_x.arrayminus[0] == pytest.approx(measure.low)
    assert f"<b>{measure.value:.3f}</b>  {measure.low:.3f} to {measure.high:.3f}" in texts(figure)
    assert list(figure.layout.yaxis.ticktext) == ["CNN", "VIT"]


def test_a_measure_that_does_not_exist_is_a_reason_and_no_dot():
    figure = metrics.dots([measured("cnn", one_class=True)], names=("auroc",))

    assert len(figure.data) == 0
    assert "no positive film" in texts(figure)


def test_the_stamp_says_phantoms_data_set_part_counts_and_version():
    one = measured("cnn")
    caption = stamp_of(one.report)

    for figure in (curves.roc([one], caption=caption), metrics.dots([one], caption=caption)):
        assert figure.layout.annotations[-1].text == caption
    assert caption.startswith("<b>PHANTOMS</b> · demo, test · 80 films, 80 patients, ")


def test_a_figure_for_a_file_brings_its_colours_and_one_for_a_page_does_not():
    one = measured("ensemble")

    page, file = curves.roc([one], theme="dark"), curves.roc([one], theme="dark", for_file=True)

    assert (page.layout.paper_bgcolor, page.layout.font.color) == ("rgba(0,0,0,0)", None)
    assert (file.layout.paper_bgcolor, file.layout.font.color) == ("#101214", "#D7DADE")


def test_further_columns_are_words_and_many_measures_take_several_bands():
    both = [measured("cnn"), measured("vit", seed=1)]

    page = metrics.dots(both, besides={"Parameters": ["11.2 M", "5.7 M"]})
    file = metrics.dots(both, names=metrics.MANY, theme="light", for_file=True)

    assert "<b>Parameters</b>" in texts(page)
    assert "5.7 M" in texts(page)
    assert len({trace.yaxis for trace in file.data}) == 12
    assert file.layout.xaxis.domain == file.layout.xaxis5.domain
    assert file.layout.yaxis5.domain[1] < file.layout.yaxis.domain[0]


def test_a_measure_that_an_older_report_lacks_is_said_to_be_so():
    one = measured("cnn")
    older = Measured(
        name="CNN",
        model="cnn",
        report=one.report.model_copy(update={"metrics": {"auroc": one.report.metrics["auroc"]}}),
    )

    figure = metrics.dots([older], names=("auroc", "mcc"))

    assert "older version" in texts(figure).replace("<br>", " ")
