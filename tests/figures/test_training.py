from __future__ import annotations

import pandas as pd
import pytest

from core.figures import training


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
