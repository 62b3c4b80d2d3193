from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from core.base import files
from core.data import thumbnails
from core.synthesis import generators, pairs, samples
from core.synthesis.samples import Samples
from tests.synthesis import domains


class Darker(torch.nn.Module):
    """In the place of a generator."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images darker by a constant."""
        return images - self.by


def sheet(shown: Samples) -> np.ndarray:
    made = generators.Generators("", Darker(0.5), Darker(-0.25), 32, {})
    picture = Image.open(io.BytesIO(shown.draw(made, torch.device("cpu"))))
    return np.asarray(picture)


def has_mark(tile: np.ndarray) -> bool:
    """Tell whether the amber of a mark is in a tile's lower left corner, where a grey film has no colour."""
    return bool((tile[-8:, :40] == thumbnails.AMBER).all(axis=-1).any())


@pytest.mark.parametrize(("source", "marked"), [("real", False), ("phantom", True)])
def test_a_sheet_shows_films_translations_and_reconstructions_each_marked_as_what_it_is(
    workspace, tmp_path, source, marked
):
    domains.make(workspace, tmp_path, source=source)
    found = pairs.prepare(workspace, domains.config())
    shown = Samples.of(found)

    picture = sheet(shown)

    count, tile = len(shown.films), shown.tile
    assert tile == 128
    assert picture.shape == (3 * tile, count * tile, 3)
    tiles = picture.reshape(3, tile, count, tile, 3).swapaxes(1, 2)
    assert [has_mark(one) for one in tiles[0]] == [marked] * count
    assert all(has_mark(one) for one in tiles[1:].reshape(-1, tile, tile, 3))
    upper = tiles[:, :, : tile // 2].mean(axis=(2, 3, 4)) / 127.5  # (3, K), 1 mid-grey, away from the marks
    change = np.where(shown.films["domain"] == "A", -0.5, 0.25)
    assert np.allclose(upper[1] - upper[0], change, atol=0.03)
    assert np.allclose(upper[2] - upper[0], -0.25, atol=0.03)


def test_the_films_are_those_of_val_first_a_then_b_and_stay_the_same(workspace, tmp_path):
    table = domains.make(workspace, tmp_path, patients=80)
    found = pairs.prepare(workspace, domains.config())

    names = Samples.of(found).names()

    domain = [film["domain"] for film in names["films"]]
    assert domain == sorted(domain)
    assert set(domain) == {"A", "B"}
    assert max(domain.count("A"), domain.count("B")) <= samples.OF_EACH
    assert {film["image_id"] for film in names["films"]} <= set(table.loc[table["part"] == "val", "image_id"])
    assert Samples.of(found).names() == names


def test_pictures_are_kept_by_step_and_read_back_in_order(workspace, tmp_path):
    domains.make(workspace, tmp_path)
    shown = Samples.of(pairs.prepare(workspace, domains.config()))
    folder = tmp_path / "run"
    (folder).mkdir()
    (folder / "sample-other.png").write_bytes(b"somebody's")

    for step in (1_000_000, 500, 250):
        samples.keep(folder, shown, f"picture {step}".encode(), step=step)

    assert list(samples.kept(folder)) == [
        "sample-000250.png",
        "sample-000500.png",
        "sample-1000000.png",
        "samples.json",
    ]
    assert samples.kept(folder)["sample-000250.png"] == b"picture 250"
    assert files.read_json(folder / "samples.json") == shown.names()
    samples.clear(folder)
    assert [path.name for path in folder.iterdir()] == ["sample-other.png"]
