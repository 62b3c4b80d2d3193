from __future__ import annotations

import pytest
import torch

from core.synthesis import losses
from core.synthesis.config import AdversarialOptions
from core.synthesis.losses import GeneratorLosses


def test_losses_by_hand():
    assert losses.judged_as(torch.tensor([[2.0, 0.0]]), 1.0).item() == 1.0
    assert losses.judged_as(torch.tensor([0.5]), 0.0).item() == 0.25
    assert losses.distance(torch.tensor([1.0, -1.0]), torch.tensor([0.0, 1.0])).item() == 1.5
    assert losses.discriminator(torch.tensor([0.5]), torch.tensor([0.5])).item() == pytest.approx(0.25)


def test_a_perfect_judge_has_no_loss():
    assert losses.discriminator(torch.ones(3), torch.zeros(3)).item() == 0


def test_the_total_weights_its_parts():
    parts = GeneratorLosses(torch.tensor(1.0), torch.tensor(0.5), torch.tensor(0.25))

    assert parts.total(AdversarialOptions()).item() == 1 + 10 * 0.5 + 5 * 0.25
    assert parts.total(AdversarialOptions(cycle_weight=0, identity_weight=0)).item() == 1


def test_halves_are_compared_in_full_precision():
    one = torch.full((1000,), 0.1, dtype=torch.bfloat16)

    assert losses.distance(one, torch.zeros(1000)).dtype == torch.float32
    assert losses.judged_as(one, 1.0).dtype == torch.float32
