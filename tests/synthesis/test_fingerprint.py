"""The fingerprint test: which classifiers are held against which, on whose films, and what comes of it."""

import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from core.base import files
from core.base.paths import Workspace
from core.data import radiographs, split_store, synthetic
from core.data.pixel_cache import PixelCache
from core.data.synthetic import SyntheticCard
from core.models import cards, checkpoint
from core.synthesis import fingerprint, generators, grey, own_classifier, there_and_back
from core.synthesis.generators import Generators
from tests.running import environment
from tests.synthesis import real_and_made as made
from tests.training import studies


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Workspace:
    """A workspace with a synthetic set, its generator, and a classifier that learnt without it; made once."""
    folder = tmp_path_factory.mktemp("fingerprint")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        studies.use_tiny_classifier(patch)
        workspace = Workspace()
        made.make(workspace, folder, patients=60)
        made.classifier(workspace, epochs=1)
    return workspace


@pytest.fixture
def workspace(place, monkeypatch) -> Iterator[Workspace]:
    """The workspace, as it was again for the next test."""
    studies.use_tiny_classifier(monkeypatch)
    before = set(place.checkpoints.iterdir())
    yield place
    for folder in set(place.checkpoints.iterdir()) - before:
        shutil.rmtree(folder)


@pytest.fixture
def set_made(workspace) -> tuple[SyntheticCard, Generators]:
    """The synthetic set and its generator."""
    return synthetic.card(workspace, made.NAME), generators.load(workspace, made.GENERATOR)


def taught(workspace, card, *, name: str, classes: str, made_at: str, **options) -> str:
    """Copy the classifier as if it had learnt from a synthetic set; its own weights stay."""
    first = cards.read_card(workspace, cards.checkpoint_ids(workspace)[-1])
    new = f"{first['checkpoint_id'][:-8]}{name[-8:]:0>8}"
    shutil.copytree(workspace.checkpoint(first["checkpoint_id"]), workspace.checkpoint(new))
    learnt = {"name": card.name, "generator_sha256": card.generator_sha256, "classes": classes}
    counts = {"positives": 7, "negatives": 7 if classes == "both" else 0}
    told = first | {"checkpoint_id": new, "created_at": made_at, "synthetic": learnt | counts}
    files.write_json(workspace.checkpoint(new) / cards.CARD, told)
    config = cards.read_config(workspace, new) | {"synthetic": card.name, "synthetic_classes": classes, **options}
    files.write_json(workspace.checkpoint(new) / cards.CONFIG, config)
    return new


def test_without_a_classifier_that_learnt_from_the_set_there_are_no_arms(workspace, set_made):
    assert fingerprint.arms(workspace, *set_made) == []


def test_the_newest_of_each_arm_is_held_against_one_of_the_same_options(workspace, set_made):
    plain = cards.checkpoint_ids(workspace)[0]
    taught(workspace, set_made[0], name="older", classes="positives", made_at="2030-01-01T00:00:00+00:00")
    newest = taught(workspace, set_made[0], name="newest", classes="positives", made_at="2030-01-02T00:00:00+00:00")
    taught(workspace, set_made[0], name="other", classes="positives", made_at="2030-01-03T00:00:00+00:00", epochs=9)
    both = taught(workspace, set_made[0], name="both", classes="both", made_at="2030-01-01T00:00:00+00:00")

    found = fingerprint.arms(workspace, *set_made)

    assert [(arm.name, arm.checkpoint_id) for arm in found] == [("none", plain), ("positives", newest), ("both", both)]
    assert [arm.synthetic_films for arm in found] == [0, 7, 14]
    assert found[0].shift_against_none.value is None
    assert found[1].shift_against_none.value == 0  # the same weights
    assert found[1].shift == found[0].shift


def test_the_shift_is_that_of_negative_films_of_tune_sent_there_and_back(workspace, set_made):
    card, both = set_made
    taught(workspace, card, name="taught", classes="positives", made_at="2030-01-01T00:00:00+00:00")
    split = split_store.load(workspace, made.DATASET, "patient")
    tune = split[(split["fold"] == "tune") & (split["label"] == 0)]["image_id"]
    table = radiographs.load(workspace, made.DATASET)
    rows = table[table["image_id"].isin(tune)]
    cache = PixelCache.ensure(workspace, rows, size=card.image_size)
    films = cache.read(cache.rows_of(rows["image_id"]))
    reader = own_classifier.load(workspace, cards.checkpoint_ids(workspace)[0])
    back = there_and_back.reconstructed(both, films, "a-to-b")
    expected = reader.read(back).probabilities - reader.read(films).probabilities

    found = fingerprint.arms(workspace, *set_made)

    assert len(tune) == 12
    assert found[1].shift.value == pytest.approx(expected.mean())


def test_a_classifier_that_answers_to_the_texture_is_found_out(workspace, set_made):
    card, _ = set_made
    name = taught(workspace, card, name="fooled", classes="positives", made_at="2030-01-01T00:00:00+00:00")
    changed = checkpoint.load(workspace, name).card | {"calibration": {"a": 0.0, "b": 0.0}}
    files.write_json(workspace.checkpoint(name) / cards.CARD, changed)  # says 0.5 of everything: no shift at all

    none, positives = fingerprint.arms(workspace, *set_made)

    assert positives.shift.value == 0
    assert positives.shift_against_none.value == pytest.approx(-none.shift.value)


def test_without_a_counterpart_the_difference_is_null_with_the_reason(workspace, set_made):
    name = taught(
        workspace, set_made[0], name="odd", classes="positives", made_at="2030-01-01T00:00:00+00:00", epochs=9
    )

    found = fingerprint.arms(workspace, *set_made)

    assert [arm.checkpoint_id for arm in found] == [name]
    assert found[0].shift.value is not None
    assert found[0].shift_against_none.value is None
    assert "same options" in found[0].shift_against_none.reason


def test_films_of_patients_the_generator_saw_are_left_out(workspace, set_made):
    card, both = set_made
    taught(workspace, card, name="taught", classes="positives", made_at="2030-01-01T00:00:00+00:00")
    everybody = sorted(set(radiographs.load(workspace, made.DATASET)["patient_id"]))

    found = fingerprint.arms(workspace, card.model_copy(update={"patients": everybody}), both)

    assert all(arm.shift.value is None for arm in found)
    assert "whose patient the generator did not see" in found[0].shift.reason


def test_there_and_back_is_one_generator_after_the_other(set_made):
    _, both = set_made
    films = np.random.default_rng(0).integers(0, 256, (17, 32, 32)).astype(np.uint8)
    expected = grey.to_pixels(both.a_to_b(both.b_to_a(grey.to_unit(films))))

    np.testing.assert_allclose(there_and_back.reconstructed(both, films, "b-to-a"), expected, atol=1)
