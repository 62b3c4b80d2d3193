from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluation.evaluate import evaluate
from core.evaluation.report import Threshold
from core.figures import curves, metrics
from core.figures.curves import Band, Measured
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
    point = figure.data[names.index("CNN, operating point") + 1]  # after the diagonal
    sensitivity, specificity = (both[0].report.metrics[name].value for name in ("sensitivity", "specificity"))
    assert (point.x[0], point.y[0]) == (1 - specificity, sensitivity)
    assert f"CNN  {both[0].report.metrics['auroc'].value:.3f}" in texts(figure)


def test_a_band_is_drawn_around_the_first_curve():
    grid = np.linspace(0, 1, 5)

    figure = curves.roc([measured("cnn")], band=Band(grid, grid, np.sqrt(grid)))

    band = next(trace for trace in figure.data if trace.fill == "toself")
    assert band.fillcolor == "rgba(0, 114, 178, 0.18)"


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
