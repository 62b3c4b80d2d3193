"""What `predict` tells of films without their drains: of films with a mask only, fused, and nothing else changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy import special

from core.base import files, progress
from core.base.errors import Cancelled
from core.data import radiographs
from core.inference import drain_masking, predict
from core.inference.drain_masking import CONTROL, MASKED
from core.models import cards, checkpoint, members
from tests.inference import explained
from tests.training import studies

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("explained")
    return folder, explained.make(folder)


@pytest.fixture
def study(workspace, made, tmp_path, monkeypatch) -> list[str]:
    """Two classifiers and their ensemble, of films of which every fifth has a drain whose place is known."""
    studies.use_tiny_classifier(monkeypatch)
    explained.copied(made[0], workspace)
    films = radiographs.load(workspace, studies.DATASET)
    drain = np.zeros((40, 40), np.uint8)
    drain[5:30, 4:6] = 255
    Image.fromarray(drain).save(tmp_path / "drain.png")
    files.write_parquet(
        workspace.radiographs(studies.DATASET),
        films.assign(drain_path=[str(tmp_path / "drain.png") if at % 5 == 0 else None for at in range(len(films))]),
    )
    return made[1]


def signals_of(workspace, name: str) -> pd.DataFrame:
    table = workspace.predictions(name, *explained.PLACE, "test")
    return files.read_parquet(table.with_suffix(".signals.parquet"))


def predicted(workspace, name: str) -> pd.DataFrame:
    predict.predict(workspace, name, studies.DATASET, split=studies.SPLIT, part="test", passes=0, augmentations=False)
    return signals_of(workspace, name)


def has_mask(workspace, signals: pd.DataFrame) -> np.ndarray:
    films = radiographs.load(workspace, studies.DATASET).set_index("image_id")
    return films.loc[signals["image_id"], "drain_path"].notna().to_numpy()


def test_predict_tells_it_of_films_with_a_mask_and_of_no_others(workspace, study):
    signals = predicted(workspace, study[0])

    with_mask = has_mask(workspace, signals)
    assert 0 < with_mask.sum() < len(signals)
    for name in drain_masking.COLUMNS:
        assert signals[name].notna().to_numpy().tolist() == with_mask.tolist()
    rows = radiographs.load(workspace, studies.DATASET).set_index("image_id").loc[signals["image_id"]].reset_index()
    told = drain_masking.probabilities(checkpoint.load(workspace, study[0]), rows, device=CPU)
    np.testing.assert_allclose(signals[MASKED], told[MASKED], rtol=1e-6)
    assert (signals[MASKED] != signals[CONTROL])[with_mask].all()


def test_without_masks_the_tables_are_those_but_for_the_nulls(workspace, study):
    known = predicted(workspace, study[0])
    path = workspace.predictions(study[0], *explained.PLACE, "test")
    table = path.read_bytes()
    films = radiographs.load(workspace, studies.DATASET).drop(columns="drain_path")
    files.write_parquet(workspace.radiographs(studies.DATASET), films)

    unknown = predicted(workspace, study[0])

    assert path.read_bytes() == table
    assert unknown[list(drain_masking.COLUMNS)].isna().all(axis=None)
    kept = [name for name in known if name not in drain_masking.COLUMNS]
    pd.testing.assert_frame_equal(unknown[kept], known[kept])


def test_an_ensemble_fuses_what_its_members_say(workspace, study):
    *trained, fused = study
    for one in trained:
        predicted(workspace, one)

    signals = predicted(workspace, fused)

    card = cards.read_card(workspace, fused)
    calibrated = card["calibration"]
    for name in drain_masking.COLUMNS:
        each = np.column_stack([signals_of(workspace, one)[name] for one in trained])
        logits = members.fused_logits(each, [member["weight"] for member in card["members"]])
        expected = special.expit(calibrated["a"] * logits + calibrated["b"])
        np.testing.assert_allclose(signals[name], expected, rtol=1e-12)
        assert signals[name].notna().to_numpy().tolist() == has_mask(workspace, signals).tolist()


def test_members_predicted_before_the_masks_were_known_are_asked_now(workspace, study):
    *trained, fused = study
    assert all(signals_of(workspace, one)[MASKED].isna().all() for one in trained)  # as `ensemble` left them

    now = predicted(workspace, fused)

    for one in trained:
        predicted(workspace, one)
    later = predicted(workspace, fused)
    np.testing.assert_allclose(now[list(drain_masking.COLUMNS)], later[list(drain_masking.COLUMNS)], rtol=1e-9)
    assert now[MASKED].notna().any()


def test_a_stop_while_painting_leaves_no_table_and_the_next_call_makes_it(workspace, study, tmp_path, monkeypatch):
    job = tmp_path / "job"
    job.mkdir()
    monkeypatch.setenv(progress.JOB_DIR, str(job))
    painted = drain_masking.paint_over

    def asked_to_stop(*arguments):
        (job / "stop").touch()
        return painted(*arguments)

    path = workspace.predictions(study[0], *explained.PLACE, "test")
    shutil.rmtree(path.parent, ignore_errors=True)
    with monkeypatch.context() as patch:
        patch.setattr(drain_masking, "paint_over", asked_to_stop)
        with pytest.raises(Cancelled):
            predicted(workspace, study[0])
    assert not path.exists()
    (job / "stop").unlink()

    signals = predicted(workspace, study[0])
    assert signals[MASKED].notna().to_numpy().tolist() == has_mask(workspace, signals).tolist()
    assert path.exists()
