"""A film with a map on it: where the colour stands, where the line runs, and what marks a made film."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.figures import heat_map
from core.figures.heat_map import HUE, film_png, overlay_png

FILM = np.tile(np.linspace(20, 220, 200).astype(np.uint8), (300, 1))  # (300, 200)
CORNER = np.zeros((4, 4), np.float32)
CORNER[0, 3] = 2.0


def opened(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        assert not picture.info, "no name, path or date stands in it"
        return np.asarray(picture.convert("RGB")).astype(int)


def colour(picture: np.ndarray) -> np.ndarray:
    """How far each pixel is from grey."""
    return picture.max(axis=2) - picture.min(axis=2)


def amber(picture: np.ndarray) -> float:
    """Share of the lower left quarter that is amber."""
    corner = picture[picture.shape[0] * 3 // 4 :, : picture.shape[1] // 2]
    return float(((corner[..., 0] - corner[..., 2]) > 100).mean())


@pytest.mark.parametrize("size", [64, 300, 768])
def test_a_film_keeps_its_aspect_and_is_grey(size):
    picture = opened(film_png(FILM, mark=None, size=size))

    assert picture.shape == (size, round(size * 2 / 3), 3)
    assert colour(picture).max() == 0
    assert picture.mean() == pytest.approx(FILM.mean(), abs=1)


def test_sixteen_bits_are_brought_to_eight():
    deep = FILM.astype(np.uint16) * 16

    assert opened(film_png(deep, mark=None)).max() == 255


@pytest.mark.parametrize("mark", ["PHANTOM", "GENERATED"])
def test_a_mark_stands_in_the_pixels_of_film_and_map(mark):
    on_film, on_map = opened(film_png(FILM, mark=mark)), opened(overlay_png(FILM, CORNER, mark=mark))

    assert amber(on_film) > 0.1
    assert amber(on_map) == amber(on_film)
    assert amber(opened(film_png(FILM, mark=None))) == 0


def test_the_colour_is_where_the_map_is_and_the_rest_is_the_film():
    picture, film = opened(overlay_png(FILM, CORNER, mark=None)), opened(film_png(FILM, mark=None))

    height, width = picture.shape[:2]
    assert colour(picture[: height // 8, -width // 8 :]).min() > 20
    np.testing.assert_array_equal(picture[height // 2 :], film[height // 2 :])
    np.testing.assert_array_equal(picture[:, : width // 2], film[:, : width // 2])


def test_at_its_maximum_the_map_has_the_opacity_that_was_asked_for():
    grey = np.full((100, 100), 100, np.uint8)

    picture = opened(overlay_png(grey, CORNER, mark=None, size=100, opacity=0.25))

    np.testing.assert_allclose(picture[5, 95], 0.75 * 100 + 0.25 * np.array(HUE), atol=0.5)


def test_a_line_encloses_half_of_the_maximum():
    black = np.zeros((256, 256), np.uint8)
    spot = np.zeros((8, 8), np.float32)
    spot[3, 3], spot[6, 6] = 4.0, 1.0  # of the second, nothing reaches half of the first

    picture = opened(overlay_png(black, spot, mark=None, size=768))

    line = np.abs(picture - np.array(HUE)).max(axis=2) < 8
    rows, columns = np.nonzero(line)
    large = cv2.resize(spot, (768, 768), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(large[rows, columns] / large.max(), 0.5, atol=0.08)
    assert rows.min() < 3.5 * 96 < rows.max()
    assert columns.max() < 5 * 96


@given(factor=st.floats(1e-6, 1e6))
@settings(max_examples=20, deadline=None)
def test_only_proportions_of_the_map_count(factor):
    generator = np.random.default_rng(0)
    values = generator.random((5, 5))

    picture = opened(overlay_png(FILM, values * factor, mark=None, size=96))

    assert np.abs(picture - opened(overlay_png(FILM, values, mark=None, size=96))).max() <= 1


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.array([[1.0, -1.0]]), np.array([[1.0, np.inf]])]
)
def test_a_map_that_says_nothing_is_not_drawn(bad):
    with pytest.raises(ValueError, match="not zero everywhere; say it in words"):
        overlay_png(FILM, bad, mark=None)


@pytest.mark.parametrize("opacity", [0, -0.1, 1.1])
def test_an_opacity_out_of_range_is_refused(opacity):
    with pytest.raises(ValueError, match=r"Expected an opacity in \(0, 1\]"):
        overlay_png(FILM, CORNER, mark=None, opacity=opacity)


def test_a_picture_too_small_for_a_mark_is_refused():
    with pytest.raises(ValueError, match="at least 64 pixels, got 63"):
        film_png(FILM, mark="PHANTOM", size=63)


def test_the_caption_says_what_a_map_is_not():
    assert heat_map.CAPTION.format(rows=7, columns=7) == (
        "what moved the model, on a grid of 7 x 7; not where the air is"
    )
