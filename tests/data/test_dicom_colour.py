"""Colour and palettes in DICOM: luminance, exactly where luminance is what is stored."""

from __future__ import annotations

import numpy as np
import pytest

from core.data import dicom_pixels
from tests.data.dicom_truth import check, every_value, smooth
from tests.data.dicoms import film

COLOUR = "colour read as luminance"
BT601 = (0.299, 0.587, 0.114)


def luminance(red, green, blue):
    """Return the luminance by its definition, rounded."""
    weighted = sum(weight * np.asarray(part, float) for weight, part in zip(BT601, (red, green, blue), strict=True))
    return np.floor(weighted + 0.5)


def colours(stored: int = 8, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1 << stored, (40, 36, 3))


def palette(red, green, blue, *, bits: int, first: int = 0) -> dict:
    whole = "<u2" if bits == 16 else "u1"
    told = {}
    for name, entries in zip(("Red", "Green", "Blue"), (red, green, blue), strict=True):
        data = np.array(entries, whole).tobytes()
        told[f"{name}PaletteColorLookupTableDescriptor"] = [len(entries) & 0xFFFF, first & 0xFFFF, bits]
        told[f"{name}PaletteColorLookupTableData"] = data + b"\0" * (len(data) % 2)
    return told


GREYS = [255 - place for place in range(256)]
RAMP = list(range(256))


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big endian", "rle"])
def test_a_grey_palette_is_looked_up(syntax):
    values = every_value(8)

    content = film(values, syntax=syntax, photometric="PALETTE COLOR", **palette(GREYS, GREYS, GREYS, bits=8))

    if syntax == "big endian":  # written as words, whose bytes change places
        content = film(
            values, syntax=syntax, photometric="PALETTE COLOR",
            **{name: (swapped(told) if isinstance(told, bytes) else told)
               for name, told in palette(GREYS, GREYS, GREYS, bits=8).items()},
        )  # fmt: skip
    check(content, (255 - values).astype(np.uint8))


def swapped(data: bytes) -> bytes:
    return np.frombuffer(data, "u2").byteswap().tobytes()


@pytest.mark.parametrize(("bits", "whole"), [(8, np.uint8), (16, np.uint16)])
def test_a_palette_of_colours_becomes_luminance(bits, whole):
    top = (1 << bits) - 1
    red, green, blue = np.random.default_rng(bits).integers(0, top + 1, (3, 256))
    values = every_value(8)
    expected = luminance(red, green, blue)[values]

    found = dicom_pixels.decode(film(values, photometric="PALETTE COLOR", **palette(red, green, blue, bits=bits)))

    assert found.pixels.dtype == whole
    # The weights are rounded to 65,536ths, which can turn a half the other way.
    assert np.abs(found.pixels.astype(int) - expected).max() <= 1
    assert np.mean(found.pixels == expected) > 0.9
    assert found.notes == (COLOUR,)


def test_a_palette_of_16_bits_with_a_first_value_and_fewer_entries_than_values():
    entries = [place * 300 for place in range(100)]
    values = every_value(12)

    content = film(
        values, stored=12, photometric="PALETTE COLOR", **palette(entries, entries, entries, bits=16, first=1000)
    )  # fmt: skip

    check(content, (np.clip(values - 1000, 0, 99) * 300).astype(np.uint16))


def test_a_palette_of_8_bits_for_12_bits_of_values():
    entries = [(place * 7) % 256 for place in range(4096)]
    values = every_value(12)

    content = film(values, stored=12, photometric="PALETTE COLOR", **palette(entries, entries, entries, bits=8))

    check(content, (values * 7 % 256).astype(np.uint8))


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated"])
def test_rgb_becomes_luminance(syntax, planar):
    values = colours()
    data = values.astype(np.uint8)
    data = np.moveaxis(data, -1, 0).tobytes() if planar else data.tobytes()

    found = dicom_pixels.decode(
        film(values, syntax=syntax, photometric="RGB", pixels=data, PlanarConfiguration=planar)
    )  # fmt: skip

    expected = luminance(*np.moveaxis(values, -1, 0))
    assert found.pixels.dtype == np.uint8
    assert np.abs(found.pixels.astype(int) - expected).max() <= 1
    assert np.mean(found.pixels == expected) > 0.99
    assert found.notes == (COLOUR,)


@pytest.mark.parametrize(
    ("syntax", "photometric"),
    [("explicit", "RGB"), ("big endian", "RGB"), ("rle", "RGB"), ("jpeg-ls", "RGB"), ("jpeg 2000", "RGB"),
     ("jpeg 2000", "YBR_RCT")],
)  # fmt: skip
def test_grey_stored_as_colour_is_exact_and_not_noted(syntax, photometric):
    values = np.stack([every_value(8)] * 3, axis=-1)

    check(film(values, syntax=syntax, photometric=photometric), values[..., 0].astype(np.uint8))


def test_rgb_of_12_bits_fills_the_range():
    values = np.stack([every_value(12)] * 3, axis=-1)

    content = film(values, stored=12, photometric="RGB")

    check(content, np.rint(values[..., 0] / 4095 * 65535).astype(np.uint16))


@pytest.mark.parametrize("neutral", [True, False])
def test_the_luminance_that_ybr_stores_is_taken_as_it_is(neutral):
    values = colours(seed=4)
    if neutral:
        values[..., 1:] = 128

    content = film(values, photometric="YBR_FULL")

    check(content, values[..., 0].astype(np.uint8), *(() if neutral else (COLOUR,)))


def test_two_pixels_that_share_their_colour():
    values = colours(seed=5)
    shared = np.stack([values[:, ::2, 0], values[:, 1::2, 0], values[:, ::2, 1], values[:, ::2, 2]], axis=-1)

    content = film(values, photometric="YBR_FULL_422", pixels=shared.astype(np.uint8).tobytes())

    check(content, values[..., 0].astype(np.uint8), COLOUR)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422"])
def test_a_jpeg_in_colour(photometric):
    grey = smooth(8)[:40, :32]
    values = np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], axis=-1)
    if photometric == "RGB":
        values = np.stack([grey] * 3, axis=-1)

    found = dicom_pixels.decode(film(values, syntax="jpeg", photometric=photometric))

    assert np.abs(found.pixels.astype(int) - grey).max() <= 2
    assert set(found.notes) <= {COLOUR}  # a chroma may be off by a level
