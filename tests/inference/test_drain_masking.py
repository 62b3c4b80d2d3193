"""What is said of a film without its drain: the drain's own part in it goes, all else stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import special
from scipy.ndimage import binary_dilation
from torch import nn

from core.base.errors import InputError
from core.data import pixels
from core.data.pixel_cache import fit_square
from core.inference import drain_masking
from core.inference.drain_masking import CONTROL, MASKED
from core.models.checkpoint import Checkpoint
from core.models.contract import Classifier
from core.vision.transforms import InputSpec

CPU = torch.device("cpu")
SIZE = 48
DRAIN = np.zeros((SIZE, SIZE), bool)
DRAIN[8:40, 9:12] = True  # on the patient's right, the picture's left


class LooksAt(Classifier):
    """A classifier whose logit is how bright the film is in one region, in tens of grey levels above 100."""

    def __init__(self, region: np.ndarray) -> None:
        super().__init__()
        self.trunk = nn.Flatten()
        self.head = nn.Flatten(0)
        self.register_buffer("weights", torch.from_numpy(region / region.sum()).float().reshape(1, -1))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the brightness of the region `(B, 1)`."""
        return (self.trunk(images) * self.weights).sum(dim=1, keepdim=True) * 25.5 - 10

    @property
    def grid_layer(self) -> nn.Module:
        """None worth the name."""
        return self.trunk


def of(region: np.ndarray) -> Checkpoint:
    card = {"calibration": {"a": 1.0, "b": -1.0}}
    return Checkpoint("looks-at", LooksAt(region), InputSpec(size=SIZE, mean=0.0, std=1.0), card)


def film(drain: np.ndarray = DRAIN, *, deep: bool = False) -> np.ndarray:
    """Return an even film with noise on which the drain is 60 grey levels brighter."""
    grey = np.random.default_rng(0).normal(100, 2, drain.shape) + 60 * drain
    grey[0, 0], grey[-1, -1] = 0, 255  # so that 16 bits are brought to the same 8
    return (grey * 257).astype(np.uint16) if deep else grey.astype(np.uint8)


def row(folder: Path, picture: np.ndarray, drain: np.ndarray | None) -> dict[str, object]:
    folder.mkdir(exist_ok=True, parents=True)
    Image.fromarray(picture).save(folder / "film.png")
    if drain is not None:
        Image.fromarray(drain.astype(np.uint8) * 255).save(folder / "drain.png")
    return {
        "image_id": folder.name,
        "path": str(folder / "film.png"),
        "sha256": pixels.sha256_of_pixels(pixels.read_pixels(folder / "film.png")),
        "drain_path": None if drain is None else str(folder / "drain.png"),
    }


