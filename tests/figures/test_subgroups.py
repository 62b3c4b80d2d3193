from __future__ import annotations

import pytest

from core.evaluation.report import Measure, Shortcut
from core.figures.curves import Measured
from core.figures.palette import QUIET
from core.figures.subgroups import forest, painted_over, shortcut
from tests.figures.reports import measured, words


def masked(one: Measured, **changes) -> Measured:
    found = Shortcut(
        with_drain=one.report.shortcut.with_drain,
        without_drain=one.report.shortcut.without_drain,
        masked_films=12,
        masked_patients=9,
        mean_change=Measure(value=-0.2, low=-0.3, high=-0.1),
        calls_lost=4,
    ).model_copy(update=changes)
    return Measured(name=one.name, model=one.model, report=one.report.model_copy(update={"shortcut": found}))


def test_every_subgroup_is_a_row_with_its_counts_and_three_measures():
    one = measured()

    figure = forest([one], caption="the stamp")

    groups = one.report.subgroups
    assert len(figure.layout.yaxis.ticktext) == len(groups)
    for tick, group in zip(figure.layout.yaxis.ticktext, groups, strict=True):
        assert tick.startswith(f"<b>{group.by}: {group.group}</b><br>{group.films} films, {group.positive_films} pos")
    sensitivities = [group.sensitivity.value for group in groups if group.sensitivity.value is not None]
    assert [trace.x[0] for trace in figure.data if trace.xaxis == "x2"] == sensitivities
    assert "the stamp" in words(figure)


def test_groups_that_say_little_are_grey_and_open():
    one = measured()

    figure = forest([one])

    few = {at for at, group in enumerate(one.report.subgroups) if group.warning}
    assert few
    for trace in figure.data:
        quiet = trace.y[0] in few
        assert (trace.marker.color == QUIET) == quiet
        assert trace.marker.symbol.endswith("-open") == quiet


def test_several_checkpoints_share_a_row_and_are_named_above():
    both = [measured(), measured("vit", seed=1)]

    figure = forest(both)

    assert [trace.name for trace in figure.data if trace.showlegend] == [one.name for one in both]
    rows = {round(trace.y[0]) for trace in figure.data if trace.y[0] is not None}
    assert rows <= set(range(len(both[0].report.subgroups)))


def test_what_is_not_known_is_a_sentence():
    one = measured(truths=False)
    bare = Measured(name="CNN", model="cnn", report=one.report.model_copy(update={"subgroups": [], "shortcut": None}))

    assert "No subgroup is known" in words(forest([bare]))
    assert "not known of these films who has a chest drain" in words(shortcut([bare]))


def test_the_drain_is_told_with_what_painting_it_over_does():
    one = masked(measured())

    figure = shortcut([one], caption="the stamp")

    assert len(figure.layout.yaxis.ticktext) == 2
    told = words(figure).replace("<br>", " ")
    assert "the probability of 12 films of 9 patients changes by -0.200 (-0.300 to -0.100) on average; 4 are" in told
    assert told.endswith("the stamp")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"masked_films": 0}, ""),
        ({"mean_change": Measure(value=None, reason="too few")}, "Drain painted over on 12 films: too few."),
        ({"calls_lost": None}, "-0.100) on average."),
    ],
)
def test_painting_over_is_told_as_far_as_it_is_known(changes, expected):
    told = painted_over(masked(measured(), **changes).report.shortcut)

    assert told == expected or (expected and told.endswith(expected))
