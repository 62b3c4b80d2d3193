from __future__ import annotations

import pandas as pd
import pytest

from core.figures import training
from core.figures.palette import MODELS
from core.figures.training import Run


def history(epochs: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": range(1, epochs + 1),
            "train_loss": [0.7 / epoch for epoch in range(1, epochs + 1)],
            "tune_loss": [0.7 / epoch + 0.01 for epoch in range(1, epochs + 1)],
            "tune_auroc": [0.5 + 0.04 * (epoch % 7) for epoch in range(1, epochs + 1)],
            "learning_rate": 3e-4,
            "seconds": 2.0,
            "images_per_s": 50.0,
        }
    )


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_the_loss_has_a_point_an_epoch_for_train_and_tune(epochs):
    figure = training.loss_curves(history(epochs))

    assert [trace.name for trace in figure.data] == ["train", "tune"]
    assert all(len(trace.x) == epochs for trace in figure.data)
    assert figure.data[0].line.dash != figure.data[1].line.dash


def test_the_best_auroc_is_marked_with_its_value():
    figure = training.auroc_curve(history(10))

    assert figure.layout.annotations[0].x == 6
    assert figure.layout.annotations[0].text == "<b>0.740</b>"


def test_an_auroc_that_is_null_says_why_and_one_null_among_others_is_a_gap():
    nulls = history(3).assign(tune_auroc=pd.Series([None] * 3, dtype=object))

    assert training.auroc_curve(nulls).layout.annotations[0].text == "No AUROC: tune holds one class only."
    rows = history(3)
    rows.loc[1, "tune_auroc"] = None
    assert len(training.auroc_curve(rows).data[0].x) == 3


def test_the_caption_leaves_out_what_is_not_known():
    assert training.learning_caption(pd.DataFrame([{"epoch": 1, "seconds": None}])) == "Epoch 1"


def run(name, model="cnn", epochs=3, **columns):
    return Run(name=name, model=model, history=history(epochs).assign(**columns))


@pytest.mark.parametrize(
    ("draw", "column"), [(training.losses_of_runs, "tune_loss"), (training.aurocs_of_runs, "tune_auroc")]
)
def test_several_runs_keep_the_style_of_their_kind_and_stand_in_the_key_by_name(draw, column):
    runs = [run("CNN, job 1", epochs=30), run("ViT, job 2", model="vit", epochs=2), run("CNN, job 3")]

    figure = draw(runs)

    assert [trace.name for trace in figure.data] == ["CNN, job 1", "ViT, job 2", "CNN, job 3"]
    assert all(list(t.y) == list(r.history[column]) for t, r in zip(figure.data, runs, strict=True))
    assert figure.data[1].line.color == MODELS["vit"].colour
    looks = {(trace.line.color, trace.line.dash, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == 3
    assert figure.layout.xaxis.range[1] == 30.5  # the longest run fits
    assert figure.layout.showlegend


def test_the_axes_keep_their_height_however_many_names_the_key_has():
    def axes(count):
        layout = training.losses_of_runs([run(f"run {number}") for number in range(count)]).layout
        return layout.height - layout.margin.t - layout.margin.b

    assert axes(2) == axes(12) > 150


def test_axes_have_titles_with_units_and_points_say_which_run_they_belong_to():
    figure = training.losses_of_runs([run("one"), run("two")])

    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Epoch", "Loss (nats)")
    assert "two" in figure.data[1].hovertemplate


def test_runs_without_an_auroc_are_gaps_and_say_why_if_all_are():
    nulls = run("one class", tune_auroc=pd.Series([None] * 3, dtype=object))

    assert training.aurocs_of_runs([nulls, nulls]).layout.annotations[0].text == training.NO_AUROC
    assert len(training.aurocs_of_runs([nulls, run("both")]).data) == 2


def test_the_error_of_the_quality_grade_is_drawn_for_the_runs_that_learn_it():
    graded = run("multi-task", model="multitask", tune_quality_error=[0.2, None, 0.1])
    nulls = run("ungraded", tune_quality_error=[None] * 3)

    assert [trace.name for trace in training.quality_errors_of_runs([run("CNN"), graded, nulls]).data] == ["multi-task"]
    assert training.quality_errors_of_runs([run("CNN")]).layout.annotations[0].text.startswith("None of these")
    assert not training.learns_quality(nulls.history)


def test_the_caption_names_the_best_run_by_each_measure_and_warns_of_small_differences():
    low = run("low", tune_loss=[0.5, 0.2, 0.3], tune_auroc=[0.6, 0.7, 0.7])
    high = run("high", tune_loss=[0.5, 0.4, 0.6], tune_auroc=[0.6, 0.7, 0.9])

    told = training.comparing_caption([high, low])

    assert told.startswith("Lowest loss so far: low, 0.200 at epoch 2. Highest AUROC so far: high, 0.900 at epoch 3.")
    assert "small differences here mean nothing" in told


def test_the_caption_of_runs_without_an_auroc_speaks_of_the_loss_only():
    nulls = run("one class", tune_auroc=pd.Series([None] * 3, dtype=object))

    assert "AUROC" not in training.comparing_caption([nulls, nulls])
