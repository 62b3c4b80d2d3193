from __future__ import annotations

import numpy as np
import pytest

from core.base import files
from core.data import radiographs
from core.data.pixel_cache import PixelCache
from core.inference.predict import predict
from core.models import cards
from core.synthesis import own_classifier
from core.training import engine
from core.training.config import TrainConfig
from tests.inference import explained
from tests.training import studies


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The tiny films and a tiny classifier, trained."""
    folder = tmp_path_factory.mktemp("classified")
    with explained.entered(folder) as workspace:
        studies.make(workspace, folder)
        return folder, engine.train(workspace, TrainConfig.from_dict(studies.OPTIONS | {"epochs": 1}))


@pytest.fixture
def classifier(made_once, workspace, monkeypatch):
    """The classifier, in the test's workspace."""
    studies.use_tiny_classifier(monkeypatch)
    explained.copied(made_once[0], workspace)
    return made_once[1]


def another(workspace, first: str, name: str, **card) -> str:
    """Put a checkpoint beside another that says something else of itself."""
    for file in (cards.WEIGHTS, cards.CONFIG, cards.HISTORY):
        files.write_bytes(workspace.checkpoint(name) / file, (workspace.checkpoint(first) / file).read_bytes())
    said = cards.read_card(workspace, first) | {"checkpoint_id": name} | card
    files.write_json(workspace.checkpoint(name) / cards.CARD, said)
    return name


def test_it_reads_films_as_predict_does(workspace, classifier):
    table = radiographs.load(workspace, studies.DATASET)
    films = PixelCache.ensure(workspace, table, size=32).read(np.arange(len(table)))

    read = own_classifier.load(workspace, classifier).read(films)

    path = predict(workspace, classifier, studies.DATASET, passes=0, augmentations=False)
    np.testing.assert_allclose(read.probabilities, files.read_parquet(path)["probability"], atol=1e-6)
    assert read.features.shape == (len(table), 8)
    assert read.features.dtype == np.float32


def test_images_of_another_size_are_brought_to_its_own(workspace, classifier):
    small = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    own = own_classifier.load(workspace, classifier)

    np.testing.assert_array_equal(own.read(large).probabilities, own.read(small).probabilities)


def test_of_no_image_nothing_is_said(workspace, classifier):
    read = own_classifier.load(workspace, classifier).read(np.empty((0, 64, 64), np.uint8))

    assert len(read.probabilities) == 0


def test_the_newest_of_the_data_set_is_chosen(workspace, classifier):
    newer = another(workspace, classifier, "cnn-newer", created_at="2999-01-01T00:00:00+00:00")
    another(workspace, classifier, "cnn-other", created_at="2999-02-01T00:00:00+00:00", dataset="other")
    another(workspace, classifier, "ensemble-1", created_at="2999-03-01T00:00:00+00:00", model="ensemble")
    another(
        workspace,
        classifier,
        "cnn-made",
        created_at="2999-04-01T00:00:00+00:00",
        kinds={"real": 20, "synthetic": 1},
    )

    assert own_classifier.choose(workspace, studies.DATASET, {"real"}) == (newer, None)
    assert own_classifier.choose(workspace, "other", {"real"}) == ("cnn-other", None)


def test_a_classifier_of_another_data_set_is_better_than_none(workspace, classifier):
    assert own_classifier.choose(workspace, "other", {"real"}) == (classifier, None)


@pytest.mark.parametrize("kinds", [{"phantom"}, {"phantom", "synthetic"}])
def test_one_of_another_kind_of_image_does_not_fit(workspace, classifier, kinds):
    found, reason = own_classifier.choose(workspace, studies.DATASET, kinds)

    assert found is None
    assert "None of the 1 classifiers learnt mostly from phantom" in reason


def test_one_of_phantoms_does_not_judge_real_films(workspace, classifier):
    folder = workspace.checkpoint(classifier)
    files.write_json(folder / cards.CARD, files.read_json(folder / cards.CARD) | {"kinds": {"phantom": 30}})

    assert own_classifier.choose(workspace, studies.DATASET, {"phantom"}) == (classifier, None)
    assert own_classifier.choose(workspace, studies.DATASET, {"phantom", "real"})[0] is None


def test_without_any_the_reason_says_what_to_do(workspace):
    found, reason = own_classifier.choose(workspace, "tiny", {"real"})

    assert found is None
    assert "There is no classifier of pneumothorax yet; train one" in reason
