"""A film's technique and the grade it earns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.phantom.anatomy import make_anatomy
from core.phantom.film import make_film, quality, quality_reasons

PARTS = {"quality_grade", "exposure", "contrast", "sharpness", "noise", "rotation_cropping"}


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(0)
    return [
        make_film(rng, make_anatomy(rng), view=view, supine=False, air=None, drain=0)
        for view in ("PA", "AP")
        for _ in range(100)
    ]


def test_every_part_of_the_grade_lies_between_0_and_1(films):
    for film in films:
        parts = quality(film)
        assert parts.keys() == PARTS
        assert all(0 <= value <= 1 for value in parts.values())


def test_films_taken_in_bed_are_worse_on_average(films):
    grades = [quality(film)["quality_grade"] for film in films]

    assert np.mean(grades[100:]) + 0.03 < np.mean(grades[:100])


def test_one_bad_part_lowers_the_grade_and_is_named(films):
    good = replace(films[0], exposure=0.0, contrast=1.0, scatter=0.8, blur=0.15, noise=0.25, roll=0, offset=(0, 0))
    good = replace(good, collimation=(0, 0, 0, 0), pose=replace(good.pose, rotation=0.0))

    spoilt = replace(good, exposure=0.8)

    assert quality(good)["quality_grade"] == pytest.approx(1)
    assert quality_reasons(good) == ""
    assert quality(spoilt)["exposure"] == pytest.approx(0.2)
    assert quality(spoilt)["quality_grade"] < 0.6
    assert quality_reasons(spoilt) == "over-exposed"
    assert quality_reasons(replace(good, exposure=-0.8)) == "under-exposed"
