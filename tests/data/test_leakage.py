from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.leakage import LeakAudit, audit
from core.data.look_alikes import look_alikes


def films(**columns: list) -> pd.DataFrame:
    """A radiographs table; image ids are `i0`, `i1`, ..."""
    count = len(columns["patient_id"])
    made = {
        "image_id": [f"i{row}" for row in range(count)],
        "sha256": [f"hash{row}" for row in range(count)],
        "source": ["real"] * count,
        "parent_image_id": [None] * count,
    }
    return pd.DataFrame(made | columns)


def split_of(radiographs: pd.DataFrame, parts: list[str]) -> pd.DataFrame:
    return radiographs[["image_id", "patient_id"]].assign(part=parts)


def test_a_split_whose_parts_are_apart_passes():
    radiographs = films(patient_id=["a", "a", "b", "c"])

    result = audit(radiographs, split_of(radiographs, ["train", "train", "val", "test"]))

    assert result == LeakAudit(passed=True, failures=[], warnings=[], checked_pixels=True, checked_look_alikes=False)


def test_patients_in_two_parts_are_named_up_to_five():
    radiographs = films(patient_id=[name for name in "abcdefg" for _ in range(2)])

    result = audit(radiographs, split_of(radiographs, ["train", "test"] * 7))

    assert not result.passed
    assert result.failures == ["7 patients in two parts: a, b, c, d, e and 2 more."]
    assert result.leaking_patients == ["a", "b", "c", "d", "e"]


def test_identical_pixels_in_two_parts_fail_but_not_in_one():
    radiographs = films(patient_id=["a", "b", "c", "d"], sha256=["x", "x", "y", "y"])

    result = audit(radiographs, split_of(radiographs, ["train", "train", "train", "val"]))

    assert result.failures == ["1 picture with identical pixels in two parts: i2=i3."]


@pytest.mark.parametrize(
    ("hashes", "warning"),
    [
        ([None, None], "Pixels not checked: no film has an image."),
        (["x", None], "Pixels not checked: 1 films have no image."),
    ],
)
def test_a_table_without_images_passes_and_says_that_pixels_were_not_checked(hashes, warning):
    radiographs = films(patient_id=["a", "b"], sha256=hashes)

    result = audit(radiographs, split_of(radiographs, ["train", "val"]))

    assert result.passed
    assert result.warnings == [warning]
    assert not result.checked_pixels


def test_a_synthetic_child_apart_from_its_parent_fails_even_when_the_parent_is_in_no_part():
    radiographs = films(
        patient_id=["a", "a", "generated"],
        source=["real", "real", "synthetic"],
        parent_image_id=[None, None, "i0"],
    )
    split = split_of(radiographs, ["", "test", "train"]).iloc[1:]

    result = audit(radiographs, split)

    assert result.failures == ["1 synthetic film apart from the parent: i2."]


def test_an_image_in_two_lists_fails():
    radiographs = films(patient_id=["a", "b"])

    result = audit(radiographs, split_of(radiographs, ["train", "test"]), in_two_lists=["i1"])

    assert result.failures == ["1 image in two of the given lists: i1."]


def test_look_alikes_across_parts_are_a_warning_and_with_strict_a_failure():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (4, 64, 64)).astype(np.uint8)
    pictures[2] = np.clip(pictures[0].astype(int) + rng.integers(-5, 6, (64, 64)), 0, 255)  # across parts
    pictures[1] = pictures[0]  # within one
    radiographs = films(patient_id=["a", "b", "c", "d"])
    split = split_of(radiographs, ["train", "train", "val", "test"])

    mild, strict = (audit(radiographs, split, thumbnails=pictures, strict=strict) for strict in (False, True))

    found = "2 pairs of films in two parts that look alike (correlation 0.99 or more at 64 px): i0~i2, i1~i2."
    assert (mild.passed, mild.warnings, mild.checked_look_alikes) == (True, [found], True)
    assert (strict.passed, strict.failures) == (False, [found])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.0, 0.3))
def test_look_alikes_are_exactly_the_pairs_that_correlate(seed, noise):
    rng = np.random.default_rng(seed)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(6, 64, 64)), axis=1), axis=2)
    smooth = 100 * (smooth - smooth.mean((1, 2), keepdims=True)) / smooth.std((1, 2), keepdims=True)
    noisy = smooth[rng.integers(0, 6, 30)] + noise * 100 * rng.normal(size=(30, 64, 64))
    pictures = np.clip(128 + noisy, 0, 255).astype(np.uint8)
    parts = rng.choice(np.array(["train", "val", "test"], dtype=object), 30)

    found = look_alikes(pictures, parts)

    correlation = np.corrcoef(pictures.reshape(30, -1))  # the oracle
    across = np.triu(parts[:, None] != parts[None, :])
    assert found.pairs.tolist() == np.argwhere(across & (correlation >= 0.99)).tolist()
    assert found.correlations == pytest.approx(correlation[tuple(found.pairs.T)], abs=1e-5)


def test_pictures_of_one_grey_level_look_like_nothing():
    parts = np.array(["train", "val"], dtype=object)

    assert len(look_alikes(np.full((2, 64, 64), 7, np.uint8), parts).pairs) == 0
    with pytest.raises(ValueError, match="one thumbnail a film, got 3 for 2 films"):
        look_alikes(np.zeros((3, 64, 64), np.uint8), parts)


def test_an_audit_survives_the_way_through_a_file():
    radiographs = films(patient_id=["a", "a"])
    result = audit(radiographs, split_of(radiographs, ["train", "val"]))

    assert LeakAudit.from_dict(result.to_dict()) == result
