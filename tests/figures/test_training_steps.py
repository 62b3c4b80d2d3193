"""Curves of a CycleGAN's training by step."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.figures import training_steps as steps
from core.figures.palette import MODELS
from core.figures.training_lines import Run


def history(looks: int = 4, **columns) -> pd.DataFrame:
    rows = {
        "step": [250 * look for look in range(1, looks + 1)],
        **{name: [1.0 / look for look in range(1, looks + 1)] for name in ("adversarial_loss", "discriminator_loss")},
        "cycle_loss": 0.4,
        "identity_loss": 0.2,
        "kid_a_to_b": [0.1 * look for look in range(looks, 0, -1)],
        "kid_b_to_a": None,
        "origin_auroc_a_to_b": 0.9,
        "origin_auroc_b_to_a": 0.45,
    }
    return pd.DataFrame(rows | columns)


def run(name: str, looks: int = 4, **columns) -> Run:
    return Run(name=name, model="cyclegan", history=history(looks, **columns))


def test_losses_run_along_steps_and_are_told_apart_without_colour():
    figure = steps.adversarial_losses(history())

    assert [line.name for line in figure.data] == ["generators", "discriminators"]
    assert list(figure.data[0].x) == [250, 500, 750, 1000]
    assert len({line.line.dash for line in figure.data}) == 2
    assert figure.layout.xaxis.title.text == "Step"


def test_what_a_film_loses_is_the_mean_difference_as_a_share_of_the_grey_range():
    rng = np.random.default_rng(0)
    films, back = rng.uniform(-1, 1, (2, 2, 8, 8))  # two domains
    summed = sum(np.abs(film - there_and_back).mean() for film, there_and_back in zip(films, back, strict=True))
    levels = np.abs(films - back).mean() * 255 / 2  # of 255

    figure = steps.kept_losses(history(cycle_loss=summed))

    assert figure.data[0].y[0] == pytest.approx(levels / 255)
    assert steps.kept_of_runs([run("one", cycle_loss=summed)]).data[0].y[0] == pytest.approx(levels / 255)


@pytest.mark.parametrize("looks", [40, 41])
def test_many_looks_are_a_line_without_points(looks):
    mode = steps.kept_losses(history(looks)).data[0].mode

    assert mode == ("lines+markers" if looks == 40 else "lines")


def test_likeness_of_runs_marks_where_origin_cannot_be_told():
    figure = steps.likenesses_of_runs([run("one"), run("two")], "origin_auroc", "b_to_a")

    assert [line.name for line in figure.data] == ["one", "two"]
    assert figure.layout.shapes[0].y0 == 0.5
    assert figure.layout.yaxis.range[0] < 0.45
    assert figure.layout.yaxis.rangemode is None


@pytest.mark.parametrize("measure", list(steps.CALLED))
def test_several_long_runs_are_told_apart_without_colour_and_without_points(measure):
    runs = [run(f"run {number}", looks=50) for number in range(7)]

    lines = steps.likenesses_of_runs(runs, measure, "a_to_b").data

    assert {line.mode for line in lines} == {"lines"}
    assert len({(line.line.dash, line.line.width) for line in lines}) == 7
    assert {line.line.color for line in lines} == {MODELS["cyclegan"].colour}


def test_a_run_that_was_not_measured_is_left_out_and_if_none_was_the_figure_says_so():
    lacking = run("lacking", kid_a_to_b=None)

    figure = steps.likenesses_of_runs([lacking, run("one")], "kid", "a_to_b")
    assert [line.name for line in figure.data] == ["one"]
    assert not figure.layout.shapes
    nothing = steps.likenesses_of_runs([lacking], "kid", "a_to_b")
    assert nothing.layout.annotations[0].text == "Not measured while they learnt."


def test_what_still_falls_is_told_from_what_does_not():
    told = steps.still_falling(history(origin_auroc_a_to_b=[0.9, 0.7, 0.8, 0.8], origin_auroc_b_to_a=None))

    falls, ended = told.split(" Not fallen since its lowest: ")
    assert falls == "May still fall: KID to pneumothorax."
    assert ended == "AUROC to pneumothorax (step 500)."
    below = steps.still_falling(history(kid_a_to_b=None, origin_auroc_a_to_b=[0.9, 0.5, 0.4, 0.3]))
    assert "AUROC to pneumothorax (step 500)" in below  # below chance is no better than chance


@pytest.mark.parametrize("looks", [1, 2])
def test_after_one_or_two_looks_nothing_is_said_of_falling(looks):
    assert steps.still_falling(history(looks)) == ""


def test_the_pace_is_that_since_the_look_before_also_at_the_first_and_the_last():
    pace = {"seconds": [100.0, 100.0, 100.0, 30.0], "images_per_s": 20.0, "learning_rate": 2e-4}
    rows = history(**pace).assign(step=[250, 500, 750, 800])

    assert steps.stepping_caption(rows).startswith("Step 800 · 0.6 s a step · 20 films a second")
    assert steps.stepping_caption(rows.head(1)).startswith("Step 250 · 0.4 s a step")
    assert steps.stepping_caption(pd.DataFrame([{"step": 250}])) == "Step 250"
