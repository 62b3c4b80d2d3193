from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from core.base import files
from core.base.errors import InputError
from core.models import cards, checkpoint, registry

CONFIG = {"model": "cnn", "dataset": "tiny", "drop_rate": 0.5}
MEASURE = {"value": 0.8, "low": 0.7, "high": 0.9, "reason": None}
CARD = {
    "model": "cnn",
    "title": "Simple CNN",
    "dataset": "tiny",
    "split": "patient",
    "labels": "report",
    "seed": 0,
    "input": {"size": 32, "mean": 0.5, "std": 0.25},
    "kinds": {"real": 3},
    "parts": {"train": {"films": 3, "patients": 2, "positive_films": 1, "positive_patients": 1}},
    "metrics": {"val": {"films": 4, "auroc": MEASURE, "brier": {**MEASURE, "value": None}}},
    "calibration": {"a": 1.2, "b": 0.1, "method": "platt", "prevalence": 0.25, "films": 4, "at_bound": False}
    | {"temperature": 1.5, "log_loss": {"uncalibrated": 0.7, "temperature": 0.6, "calibrated": 0.5}},
    "operating_points": {"youden": {"threshold": 0.4, "sensitivity": 0.9, "specificity": 0.8}},
    "films_sha256": "f" * 64,
    "told_besides": {
        "test": {"noise": {"films": 4, "mean_absolute_error": 0.1, "of_the_mean": 0.2, "rank_correlation": None}}
    },
    "efficiency": {
        "gflops": 3.57,
        "images_per_s": 61.0,
        "wall_s": 12.3,
        "peak_memory_mb": 1577.4,
        "auroc_per_minute": 4,
    },
    "training_s": 12.3,
    "training": {
        "weights": "trained from scratch",
        "epochs": 2,
        "best_epoch": 1,
        "best_by": "auroc",
        "images_per_s": 61.0,
        "device": "cpu",
        "precision": "32-true",
    },
    "notes": ["A note of its own."],
}


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    return registry.create_classifier("cnn", image_size=32, drop_rate=0.5)


def save(workspace, classifier) -> str:
    return checkpoint.save(
        workspace,
        classifier,
        config=CONFIG,
        card=CARD,
        history=pd.DataFrame({"epoch": [1, 2], "tune_auroc": [0.7, None]}),
        train_features=np.ones((3, 512)),
    )


def test_what_is_saved_predicts_the_same_when_loaded(workspace, classifier):
    images = torch.randn(2, 1, 32, 32)

    loaded = checkpoint.load(workspace, save(workspace, classifier))

    assert not loaded.classifier.training
    assert torch.equal(loaded.classifier(images), classifier.eval()(images))
    assert (loaded.spec.size, loaded.spec.mean, loaded.spec.std) == (32, 0.5, 0.25)


def test_the_folder_is_complete_and_named_by_its_weights(workspace, classifier):
    name = save(workspace, classifier)

    folder = workspace.checkpoint(name)
    digest = files.sha256_of_file(folder / cards.WEIGHTS)
    assert {path.name for path in folder.iterdir()} == set(cards.ALL_FILES)
    assert name.startswith("cnn-tiny-20")
    assert name.endswith(f"-{digest[:8]}")
    card = cards.read_card(workspace, name)
    assert (card["weights_sha256"], card["checkpoint_id"]) == (digest, name)
    assert card["parameters"] == sum(parameter.numel() for parameter in classifier.parameters())
    assert card["versions"]["torch"] == torch.__version__
    assert cards.read_config(workspace, name) == CONFIG
    assert cards.read_history(workspace, name)["epoch"].tolist() == [1, 2]
    assert np.load(folder / cards.TRAIN_FEATURES).dtype == np.float16
    assert cards.checkpoint_ids(workspace) == [name]


def test_the_model_card_says_what_it_is_for_and_how_it_did(workspace, classifier):
    name = save(workspace, classifier)

    text = (workspace.checkpoint(name) / cards.MODEL_CARD).read_text()

    assert "Research use only. Not a medical device." in text
    sections = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert sections == [
        *("Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data"),
        *("Quantitative analyses", "Ethical considerations", "Caveats and recommendations"),
    ]
    assert "| val, fold tune | 4 | 0.800 (0.700 to 0.900) | not measurable | not measurable | not measurable |" in text
    assert "calibrated on 4 films of the fold tune for a prevalence of 25.0 %" in text
    assert (
        "the log-loss on tune was 0.700 before, is 0.500, and would be 0.600 with a temperature of 1.50 alone" in text
    )
    assert "- youden: 0.4000 (there sensitivity 0.900, specificity 0.800)" in text
    assert "- noise: 0.100 (0.200), rank correlation not measured" in text
    assert "3.57 GFLOPs a film (a multiply-add counts two), peak memory 1,577 MB" in text
    assert "A note of its own." in text


def test_saving_the_same_weights_again_keeps_what_stands(workspace, classifier):
    name = save(workspace, classifier)
    before = (workspace.checkpoint(name) / cards.CARD).read_bytes()

    assert save(workspace, classifier) == name
    assert (workspace.checkpoint(name) / cards.CARD).read_bytes() == before


@pytest.mark.parametrize("step", ["write_json", "write_text"])
def test_a_failure_while_saving_leaves_nothing(workspace, classifier, monkeypatch, step):
    def fail(*_arguments):
        msg = "No space left on device"
        raise OSError(msg)

    monkeypatch.setattr(files, step, fail)

    with pytest.raises(OSError, match="No space left"):
        save(workspace, classifier)

    assert list(workspace.checkpoints.iterdir()) == []


def test_changed_weights_are_refused(workspace, classifier):
    name = save(workspace, classifier)
    path = workspace.checkpoint(name) / cards.CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weights_sha256": "0" * 64}))

    with pytest.raises(InputError, match="Expected weights with the hash 00000000 in checkpoint 'cnn-tiny-"):
        checkpoint.load(workspace, name)


def test_a_checkpoint_may_have_its_own_page_and_further_files(workspace):
    name = checkpoint.write(
        workspace,
        b"weights",
        config=CONFIG,
        card={"task": "translation", "title": "CycleGAN"},
        history=pd.DataFrame({"step": [1]}),
        text=lambda card: f"# {card['title']} {card['weights_sha256'][:8]}\n",
        further_files={"sample-000001.png": b"a picture"},
    )

    folder = workspace.checkpoint(name)
    assert (folder / "sample-000001.png").read_bytes() == b"a picture"
    assert (folder / cards.MODEL_CARD).read_text() == f"# CycleGAN {name[-8:]}\n"
    assert not (folder / cards.TRAIN_FEATURES).exists()


def test_weights_that_are_gone_are_told(workspace, classifier):
    name = save(workspace, classifier)
    card = cards.read_card(workspace, name)
    (workspace.checkpoint(name) / cards.WEIGHTS).unlink()

    with pytest.raises(InputError, match=r"Expected weights.safetensors in checkpoint 'cnn-tiny-.*, found none"):
        checkpoint.read_weights(workspace, card)
