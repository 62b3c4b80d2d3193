from __future__ import annotations

import pytest

from core.evaluation.report import Measure
from core.figures import dose_response
from tests.pages import translated


@pytest.mark.parametrize("name", list(dose_response.MEASURES))
def test_a_dose_is_a_dot_with_its_interval_and_the_control_arm_stands_apart(name):
    report = translated.dose()

    figure = dose_response.curve(report, name)

    dots = [trace for trace in figure.data if trace.mode == "markers" and trace.error_y.array]
    assert [dot.y[0] for dot in dots] == [getattr(dose, name).value for dose in report.doses]
    places = [dot.x[0] for dot in dots]
    assert places == [0, 0.5, 1, 1 + dose_response.APART]  # the doses at their true distances, the control beyond
    assert list(figure.layout.xaxis.ticktext[:3]) == ["0", "50", "100"]
    assert dots[-1].marker.symbol != dots[0].marker.symbol
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert len(lines[0].x) == 3  # the control arm is not joined to the doses
    assert "(control)" in figure.layout.xaxis.ticktext[-1]


def test_seeds_are_dots_of_the_auroc():
    figure = dose_response.curve(translated.dose(), "auroc")

    (seeds,) = (trace for trace in figure.data if trace.name == "each seed")
    assert sorted(seeds.y) == pytest.approx(sorted(2 * [0.79, 0.81] + [0.8, 0.82, 0.78, 0.8]))


def test_no_measure_at_all_gives_its_reason():
    report = translated.dose()
    nothing = Measure(value=None, reason="test holds one class only")
    doses = [dose.model_copy(update={"auroc": nothing}) for dose in report.doses]

    figure = dose_response.curve(report.model_copy(update={"doses": doses}), "auroc")

    assert "test holds one class only" in figure.layout.annotations[0].text


def test_the_table_says_the_difference_of_every_dose_but_none():
    table = dose_response.table(translated.dose())

    assert table["Dose"] == ["0 %", "50 %", "100 %", "100 %, both classes (control)"]
    assert table["Against none"][0] == ""
    assert table["Against none"][1] == "+0.010 (-0.040 to +0.060)"
    assert table["p (Holm)"] == ["", "0.400", "0.400", "0.400"]


def test_it_says_whose_films_and_that_only_the_head_learnt():
    words = dose_response.whose(translated.dose(), title="Simple CNN")

    assert words.startswith("Simple CNN, 64 px, only the head learnt, 2 seeds a dose")
    assert "80 films of 40 patients, 12 positive, of test of films/patient by report (phantoms)" in words


def test_kinds_that_were_not_measured_are_not_named_and_a_mixture_speaks_of_neither():
    alone = dose_response.whose(translated.dose(kinds={"phantom": 80, "real": 0}), title="CNN")
    mixed = dose_response.whose(translated.dose(kinds={"phantom": 40, "real": 40}), title="CNN")

    assert alone.endswith("(phantoms).")
    assert mixed.endswith(
        "(phantoms and real films). Phantoms and real films stand together here, so the numbers speak of neither."
    )


def test_a_control_arm_is_told_where_there_is_one():
    report = translated.dose()

    assert dose_response.has_control(report)
    assert not dose_response.has_control(report.model_copy(update={"doses": report.doses[:-1]}))
