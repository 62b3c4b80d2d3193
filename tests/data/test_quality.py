"""Image quality: graded from its parts, measured on pixels as the phantoms know it, lowered by known faults."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage
from scipy.stats import spearmanr

from core.data import quality
from core.data.pixel_cache import fit_square
from core.phantom.anatomy import make_anatomy
from core.phantom.film import make_film
from core.phantom.film import quality as truth_of
from core.phantom.projection import render
from core.phantom.story import plan

EXPOSURE, CONTRAST, SHARPNESS, NOISE, PLACE = range(1, 6)  # columns of what is measured
STILL = {"brightness": 0.0, "contrast": 1.0, "blur": 0.0, "noise": 0.0, "degrees": 0.0, "shift": 0.0}


def changes(count: int = 1, **changed: float) -> dict[str, np.ndarray]:
    """Return the changes of `count` films, of which all that are not named do nothing."""
    return {name: np.full(count, changed.get(name, value)) for name, value in STILL.items()}


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    """A film without fault, 128 px."""
    rng = np.random.default_rng(0)
    anatomy = make_anatomy(rng)
    film = make_film(rng, anatomy, view="PA", supine=False, air=None, drain=0)
    film = replace(film, exposure=0.0, contrast=1.0, scatter=0.8, blur=0.3, noise=0.5, roll=0.0, offset=(0.0, 0.0))
    film = replace(film, collimation=(0, 0, 0, 0), marker="", leads=0, pose=replace(film.pose, rotation=0.0))
    return fit_square(render(anatomy, film, 256).pixels, size=128)


@pytest.fixture(scope="module")
def cohort() -> tuple[np.ndarray, np.ndarray]:
    """Forty films `(N, 256, 256)` and the truth about their quality `(N, 6)`."""
    films = plan(26, 3)[:40]
    pixels = np.stack([render(each.anatomy, each.film, 256).pixels for each in films])
    return pixels, np.array([[truth_of(each.film)[name] for name in quality.COLUMNS] for each in films])


def toned(film: np.ndarray, *, factor: float = 1.0, added: float = 0.0) -> np.ndarray:
    return np.clip(np.rint((film - 127.5) * factor + 127.5 + added), 0, 255).astype(np.uint8)


def blurred(film: np.ndarray, pixels: float) -> np.ndarray:
    return np.rint(cv2.GaussianBlur(film.astype(np.float32), (0, 0), pixels)).astype(np.uint8)


def noisy(film: np.ndarray, levels: float) -> np.ndarray:
    grain = np.random.default_rng(0).normal(0, levels, film.shape)
    return np.clip(np.rint(film + grain), 0, 255).astype(np.uint8)


def moved(film: np.ndarray, *, degrees: float = 0.0, share: float = 0.0) -> np.ndarray:
    middle = (len(film) - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    turn[0, 2] += share * len(film)
    return cv2.warpAffine(film, turn, film.shape, borderMode=cv2.BORDER_REPLICATE)


def cropped(film: np.ndarray, share: float) -> np.ndarray:
    film = film.copy()
    film[:, : round(share * len(film))] = 0
    return film


FAULTS = {  # what is done, how much of it, the part it spoils
    "darkened": (lambda film, much: toned(film, added=-much), (10, 20, 30), EXPOSURE),
    "lightened": (lambda film, much: toned(film, added=much), (10, 20, 30), EXPOSURE),
    "flattened": (lambda film, much: toned(film, factor=1 - much), (0.15, 0.25, 0.4), CONTRAST),
    "blurred": (blurred, (0.5, 0.8, 1.2), SHARPNESS),
    "made noisy": (noisy, (0.6, 0.9, 1.2), NOISE),
    "tilted": (lambda film, much: moved(film, degrees=much), (3, -5, 7), PLACE),
    "shifted": (lambda film, much: moved(film, share=much), (0.04, -0.07, 0.1), PLACE),
    "cropped": (cropped, (0.03, 0.06, 0.1), PLACE),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_lowers_its_own_part_the_more_of_it_there_is_and_the_others_less(film, fault):
    spoil, strengths, spoilt = FAULTS[fault]

    measured = quality.measure(np.stack([film, *(spoil(film, much) for much in strengths)]))

    assert (np.diff(measured[:, spoilt]) < 0).all()
    drops = measured[0, 1:] - measured[-1, 1:]
    assert drops[spoilt - 1] > 0.3
    others = np.abs(np.delete(drops, spoilt - 1))
    assert np.nanmax(others) < 0.6 * drops[spoilt - 1]  # NaN: noise may drown the fine structure
    assert (np.diff(measured[:, 0]) < 0).all()


def test_a_film_without_fault_is_found_good(film):
    assert (quality.measure(film[None])[0] > 0.7).all()


@pytest.mark.parametrize(
    ("part", "least"), [(EXPOSURE, 0.7), (CONTRAST, 0.7), (SHARPNESS, 0.6), (NOISE, 0.6), (PLACE, 0.5), (0, 0.6)]
)
def test_measured_parts_rank_films_as_their_truth_does(cohort, part, least):
    films, truth = cohort

    measured = quality.measure(films)

    assert spearmanr(measured[:, part], truth[:, part], nan_policy="omit").statistic > least
    assert np.nanmean(np.abs(measured[:, part] - truth[:, part])) < 0.15


@pytest.mark.parametrize("size", [64, 128])
def test_exposure_and_contrast_do_not_depend_on_the_size(cohort, size):
    films, _ = cohort

    small = quality.measure(np.stack([fit_square(film, size=size) for film in films]))

    assert small[:, [EXPOSURE, CONTRAST]] == pytest.approx(quality.measure(films)[:, [EXPOSURE, CONTRAST]], abs=0.15)


def test_exposure_contrast_and_place_are_blind_to_noise(film):
    before, later = quality.measure(np.stack([film, noisy(film, 4)]))

    assert later[[EXPOSURE, CONTRAST, PLACE]] == pytest.approx(before[[EXPOSURE, CONTRAST, PLACE]], abs=0.06)


def test_a_mirrored_film_is_as_good(cohort):
    films, _ = cohort

    mirrored = quality.measure(np.ascontiguousarray(films[:, :, ::-1]))

    assert mirrored == pytest.approx(quality.measure(films), abs=0.1, nan_ok=True)


def test_black_borders_spoil_the_place_and_nothing_else(film):
    framed = np.zeros((160, 160), np.uint8)
    framed[16:144, 16:144] = film

    inside, measured = quality.measure(film[None])[0], quality.measure(framed[None])[0]

    assert measured[PLACE] == pytest.approx(1 - 0.1 / 0.125)
    assert measured[[EXPOSURE, CONTRAST, SHARPNESS, NOISE]] == pytest.approx(
        inside[[EXPOSURE, CONTRAST, SHARPNESS, NOISE]], abs=0.1
    )


def test_films_measured_together_are_measured_as_alone(cohort):
    films, _ = cohort

    together = quality.measure(films[:5])

    np.testing.assert_array_equal(together, np.concatenate([quality.measure(film[None]) for film in films[:5]]))
    assert quality.measure(films[:0]).shape == (0, 6)


def test_parts_follow_their_definition(cohort):
    films = np.stack([fit_square(film, size=128) for film in cohort[0][:6]])
    films[:3, :8] = films[:3, :, :5] = 0  # with borders and without

    measured = quality.measure(films)

    expected = np.array([defined(film) for film in films])
    assert measured[:, EXPOSURE:PLACE] == pytest.approx(expected[:, :-1], abs=0.02)
    assert measured[:, PLACE] == pytest.approx(expected[:, -1], abs=0.07)  # the axis is found to half a pixel of 64


def defined(film: np.ndarray) -> np.ndarray:
    """Return the parts of a film of 128 px by their definition, with nothing of the module under test."""
    rows, columns = (np.flatnonzero((film > 10).mean(axis=axis) > 0.1) for axis in (1, 0))
    cut = max(rows[0], columns[0], 127 - rows[-1], 127 - columns[-1]) / 128
    inside = film[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(float)
    height, width = inside.shape

    def part(image, top, below, left, right):
        return image[round(top * height) : round(below * height), round(left * width) : round(right * width)]

    lungs = np.concatenate([part(inside, 0.25, 0.6, *at).ravel() for at in ((0.15, 0.38), (0.62, 0.85))])
    lung, soft = np.quantile(lungs, 0.25), np.quantile(part(inside, 0.6, 0.95, 0.25, 0.75), 0.75)
    contrast = (soft - lung) / (1.034 * 84)

    def centre(image):
        return part(image, 0.15, 0.85, 0.15, 0.85)

    laplacian = np.outer([1, -2, 1], [1, -2, 1]) / 6
    response = ndimage.uniform_filter(np.abs(ndimage.convolve(inside, laplacian, mode="mirror")), 5, mode="mirror")
    noise = np.quantile(centre(response), 0.1) / 0.701 * np.sqrt(np.pi / 2)
    fine, middle, coarse = (ndimage.gaussian_filter(inside, spread, mode="mirror") for spread in (0.6, 1.0, 1.7))
    energy = [
        np.mean(centre(band) ** 2) - 1.5 * share * noise**2
        for band, share in ((fine - middle, 0.0869), (middle - coarse, 0.0252))
    ]
    units = -0.26 + 1.66 * noise / max(contrast, 0.55)
    blur = -0.93 - 1.92 * np.log(energy[0] / energy[1])
    faults = [
        abs((lung + soft) / 2 + 4.5 - 128) / 36,
        max(1 - contrast, (contrast - 1) / 2) / 0.45,
        (blur - 0.15) / 1.6,
        (units - 0.25) / 2.9,
        max(cut / 0.125, *off_axis(film.astype(float))),
    ]
    return 1 - np.clip(faults, 0, 1)


def off_axis(film: np.ndarray) -> tuple[float, float]:
    """Return the faults of tilt and of place, by trying every axis."""
    small = film.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    edges = ndimage.gaussian_filter(small, 0.77, mode="mirror") - ndimage.gaussian_filter(small, 3.2, mode="mirror")
    best = (-1.0, 0, 0)
    for angle in range(-13, 14):
        mirror = ndimage.rotate(edges[:, ::-1], 2 * angle, reshape=False, order=1)[3:61, 10:54]
        for offset in range(-10, 11):
            there = edges[3:61, 10 + offset : 54 + offset]
            best = max(best, (np.corrcoef(there.ravel(), mirror.ravel())[0, 1], angle, offset))
    return abs(best[1]) / 8, abs(best[2]) / 2 / 64 / (45 / 350)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_nothing_is_measured_on_a_picture_of_one_grey(grey):
    assert np.isnan(quality.measure(np.full((2, 64, 64), grey, np.uint8))).all()


@pytest.mark.parametrize("size", [1, 2, 16, 31])
def test_nothing_is_measured_on_a_tiny_picture(film, size):
    assert np.isnan(quality.measure(fit_square(film, size=size)[None])).all()


def test_what_is_measured_lies_between_0_and_1_down_to_the_smallest_film(film):
    measured = quality.measure(fit_square(film, size=quality.SMALLEST)[None])

    assert ((measured >= 0) & (measured <= 1)).all()


def test_noise_alone_has_neither_an_axis_nor_sharpness():
    grain = np.random.default_rng(0).integers(0, 256, (3, 128, 128), dtype=np.uint8)

    measured = quality.measure(grain)

    assert np.isnan(measured[:, [SHARPNESS, PLACE]]).all()
    assert (measured[:, NOISE] == 0).all()


@pytest.mark.parametrize("wrong", [np.zeros((2, 8, 9), np.uint8), np.zeros((8, 8), np.uint8), np.zeros((1, 8, 8))])
def test_other_pictures_are_refused(wrong):
    with pytest.raises(ValueError, match=r"Expected films \(N, H, H\) of uint8, got "):
        quality.measure(wrong)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([1, 1, 1, 1, 1], 1.0),
        ([0, 1, 1, 1, 1], 0.4),
        ([np.nan, 0.5, np.nan, 1, np.nan], 0.625),
        ([np.nan] * 5, np.nan),
    ],
)
def test_the_grade_is_the_mean_of_the_worst_part_and_the_average_of_the_known(parts, expected):
    assert quality.grade(np.array(parts)) == pytest.approx([expected], nan_ok=True)
    assert quality.grade(np.array([parts, parts])) == pytest.approx([expected] * 2, nan_ok=True)


def test_a_grade_needs_five_parts_and_targets_six_columns():
    with pytest.raises(ValueError, match=r"Expected parts \(N, 5\), got \(2, 4\)"):
        quality.grade(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"Expected targets \(N, 6\), got \(2, 5\)"):
        quality.after(np.ones((2, 5)), **changes(2))


def test_phantoms_are_graded_as_ever():
    for each in plan(30, 5):
        found = truth_of(each.film)
        parts = [found[name] for name in quality.PARTS]
        assert found[quality.GRADE] == 0.5 * min(parts) + 0.5 * float(np.mean(parts))
        assert tuple(found) == quality.COLUMNS


@pytest.mark.parametrize(
    ("change", "part", "left"),
    [
        ({"brightness": 18 / 255}, EXPOSURE, 0.5),
        ({"brightness": -9 / 255}, EXPOSURE, 0.75),
        ({"contrast": 0.775}, CONTRAST, 0.5),
        ({"contrast": 1.45}, CONTRAST, 0.5),
        ({"contrast": 0.3}, CONTRAST, 0.0),
        ({"blur": 0.8 / 350}, SHARPNESS, 0.5),
        ({"noise": 0.87 * 2.9 / 2 / 255}, NOISE, 0.5),
        ({"degrees": -2.0}, PLACE, 0.75),
        ({"degrees": 20.0}, PLACE, 0.0),
        ({"shift": 22.5 / 350}, PLACE, 0.5),
        ({"shift": 22.5 / 350, "degrees": 6.0}, PLACE, 0.25),
    ],
)
def test_a_known_fault_takes_its_part_away_and_the_grade_follows(change, part, left):
    expected = np.ones(6)
    expected[part] = left
    expected[0] = 0.5 * left + 0.5 * (4 + left) / 5

    assert quality.after(np.ones((1, 6)), **changes(**change))[0] == pytest.approx(expected)


def test_a_film_that_was_worse_stays_as_it_was():
    spoilt = np.array([[0.36, 0.2, 0.6, 0.6, 0.6, 0.6]])

    np.testing.assert_array_equal(quality.after(spoilt, **changes(brightness=0.02, shift=0.03)), spoilt)


def test_an_unknown_part_becomes_known_by_a_clear_fault_only():
    unknown = np.full((1, 6), np.nan)

    slightly = quality.after(unknown, **changes(degrees=2.0))
    clearly = quality.after(unknown, **changes(degrees=4.0))

    assert np.isnan(slightly).all()
    assert clearly[0] == pytest.approx([0.5, np.nan, np.nan, np.nan, np.nan, 0.5], nan_ok=True)


def test_a_grade_told_without_parts_stays_until_a_fault_is_clear():
    told = np.array([[0.6] + [np.nan] * 5])

    assert quality.after(told, **changes(degrees=2.0))[0, 0] == 0.6
    assert quality.after(told, **changes(degrees=7.0))[0, 0] == pytest.approx(0.125)


targets = arrays.arrays(np.float64, (3, 6), elements=st.floats(0, 1) | st.just(np.nan))


@given(targets=targets)
def test_no_change_changes_nothing(targets):
    np.testing.assert_array_equal(quality.after(targets, **changes(3)), targets)


@given(
    targets=targets,
    brightness=st.floats(-1, 1),
    contrast=st.floats(0.1, 3),
    blur=st.floats(0, 0.1),
    noise=st.floats(0, 0.5),
    degrees=st.floats(-45, 45),
    shift=st.floats(0, 0.5),
)
def test_a_change_raises_no_target_and_forgets_none(targets, **changed):
    later = quality.after(targets, **changes(3, **changed))

    there = ~np.isnan(targets)
    assert (later[there] <= targets[there]).all()
    assert ((later >= 0) & (later <= 1) | np.isnan(later)).all()
    assert not np.isnan(later[there]).any()
