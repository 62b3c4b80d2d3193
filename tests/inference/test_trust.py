"""May a map be shown? Each test alone, all together, and those that could not be made."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.inference.own_calls import at_training, own_calls
from core.inference.trust import Answer, judge

GOOD = {
    "grid": (7, 7),
    "empty": False,
    "target": "for",
    "methods": ["Grad-CAM", "Grad-CAM++", "Eigen-CAM"],
    "agreement": 0.81,
    "lung_share": Answer(0.62),
    "lung_area": 0.4,
    "randomisation": Answer(0.12),
}


def test_a_map_that_passes_every_test_is_shown_with_what_it_passed():
    judged = judge(**GOOD)

    assert judged.verdict == "shown"
    assert judged.reasons == [
        "Grad-CAM, Grad-CAM++ and Eigen-CAM agree by 0.81; at least 0.5 is asked for.",
        "62.0% of the map lies inside the lung field, which takes 40.0% of the film.",
        "Maps of this checkpoint resemble those of untrained networks by 0.12; less than 0.5 is asked for.",
    ]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"grid": (2, 2)}, "A grid of 2 x 2 is too coarse to say anything about a place"),
        ({"grid": (7, 3)}, "A grid of 7 x 3 is too coarse"),
        ({"agreement": 0.499}, "agree by 0.50 only; at least 0.5 is asked for"),
        ({"agreement": -0.3}, "agree by -0.30 only"),
        ({"agreement": None}, "one gives a map that is the same everywhere"),
        ({"lung_share": Answer(0.4)}, "40.0% of the map .* 40.0% of the film: no more than of a map that is even"),
        ({"lung_share": Answer(0.1)}, "10.0% of the map"),
        ({"randomisation": Answer(0.5)}, "by 0.50: they show how it is built rather than what it learnt"),
    ],
)
def test_one_failed_test_withholds_the_map_and_is_the_only_reason(found, reason):
    judged = judge(**GOOD | found)

    assert judged.verdict == "withheld"
    assert len(judged.reasons) == 1
    assert re.search(reason, judged.reasons[0])


def test_every_failed_test_is_told():
    judged = judge(**GOOD | {"grid": (2, 2), "agreement": 0.1, "lung_share": Answer(0.3), "randomisation": Answer(0.9)})

    assert judged.verdict == "withheld"
    assert len(judged.reasons) == 4


@pytest.mark.parametrize("found", [{"grid": (4, 4)}, {"agreement": 0.5}, {"randomisation": Answer(0.499)}])
def test_the_limits_themselves_are_passed(found):
    assert judge(**GOOD | found).verdict == "shown"


def test_a_test_that_was_not_made_is_named_and_withholds_nothing():
    not_made = {
        "lung_share": Answer(None, "one lung field found only"),
        "lung_area": None,
        "randomisation": Answer(None, "it wants the films of a data set"),
    }

    judged = judge(**GOOD | not_made)

    assert judged.verdict == "shown"
    assert judged.reasons[1:] == [
        "Whether the map lies in the lungs was not tested: one lung field found only.",
        "Whether maps of this checkpoint show what it learnt was not tested: it wants the films of a data set.",
    ]
    assert judge(**GOOD | not_made | {"agreement": 0.0}).reasons[1:] == judged.reasons[1:]


@pytest.mark.parametrize("target", ["for", "against"])
def test_a_map_of_zeros_is_said_and_nothing_else(target):
    judged = judge(**GOOD | {"empty": True, "target": target, "grid": (2, 2)})

    assert judged.verdict == "empty"
    assert judged.reasons == [f"Nothing spoke {target} a pneumothorax on the last grid: the map is zero everywhere."]


def test_a_call_is_positive_from_the_cut_on():
    point = {"threshold": 0.5}
    card = {
        "checkpoint_id": "c",
        "dataset": "d",
        "split": "s",
        "parts": {"val": {"films": 2, "positive_films": 1}},
        "calibration": {"a": 2.0, "b": -2.0},
        "operating_points": {"youden": point},
    }

    called = at_training(card, np.array([0.999, 1.0, 1.001]))

    assert called.cut == 0.5
    assert called.signs.tolist() == [-1, 1, 1]
    np.testing.assert_allclose(called.probabilities, 1 / (1 + np.exp([0.002, 0, -0.002])))
    assert at_training(card | {"operating_points": {}}, np.array([-9.0])).signs.tolist() == [1]
    assert own_calls(card, np.array([-9.0, 9.0]), cut=None).signs.tolist() == [1, 1]
    assert own_calls(card, np.array([0.999, 1.001]), cut=0.9).signs.tolist() == [-1, -1]
