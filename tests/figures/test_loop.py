"""The gain curve and what is said of it."""

from __future__ import annotations

import pytest

from core.evaluation.loop_report import NONE, RANDOM, UNSURE, LoopReport
from core.evaluation.report import Measure
from core.figures import loop as figures
from core.figures.palette import FIRST, SECOND
from tests.evaluation.looped import of_reads, simulated


def lines(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_each_way_to_choose_films_is_a_line_from_no_reads_on_with_a_band_and_its_seeds():
    figure = figures.curve(simulated(), caption="stamp")

    found = lines(figure)
    assert list(found) == ["Unsure films first", "Films at random"]
    for name, style in (("Unsure films first", FIRST), ("Films at random", SECOND)):
        line = found[name]
        assert list(line.x) == [0, 50, 200]
        assert (line.line.color, line.line.dash, line.marker.symbol) == (style.colour, style.dash, style.marker)
    assert list(found["Films at random"].y) == pytest.approx([0.7, 0.71, 0.74])
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert [len(band.x) for band in bands] == [6, 6]
    seeds = [trace for trace in figure.data if trace.mode == "markers"]
    assert [len(trace.x) for trace in seeds] == [4, 4]
    assert figure.layout.xaxis.title.text == "Films read by the simulated reader"
    assert figure.layout.yaxis.title.text == "AUROC (higher is better)"
    assert "stamp" in {annotation.text for annotation in figure.layout.annotations}


def test_a_report_of_real_reads_has_no_curve_to_share_an_axis_with():
    figure = figures.curve(of_reads())

    assert not figure.data
    assert "before and after" in figure.layout.annotations[0].text


def test_what_could_not_be_measured_is_said_in_the_place_of_the_curve():
    report = simulated()
    nothing = Measure(value=None, reason="no <positive> film")
    arms = [arm.model_copy(update={"auroc": nothing}) for arm in report.simulated.arms]
    report = report.model_copy(update={"simulated": report.simulated.model_copy(update={"arms": arms})})

    assert figures.curve(report).layout.annotations[0].text == "no &lt;positive&gt; film"


@pytest.mark.parametrize(
    ("slope", "against", "told"),
    [
        (0.0, 0.0, "No evidence that reads help in this setting."),
        (0.03, 0.0, "Reads help in this setting, and no evidence that it matters which films are read."),
        (0.03, 0.02, "Reads help in this setting, and it matters which films are read."),
        (-0.03, 0.0, "Reads harm in this setting, and no evidence that it matters which films are read."),
    ],
)
def test_the_caption_says_what_to_conclude(slope, against, told):
    assert figures.conclusion(simulated(slope=slope, against=against)).startswith(told)


def test_one_training_before_and_after_concludes_nothing_of_further_reads():
    assert "One training before and one after" in figures.conclusion(of_reads())


def test_the_table_has_a_row_an_arm_and_the_gains_for_100_reads():
    table = figures.table(simulated())

    assert {len(column) for column in table.values()} == {7}
    assert table["Films read"] == ["0", "50", "200", "50", "200", "for 100", "for 100"]
    assert table["Chosen"] == ["", UNSURE, UNSURE, RANDOM, RANDOM, UNSURE, RANDOM]
    assert table["Against no reads"][0] == ""
    assert table["Against random"][1].startswith("+0.015")
    assert table["Against random"][3] == ""


def test_the_table_of_real_reads_stands_before_beside_after():
    table = figures.table(of_reads())

    assert table["Measure"] == ["AUROC", "AUROC by the reads of 7 films of test"]
    assert table["After less before"][0].startswith("+0.030")
    assert figures.table(of_reads(by_reads=False))["Measure"] == ["AUROC"]


def test_whose_films_and_how_learnt_is_said():
    assert figures.whose(simulated(), title="Simple CNN") == (
        "Simple CNN, 64 px, heads on the features of the network that began, 2 seeds an arm, a reader who errs on 5 %, "
        "measured on 200 films of 120 patients, 80 positive, of test of made/patient by phantom (phantoms)."
    )
    mixed = LoopReport(**of_reads().model_dump() | {"kinds": {"phantom": 1, "real": 1}})
    assert "stand together" in figures.whose(mixed, title="Simple CNN")
    assert figures.stamp_of(simulated()).startswith("<b>PHANTOMS</b> · made/patient, test")


def test_the_first_arm_belongs_to_both_ways():
    report = simulated()

    assert [arm.strategy for arm in report.simulated.arms].count(NONE) == 1
    assert (
        lines(figures.curve(report))["Films at random"].y[0] == lines(figures.curve(report))["Unsure films first"].y[0]
    )
