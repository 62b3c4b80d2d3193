"""Thumbnails: the whole film, marked when it is not real, and never an exception in a page."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import pixels, thumbnails

FILM = np.tile(np.linspace(20, 220, 200).astype(np.uint8), (300, 1))  # (300, 200)


def row(tmp_path: Path, source: str = "real", film: np.ndarray = FILM) -> dict[str, str]:
    path = tmp_path / "secret_name.png"
    Image.fromarray(film).save(path)
    return {"path": str(path), "sha256": pixels.sha256_of_pixels(film), "source": source}


def opened(content: bytes | None) -> np.ndarray:
    assert content is not None
    return np.asarray(Image.open(io.BytesIO(content), formats=["JPEG"]))


def amber(picture: np.ndarray) -> float:
    """Share of the lower left quarter that is amber."""
    corner = picture[picture.shape[0] * 3 // 4 :, : picture.shape[1] // 2].astype(int)
    return float(((corner[..., 0] - corner[..., 2]) > 100).mean())


@pytest.mark.parametrize("size", [64, 96, 160])
def test_keeps_the_aspect_and_the_picture(workspace, tmp_path, size):
    picture = opened(thumbnails.thumbnail(workspace, row(tmp_path), size=size))

    assert picture.shape == (size, round(size * 2 / 3))
    assert picture.mean() == pytest.approx(FILM.mean(), abs=2)


@pytest.mark.parametrize("source", ["phantom", "synthetic"])
@pytest.mark.parametrize("size", [64, 96, 256])
def test_a_film_that_is_not_real_carries_its_mark_in_the_pixels(workspace, tmp_path, source, size):
    picture = opened(thumbnails.thumbnail(workspace, row(tmp_path, source), size=size))

    assert amber(picture) > 0.1


def test_a_real_film_carries_no_mark(workspace, tmp_path):
    assert opened(thumbnails.thumbnail(workspace, row(tmp_path), size=96)).ndim == 2


def test_the_two_marks_differ(workspace, tmp_path):
    phantom = thumbnails.thumbnail(workspace, row(tmp_path, "phantom"), size=96)
    synthetic = thumbnails.thumbnail(workspace, row(tmp_path, "synthetic"), size=96)

    assert phantom != synthetic


def test_a_mark_fits_a_very_narrow_film():
    narrow = opened(thumbnails.draw(FILM[:, :10], size=96, mark="PHANTOM"))

    assert narrow.shape == (96, 3, 3)


def test_a_16_bit_film_is_not_black(workspace, tmp_path):
    twelve_bits = FILM.astype(np.uint16) * 16

    picture = opened(thumbnails.thumbnail(workspace, row(tmp_path, film=twelve_bits), size=96))

    assert picture.max() > 240


def test_a_kept_picture_outlives_its_file(workspace, tmp_path):
    radiograph = row(tmp_path)
    first = thumbnails.thumbnail(workspace, radiograph, size=96)
    Path(radiograph["path"]).unlink()

    assert thumbnails.thumbnail(workspace, radiograph, size=96) == first


@pytest.mark.parametrize(
    "harm",
    [
        Path.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: Image.new("L", (4, 4)).save(path),
    ],
    ids=["gone", "damaged", "changed"],
)
def test_a_film_that_cannot_be_shown_gives_none(workspace, tmp_path, harm):
    radiograph = row(tmp_path)
    harm(Path(radiograph["path"]))

    assert thumbnails.thumbnail(workspace, radiograph, size=96) is None


@pytest.mark.parametrize("column", ["path", "sha256"])
def test_a_row_without_pixels_gives_none(workspace, tmp_path, column):
    assert thumbnails.thumbnail(workspace, row(tmp_path) | {column: None}, size=96) is None


def test_no_name_and_no_path_leaves_with_the_picture(workspace, tmp_path):
    content = thumbnails.thumbnail(workspace, row(tmp_path, "phantom"), size=96)

    assert content is not None
    assert b"secret_name" not in content
    assert not [path for path in workspace.cache.rglob("*") if "secret_name" in path.name]


def test_a_size_too_small_for_a_mark_is_refused():
    with pytest.raises(ValueError, match="at least 64 pixels, got 32"):
        thumbnails.draw(FILM, size=32, mark=None)
