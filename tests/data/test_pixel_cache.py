"""The pixel cache: equal to a direct decode, safe when killed, honest about changed files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.base.errors import Cancelled, InputError
from core.base.progress import JOB_DIR
from core.data import pixel_cache, pixels
from core.data.pixel_cache import PixelCache, fit_square


def films(folder: Path, count: int, *, shape=(40, 48), depth=np.uint8) -> pd.DataFrame:
    """Write random films and return their rows of the radiographs table."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(count)
    rows = []
    for number in range(count):
        image = rng.integers(0, np.iinfo(depth).max, shape, dtype=depth, endpoint=True)
        path = folder / f"film{number:03d}.png"
        Image.fromarray(image).save(path)
        rows.append({"image_id": path.name, "path": str(path), "sha256": pixels.sha256_of_pixels(image)})
    return pd.DataFrame(rows)


def shards(workspace) -> list[Path]:
    return sorted((workspace.cache / "pixels").glob("*/*.npy"))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [16, 64])
def test_holds_what_a_direct_decode_and_resize_gives(workspace, tmp_path, size, depth):
    table = films(tmp_path / "images", 7, depth=depth)

    cache = PixelCache.ensure(workspace, table, size=size)

    expected = np.stack([fit_square(pixels.read_pixels(Path(path)), size=size) for path in table["path"]])
    np.testing.assert_array_equal(cache.read(np.arange(7)), expected)
    assert len(cache) == 7


def test_shrinking_averages_areas():
    image = np.array([[0, 2, 10, 30], [4, 6, 20, 40]], np.uint8)  # 2 x 2 blocks beside each other

    assert fit_square(np.repeat(image, 2, axis=0), size=2).tolist() == [[1, 20], [5, 30]]


@pytest.mark.parametrize("shape", [(100, 50), (50, 100), (10, 200), (8, 9), (32, 32)])
def test_any_shape_becomes_the_square_and_keeps_its_brightness(shape):
    across = np.tile(np.linspace(0, 250, shape[1]).astype(np.uint8), (shape[0], 1))

    found = fit_square(across, size=32)

    assert found.shape == (32, 32)
    assert found.mean() == pytest.approx(across.mean(), abs=2)
    assert (np.diff(found.astype(int), axis=1) >= 0).all()


def test_rows_are_found_by_name_in_any_order_with_repeats(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_cache, "SHARD_ROWS", 3)  # four shards
    monkeypatch.setattr(pixel_cache, "OPEN_SHARDS", 2)
    table = films(tmp_path / "images", 10)
    cache = PixelCache.ensure(workspace, table, size=40)
    wanted = ["film007.png", "film000.png", "film007.png", "film009.png", "film003.png"]

    batch = cache.read(cache.rows_of(wanted))

    assert len(shards(workspace)) == 4
    for picture, name in zip(batch, wanted, strict=True):
        direct = fit_square(pixels.read_pixels(tmp_path / "images" / name), size=40)
        np.testing.assert_array_equal(picture, direct)


def test_what_is_read_may_be_changed_without_harm(workspace, tmp_path):
    cache = PixelCache.ensure(workspace, films(tmp_path / "images", 2), size=16)
    before = cache.read(np.array([0]))

    cache.read(np.array([0]))[:] = 0

    np.testing.assert_array_equal(cache.read(np.array([0])), before)


def test_an_empty_batch_is_empty(workspace, tmp_path):
    cache = PixelCache.ensure(workspace, films(tmp_path / "images", 1), size=16)

    assert cache.read(cache.rows_of([])).shape == (0, 16, 16)


def test_an_unknown_radiograph_is_named(workspace, tmp_path):
    cache = PixelCache.ensure(workspace, films(tmp_path / "images", 2), size=16)

    with pytest.raises(KeyError, match=r"other\.png"):
        cache.rows_of(["film000.png", "other.png"])


def test_decodes_only_what_is_missing(workspace, tmp_path):
    table = films(tmp_path / "images", 6)
    PixelCache.ensure(workspace, table.iloc[:4], size=16)
    for path in table["path"][:4]:
        Path(path).unlink()  # their pixels are kept already

    cache = PixelCache.ensure(workspace, table, size=16)

    assert cache.read(np.arange(6)).shape == (6, 16, 16)
    assert len(shards(workspace)) == 2


def test_equal_pictures_share_a_row(workspace, tmp_path):
    table = films(tmp_path / "images", 1)
    table = pd.concat([table, table.assign(image_id="copy.png")], ignore_index=True)

    cache = PixelCache.ensure(workspace, table, size=16)

    first, second = cache.read(cache.rows_of(["film000.png", "copy.png"]))
    np.testing.assert_array_equal(first, second)
    assert np.load(shards(workspace)[0]).shape == (1, 16, 16)


def test_sizes_lie_apart(workspace, tmp_path):
    table = films(tmp_path / "images", 2)

    assert PixelCache.ensure(workspace, table, size=16).read(np.array([1])).shape == (1, 16, 16)
    assert PixelCache.ensure(workspace, table, size=24).read(np.array([1])).shape == (1, 24, 24)


def test_a_file_changed_since_index_is_refused_by_name(workspace, tmp_path):
    table = films(tmp_path / "images", 3)
    Image.new("L", (48, 40)).save(table["path"][1])

    with pytest.raises(InputError, match=r"pixels of 'film001\.png' as they were indexed, found others; run index ag"):
        PixelCache.ensure(workspace, table, size=16)


