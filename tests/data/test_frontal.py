from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import frontal, pixels
from tests.data import not_radiographs

PHANTOMS = 60
needs_nih = pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")


@pytest.fixture(scope="module")
def films():
    return not_radiographs.phantoms(PHANTOMS, 9001)


def real(remainder: int) -> list[np.ndarray]:
    """Return the real films at 64 px of the patients whose number is even (fitted by) or odd."""
    paths = sorted((Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "images_64").glob("*.png"))
    return [pixels.read_pixels(path) for path in paths if int(path.name[:8]) % 2 == remainder]


def share_doubted(pictures: list[np.ndarray]) -> float:
    return float(np.mean([bool(frontal.doubts(np.ascontiguousarray(picture))) for picture in pictures]))


def test_at_least_95_percent_of_200_pictures_that_are_no_films_are_caught():
    missed = [
        kind
        for kind in not_radiographs.KINDS
        for seed in not_radiographs.HELD_OUT
        if not frontal.doubts(not_radiographs.draw(kind, seed))
    ]

    assert len(not_radiographs.KINDS) * len(not_radiographs.HELD_OUT) == 200
    assert not set(not_radiographs.HELD_OUT) & set(not_radiographs.FITTED)
    assert len(missed) <= 10, missed


def test_at_most_5_percent_of_phantoms_are_doubted(films):
    assert len(films) == PHANTOMS
    assert share_doubted(films) <= 0.05


@needs_nih
def test_at_most_5_percent_of_real_films_of_other_patients_are_doubted():
    held_out = real(1)

    assert len(held_out) > 500
    assert share_doubted(held_out) <= 0.05


@needs_nih
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda film: film[::-1], "it looks like a chest upside down"),
        (np.rot90, "it looks like a chest that lies on its side"),
        (lambda film: 255 - film, "light and dark seem to be exchanged"),
    ],
    ids=["upside down", "on its side", "inverted"],
)
def test_real_films_that_are_turned_or_inverted_are_caught_and_named(change, reason):
    told = [frontal.doubts(np.ascontiguousarray(change(film))) for film in real(1)[::6]]

    assert np.mean([bool(reasons) for reasons in told]) > 0.95
    assert np.mean([reason in reasons for reasons in told]) > 0.9


def test_the_same_film_is_judged_alike_in_8_and_16_bits_and_at_other_sizes(films):
    for film in films[:6]:
        larger = np.kron(film, np.ones((3, 3), np.uint8))
        deep = film.astype(np.uint16) * 16 + 100
        assert frontal.doubts(larger) == frontal.doubts(film) == frontal.doubts(deep) == ()


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.full((64, 64), 200, np.uint8), "it is of one grey"),
        (np.full((64, 64), 200, np.uint16), "it is of one grey"),
        (np.zeros((40, 64), np.uint8), "it has 64 x 40 pixels, which is too few to tell"),
        (np.zeros((1, 1), np.uint8), "it has 1 x 1 pixels, which is too few to tell"),
        (np.zeros((64, 300), np.uint8), "its width is 4.7 times its height"),
    ],
)
def test_what_shows_nothing_is_named(picture, reason):
    assert frontal.doubts(picture) == (reason,)


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 90), width=st.integers(1, 90), deep=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_picture_gets_an_answer(seed, height, width, deep):
    rng = np.random.default_rng(seed)
    top = 65_536 if deep else 256
    picture = rng.integers(0, rng.integers(1, top), (height, width)).astype(np.uint16 if deep else np.uint8)

    reasons = frontal.doubts(picture)

    assert reasons, "noise is no film"
    assert all(reason == reason.strip() and reason[0].islower() for reason in reasons)


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match=r"Expected pixels \(H, W\)"):
        frontal.doubts(np.zeros((64, 64), np.float32))


def test_what_passes_is_told():
    assert all(isinstance(kind, str) and kind for kind in frontal.CANNOT_TELL)
