"""The check of a checkpoint's maps against untrained networks: what it measures, and that it is made once."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from core.base import files
from core.base.errors import InputError
from core.data import radiographs
from core.inference import heat_maps, randomisation
from core.inference.own_calls import at_training
from core.models import checkpoint, registry
from core.models.checkpoint import Checkpoint
from core.vision import transforms
from tests.inference import explained
from tests.training import studies


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("explained")
    return folder, explained.make(folder)[0]


@pytest.fixture
def loaded(made, workspace, monkeypatch) -> Checkpoint:
    """A tiny classifier that learnt from a few phantoms."""
    studies.use_tiny_classifier(monkeypatch)
    explained.copied(made[0], workspace)
    return checkpoint.load(workspace, made[1])


@pytest.fixture
def pixels(workspace, loaded) -> np.ndarray:
    return randomisation.films(workspace, loaded, studies.DATASET)


def untrained(seed: int) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return registry.create_classifier("cnn", image_size=32, drop_rate=0.5).eval()


def test_it_is_the_mean_absolute_rank_correlation_with_three_untrained_networks(workspace, loaded, pixels):
    images = transforms.normalise(pixels, loaded.spec)

    check = randomisation.of(workspace, loaded, pixels)

    own = heat_maps.see(loaded.classifier, images)
    maps = heat_maps.heat_maps(own, signs=at_training(loaded.card, own.logits.numpy()).signs)
    found = []
    for seed in (0, 1, 2):
        other = heat_maps.see(untrained(seed), images)
        by_chance = heat_maps.heat_maps(other, signs=np.where(other.logits.numpy() >= 0, 1.0, -1.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", stats.ConstantInputWarning)
            found += [
                stats.spearmanr(one.ravel(), two.ravel()).statistic for one, two in zip(maps, by_chance, strict=True)
            ]
    there = np.array(found)[~np.isnan(found)]
    assert check.films == 32
    assert check.pairs == len(there) > randomisation.FEWEST_PAIRS
    assert check.correlation == pytest.approx(np.abs(there).mean())


def test_a_network_that_learnt_nothing_fails(workspace, loaded, pixels, monkeypatch):
    card = loaded.card | {"calibration": {"a": 1.0, "b": 0.0}}
    card["operating_points"] = {"youden": {"threshold": 0.5}}
    monkeypatch.setattr(randomisation, "SEEDS", (7,))

    check = randomisation.of(workspace, replace(loaded, classifier=untrained(7), card=card), pixels)

    assert check.correlation == pytest.approx(1)


def test_it_is_made_once_and_kept_for_these_weights(workspace, loaded, pixels):
    first = randomisation.of(workspace, loaded, pixels)

    again = randomisation.of(workspace, loaded, pixels[:2])

    assert again == first == randomisation.read(workspace, loaded.card)
    kept = workspace.root / "predictions" / loaded.checkpoint_id / "heat_map_check.json"
    assert files.read_json(kept)["weights_sha256"] == loaded.card["weights_sha256"]
    assert randomisation.read(workspace, loaded.card | {"weights_sha256": "0" * 64}) is None
    files.write_json(kept, files.read_json(kept) | {"form": 0})
    assert randomisation.read(workspace, loaded.card) is None


def test_too_few_films_give_no_answer_and_none_is_kept(workspace, loaded, pixels):
    few = randomisation.of(workspace, loaded, pixels[:1])

    assert (few.films, few.correlation) == (1, None)
    assert randomisation.of(workspace, loaded, pixels[:0]).pairs == 0
    assert randomisation.read(workspace, loaded.card) is None


def test_maps_of_zeros_are_left_out(workspace, loaded, pixels):
    silent = loaded.classifier
    torch.nn.init.zeros_(silent.head[1].weight)

    check = randomisation.of(workspace, loaded, pixels)

    assert (check.films, check.pairs, check.correlation) == (32, 0, None)


def test_the_random_numbers_of_the_process_stay_as_they_were(workspace, loaded, pixels):
    before = torch.get_rng_state()

    randomisation.of(workspace, loaded, pixels)

    assert torch.equal(torch.get_rng_state(), before)


def test_the_films_do_not_depend_on_the_order_of_the_table(workspace, loaded, pixels):
    table = radiographs.load(workspace, studies.DATASET)
    files.write_parquet(workspace.radiographs(studies.DATASET), table.iloc[::-1].reset_index(drop=True))

    np.testing.assert_array_equal(randomisation.films(workspace, loaded, studies.DATASET), pixels)
    assert pixels.shape == (32, 32, 32)


def test_only_films_that_the_checkpoint_may_read_are_taken(workspace, loaded):
    table = radiographs.load(workspace, studies.DATASET)
    real = table["image_id"] != table["image_id"][5]
    files.write_parquet(workspace.radiographs("mixed"), table.assign(source=real.map({True: "real", False: "phantom"})))
    files.write_parquet(workspace.radiographs("real"), table.assign(source="real"))

    mixed = randomisation.films(workspace, loaded, "mixed")

    assert mixed.shape == (1, 32, 32)
    assert randomisation.films(workspace, loaded, "real").shape == (0, 32, 32)


def test_a_damaged_file_is_told(workspace, loaded):
    kept = workspace.root / "predictions" / loaded.checkpoint_id / "heat_map_check.json"
    files.write_text(kept, "{")

    with pytest.raises(InputError, match=r"Expected JSON in .*heat_map_check\.json, found a damaged file"):
        randomisation.read(workspace, loaded.card)
