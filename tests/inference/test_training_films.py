from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core.inference.training_films import K, TrainingFilms


def training(features: np.ndarray, *, usual: float = 1.0, patients=None) -> TrainingFilms:
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    ids = np.array([f"t{number}" for number in range(len(features))], object)
    patients = np.array([f"p{number}" for number in range(len(features))], object) if patients is None else patients
    return TrainingFilms(unit.astype(np.float32), ids, patients, usual)


@pytest.mark.parametrize("films", [1, 300])
def test_distance_and_neighbours_are_those_of_an_exhaustive_search(films):
    generator = np.random.default_rng(0)
    reference, queries = generator.normal(size=(400, 16)), generator.normal(size=(films, 16))

    distances, names = training(reference).distances(queries, np.full(films, "another", object))

    unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    oracle = NearestNeighbors(n_neighbors=K).fit(training(reference).features)
    wanted, rows = oracle.kneighbors(unit)
    np.testing.assert_allclose(distances, wanted[:, -1], atol=1e-5)
    assert names == [[f"t{row}" for row in nearest[:5]] for nearest in rows]


def test_the_distance_is_told_in_units_of_the_usual_one():
    features = np.random.default_rng(1).normal(size=(50, 8))

    alone, _ = training(features).distances(features[:3] + 0.1, np.array(["x", "y", "z"], object))
    halved, _ = training(features, usual=2.0).distances(features[:3] + 0.1, np.array(["x", "y", "z"], object))

    np.testing.assert_allclose(alone / 2, halved)


def test_films_of_the_same_patient_are_left_aside():
    features = np.random.default_rng(2).normal(size=(40, 8))
    patients = np.array([f"p{number // 4}" for number in range(40)], object)

    _, names = training(features, patients=patients).distances(features[:1], np.array(["p0"], object))

    assert not {"t0", "t1", "t2", "t3"} & set(names[0])


def test_fewer_training_films_than_neighbours_are_all_named():
    features = np.random.default_rng(3).normal(size=(3, 8))

    distances, names = training(features).distances(features[:1] + 0.2, np.array(["x"], object))

    assert sorted(names[0]) == ["t0", "t1", "t2"]
    assert np.isfinite(distances).all()
