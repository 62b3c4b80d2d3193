"""The rendered film: the right way round, dark where there is air, the same at every call."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label, rotate, shift

from core.phantom import chest as chest_module
from core.phantom import overlays
from core.phantom.anatomy import make_anatomy
from core.phantom.film import make_film
from core.phantom.pneumothorax import Pneumothorax
from core.phantom.projection import render

SIZE = 96
LATERAL = Pneumothorax(side=-1, kind="lateral", apex=40, hilum=28, base=20)


@pytest.fixture(scope="module")
def chest():
    """A patient and a good film of them."""
    rng = np.random.default_rng(3)
    anatomy = replace(make_anatomy(rng), bullae=(), emphysema=0.0, heart_ratio=0.46)
    film = make_film(rng, anatomy, view="PA", supine=False, air=None, drain=0)
    film = replace(film, folds=(), effusion=(0.0, 0.0), patches=0, leads=0, marker="", roll=0.0, offset=(0.0, 0.0))
    return anatomy, replace(film, noise=0.3, blur=0.2, exposure=0.0, contrast=1.1, collimation=(0, 0, 0, 0))


def test_the_same_film_gives_the_same_pixels(chest):
    first, second = (render(*chest, SIZE) for _ in range(2))

    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_lungs_are_dark_and_the_abdomen_is_bright(chest):
    pixels = render(*chest, SIZE).pixels.astype(float)

    right_lung, left_lung = pixels[30:55, 20:34].mean(), pixels[30:50, 64:76].mean()
    abdomen = pixels[82:94, 40:56].mean()
    assert max(right_lung, left_lung) + 30 < abdomen


def test_the_heart_lies_to_the_right_of_the_picture(chest):
    pixels = render(*chest, SIZE).pixels.astype(float)
    level = slice(52, 62)

    patients_right, patients_left = pixels[level, 28:44].mean(), pixels[level, 52:68].mean()

    assert patients_left > patients_right + 8


@pytest.mark.parametrize("side", [-1, 1])
def test_pleural_air_is_masked_on_its_side_and_darker_than_the_lung_beside_it(chest, side):
    anatomy, film = chest
    picture = render(anatomy, replace(film, air=replace(LATERAL, side=side)), SIZE)
    columns = np.nonzero(picture.mask)[1]

    inward = np.stack([shift(picture.mask, (0, -side * step), order=0) for step in (6, 8, 10)]).any(axis=0)
    beside = inward & ~binary_dilation(picture.mask, iterations=3)

    assert (columns < SIZE / 2).mean() == (1.0 if side < 0 else 0.0)
    assert picture.pixels[picture.mask].mean() + 12 < picture.pixels[beside].mean()


def test_a_larger_pneumothorax_has_a_larger_mask(chest):
    anatomy, film = chest

    areas = [render(anatomy, replace(film, air=LATERAL.scaled(factor)), SIZE).mask.sum() for factor in (0.4, 0.8, 1.6)]

    assert areas == sorted(areas)
    assert areas[0] > 0


@pytest.mark.parametrize("roll", [0.0, 5.0])
def test_the_drain_is_known_where_it_is_drawn_and_nothing_else_changes_much(chest, roll):
    anatomy, film = chest
    film = replace(film, roll=roll, air=LATERAL, noise=0.0)
    with_drain = render(anatomy, replace(film, drain=-1), SIZE)
    without = render(anatomy, film, SIZE)

    brighter = with_drain.pixels.astype(float) - without.pixels
    beyond = ~binary_dilation(with_drain.drain, iterations=6)

    assert not without.drain.any()
    assert brighter[with_drain.drain].mean() > brighter[beyond].mean() + 2
    assert np.abs(brighter[beyond] - np.median(brighter[beyond])).max() <= 3
    assert np.nonzero(with_drain.drain)[1].mean() < SIZE / 2  # on the patient's right


def test_beyond_the_shutter_no_drain_is_shown(chest):
    anatomy, film = chest
    film = replace(film, drain=-1, collimation=(0.25, 0.0, 0.0, 0.0))

    drain = render(anatomy, film, SIZE).drain

    assert not drain[:, : SIZE // 4].any()
    assert drain[:, SIZE // 4 :].any()


def test_knowing_the_drain_changes_no_pixel(chest, monkeypatch):
    anatomy, film = chest
    film = replace(film, drain=1, leads=3, folds=(-1,), roll=3.0)
    pixels = render(anatomy, film, SIZE).pixels

    def all_in_one(grid, anatomy, film, rng):  # as it was before where a drain lies was kept
        total = np.zeros((grid.size, grid.size), np.float32)
        for side in film.folds:
            total += overlays.skin_fold(grid, anatomy, side, rng)
        total += overlays.drain(grid, anatomy, film.drain, rng)
        total += overlays.leads(grid, anatomy, film.leads, rng)
        return total, np.zeros_like(total)

    monkeypatch.setattr(chest_module, "_worn", all_in_one)

    np.testing.assert_array_equal(render(anatomy, film, SIZE).pixels, pixels)


def test_the_lung_fields_are_two_dark_regions_left_and_right(chest):
    picture = render(*chest, SIZE)

    parts, count = label(picture.lungs)
    between = ~picture.lungs[:, 30:66] & (np.arange(SIZE) < 60)[:, None]
    columns = [np.nonzero(parts == part)[1] for part in (1, 2)]

    assert count == 2
    assert (columns[0].max() < SIZE / 2) != (columns[1].max() < SIZE / 2)
    assert picture.pixels[picture.lungs].mean() + 20 < picture.pixels[:, 30:66][between].mean()
    assert 0.25 < picture.lungs.mean() < 0.6


@pytest.mark.parametrize("kind", ["lateral", "tension"])
def test_pleural_air_belongs_to_the_lung_field(chest, kind):
    anatomy, film = chest
    air = LATERAL if kind == "lateral" else Pneumothorax(side=-1, kind="tension", apex=80, hilum=65, base=60, lift=40)

    before, after = render(anatomy, film, SIZE), render(anatomy, replace(film, air=air), SIZE)

    assert after.mask.any()
    assert not (after.mask & ~after.lungs).any()
    assert (after.lungs & before.lungs).sum() > 0.97 * before.lungs.sum()


def test_lung_fields_end_where_the_shutter_does(chest):
    anatomy, film = chest

    lungs = render(anatomy, replace(film, collimation=(0.2, 0.1, 0.25, 0.5)), SIZE).lungs

    rows, columns = np.nonzero(lungs)
    whole = render(anatomy, film, SIZE).lungs
    assert (columns.min(), columns.max()) == (round(0.2 * SIZE), round(0.75 * SIZE) - 1)
    assert rows.max() == SIZE // 2 - 1
    np.testing.assert_array_equal(lungs[12:40, 22:70], whole[12:40, 22:70])


def test_lung_fields_turn_with_the_film(chest):
    anatomy, film = chest
    straight, turned = (render(anatomy, replace(film, roll=roll), SIZE).lungs for roll in (0.0, 8.0))

    back = rotate(turned.astype(float), -8.0, reshape=False, order=1) > 0.5

    assert (back & straight).sum() > 0.95 * straight.sum()
    assert (turned & straight).sum() < 0.95 * straight.sum()


def test_tension_pushes_the_heart_to_the_other_side(chest):
    anatomy, film = chest
    tension = Pneumothorax(side=-1, kind="tension", apex=80, hilum=65, base=60, lift=40, shift=28, flatten=15)

    def middle_of_brightness(pixels: np.ndarray) -> float:
        band = np.maximum(pixels[50:58, 14:82].astype(float) - 120, 0).sum(axis=0)
        return float((band * np.arange(14, 82)).sum() / band.sum())

    before = middle_of_brightness(render(anatomy, film, SIZE).pixels)
    after = middle_of_brightness(render(anatomy, replace(film, air=tension), SIZE).pixels)
    assert after > before + 2


def test_over_exposure_makes_the_film_darker(chest):
    anatomy, film = chest

    under, over = (render(anatomy, replace(film, exposure=value), SIZE).pixels.mean() for value in (-0.6, 0.6))

    assert over + 15 < under


def test_without_a_pneumothorax_there_is_no_mask(chest):
    assert not render(*chest, SIZE).mask.any()


def test_a_film_shows_the_same_things_at_every_size(chest):
    anatomy, film = chest
    film = replace(film, air=LATERAL, drain=-1, leads=4, folds=(1,), patches=2)

    small, large = (render(anatomy, film, size).pixels.astype(float) for size in (SIZE, 2 * SIZE))

    halved = large.reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))
    assert np.abs(halved - small).mean() < 5  # grey levels; a thin wire is fainter on larger pixels
    assert np.corrcoef(halved.ravel(), small.ravel())[0, 1] > 0.98
