"""Odd files read right: depths, palettes, transparency, orientation, kinds and hashes."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.data import pixels

RAMP = np.add.outer(np.arange(24) * 3, np.arange(32) * 5).astype(np.uint8)  # (24, 32), 0 to 224
DEEP = RAMP.astype(np.uint16) * 257 + 3  # 16 bits in use
TWELVE = RAMP.astype(np.uint16) * 16  # 12 bits in a 16-bit file


def saved(path: Path, image: np.ndarray, **options) -> Path:
    Image.fromarray(image).save(path, **options)
    return path


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *, depth: int, colour_type: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def stacked(*channels: np.ndarray) -> np.ndarray:
    return np.stack(channels, axis=-1)


OPAQUE = np.full_like(RAMP, 255)
HALVES = np.where(np.arange(32) < 16, 255, 0).astype(np.uint8) * np.ones((24, 1), np.uint8)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param(RAMP, RAMP, id="8-bit grey"),
        pytest.param(DEEP, DEEP, id="16-bit grey, unscaled"),
        pytest.param(TWELVE, TWELVE, id="12 bits in a 16-bit file"),
        pytest.param(stacked(RAMP, RAMP, RAMP), RAMP, id="grey as RGB, exact"),
        pytest.param(stacked(RAMP, RAMP, RAMP, OPAQUE), RAMP, id="grey as RGBA, opaque"),
        pytest.param(stacked(RAMP, RAMP, RAMP, OPAQUE * 0), RAMP, id="grey as RGBA, alpha 0 all over"),
        pytest.param(stacked(RAMP, OPAQUE), RAMP, id="grey with alpha, opaque"),
        pytest.param(stacked(RAMP, HALVES), RAMP * (HALVES // 255), id="grey with alpha, laid on black"),
        pytest.param(stacked(RAMP, RAMP, RAMP, HALVES), RAMP * (HALVES // 255), id="RGBA laid on black"),
        pytest.param(RAMP > 100, (RAMP > 100) * np.uint8(255), id="1 bit"),
    ],
)
def test_a_png_is_read_right(tmp_path, stored, expected):
    path = saved(tmp_path / "film.png", stored)

    found = pixels.read_pixels(path)

    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_a_big_endian_16_bit_image_keeps_its_values(tmp_path):
    path = tmp_path / "film.png"
    Image.frombytes("I;16B", (32, 24), DEEP.astype(">u2").tobytes()).save(path)

    np.testing.assert_array_equal(pixels.read_pixels(path), DEEP)


def test_a_palette_is_looked_up(tmp_path):
    image = Image.fromarray(RAMP).convert("P")
    image.putpalette([value for level in range(256) for value in (255 - level,) * 3])
    image.save(tmp_path / "film.png")

    np.testing.assert_array_equal(pixels.read_pixels(tmp_path / "film.png"), 255 - RAMP)


@pytest.mark.parametrize("stored", [RAMP, DEEP, stacked(RAMP, RAMP, RAMP)], ids=["grey", "16 bits", "RGB"])
def test_a_single_colour_declared_transparent_is_ignored(tmp_path, stored):
    transparent = 0 if stored.ndim == 2 else (0, 0, 0)
    path = saved(tmp_path / "film.png", stored, transparency=transparent)

    np.testing.assert_array_equal(pixels.read_pixels(path), stored if stored.ndim == 2 else RAMP)


def test_transparent_entries_of_a_palette_are_laid_on_black(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    image.putpalette([200, 200, 200, 100, 100, 100, 50, 50, 50])
    image.save(tmp_path / "film.png", transparency=bytes([0, 255, 128]))

    found = pixels.decode(tmp_path / "film.png")

    assert found.pixels.tolist() == [[0, 100, 25]]
    assert found.notes == ("transparent parts laid on black",)


@pytest.mark.parametrize(("depth", "step"), [(2, 85), (4, 17)])
def test_few_bits_of_grey_fill_the_range(tmp_path, depth, step):
    levels = 2**depth
    packed = int("".join(f"{level:0{depth}b}" for level in range(levels)), 2).to_bytes(levels * depth // 8, "big")
    (tmp_path / "film.png").write_bytes(png(levels, 1, depth=depth, colour_type=0, rows=b"\0" + packed))

    assert pixels.read_pixels(tmp_path / "film.png").tolist() == [[level * step for level in range(levels)]]


def test_colour_becomes_luminance_and_is_noted(tmp_path):
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)

    found = pixels.decode(saved(tmp_path / "film.png", colours))

    assert found.pixels.tolist() == [[76, 150, 29]]  # 255 times 0.299, 0.587, 0.114
    assert found.notes == ("colour read as luminance",)


def test_a_jpeg_is_read_whatever_its_name(tmp_path):
    path = saved(tmp_path / "film.png", RAMP, format="JPEG", quality=95)

    found = pixels.read_pixels(path)

    assert np.abs(found.astype(int) - RAMP).max() <= 4  # JPEG loses a little


def test_an_exif_orientation_is_obeyed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    path = saved(tmp_path / "film.png", DEEP, exif=exif)

    found = pixels.decode(path)

    np.testing.assert_array_equal(found.pixels, np.rot90(DEEP, -1))
    assert found.notes == ("turned by its EXIF orientation",)


@pytest.mark.parametrize("kind", ["phantom", "synthetic", "real"])
def test_the_kind_of_image_stands_in_the_png(tmp_path, kind):
    text = PngInfo()
    text.add_text("PleuraScope", kind)
    path = saved(tmp_path / "film.png", RAMP, pnginfo=text)

    assert pixels.read_source(path) == kind


def test_an_image_that_says_nothing_is_real(tmp_path):
    assert pixels.read_source(saved(tmp_path / "film.png", RAMP)) == "real"
    assert pixels.read_source(saved(tmp_path / "film.jpg", RAMP)) == "real"


def test_a_mark_after_the_pixels_is_found_too(tmp_path):
    content = saved(tmp_path / "film.png", RAMP).read_bytes()
    end = content.rindex(b"IEND") - 4
    (tmp_path / "film.png").write_bytes(content[:end] + chunk(b"tEXt", b"PleuraScope\0phantom") + content[end:])

    assert pixels.read_source(tmp_path / "film.png") == "phantom"


def test_8_bits_stay_as_they_are():
    assert pixels.to_uint8(RAMP) is RAMP


def test_a_12_bit_image_in_a_16_bit_file_is_not_black():
    found = pixels.to_uint8(TWELVE)

    assert (found.min(), found.max()) == (0, 255)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 65535), min_size=2, max_size=40).filter(lambda values: len(set(values)) > 1))
def test_16_bits_are_scaled_as_the_definition_says(values):
    image = np.array([values], np.uint16)

    found = pixels.to_uint8(image)

    exact = (image.astype(float) - min(values)) / (max(values) - min(values)) * 255
    assert np.abs(found - exact).max() <= 0.5 + 1e-6
    order = np.argsort(image[0], kind="stable")
    assert (np.diff(found[0][order].astype(int)) >= 0).all()


def test_a_uniform_16_bit_image_is_black():
    assert pixels.to_uint8(np.full((2, 3), 700, np.uint16)).tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("wrong", [np.zeros((2, 2), np.float32), np.zeros((2, 2, 3), np.uint8)])
def test_other_pixels_are_refused(wrong):
    with pytest.raises(ValueError, match=r"Expected pixels \(H, W\) of uint8 or uint16"):
        pixels.to_uint8(wrong)


def test_the_hash_speaks_of_the_picture_and_not_of_the_file(tmp_path):
    small = pixels.read_pixels(saved(tmp_path / "small.png", RAMP, optimize=True))
    as_colour = pixels.read_pixels(saved(tmp_path / "colour.png", stacked(RAMP, RAMP, RAMP)))

    assert pixels.sha256_of_pixels(small) == pixels.sha256_of_pixels(as_colour)


def test_the_hash_tells_shapes_depths_and_pixels_apart():
    images = [RAMP, RAMP.reshape(32, 24), RAMP.astype(np.uint16), np.ascontiguousarray(RAMP.T), 255 - RAMP]

    assert len({pixels.sha256_of_pixels(image) for image in images}) == len(images)


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_the_hash_is_of_depth_shape_and_little_endian_values(order):
    image = np.arange(6).reshape(2, 3).astype(order)

    expected = hashlib.sha256(b"uint16 2x3 " + bytes([0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0]))
    assert pixels.sha256_of_pixels(image) == expected.hexdigest()
