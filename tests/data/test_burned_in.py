from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.data import burned_in, pixels
from core.phantom.projection import render
from core.phantom.story import plan

TEXTS = ("DOE JOHN", "Smith^Anna 1956-02-11", "MRN 4471120", "Müller, Karl", "03/11/2019 14:22", "PAT: 88123")


@pytest.fixture(scope="module")
def films():
    """Films of phantoms at 224 px whose marker is a letter or two."""
    planned = [film for film in plan(20, 8001) if len(film.film.marker.replace(" ", "")) <= 3]
    return [render(film.anatomy, film.film, 224).pixels for film in planned[:20]]


def written(film: np.ndarray, rng: np.random.Generator, *, text: str | None = None) -> np.ndarray:
    """Write a text into a film near its upper or lower edge."""
    image = Image.fromarray(pixels.to_uint8(film))
    drawing, side = ImageDraw.Draw(image), film.shape[0]
    size = int(rng.integers(max(11, side // 60), max(14, side // 22)))
    text, font = text or TEXTS[int(rng.integers(len(TEXTS)))], ImageFont.load_default(size)
    x = int(rng.uniform(2, max(3, film.shape[1] - drawing.textlength(text, font=font) - 3)))
    y = int(rng.choice([rng.uniform(2, 0.12 * side), rng.uniform(0.86 * side, side - size - 4)]))
    drawing.text((x, y), text, fill=int(rng.integers(225, 256)), font=font)
    return np.asarray(image)


def share(films: list[np.ndarray]) -> float:
    return float(np.mean([burned_in.suspected(film) for film in films]))


def test_films_with_a_side_marker_alone_do_not_warn(films):
    assert share(films) <= 0.05


def test_text_in_films_warns(films):
    rng = np.random.default_rng(1)

    assert share([written(film, rng) for film in films]) >= 0.85


@pytest.mark.parametrize("text", ["L", "R", "AP"])
def test_a_letter_or_two_do_not_warn(films, text):
    rng = np.random.default_rng(2)

    assert share([written(film, rng, text=text) for film in films]) <= 0.05


def test_text_is_found_in_16_bits_and_in_large_films():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:1500, :1300]
    film = (60 + 40 * np.sin(x / 200) + 30 * np.cos(y / 300)).astype(np.uint8)
    named = written(film, rng, text="DOE JOHN 1956")

    assert not burned_in.suspected(film)
    assert burned_in.suspected(named)
    assert burned_in.suspected(named.astype(np.uint16) * 16)
    assert burned_in.longest_row(written(film, rng, text="ABCDEF")) == 6


@pytest.mark.parametrize(
    "film", [np.zeros((1, 1), np.uint8), np.full((64, 64), 255, np.uint8), np.eye(9, dtype=np.uint8)]
)
def test_pictures_without_text_do_not_warn(film):
    assert not burned_in.suspected(film)


def test_grain_does_not_warn(films):
    rng = np.random.default_rng(4)

    assert share([np.clip(film + rng.normal(0, 15, film.shape), 0, 255).astype(np.uint8) for film in films]) <= 0.05


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")
def test_real_films_warn_only_when_named():
    paths = sorted((Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "images_256").glob("*.png"))
    films = [pixels.read_pixels(path) for path in paths]
    rng = np.random.default_rng(5)

    assert share(films) <= 0.05
    assert share([written(film, rng) for film in films]) >= 0.8
