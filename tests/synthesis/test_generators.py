from __future__ import annotations

import json

import pandas as pd
import pytest
import safetensors.torch
import torch

from core.base import files
from core.base.errors import InputError
from core.data import synthetic
from core.models import cards, checkpoint
from core.synthesis import generators, networks
from tests.models import test_checkpoint as classifiers

CONFIG = {"model": "cyclegan", "dataset": "tiny", "width": 4, "blocks": 6, "upsampling": "resize"}
CARD = {"task": "translation", "model": "cyclegan", "title": "CycleGAN", "input": {"size": 32, "mean": 0.5, "std": 0.5}}


@pytest.fixture
def both() -> networks.Translators:
    torch.manual_seed(0)
    network = networks.Translators(width=4, blocks=6, upsampling="resize")
    networks.draw_weights(network)
    return network


@pytest.fixture
def saved(workspace, both) -> str:
    return checkpoint.write(
        workspace,
        safetensors.torch.save(both.state_dict()),
        config=CONFIG,
        card=CARD,
        history=pd.DataFrame({"step": [1]}),
        text=lambda card: f"# {card['checkpoint_id']}",
    )


def test_a_direction_goes_there_with_one_generator_and_back_with_the_other(workspace, both, saved):
    images = torch.rand(2, 1, 32, 32) * 2 - 1

    loaded = generators.load(workspace, saved).to(torch.device("cpu"))

    with torch.no_grad():
        a_to_b, b_to_a = both.a_to_b(images), both.b_to_a(images)
    assert torch.allclose(loaded.there(images, synthetic.A_TO_B), a_to_b, atol=1e-6)
    assert torch.allclose(loaded.back(images, synthetic.A_TO_B), b_to_a, atol=1e-6)
    assert torch.allclose(loaded.there(images, synthetic.B_TO_A), b_to_a, atol=1e-6)
    assert torch.allclose(loaded.back(images, synthetic.B_TO_A), a_to_b, atol=1e-6)
    assert not loaded.there(images, synthetic.A_TO_B).requires_grad
    assert (loaded.size, loaded.checkpoint_id, loaded.a_to_b.training) == (32, saved, False)


def test_an_unknown_direction_is_refused(workspace, saved):
    with pytest.raises(ValueError, match="Expected a direction of a-to-b, b-to-a, got 'a-to-a'"):
        generators.load(workspace, saved).there(torch.zeros(1, 1, 32, 32), "a-to-a")


def test_changed_weights_are_refused(workspace, saved):
    path = workspace.checkpoint(saved) / cards.CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weights_sha256": "0" * 64}))

    with pytest.raises(InputError, match="Expected weights with the hash 00000000 in checkpoint 'cyclegan-tiny-"):
        generators.load(workspace, saved)


def test_a_classifier_is_no_generator_and_a_generator_no_classifier(workspace, saved):
    files.write_json(workspace.checkpoint(saved).parent / "cnn-x" / cards.CARD, classifiers.CARD)

    with pytest.raises(InputError, match="Expected a generator, found a classifier of pneumothorax, 'cnn-x'"):
        generators.load(workspace, "cnn-x")
    with pytest.raises(InputError, match="Expected a classifier of pneumothorax, found a generator"):
        checkpoint.load(workspace, saved)