def test_a_file_gone_since_index_is_refused_by_name_and_without_its_path(workspace, tmp_path):
    table = films(tmp_path / "images", 3)
    Path(table["path"][1]).unlink()

    with pytest.raises(InputError, match=r"'film001\.png' where it was indexed, found: missing; run index") as refused:
        PixelCache.ensure(workspace, table, size=16)

    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize("column", ["path", "sha256"])
def test_a_table_without_images_is_refused(workspace, tmp_path, column):
    table = films(tmp_path / "images", 2).assign(**{column: None})

    with pytest.raises(InputError, match="found a data set that is a table only; index it with --images"):
        PixelCache.ensure(workspace, table, size=16)


def test_a_radiograph_named_twice_is_refused(workspace, tmp_path):
    table = films(tmp_path / "images", 2)

    with pytest.raises(InputError, match=r"each radiograph once, found 'film000\.png' more than once"):
        PixelCache.ensure(workspace, pd.concat([table, table]), size=16)


def test_what_was_decoded_before_a_bad_file_is_kept(workspace, tmp_path):
    table = films(tmp_path / "images", 5)
    good = Path(table["path"][4]).read_bytes()
    Path(table["path"][4]).write_bytes(b"")
    with pytest.raises(InputError):
        PixelCache.ensure(workspace, table, size=16)
    Path(table["path"][4]).write_bytes(good)
    for path in table["path"][:4]:
        Path(path).unlink()

    cache = PixelCache.ensure(workspace, table, size=16)

    assert cache.read(np.arange(5)).any()


def test_a_stopped_job_keeps_what_it_decoded(workspace, tmp_path, monkeypatch):
    table = films(tmp_path / "images", 5)
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "stop").touch()
    monkeypatch.setenv(JOB_DIR, str(tmp_path / "job"))

    with pytest.raises(Cancelled):
        PixelCache.ensure(workspace, table, size=16)

    assert len(shards(workspace)) == 1


def test_strays_of_a_killed_process_are_harmless_and_cleared(workspace, tmp_path):
    table = films(tmp_path / "images", 3)
    PixelCache.ensure(workspace, table.iloc[:2], size=16)
    folder = shards(workspace)[0].parent
    (folder / "dead.npy").write_bytes(b"half a shard")  # its parquet was never written
    (folder / ".dead.npy.x.part").write_bytes(b"half")

    cache = PixelCache.ensure(workspace, table, size=16)

    assert cache.read(np.arange(3)).any(axis=(1, 2)).all()
    assert not (folder / "dead.npy").exists()
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:300])])
def test_a_lost_or_shortened_shard_is_made_again(workspace, tmp_path, harm):
    table = films(tmp_path / "images", 3)
    expected = PixelCache.ensure(workspace, table, size=16).read(np.arange(3))
    harm(shards(workspace)[0])

    found = PixelCache.ensure(workspace, table, size=16).read(np.arange(3))

    np.testing.assert_array_equal(found, expected)


def test_a_shard_with_a_damaged_index_is_made_again(workspace, tmp_path):
    table = films(tmp_path / "images", 3)
    expected = PixelCache.ensure(workspace, table, size=16).read(np.arange(3))
    shards(workspace)[0].with_suffix(".parquet").write_bytes(b"cut short")

    found = PixelCache.ensure(workspace, table, size=16).read(np.arange(3))

    np.testing.assert_array_equal(found, expected)


FILL = """
import sys
import pandas as pd
from core.base.paths import Workspace
from core.data import pixel_cache
pixel_cache.SHARD_ROWS = 2
print("begins", flush=True)
pixel_cache.PixelCache.ensure(Workspace(), pd.read_parquet(sys.argv[1]), size=200)
"""


def filling(table_path: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", FILL, str(table_path)], stdout=subprocess.PIPE)


def test_a_killed_process_loses_little_and_breaks_nothing(workspace, tmp_path):
    table = films(tmp_path / "images", 60, shape=(600, 600))
    table.to_parquet(tmp_path / "table.parquet")
    with filling(tmp_path / "table.parquet") as process:
        deadline = time.monotonic() + 60
        while len(shards(workspace)) < 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    kept = len(shards(workspace))
    assert 3 <= kept < 30, "killed in the middle"

    cache = PixelCache.ensure(workspace, table, size=200)

    direct = np.stack([fit_square(pixels.read_pixels(Path(path)), size=200) for path in table["path"]])
    np.testing.assert_array_equal(cache.read(cache.rows_of(table["image_id"])), direct)


def test_two_at_once_decode_each_film_once(workspace, tmp_path, monkeypatch):
    table = films(tmp_path / "images", 12)
    decoded = []
    read = pixels.read_pixels
    monkeypatch.setattr(pixels, "read_pixels", lambda path: decoded.append(path) or read(path))
    found = {}

    def ensure(name: int) -> None:
        found[name] = PixelCache.ensure(workspace, table, size=16).read(np.arange(12))

    threads = [threading.Thread(target=ensure, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(decoded) == 12
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_nothing_in_it_is_pickled(workspace, tmp_path):
    PixelCache.ensure(workspace, films(tmp_path / "images", 2), size=16)

    shard = np.load(shards(workspace)[0], allow_pickle=False)

    assert (shard.shape, shard.dtype) == ((2, 16, 16), np.uint8)
