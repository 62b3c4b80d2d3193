"""Generated DICOM files of known truth: every picture is pixel-exact, or within what its lossy codec was told."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import dicom_pixels, pixels
from tests.data import dicoms
from tests.data.dicom_truth import check, every_value, smooth, whole_range
from tests.data.dicoms import film

LOSSLESS = ("implicit", "explicit", "deflated", "big endian", "rle", "jpeg-ls", "jpeg 2000")
BY_GDCM = (("lossless", 12, False), ("lossless", 8, True), ("lossless sv1", 16, True), ("lossless sv1", 12, True))


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("stored", [8, 10, 12, 16])
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_every_lossless_syntax_gives_the_stored_values(syntax, stored, signed):
    values = every_value(stored, signed=signed)

    content = film(values, syntax=syntax, stored=stored, signed=signed)

    check(content, whole_range(values, stored, signed=signed))


@pytest.mark.parametrize(("syntax", "stored", "signed"), BY_GDCM)
def test_lossless_jpeg_gives_the_stored_values(syntax, stored, signed):
    values = every_value(stored, signed=signed)

    content = film(values, syntax=syntax, stored=stored, signed=signed)

    check(content, whole_range(values, stored, signed=signed))


@pytest.mark.parametrize(
    ("syntax", "stored", "levels"),
    [  # how many stored levels a value may be off
        ("jpeg", 8, 2),  # quality 100: quanta of 1 in the frequencies, rounded there and again in the pixels
        ("jpeg 12", 12, 2),  # the same, all quanta 1
        ("jpeg-ls near", 8, 2),  # near-lossless with an error of 2, which its writer was given as the bound
        ("jpeg-ls near", 12, 2),
        ("jpeg 2000 lossy", 8, 2),  # at 80 dB the root mean square error is 255 / 10**4, of 12 bits 4095 / 10**4
        ("jpeg 2000 lossy", 12, 4),
        ("jpeg 2000 lossy", 16, 60),  # 65535 / 10**4 is 6.6 levels; single ones are further off
    ],
)
def test_a_lossy_syntax_is_as_near_as_its_writer_was_told(syntax, stored, levels):
    values = smooth(stored)[:40, :32]  # whole blocks of 8

    found = dicom_pixels.decode(film(values, syntax=syntax, stored=stored))

    bits = 8 if stored == 8 else 16
    off = np.abs(found.pixels / (2**bits - 1) - values / (2**stored - 1)) * (2**stored - 1)
    assert found.pixels.dtype == np.dtype(f"u{bits // 8}")
    assert off.max() <= levels + 0.05  # the output's own rounding


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("syntax", ["explicit", "big endian", "rle"])
@pytest.mark.parametrize(
    ("stored", "allocated", "high"),
    [(1, 8, 0), (4, 8, 3), (5, 8, 7), (7, 8, 6), (6, 16, 5), (12, 16, 11), (12, 16, 15), (10, 16, 11)],
)
def test_only_the_bits_in_use_count_wherever_they_lie(syntax, stored, allocated, high, signed):
    values = every_value(stored, signed=signed)

    content = film(
        values, syntax=syntax, stored=stored, allocated=allocated, high=high, signed=signed, noise=True
    )  # fmt: skip

    check(content, whole_range(values, stored, signed=signed))


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize(
    ("signed", "padding", "limit", "is_padding"),
    [
        (False, 4095, None, lambda v: v == 4095),
        (False, 0, None, lambda v: v == 0),
        (True, -2048, None, lambda v: v == -2048),
        (False, 4000, 4095, lambda v: v >= 4000),
        (True, -1900, -2048, lambda v: v <= -1900),
        (False, 63536, None, lambda v: v < 0),  # cannot be stored in 12 bits: no pixel is padding
    ],
)
def test_padding_is_black_in_either_sense(signed, padding, limit, is_padding, photometric):
    values = every_value(12, signed=signed)
    tags = {} if limit is None else {"PixelPaddingRangeLimit": limit}
    expected = whole_range(values, 12, signed=signed)
    expected = np.where(is_padding(values), 0, 65535 - expected if photometric == "MONOCHROME1" else expected)

    content = film(
        values, stored=12, signed=signed, photometric=photometric, PixelPaddingValue=padding, **tags
    )  # fmt: skip

    notes = ["MONOCHROME1 inverted"] if photometric == "MONOCHROME1" else []
    notes += ["padding laid on black"] if is_padding(values).any() else []
    check(content, expected.astype(np.uint16), *notes)


def test_a_film_worked_by_hand():
    # Slope 2 and intercept -100 make -100, 0, 100 and 300 of 0, 50, 100 and 200. The window of centre 50.5 and
    # width 101 goes from 0 to 100: black, black, white, white. MONOCHROME1 turns that round.
    content = film(
        np.array([[0, 50, 100, 200]]), photometric="MONOCHROME1",
        RescaleSlope=2, RescaleIntercept=-100, WindowCenter="50.5", WindowWidth="101",
    )  # fmt: skip

    assert dicom_pixels.decode(content).pixels.tolist() == [[255, 255, 0, 0]]


def test_four_bits_worked_by_hand():
    assert dicom_pixels.decode(film(np.array([[0, 1, 7, 15]]), stored=4)).pixels.tolist() == [[0, 17, 119, 255]]
    assert dicom_pixels.decode(film(np.array([[-8, -7, 0, 7]]), stored=4, signed=True)).pixels.tolist() == [
        [0, 17, 136, 255]
    ]


@settings(max_examples=60, deadline=None)
@given(
    stored=st.integers(1, 16),
    signed=st.booleans(),
    inverse=st.booleans(),
    syntax=st.sampled_from(["implicit", "explicit", "deflated", "big endian", "rle"]),
    data=st.data(),
)
def test_any_film_is_what_its_values_say(stored, signed, inverse, syntax, data):
    allocated = data.draw(st.sampled_from([8, 16] if stored <= 8 else [16]))
    high = data.draw(st.integers(stored - 1, allocated - 1))
    rows, columns = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    low = -(1 << (stored - 1)) if signed else 0
    cells = st.integers(low, low + (1 << stored) - 1)
    values = np.array(data.draw(st.lists(cells, min_size=rows * columns, max_size=rows * columns)))
    values = values.reshape(rows, columns)

    found = dicom_pixels.decode(
        film(
            values, syntax=syntax, stored=stored, allocated=allocated, high=high, signed=signed, noise=True,
            photometric="MONOCHROME1" if inverse else "MONOCHROME2",
        )
    ).pixels  # fmt: skip

    expected = whole_range(values, stored, signed=signed)
    np.testing.assert_array_equal(found, np.iinfo(expected.dtype).max - expected if inverse else expected)


@pytest.mark.parametrize("preamble", [True, False])
@pytest.mark.parametrize("syntax", ["implicit", "explicit", "big endian"])
def test_a_file_is_told_by_its_content(tmp_path, syntax, preamble):
    values = every_value(12)
    path = tmp_path / "film.png"
    path.write_bytes(film(values, syntax=syntax, stored=12, preamble=preamble))

    np.testing.assert_array_equal(pixels.read_pixels(path), whole_range(values, 12, signed=False))


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH is unset")
def test_a_real_film_and_its_copy_of_the_other_sense_are_exact_inverses():
    film_2, film_1 = sorted((Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "dicom").iterdir())

    two, one = pixels.decode(film_2), pixels.decode(film_1)

    assert two.pixels.shape == (1024, 1024)
    assert (two.notes, one.notes) == ((), ("MONOCHROME1 inverted",))
    np.testing.assert_array_equal(one.pixels, 255 - two.pixels)


def test_the_codecs_of_the_table_are_those_that_are_there():
    from pydicom.pixels import get_decoder

    from core.data.dicom_frame import CODECS

    for syntax, plugin in CODECS.items():
        assert plugin in get_decoder(syntax).available_plugins or plugin == "pydicom"
    assert set(dicoms.SYNTAXES.values()) >= set(CODECS)
