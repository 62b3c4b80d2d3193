"""Lung fields of films: read where they are known, else measured, with what failed said."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.data import lung_field, pixels
from core.phantom.projection import render
from core.phantom.story import plan

SIDE = 96


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Return how far two regions agree; 1 is the same region."""
    return 2 * float((first & second).sum()) / float(first.sum() + second.sum())


@pytest.fixture(scope="module")
def phantoms():
    """Twenty-four films `(24, 96, 96)` and their own lung fields."""
    pictures = [render(film.anatomy, film.film, SIDE) for film in plan(40, seed=3)[:48:2]]
    return np.stack([picture.pixels for picture in pictures]), np.stack([picture.lungs for picture in pictures])


@pytest.fixture(scope="module")
def measured(phantoms):
    return lung_field.measure(phantoms[0])


def test_the_lung_fields_of_phantoms_are_found(phantoms, measured):
    fields, reasons = measured

    agreement = [dice(field, truth) for field, truth in zip(fields, phantoms[1], strict=True)]

    assert reasons == [None] * len(fields)
    assert np.mean(agreement) > 0.9
    assert min(agreement) > 0.75


def test_a_film_is_measured_alike_alone_and_among_others(phantoms, measured, monkeypatch):
    monkeypatch.setattr(lung_field, "_AT_ONCE", 5)

    apart = [lung_field.measure(film[None])[0][0] for film in phantoms[0]]
    reversed_, _ = lung_field.measure(phantoms[0][::-1])

    np.testing.assert_array_equal(apart, measured[0])
    np.testing.assert_array_equal(reversed_[::-1], measured[0])


def test_a_mirrored_film_has_a_mirrored_lung_field(phantoms, measured):
    fields, _ = lung_field.measure(np.ascontiguousarray(phantoms[0][..., ::-1]))

    agreement = [dice(field[:, ::-1], before) for field, before in zip(fields, measured[0], strict=True)]

    assert min(agreement) > 0.93


def test_contrast_and_brightness_hardly_matter(phantoms, measured):
    fields, _ = lung_field.measure(np.rint(0.7 * phantoms[0] + 30).astype(np.uint8))

    assert np.mean([dice(field, before) for field, before in zip(fields, measured[0], strict=True)]) > 0.93


@pytest.mark.parametrize("size", [64, 224, 512])
def test_the_same_film_has_the_same_lung_field_at_every_size(size):
    film = plan(6, seed=3)[2]
    pictures = {side: render(film.anatomy, film.film, side) for side in (128, size)}

    found = {side: lung_field.measure(picture.pixels[None])[0][0] for side, picture in pictures.items()}

    assert found[size].shape == (size, size)
    assert dice(lung_field.shrunk(found[size], size=64), lung_field.shrunk(found[128], size=64)) > 0.95


def test_a_black_margin_is_left_out(phantoms, measured):
    framed = np.pad(phantoms[0], ((0, 0), (8, 14), (10, 12)))

    fields, reasons = lung_field.measure(framed)

    inner = fields[:, 8:-14, 10:-12]
    assert reasons == [None] * len(framed)
    assert inner.sum() == fields.sum()
    assert np.mean([dice(field, before) for field, before in zip(inner, measured[0], strict=True)]) > 0.92


def test_a_film_with_one_lung_is_said(phantoms):
    film, lungs = phantoms[0][0].copy(), phantoms[1][0].copy()
    lungs[:, : SIDE // 2] = False
    white = cv2.dilate(lungs.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    film[white] = np.percentile(film, 85)

    fields, reasons = lung_field.measure(film[None])

    assert reasons == ["one lung field found only"]
    assert not fields.any()


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_film_of_one_grey_is_said(grey):
    fields, reasons = lung_field.measure(np.full((2, 64, 64), grey, np.uint8))

    assert reasons == ["the film is of one grey"] * 2
    assert not fields.any()


@pytest.mark.parametrize(
    "make",
    [
        lambda x, y: 90 - 60 * np.exp(-(((x - 0.3) / 0.08) ** 2) - ((y - 0.4) / 0.2) ** 2),
        lambda x, y: 200 - 150 * np.exp(-(((x - 0.5) / 0.35) ** 6) - ((y - 0.45) / 0.4) ** 6),
        lambda x, y: 40 + 200 * x + 0 * y,
        lambda x, y: 120 + 60 * np.exp(-(((np.abs(x - 0.5) - 0.2) / 0.1) ** 2) - ((y - 0.4) / 0.3) ** 2),
    ],
    ids=["one dark spot", "one dark square", "a ramp", "bright lungs"],
)
def test_what_is_no_chest_has_no_lung_field(make):
    y, x = (np.mgrid[:64, :64] + 0.5) / 64

    fields, reasons = lung_field.measure(make(x, y).astype(np.uint8)[None])

    assert reasons[0] is not None
    assert not fields.any()


def test_noise_has_no_lung_field():
    films = np.random.default_rng(0).integers(0, 256, (16, 64, 64), np.uint8)

    fields, reasons = lung_field.measure(films)

    assert None not in reasons
    assert not fields.any()


def test_no_films_have_no_lung_fields():
    fields, reasons = lung_field.measure(np.zeros((0, 64, 64), np.uint8))

    assert (fields.shape, reasons) == ((0, 64, 64), [])


@pytest.mark.parametrize(
    "films", [np.zeros((64, 64), np.uint8), np.zeros((1, 64, 32), np.uint8), np.zeros((1, 64, 64), np.float32)]
)
def test_what_is_no_stack_of_square_films_is_refused(films):
    with pytest.raises(ValueError, match=r"Expected films \(N, H, H\) of uint8, got"):
        lung_field.measure(films)


def test_a_stored_lung_field_is_read_at_any_size(tmp_path):
    region = np.zeros((40, 20), np.uint8)
    region[:20, 10:] = 255
    Image.fromarray(region).save(tmp_path / "field.png")

    field = lung_field.read(tmp_path / "field.png", size=10)

    expected = np.zeros((10, 10), bool)
    expected[:5, 5:] = True
    np.testing.assert_array_equal(field, expected)


def test_a_lost_lung_field_is_said(tmp_path):
    with pytest.raises(pixels.UnreadableImage, match="missing"):
        lung_field.read(tmp_path / "field.png", size=10)


@given(row=st.integers(0, 63), column=st.integers(0, 47), size=st.integers(5, 130))
def test_the_smallest_region_outlives_shrinking_and_nothing_stays_nothing(row, column, size):
    region = np.zeros((64, 48), bool)
    nothing = lung_field.shrunk(region, size=size)
    region[row, column] = True

    shrunk = lung_field.shrunk(region, size=size)

    place = np.argwhere(shrunk).mean(axis=0) + 0.5
    assert not nothing.any()
    assert np.abs(place / size - [(row + 0.5) / 64, (column + 0.5) / 48]).max() <= 1.01 / size


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")
def test_lung_fields_are_found_on_most_real_films():
    paths = sorted((Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "images_64").glob("*.png"))[::5]

    fields, reasons = lung_field.measure(np.stack([pixels.read_pixels(path) for path in paths]))

    found = np.array([reason is None for reason in reasons])
    assert found.mean() > 0.85
    assert (fields.any(axis=(1, 2)) == found).all()
