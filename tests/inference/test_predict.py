from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from core.base import files, progress, schema
from core.base.errors import Cancelled, InputError
from core.data import radiographs, split_store
from core.inference.predict import predict
from core.models import cards, checkpoint
from core.training import engine, material
from core.training.config import TrainConfig
from core.vision import transforms
from tests.training import studies


@pytest.fixture(autouse=True)
def _tiny_classifier(monkeypatch) -> None:
    studies.use_tiny_classifier(monkeypatch)


def trained(workspace, folder, **films) -> str:
    studies.make(workspace, folder, **films)
    return engine.train(workspace, TrainConfig.from_dict(studies.OPTIONS | {"epochs": 1}))


def test_the_table_has_a_row_a_radiograph_and_names_what_it_speaks_of(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    path = predict(workspace, checkpoint_id, studies.DATASET)

    table, films = pd.read_parquet(path), radiographs.load(workspace, studies.DATASET)
    assert path == workspace.predictions(checkpoint_id, studies.DATASET)
    assert list(table)[: len(schema.PREDICTIONS.columns)] == list(schema.PREDICTIONS.columns)
    assert table["image_id"].tolist() == films["image_id"].tolist()
    assert table["label"].tolist() == films["label"].tolist()
    assert table["image_sha256"].tolist() == films["sha256"].tolist()
    assert set(table["weights_sha256"]) == {cards.read_card(workspace, checkpoint_id)["weights_sha256"]}
    features = np.load(path.with_suffix(".features.npy"))
    assert (features.shape, features.dtype) == ((48, 8), np.float16)


def test_each_row_is_what_the_classifier_says_of_that_film(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    path = predict(workspace, checkpoint_id, studies.DATASET, split=studies.SPLIT, part="test")

    table = pd.read_parquet(path)
    found = checkpoint.load(workspace, checkpoint_id)
    rows = radiographs.load(workspace, studies.DATASET).set_index("image_id").loc[table["image_id"]].reset_index()
    assert len(table) == 8
    for number in (0, 7):
        cache = material.PixelCache.ensure(workspace, rows, size=found.spec.size)
        image = transforms.normalise(cache.read(np.array([number])), found.spec)
        with torch.inference_mode():
            assert table["logit"][number] == pytest.approx(found.classifier(image).item(), abs=1e-5)


def test_a_part_holds_its_films_only(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    whole = pd.read_parquet(predict(workspace, checkpoint_id, studies.DATASET, split=studies.SPLIT))
    val = pd.read_parquet(predict(workspace, checkpoint_id, studies.DATASET, split=studies.SPLIT, part="val"))

    split = pd.read_parquet(workspace.split(studies.DATASET, studies.SPLIT))
    assert set(val["image_id"]) == set(split.loc[split["part"] == "val", "image_id"])
    assert len(whole) == len(split)


def test_the_probability_is_the_calibrated_one(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)
    path = workspace.checkpoint(checkpoint_id) / cards.CARD
    files.write_json(path, files.read_json(path) | {"calibration": {"a": 2.0, "b": -1.0}})

    table = pd.read_parquet(predict(workspace, checkpoint_id, studies.DATASET))

    np.testing.assert_allclose(table["probability"], 1 / (1 + np.exp(1 - 2 * table["logit"])), rtol=1e-12)


def test_films_without_a_label_are_predicted_too(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)
    table = radiographs.load(workspace, studies.DATASET)
    table.loc[3, "label"] = None
    files.write_parquet(workspace.radiographs(studies.DATASET), table)

    predicted = pd.read_parquet(predict(workspace, checkpoint_id, studies.DATASET))

    assert predicted["label"].isna().sum() == 1
    assert predicted["probability"].notna().all()


def test_a_checkpoint_that_learnt_from_phantoms_refuses_real_films(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path, source="phantom")
    assert predict(workspace, checkpoint_id, studies.DATASET).exists()
    table = radiographs.load(workspace, studies.DATASET).assign(source="real")
    files.write_parquet(workspace.radiographs("real"), table)

    with pytest.raises(InputError, match=r"learnt from \(phantom\), found 48 real of 48"):
        predict(workspace, checkpoint_id, "real")

    assert not workspace.predictions(checkpoint_id, "real").exists()


def test_a_stop_request_leaves_no_table(workspace, tmp_path, monkeypatch):
    checkpoint_id = trained(workspace, tmp_path)
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "stop").touch()
    monkeypatch.setenv(progress.JOB_DIR, str(tmp_path / "job"))

    with pytest.raises(Cancelled):
        predict(workspace, checkpoint_id, studies.DATASET)

    assert not workspace.predictions(checkpoint_id, studies.DATASET).exists()


def test_a_part_without_a_split_is_refused(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    with pytest.raises(InputError, match="Expected a split with part 'test', found none"):
        predict(workspace, checkpoint_id, studies.DATASET, part="test")


def test_a_table_without_images_is_refused(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)
    table = radiographs.load(workspace, studies.DATASET).assign(path=None, sha256=None)
    files.write_parquet(workspace.radiographs("listed"), table)

    with pytest.raises(InputError, match="found a data set that is a table only; index it with --images"):
        predict(workspace, checkpoint_id, "listed")


def test_the_spread_is_that_of_the_passes_that_lie_beside_the_table(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    path = predict(workspace, checkpoint_id, studies.DATASET, passes=20)

    table, passes = pd.read_parquet(path), np.load(path.with_suffix(".passes.npy"))
    assert (passes.shape, passes.dtype) == ((48, 20), np.float32)
    np.testing.assert_allclose(table["probability_mean"], passes.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(table["probability_std"], passes.std(axis=1, ddof=1), atol=1e-6)
    assert (table["probability_std"] > 0).all()
    assert table["mutual_information"].between(0, table["predictive_entropy"]).all()


def test_a_film_has_the_same_spread_whatever_else_is_predicted_with_it(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    whole = pd.read_parquet(predict(workspace, checkpoint_id, studies.DATASET)).set_index("image_id")
    part = pd.read_parquet(predict(workspace, checkpoint_id, studies.DATASET, split=studies.SPLIT, part="test"))

    alone = whole.loc[part["image_id"], "probability_std"].to_numpy()
    np.testing.assert_allclose(part["probability_std"], alone, atol=1e-6)


def test_without_passes_and_changes_their_columns_are_null_and_old_passes_are_gone(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)
    path = predict(workspace, checkpoint_id, studies.DATASET)

    predict(workspace, checkpoint_id, studies.DATASET, passes=0, augmentations=False)

    table, signals = pd.read_parquet(path), pd.read_parquet(path.with_suffix(".signals.parquet"))
    assert table[["probability_mean", "probability_std", "predictive_entropy"]].isna().all(axis=None)
    assert signals[["augmentation_std", "augmentation_probabilities"]].isna().all(axis=None)
    assert not path.with_suffix(".passes.npy").exists()


def test_the_signals_stand_beside_the_table_row_by_row(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    path = predict(workspace, checkpoint_id, studies.DATASET, split=studies.SPLIT, part="test")

    table, signals = pd.read_parquet(path), pd.read_parquet(path.with_suffix(".signals.parquet"))
    split = pd.read_parquet(workspace.split(studies.DATASET, studies.SPLIT)).set_index("image_id")
    assert list(signals)[: len(schema.SIGNALS.columns)] == list(schema.SIGNALS.columns)
    assert signals["image_id"].tolist() == table["image_id"].tolist()
    assert (signals["feature_distance"] > 0).all()
    assert {split.loc[name, "part"] for names in signals["neighbour_ids"] for name in names} == {"train"}
    assert (signals["augmentation_std"] > 0).all()
    assert {len(one) for one in signals["augmentation_probabilities"]} == {8}
    assert set(signals["quality_from"]) == {"measured"}
    assert signals["drain"].isna().all()  # nobody recorded any


def test_a_film_of_train_is_not_its_own_neighbour(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)

    path = predict(workspace, checkpoint_id, studies.DATASET, split=studies.SPLIT, part="train")

    table, signals = pd.read_parquet(path), pd.read_parquet(path.with_suffix(".signals.parquet"))
    patient = radiographs.load(workspace, studies.DATASET).set_index("image_id")["patient_id"]
    for own, names in zip(table["patient_id"], signals["neighbour_ids"], strict=True):
        assert own not in {patient[name] for name in names}


def test_after_another_split_of_that_name_the_neighbours_are_not_guessed(workspace, tmp_path):
    checkpoint_id = trained(workspace, tmp_path)
    split_store.create(workspace, studies.DATASET, studies.SPLIT, "patient", seed=5)

    path = predict(workspace, checkpoint_id, studies.DATASET)

    signals = pd.read_parquet(path.with_suffix(".signals.parquet"))
    assert signals["neighbour_ids"].isna().all()
    assert (signals["feature_distance"] > 0).all()
