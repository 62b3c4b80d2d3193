from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from core.base import schema
from core.data import radiographs, regions, synthetic
from core.synthesis import passport, regions_changed
from core.synthesis.own_classifier import Read
from core.synthesis.passport import Pictures, TrainingFilms
from core.synthesis.regions_changed import rim, share_inside
from tests.inference import explained
from tests.synthesis import generated
from tests.synthesis.generated import DATASET


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The tiny study, with its translations."""
    folder = tmp_path_factory.mktemp("generated")
    generated.make(folder, sets=True)
    return folder


@pytest.fixture
def films(made_once, workspace):
    """The radiographs of the tiny study, in the test's workspace."""
    explained.copied(made_once, workspace)
    return radiographs.load(workspace, DATASET)


class Brightness:
    """Reads a probability off the mean grey value."""

    def read(self, pixels: np.ndarray) -> Read:
        """Return a feature of no meaning, and the probabilities."""
        return Read(np.zeros((len(pixels), 1), np.float32), pixels.mean(axis=(1, 2)) / 255)


def lungs(size: int = 64) -> np.ndarray:
    """Two boxes with a space between them."""
    field = np.zeros((size, size), bool)
    field[size // 8 : -size // 4, size // 8 : size * 7 // 16] = True
    field[size // 8 : -size // 4, size * 9 // 16 : -size // 8] = True
    return field


def test_errors_and_shift_are_those_worked_out_by_hand(workspace, films):
    rows = films.head(1)
    parents = np.full((1, 32, 32), 100, np.uint8)
    synthetic_, back, same = parents.copy(), parents.copy(), parents.copy()
    synthetic_[:, :, :16] += 51  # a fifth of the grey range in half of the film
    back[:, :8, :] -= 51  # in a quarter
    same[:, :, :] += 51

    told = passport.measured(
        workspace, DATASET, rows, Pictures(parents=parents, synthetic=synthetic_, reconstructed=back, identical=same),
        reader=Brightness(), learnt=None,
    )  # fmt: skip

    assert told["change"][0] == pytest.approx(0.1)
    assert told["cycle_error"][0] == pytest.approx(0.05)
    assert told["identity_error"][0] == pytest.approx(0.2)
    assert told["probability_shift"][0] == pytest.approx(0.1)
    assert told["probability_parent"][0] - told["probability_reconstruction"][0] == pytest.approx(0.05)
    assert told["parent_distance"][0] == pytest.approx(np.sqrt(0.5) * 0.2, abs=1e-6)
    assert "nearest_image_id" not in told
    assert told["lung_from"] == [None]
    assert np.isnan(told["change_in_lung"][0])


def test_the_nearest_training_film_is_that_of_an_exhaustive_search(monkeypatch):
    monkeypatch.setattr(passport, "CHUNK", 7)
    generator = np.random.default_rng(0)
    films, images = generator.random((30, 1024), np.float32), generator.random((11, 1024), np.float32)

    names, distances = TrainingFilms(np.array([f"t{row}" for row in range(30)], object), films).nearest(images)

    oracle, rows = NearestNeighbors(n_neighbors=1).fit(films.astype(float)).kneighbors(images.astype(float))
    assert names.tolist() == [f"t{row}" for row in rows[:, 0]]
    np.testing.assert_allclose(distances, oracle[:, 0] / 32, rtol=1e-5)


def test_a_copy_of_a_training_film_lies_at_no_distance():
    films = np.random.default_rng(1).integers(0, 256, (20, 64, 64)).astype(np.uint8)
    small = passport.small(films)

    names, distances = TrainingFilms(np.arange(20).astype(object), small).nearest(passport.small(films[[7]]))

    assert (names[0], distances[0]) == (7, 0)


def test_a_picture_is_made_small_by_averaging_over_areas():
    film = np.zeros((1, 64, 64), np.uint8)
    film[0, :2, :2] = [[255, 0], [0, 255]]

    assert passport.small(film)[0, 0] == 0.5


@given(seed=st.integers(0, 100), share=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_shares_of_a_region_and_of_the_rest_are_one(seed, share):
    generator = np.random.default_rng(seed)
    change = generator.integers(1, 255, (3, 8, 8)).astype(np.uint8)
    inside = generator.random((3, 8, 8)) < share
    inside[:, 0, 0], inside[:, 0, 1] = True, False

    both = share_inside(change, inside) + share_inside(change, ~inside)

    np.testing.assert_allclose(both, 1)


def test_where_nothing_changed_or_nothing_is_known_there_is_no_share():
    change = np.zeros((2, 4, 4), np.uint8)
    change[1] = 5
    inside = np.zeros((2, 4, 4), bool)
    inside[0] = True

    assert np.isnan(share_inside(change, inside)).all()


def test_the_rim_lies_along_the_chest_wall_and_not_along_the_mediastinum():
    field = lungs()

    band = rim(field)

    assert (band <= field).all()
    middle = field.shape[0] // 2
    row = np.flatnonzero(band[middle])
    assert row.tolist() == [8, 9, 10, 11, 52, 53, 54, 55]  # four pixels of 64 at either side
    assert band[8, field[8]].all()  # the apices
    assert not band[middle, 27]  # the edge to the mediastinum


@pytest.mark.parametrize("size", [32, 64, 256])
def test_the_rim_takes_the_same_share_at_every_size(size):
    field = lungs(size)

    assert rim(field).sum() / field.sum() == pytest.approx(rim(lungs(512)).sum() / lungs(512).sum(), abs=0.06)


def test_the_rim_of_no_lung_is_empty():
    assert not rim(np.zeros((16, 16), bool)).any()


def test_the_parents_mask_goes_before_the_rim(workspace, films, monkeypatch):
    rows = films.head(2)
    mask = np.zeros((32, 32), bool)
    mask[:, :8] = True
    known = regions.Regions({rows["image_id"][0]: mask}, {rows["image_id"][0]: "mask"})
    field = lungs(32)
    monkeypatch.setattr(regions, "regions", lambda *_args, **_options: known)
    monkeypatch.setattr(
        regions_changed.lung_field,
        "of_films",
        lambda _paths, films, size: regions_changed.lung_field.Fields(
            np.stack([field] * len(films)), ["measured"] * len(films), [None] * len(films)
        ),
    )
    change = np.zeros((2, 32, 32), np.uint8)
    change[:, :, :16] = 9

    told = regions_changed.measured(
        workspace, DATASET, rows, films=np.zeros((2, 32, 32), np.uint8), changes={"change": change}
    )

    assert told["region_from"] == ["mask", "rim"]
    assert told["change_in_region"][0] == pytest.approx(0.5)
    assert told["change_in_region"][1] == pytest.approx(rim(field)[:, :16].sum() / 512)
    assert told["change_in_lung"].tolist() == pytest.approx([field[:, :16].sum() / 512] * 2)


def test_a_translations_passport_has_every_column_and_the_parent_is_restored(workspace, films):
    card = synthetic.card(workspace, "ptx")

    told = synthetic.passports(workspace, "ptx")
    assert list(told)[: len(schema.PASSPORTS.columns)] == list(schema.PASSPORTS.columns)
    assert told["cycle_error"].max() < 0.002  # the painter undoes what it did, but for what left the grey range
    assert told["identity_error"].to_numpy() == pytest.approx(40 / 255 / 4, abs=0.01)
    assert told["change"].to_numpy() == pytest.approx(40 / 255 / 4, abs=0.01)
    assert told["classifier_id"].isna().all()
    assert "There is no classifier" in card.classifier_reason
    assert told["probability_shift"].isna().all()
    assert told["origin_id"].isna().all()
    wanted = films[(films["label"] == 1) & films["patient_id"].isin(card.patients)]
    assert set(told["nearest_image_id"]) <= set(wanted["image_id"])
    assert (told["nearest_distance"] > 0).all()
    assert told["parent_distance"].to_numpy() == pytest.approx(40 / 255 / 2, abs=0.01)