def said(region: np.ndarray, *rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(drain_masking.probabilities(of(region), pd.DataFrame(rows), device=CPU))


@pytest.mark.parametrize("deep", [False, True])
def test_who_looks_at_the_drain_alone_loses_it_and_the_control_keeps_it(tmp_path, deep):
    told = said(DRAIN, row(tmp_path / "a", film(deep=deep), DRAIN)).iloc[0]

    assert told[CONTROL] == pytest.approx(special.expit(5), abs=0.002)  # 60 grey levels are 6, less 1
    assert told[MASKED] == pytest.approx(special.expit(-1), abs=0.02)


def test_who_looks_elsewhere_keeps_the_probability(tmp_path):
    elsewhere = np.zeros_like(DRAIN)
    elsewhere[8:40, 20:28] = True
    one = row(tmp_path / "a", film(), DRAIN)
    with torch.inference_mode():
        image = torch.from_numpy(film()[None, None] / 255).float()
        as_it_is = special.expit(of(elsewhere).classifier(image).item() - 1)

    told = said(elsewhere, one).iloc[0]

    assert told[MASKED] == pytest.approx(as_it_is, abs=1e-6)
    assert told[CONTROL] == pytest.approx(as_it_is, abs=1e-6)


def test_who_looks_where_the_control_is_painted_shows_what_painting_does(tmp_path):
    spot = np.zeros_like(DRAIN)
    spot[20:24, SIZE - 12 : SIZE - 9] = True  # a finding at the drain's mirror image

    told = said(spot, row(tmp_path / "a", film(DRAIN | spot), DRAIN)).iloc[0]

    assert told[MASKED] == pytest.approx(special.expit(5), abs=0.005)
    assert told[CONTROL] < 0.5


def test_films_without_a_mask_or_with_an_empty_one_have_null_and_the_rest_stand_in_their_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(drain_masking, "BATCH", 2)
    rows = [
        row(tmp_path / str(number), film(), drain)
        for number, drain in enumerate([None, DRAIN, np.zeros_like(DRAIN), DRAIN, None, DRAIN])
    ]

    told = said(DRAIN, *rows)

    assert told[MASKED].notna().tolist() == told[CONTROL].notna().tolist() == [False, True, False, True, False, True]
    np.testing.assert_allclose(told.dropna(), np.tile(told.iloc[1], (3, 1)), rtol=1e-6)


def test_where_the_mirror_image_meets_the_drain_there_is_no_control(tmp_path):
    across = DRAIN | DRAIN[:, ::-1]

    told = said(DRAIN, row(tmp_path / "a", film(across), across)).iloc[0]

    assert np.isfinite(told[MASKED])
    assert np.isnan(told[CONTROL])


def test_without_the_column_nothing_is_known_and_no_film_is_read():
    rows = pd.DataFrame({"image_id": ["a", "b"], "path": ["nowhere", "nowhere"], "sha256": ["0", "0"]})

    told = drain_masking.probabilities(of(DRAIN), rows, device=CPU)

    assert all(np.isnan(column).all() and column.shape == (2,) for column in told.values())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([24, 64, 300]))
def test_the_painted_picture_differs_only_within_the_grown_drain(seed, size):
    generator = np.random.default_rng(seed)
    picture = generator.integers(0, 256, (size, size), dtype=np.uint8)
    drain = np.zeros((size, size), bool)
    top, left = generator.integers(0, size - 8, 2)
    drain[top : top + 8, left : left + 3] = True

    region = drain_masking.grown(drain)
    painted = drain_masking.paint_over(picture, region)

    np.testing.assert_array_equal(painted[~region], picture[~region])
    margin = max(1, round(size / 256))
    square = np.ones((2 * margin + 1, 2 * margin + 1), bool)
    assert (region >= drain).all()
    assert (region <= binary_dilation(drain, square)).all()
    assert painted.dtype == np.uint8
    around = picture[binary_dilation(region, np.ones((9 * margin, 9 * margin), bool)) & ~region]
    assert around.min() <= painted[region].min()
    assert painted[region].max() <= around.max()


def test_a_phantom_without_its_drain_is_nearer_to_the_one_that_never_had_it(monkeypatch):
    from core.phantom import overlays
    from core.phantom.projection import render
    from core.phantom.story import plan

    drawn = overlays.drain
    left = []
    for planned in [one for one in plan(60, seed=0) if one.film.drain][:3]:
        with_it = render(planned.anatomy, planned.film, 256)
        with monkeypatch.context() as patch:
            patch.setattr(overlays, "drain", lambda *arguments: 0 * drawn(*arguments))
            without = render(planned.anatomy, planned.film, 256).pixels
        painted = drain_masking.paint_over(with_it.pixels, drain_masking.grown(with_it.drain))
        there, kept = (fit_square(one, size=64) - fit_square(without, size=64).astype(float) for one in
                       (with_it.pixels, painted))  # fmt: skip
        there, kept = there - np.median(there), kept - np.median(kept)
        left.append((there * kept).sum() / (there**2).sum())

    assert np.mean(left) < 0.5


def test_a_mask_that_is_gone_or_of_another_size_is_told(tmp_path):
    one = row(tmp_path / "a", film(), DRAIN)
    other = row(tmp_path / "b", film(), DRAIN[:, :40])
    Path(str(one["drain_path"])).unlink()

    with pytest.raises(InputError, match=r"drain's mask of 'a' where it was indexed, found: missing; run index again"):
        said(DRAIN, one)
    with pytest.raises(InputError, match=r"drain's mask of 'b' in the film's size 48 x 48, found 40 x 48"):
        said(DRAIN, other)
