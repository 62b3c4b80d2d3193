"""The first cases: a few films over the whole range of probability."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.first_cases import case_captions, first_cases


def tables(probabilities):
    ids = [f"{number:04}.png" for number in range(len(probabilities))]
    predictions = pd.DataFrame({"image_id": ids, "probability": probabilities, "label": 0, "logit": 0.0})
    return predictions, pd.DataFrame({"image_id": ids[::-1], "label": 1, "path": "x"})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_they_go_from_the_most_to_the_least_probable(probabilities, count):
    cases = first_cases(*tables(probabilities), count=count)

    assert len(cases) == min(count, len(probabilities))
    assert cases["probability"].is_monotonic_decreasing
    assert cases["image_id"].is_unique
    assert cases["probability"].iloc[0] == max(probabilities)
    if len(cases) > 1:
        assert cases["probability"].iloc[-1] == min(probabilities)


def test_the_steps_are_even():
    cases = first_cases(*tables([i / 100 for i in range(101)]), count=5)

    assert cases["probability"].tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]


def test_equal_probabilities_come_in_the_order_of_the_names():
    cases = first_cases(*tables([0.5] * 3), count=3)

    assert cases["image_id"].tolist() == ["0000.png", "0001.png", "0002.png"]


def test_the_label_is_that_of_the_data_set():
    cases = first_cases(*tables([0.1, 0.9]), count=2)

    assert cases["label"].tolist() == [1, 1]
    assert "logit" not in cases


def test_a_film_that_left_the_data_set_is_left_out():
    predictions, radiographs = tables([0.1, 0.5, 0.9])

    cases = first_cases(predictions, radiographs[radiographs["image_id"] != "0002.png"], count=3)

    assert cases["image_id"].tolist() == ["0001.png", "0000.png"]


def test_asking_for_none_gives_none():
    assert first_cases(*tables([0.1, 0.9]), count=0).empty


@pytest.mark.parametrize(
    ("label", "cut", "told"),
    [
        (1, 0.5, "report: pneumothorax · probability 0.25 (cut 0.50)"),
        (0, 0.5, "report: no pneumothorax · probability 0.25 (cut 0.50)"),
        (0, 0.0, "report: no pneumothorax · probability 0.25 (cut 0.00)"),
        (None, None, "report: unknown · probability 0.25"),
    ],
)
def test_captions_say_report_probability_and_cut(label, cut, told):
    cases = pd.DataFrame({"label": pd.array([label], dtype="Int64"), "probability": [0.25]})

    assert case_captions(cases, cut=cut) == [told]
