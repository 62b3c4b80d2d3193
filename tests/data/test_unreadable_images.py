"""Files that cannot be used: each is refused with its reason, and nothing else is ever raised."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.data import pixels
from core.data.pixels import UnreadableImage

RAMP = np.add.outer(np.arange(24) * 3, np.arange(32) * 5).astype(np.uint8)  # (24, 32), 0 to 224
DEEP = RAMP.astype(np.uint16) * 257 + 3  # 16 bits in use


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


def file_with(content: bytes):
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def shortened(path: Path) -> None:
    saved(path, RAMP)
    path.write_bytes(path.read_bytes()[:-40])


def shortened_jpeg(path: Path) -> None:
    saved(path, np.tile(RAMP, (8, 8)), format="JPEG")
    path.write_bytes(path.read_bytes()[:-200])


def flipped(path: Path) -> None:
    saved(path, RAMP)
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(bytes(content))


def animated(path: Path) -> None:
    Image.fromarray(RAMP).save(path, save_all=True, append_images=[Image.fromarray(255 - RAMP)])


def marked_otherwise(path: Path) -> None:
    text = PngInfo()
    text.add_text("PleuraScope", "drawing")
    Image.fromarray(RAMP).save(path, pnginfo=text)


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        pytest.param(lambda path: None, "missing", id="missing"),
        pytest.param(Path.mkdir, "not a file", id="a folder named x.png"),
        pytest.param(os.mkfifo, "not a file", id="a pipe"),
        pytest.param(file_with(b""), "empty file", id="zero bytes"),
        pytest.param(file_with(b"Image Index,Finding Labels\n"), "not a PNG, JPEG or DICOM image", id="text"),
        pytest.param(lambda p: saved(p, RAMP, format="GIF"), "not a PNG, JPEG or DICOM image", id="GIF"),
        pytest.param(lambda p: saved(p, DEEP, format="TIFF"), "not a PNG, JPEG or DICOM image", id="TIFF"),
        pytest.param(shortened, "truncated", id="truncated PNG"),
        pytest.param(shortened_jpeg, "truncated", id="truncated JPEG"),
        pytest.param(file_with(b"\x89PNG\r\n\x1a\n"), "truncated", id="signature alone"),
        pytest.param(file_with(png(8, 8, depth=8, colour_type=0, rows=b"\0" * 30)), "truncated", id="too few rows"),
        pytest.param(file_with(png(8, 8, depth=8, colour_type=5, rows=b"\0" * 72)), "damaged", id="colour type 5"),
        pytest.param(flipped, "damaged", id="one flipped bit"),
        pytest.param(lambda p: saved(p, np.zeros((5200, 5000), np.uint8)), "larger than 25 megapixels", id="26 MP"),
        pytest.param(
            lambda p: saved(p, np.zeros((5200, 5000), np.uint8), format="JPEG"),
            "larger than 25 megapixels",
            id="26 MP JPEG",
        ),
        pytest.param(
            file_with(png(60_000, 60_000, depth=1, colour_type=0, rows=b"")), "larger than 25 megapixels", id="a bomb"
        ),
        pytest.param(
            file_with(png(1, 1, depth=16, colour_type=2, rows=b"\0" * 7)),
            "16 bits with colour or transparency",
            id="16-bit RGB",
        ),
        pytest.param(
            lambda p: Image.fromarray(stacked(RAMP, RAMP, RAMP, RAMP), "CMYK").save(p, format="JPEG"),
            "unexpected colour mode CMYK",
            id="CMYK",
        ),
        pytest.param(animated, "more than one frame", id="animated PNG"),
        pytest.param(marked_otherwise, "unknown kind of image", id="a kind that does not exist"),
    ],
)
@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated:DeprecationWarning")
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(tmp_path, write, reason):
    path = tmp_path / "film.png"
    write(path)

    with pytest.raises(UnreadableImage) as refused:
        pixels.read_pixels(path)

    assert refused.value.reason == reason


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission_is_refused(tmp_path):
    path = saved(tmp_path / "film.png", RAMP)
    path.chmod(0)

    with pytest.raises(UnreadableImage, match="no permission to read"):
        pixels.read_pixels(path)


def test_a_huge_file_is_refused_unread(tmp_path):
    with (tmp_path / "film.png").open("wb") as file:
        file.truncate(pixels.MAX_BYTES + 1)  # a sparse file, nothing on the disk

    with pytest.raises(UnreadableImage, match="file larger than 256 MB"):
        pixels.read_pixels(tmp_path / "film.png")


def test_every_flipped_bit_of_a_png_is_seen(tmp_path):
    content = saved(tmp_path / "film.png", RAMP).read_bytes()
    path = tmp_path / "flipped.png"
    unseen = []
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :])
        try:
            pixels.read_pixels(path)
        except UnreadableImage:
            continue
        unseen.append(place)

    assert unseen == []


@pytest.mark.filterwarnings("ignore")  # Pillow warns of broken EXIF, which is nothing to us
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bytes_gone_wrong_never_raise_anything_else(tmp_path, data):
    kind = data.draw(st.sampled_from(["PNG", "JPEG"]))
    content = bytearray(saved(tmp_path / "film", RAMP, format=kind).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "film").write_bytes(content[: data.draw(st.integers(0, len(content)))])

    try:
        found = pixels.read_pixels(tmp_path / "film")
    except UnreadableImage as error:
        assert 0 < len(error.reason) < 60
    else:
        assert found.ndim == 2
        assert found.dtype in (np.uint8, np.uint16)
