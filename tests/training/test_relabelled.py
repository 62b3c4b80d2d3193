"""Other labels of the films of train, and features in the place of pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from core.base.errors import InputError
from core.data import quality
from core.models import forward
from core.training import features, material, relabelled
from core.training.config import TrainConfig
from core.vision import loader
from tests.training import studies


@pytest.fixture
def found(workspace, tmp_path):
    """What the tiny study learns from, with two further targets a film."""
    studies.make(workspace, tmp_path, patients=20)
    config = TrainConfig.from_dict(studies.OPTIONS)
    return material.prepare(workspace, config, further=(*quality.COLUMNS, "size_share"))


def test_train_gets_other_labels_and_those_without_one_are_left_out_with_their_targets(found):
    films = found.films("train")
    labels = 1 - films.labels
    labels[::3] = np.nan

    other = relabelled.with_labels(found, labels)

    own = other.films("train")
    known = ~np.isnan(labels)
    np.testing.assert_array_equal(own.labels, labels[known])
    np.testing.assert_array_equal(own.positions, films.positions[known])
    np.testing.assert_array_equal(own.targets, films.targets[known])
    for part in ("val", "test"):
        np.testing.assert_array_equal(other.films(part).labels, found.films(part).labels)
        np.testing.assert_array_equal(other.films(part).targets, found.films(part).targets)
    np.testing.assert_array_equal(found.films("train").labels, films.labels)  # left as it was


def test_films_of_train_whose_truth_is_not_known_are_left_out(found):
    rows = found.table
    train = rows.loc[rows["part"] == "train", "image_id"]
    known = pd.Series(1, index=train.iloc[2:])

    other = relabelled.of_known_truth(found, known)

    assert other.rows("train")["image_id"].tolist() == train.iloc[2:].tolist()
    assert len(other.rows("test")) == len(found.rows("test"))
    with pytest.raises(InputError, match="whose truth is known, found none"):
        relabelled.of_known_truth(found, pd.Series(dtype="float64"))


def test_features_stand_in_the_place_of_pixels(found):
    classifier = studies.Tiny(0.5).eval()
    films, device = found.films("test"), torch.device("cpu")
    expected = forward.run(classifier, loader.plain_batches(films, batch_size=4, device=device))

    own = features.as_features(classifier, films, device)

    said = forward.run(classifier, loader.plain_batches(own, batch_size=4, device=device))
    np.testing.assert_allclose(said.logits, expected.logits, atol=2e-3)  # kept in half precision
    np.testing.assert_array_equal(own.labels, films.labels)
