"""What decoding told is remembered, and forgotten when a file changes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.base.errors import Cancelled
from core.base.progress import JOB_DIR
from core.data import pixels
from core.data.seen import look_at


@pytest.fixture
def decoded(monkeypatch) -> list[str]:
    """Names of the files decoded since the test began."""
    names: list[str] = []
    decode = pixels.decode
    monkeypatch.setattr(pixels, "decode", lambda path: names.append(path.name) or decode(path))
    return names


def film(path: Path, level: int) -> str:
    Image.fromarray(np.full((4, 6), level, np.uint8)).save(path, compress_level=0)  # all of one size
    return str(path)


def test_tells_of_each_file_in_the_given_order(tmp_path):
    paths = [film(tmp_path / "b.png", 1), str(tmp_path / "absent.png"), film(tmp_path / "a.png", 2)]

    table = look_at(paths, tmp_path / "memory.parquet")

    assert table["width"].fillna(-1).tolist() == [6, -1, 6]
    assert table["unreadable"].fillna("").tolist() == ["", "missing", ""]
    assert table["source"].fillna("").tolist() == ["real", "", "real"]
    assert table["sha256"].nunique() == 2


def test_a_second_look_decodes_nothing_and_tells_the_same(tmp_path, decoded):
    paths = [film(tmp_path / f"{level}.png", level) for level in range(3)]
    Image.new("RGB", (2, 2), (9, 99, 200)).save(tmp_path / "2.png")  # notes are remembered too
    first = look_at(paths, tmp_path / "memory.parquet")
    decoded.clear()

    again = look_at(paths, tmp_path / "memory.parquet")

    assert decoded == []
    assert again.equals(first)
    assert again["notes"].tolist() == ["", "", "colour read as luminance"]


def test_a_file_rewritten_with_the_same_size_and_time_is_decoded_again(tmp_path, decoded):
    path = film(tmp_path / "a.png", 1)
    before = Path(path).stat()
    first = look_at([path], tmp_path / "memory.parquet")
    decoded.clear()

    film(tmp_path / "a.png", 2)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = look_at([path], tmp_path / "memory.parquet")

    assert Path(path).stat().st_size == before.st_size
    assert decoded == ["a.png"]
    assert again["sha256"][0] != first["sha256"][0]


def test_an_unreadable_file_is_looked_at_again(tmp_path):
    path = str(tmp_path / "a.png")
    assert look_at([path], tmp_path / "memory.parquet")["unreadable"].tolist() == ["missing"]

    film(tmp_path / "a.png", 1)

    assert look_at([path], tmp_path / "memory.parquet")["unreadable"].isna().all()


def test_a_stopped_look_remembers_what_it_saw(tmp_path, monkeypatch, decoded):
    paths = [film(tmp_path / f"{level}.png", level) for level in range(3)]
    (tmp_path / "stop").touch()
    monkeypatch.setenv(JOB_DIR, str(tmp_path))
    with pytest.raises(Cancelled):
        look_at(paths, tmp_path / "memory.parquet")
    (tmp_path / "stop").unlink()
    decoded.clear()

    look_at(paths, tmp_path / "memory.parquet")

    assert "0.png" not in decoded


def test_a_damaged_memory_is_begun_anew(tmp_path, decoded):
    path, memory = film(tmp_path / "a.png", 1), tmp_path / "memory.parquet"
    memory.write_bytes(b"cut short")

    assert look_at([path], memory)["width"].tolist() == [6]
    assert look_at([path], memory)["width"].tolist() == [6]
    assert decoded == ["a.png"]
