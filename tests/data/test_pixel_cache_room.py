"""The disk is asked before films are decoded: refused with both numbers, and the forecast is right."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.base import disk
from core.base.errors import InputError
from core.data.pixel_cache import PixelCache
from tests.data.test_pixel_cache import films, shards


def free(monkeypatch, number):
    """Let the disk have so many bytes free."""
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=number))


def test_a_disk_without_room_is_told_before_anything_is_decoded(workspace, tmp_path, monkeypatch):
    table = films(tmp_path / "images", 6)
    needed = 6 * 64 * 64
    free(monkeypatch, needed + disk.RESERVE_BYTES - 1)

    with pytest.raises(InputError) as refused:
        PixelCache.ensure(workspace, table, size=64)

    assert str(refused.value) == (
        "Expected 0 MB of free disk for the decoded pixels of 6 films at 64 x 64 and 1.0 GB to spare, found 1.0 GB; "
        "free some or choose a smaller image size."
    )
    assert not shards(workspace)
    free(monkeypatch, needed + disk.RESERVE_BYTES)
    assert len(PixelCache.ensure(workspace, table, size=64)) == 6


def test_what_is_there_already_needs_no_room(workspace, tmp_path, monkeypatch):
    table = films(tmp_path / "images", 6)
    PixelCache.ensure(workspace, table.head(4), size=64)
    free(monkeypatch, 2 * 64 * 64 + disk.RESERVE_BYTES)

    PixelCache.ensure(workspace, table, size=64)
    free(monkeypatch, 0)

    assert len(PixelCache.ensure(workspace, table, size=64)) == 6


def test_the_forecast_is_what_the_cache_then_weighs(workspace, tmp_path):
    table = films(tmp_path / "images", 50)

    PixelCache.ensure(workspace, table, size=64)

    written = sum(path.stat().st_size for path in shards(workspace))
    assert 50 * 64 * 64 <= written <= 1.01 * 50 * 64 * 64
