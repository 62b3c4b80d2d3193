"""The measures of likeness against their slow definitions, and what they say of sets whose difference is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.intervals import bootstrap, percentile_interval
from core.synthesis import likeness


def features(count: int, *, seed: int, width: int = 6, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, (count, width))


def slow_kid(real, made, real_patients=None, made_patients=None) -> float:
    """The definition, pair by pair, of films of different patients."""
    first = range(len(real)) if real_patients is None else real_patients
    second = range(len(real), len(real) + len(made)) if made_patients is None else made_patients

    def mean(one, other, ones, others):
        found = [
            (x @ y / len(x) + 1) ** 3
            for x, p in zip(one, ones, strict=True)
            for y, q in zip(other, others, strict=True)
            if p != q
        ]
        return sum(found) / len(found)

    return mean(real, real, first, first) + mean(made, made, second, second) - 2 * mean(real, made, first, second)


def test_the_kernel_distance_is_its_definition():
    real, made = features(9, seed=0), features(7, seed=1, shift=0.3)

    assert likeness.kid(real, made) == pytest.approx(slow_kid(real, made), rel=1e-9)


def test_the_kernel_distance_is_torchmetrics_own_where_that_exists():
    import torch
    from torchmetrics.image.kid import poly_mmd

    real, made = features(30, seed=0), features(30, seed=1, shift=0.3)

    assert likeness.kid(real, made) == pytest.approx(float(poly_mmd(*map(torch.from_numpy, (real, made)))), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 9), st.integers(3, 9))
def test_films_of_one_patient_are_never_held_against_one_another(seed, first, second):
    rng = np.random.default_rng(seed)
    real, made = features(first, seed=seed), features(second, seed=seed + 1)
    patients = [np.concatenate([[0, 1], rng.integers(0, 5, count - 2)]) for count in (first, second)]

    found = likeness.Kernels.of(real, made, *patients).distances(np.ones((1, 5)))[0]

    assert found == pytest.approx(slow_kid(real, made, *patients), rel=1e-6, abs=1e-9)


def test_a_draw_of_the_patients_counts_their_films_as_often():
    real, made = features(6, seed=0), features(6, seed=1)
    patients = np.array([0, 0, 1, 2, 3, 3])
    weights = np.array([[2.0, 0.0, 1.0, 1.0]])
    drawn = [0, 1, 0, 1, 3, 4, 5]  # films of patients 0, 0, 2, 3

    found = likeness.Kernels.of(real, made, patients, patients).distances(weights)[0]

    again = patients[drawn]
    assert found == pytest.approx(slow_kid(real[drawn], made[drawn], again, again), rel=1e-9)


def test_two_sets_of_one_kind_have_no_distance_and_other_kinds_do():
    intervals = []
    for shift in (0.0, 1.0):
        real, made = features(60, seed=0), features(40, seed=1, shift=shift)
        kernels = likeness.Kernels.of(real, made, np.arange(60), np.arange(60, 100))
        drawn = bootstrap(lambda w, k=kernels: {"kid": k.distances(w)}, 100, 100, draws=200, seed=0)["kid"]
        value = likeness.kid(real, made)
        low, high = percentile_interval(drawn)
        assert low <= value <= high
        assert abs(np.mean(drawn) - value) < 0.3 * (high - low), "draws lie about the value"
        intervals.append((low, high))

    assert intervals[0][0] < 0 < intervals[0][1]
    assert intervals[1][0] > 0


def test_a_set_of_one_film_has_no_kernel_distance():
    with pytest.raises(ValueError, match="two or more films in each set, got 1 and 5"):
        likeness.kid(features(1, seed=0), features(5, seed=1))


def test_the_frechet_distance_is_its_closed_form():
    from scipy.linalg import sqrtm

    real, made = features(300, seed=0), features(200, seed=1, shift=0.5) * 1.3
    means, covariances = [one.mean(0) for one in (real, made)], [np.cov(one.T) for one in (real, made)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)

    assert likeness.fid(real, made) == pytest.approx(expected, rel=1e-6)
    assert likeness.fid(real, real) == pytest.approx(0, abs=1e-6)


def test_precision_and_recall_are_their_definition():
    real, made = features(25, seed=0, width=2), features(20, seed=1, width=2, shift=0.7)

    def slow(points, reference):
        found = []
        for point in points:
            near = False
            for film in reference:
                reach = sorted(np.linalg.norm(film - other) for other in reference)[3]
                near |= np.linalg.norm(point - film) <= reach
            found.append(near)
        return np.mean(found)

    assert likeness.precision_recall(real, made) == (slow(made, real), slow(real, made))


def test_images_of_one_kind_only_are_precise_and_recall_little():
    real = np.concatenate([features(40, seed=0), features(40, seed=1, shift=30)])

    precision, recall = likeness.precision_recall(real, features(40, seed=2))

    assert precision > 0.5
    assert recall <= 0.5


def test_neighbourhoods_need_more_films_than_neighbours():
    with pytest.raises(ValueError, match="more than 3 films"):
        likeness.inside(features(5, seed=0), features(3, seed=1))


def test_the_spectrum_knows_the_frequency_of_a_grating():
    size, cycles = 32, 8
    grating = 128 + 100 * np.sin(2 * np.pi * cycles * np.arange(size) / size)
    image = np.tile(grating, (size, 1)).round().astype(np.uint8)

    found = likeness.radial_spectrum(np.stack([image, image.T, np.full_like(image, 90)]))

    assert found.shape == (3, 16)
    assert likeness.frequencies(size)[found[0].argmax()] == cycles / size
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)  # whichever way it runs
    np.testing.assert_allclose(found[2], -12)


def test_the_spectrum_does_not_know_brightness_and_grows_with_contrast():
    noise = np.random.default_rng(0).integers(0, 60, (1, 32, 32)).astype(np.uint8)

    plain, brighter, stronger = (likeness.radial_spectrum(one) for one in (noise, noise + 100, noise * 2))

    np.testing.assert_allclose(plain, brighter, atol=1e-9)
    np.testing.assert_allclose(stronger - plain, np.log10(4), atol=1e-9)


@pytest.mark.parametrize(("shift", "low", "high"), [(0.0, 0.38, 0.62), (3.0, 0.97, 1.0)])
def test_a_linear_rule_tells_what_differs_and_nothing_else(shift, low, high):
    found = [
        likeness.origin_auroc(
            features(80, seed=seed, width=20),
            features(80, seed=100 + seed, width=20, shift=shift / 4),
            np.repeat(np.arange(40), 2),
            np.repeat(np.arange(40, 80), 2),
        )
        for seed in range(8)
    ]

    assert low <= np.mean(found) <= high


def test_films_of_a_patient_do_not_betray_the_patient():
    """Each patient has a look of their own; a rule that met them in learning would know their images again."""
    rng = np.random.default_rng(0)
    looks, patients = rng.normal(0, 5, (60, 30)), np.repeat(np.arange(60), 4)
    films = looks[patients] + rng.normal(0, 0.1, (240, 30))

    found = likeness.origin_auroc(films[:120], films[120:], patients[:120], patients[120:])

    assert 0.2 < found < 0.8


def test_with_few_patients_nothing_is_said():
    assert likeness.origin_auroc(features(40, seed=0), features(40, seed=1), np.arange(40), np.arange(40) % 9) is None
