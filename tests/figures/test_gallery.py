"""All figures of a question at once, with their stamps and conclusions; also where hardly anything is known."""

from __future__ import annotations

import pandas as pd
import pytest

from core.evaluation.comparison import align, compare
from core.figures import conclusions, gallery
from core.figures.curves import Measured
from core.figures.efficiency import Cost
from core.figures.style import stamp_of
from core.figures.training import Run
from tests.figures.reports import films, measured, words

ALWAYS = [
    *("summary", "roc", "precision-recall", "calibration", "metrics", "confusion", "threshold-analysis"),
    *("probabilities", "decision-curve", "subgroups", "truths", "efficiency"),
]


def compared(both: list[Measured], seeds: tuple[int, ...]):
    tables = {one.report.checkpoint_id: films(seed=seed) for one, seed in zip(both, seeds, strict=True)}
    aligned = align(tables, films(), labels=None)
    names = {one.report.checkpoint_id: one.name for one in both}
    thresholds = dict.fromkeys(names, 0.5)
    return compare(aligned, names=names, thresholds=thresholds, dataset="demo", split="p0", part="test", draws=50)


def test_two_checkpoints_have_every_figure_each_with_its_stamp_and_a_conclusion():
    both = [measured(), measured("vit", seed=1)]
    history = pd.DataFrame({"epoch": [1, 2], "tune_loss": [0.5, 0.4], "tune_auroc": [0.7, 0.8]})

    shown = gallery.gallery(
        both,
        [Cost(parameters=1e6), Cost(parameters=2e6)],
        comparison=compared(both, (0, 1)),
        runs=[Run(name="CNN", model="cnn", history=history)],
    )

    names = [one.name for one in shown]
    assert set(names) == {*ALWAYS, "differences", "shortcut", "training-loss", "training-auroc"}
    assert names[0] == "summary"
    assert len(names) == len(set(names))
    for one in shown:
        assert stamp_of(both[0].report) in words(one.figure), one.name
        assert one.figure.layout.paper_bgcolor == "#FFFFFF"
        assert one.conclusion.endswith(".")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_where_nothing_can_be_measured_every_figure_says_so_with_its_stamp(theme):
    one = measured(one_class=True, threshold=None, truths=False)

    shown = gallery.gallery([one], [None], theme=theme)

    assert [name.name for name in shown] == ALWAYS
    for name in shown:
        assert stamp_of(one.report) in words(name.figure), name.name
        assert name.conclusion


def test_the_verdicts_are_those_on_the_auroc():
    both = [measured(), measured("vit", seed=1)]
    comparison = compared(both, (0, 1))

    (verdict,) = gallery.verdicts_of(comparison, both)

    assert verdict == f"{comparison.verdicts[0]}."
    assert "AUROC" in gallery.verdicts_of(None, both)[1]


def test_the_title_says_what_was_asked():
    assert gallery.title_of([measured()]) == "CNN, 64 px on test of demo/p0: pneumothorax against all others"
    assert "tune (val)" in gallery.title_of([measured(part="val")])
    assert "tune (val)" in stamp_of(measured(part="val").report)


def test_conclusions_speak_of_the_numbers_shown():
    both = [measured(), measured("vit", seed=1, threshold=0.3)]
    found = both[0].report.confusion

    assert f"finds {found.true_positive} of {found.true_positive + found.false_negative} films" in (
        conclusions.of_confusion(both)
    )
    assert "CNN, 64 px at 0.500, VIT, 64 px at 0.300" in conclusions.of_thresholds(both)
    assert "never from this figure of test" in conclusions.of_thresholds(both)
    assert "never" not in conclusions.of_thresholds([measured(part="val")])
    assert f"{found.false_negative} missed below 0.500" in conclusions.of_spread(both)
    assert "0 of 1 pairs differ" in conclusions.of_differences(
        compared([measured(), measured("vit")], (0, 0)).differences
    )
    costs = [Cost(parameters=1e6), Cost(parameters=4e6)]
    best = max(both, key=lambda one: one.report.metrics["auroc"].value)
    assert best.name in conclusions.of_efficiency(both, costs)
    assert "against phantom" in conclusions.of_truths(both)
