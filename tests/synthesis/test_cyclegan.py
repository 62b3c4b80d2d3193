from __future__ import annotations

import copy

import pytest
import torch

from benchmarks import cyclegan as benchmark
from core.base.errors import PleuraScopeError
from core.synthesis import cyclegan, probe
from core.synthesis.cyclegan import LOSSES, CycleGan
from core.training import distributed

SMALL = {"image_size": 32, "width": 4, "blocks": 6, "steps": 8, "batch_size": 2, "pool_size": 3}


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_DEVICE", "cpu")


def small(**options) -> CycleGan:
    return CycleGan(benchmark.config(**SMALL | options), distributed.alone())


def films(count: int = 2, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    return benchmark.noise(32, count, torch.device("cpu"), seed=seed)


def weights(gan: CycleGan) -> list[torch.Tensor]:
    return [one.detach().clone() for one in [*gan.generators.parameters(), *gan.judges.parameters()]]


def test_the_fast_schedule_learns_what_the_plain_one_learns():
    assert benchmark.furthest_apart("cpu", size=32, steps=3) < benchmark.TOLERANCE


def test_batches_of_unequal_size_have_the_plain_losses_too():
    one, other = small(), small()
    (of_a, _), (_, of_b) = films(2), films(3, seed=1)

    assert torch.allclose(benchmark.plain(one, of_a, of_b, 0), benchmark.ours(other, of_a, of_b, 0), rtol=1e-5)


def test_the_generators_loss_is_its_weighted_parts():
    found = dict(zip(LOSSES, small().gradients(*films(), step=0).tolist(), strict=True))

    parts = found["adversarial_loss"] + 10 * found["cycle_loss"] + 5 * found["identity_loss"]
    assert found["generator_loss"] == pytest.approx(parts, rel=1e-5)
    assert all(value > 0 for value in found.values())


@pytest.mark.parametrize(("option", "loss"), [("cycle_weight", "cycle_loss"), ("identity_weight", "identity_loss")])
def test_a_loss_that_does_not_count_is_not_computed(option, loss):
    found = dict(zip(LOSSES, small(**{option: 0}).gradients(*films(), step=0).tolist(), strict=True))

    assert found[loss] == 0
    assert found["adversarial_loss"] > 0


def test_judges_do_not_learn_from_the_generators_loss():
    gan = small(cycle_weight=0, identity_weight=0)
    painted, *_ = gan._painted(*films())

    gan.fabric.backward(painted.total(gan.options))

    assert all(one.grad is None for one in gan.judges.parameters())
    assert all(one.requires_grad for one in gan.judges.parameters())


def test_accumulated_batches_move_the_weights_like_one_batch_of_them_all():
    one, other = (small(pool_size=0) for _ in range(2))
    of_a, of_b = films(4)

    whole = one.update([(of_a, of_b)], step=0)
    halves = other.update([(of_a[:2], of_b[:2]), (of_a[2:], of_b[2:])], step=0)

    assert torch.allclose(whole, halves, rtol=1e-4)
    apart = [(a - b).abs().max().item() for a, b in zip(weights(one), weights(other), strict=True)]
    # Where a gradient is all but zero, the first step of Adam goes by its sign.
    assert sorted(apart)[len(apart) // 2] < 1e-5


def test_a_step_moves_every_network_and_the_average_follows():
    gan = small(ema_decay=0.9)
    before, average = weights(gan), [one.clone() for one in gan.average.parameters()]

    gan.update([films()], step=0)

    assert all(not torch.equal(a, b) for a, b in zip(before, weights(gan), strict=True) if a.ndim == 4)
    # min(0.9, 1 / 10) of the weights drawn, the rest of the new ones
    expected = [0.1 * a + 0.9 * b.detach() for a, b in zip(average, gan.generators.parameters(), strict=True)]
    assert all(torch.allclose(a, b, atol=1e-7) for a, b in zip(expected, gan.average.parameters(), strict=True))
    assert gan.kept is gan.average
    assert small(ema_decay=0).kept is not gan.average


def test_without_an_average_the_generators_themselves_are_kept():
    gan = small(ema_decay=0)

    assert gan.kept is gan.generators


def test_a_restored_training_goes_on_with_the_same_weights():
    one, other = small(), small(seed=1)
    for step in range(3):
        one.update([films(seed=step)], step=step)

    other.restore(copy.deepcopy(one.state()))  # as a file gives it back: nothing is shared
    other.options = one.options  # the same seed
    for gan in (one, other):
        for step in range(3, 5):
            gan.update([films(seed=step)], step=step)

    assert all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(one.average.parameters(), other.average.parameters(), strict=True))


@pytest.mark.parametrize(("steps", "share"), [(1, 0.0), (1, 1.0), (7, 0.5), (100, 1.0), (100, 0.25)])
def test_the_learning_rate_never_rises_and_never_reaches_zero(steps, share):
    rates = [cyclegan.learning_rate_share(step, steps, share) for step in range(steps)]

    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] <= rates[0] <= 1
    assert sum(rate < 1 for rate in rates) == round(steps * share)


def test_running_out_of_memory_is_told_with_advice(monkeypatch):
    gan = small()

    def fail(*_arguments, **_options):
        msg = "DefaultCPUAllocator: can't allocate memory"
        raise RuntimeError(msg)

    monkeypatch.setattr(gan, "gradients", fail)

    with pytest.raises(PleuraScopeError, match="train again with a smaller batch size"):
        gan.update([films()], step=0)


def test_another_failure_is_not_called_a_lack_of_memory(monkeypatch):
    gan = small()

    def fail(*_arguments, **_options):
        msg = "something else"
        raise RuntimeError(msg)

    monkeypatch.setattr(gan, "gradients", fail)

    with pytest.raises(RuntimeError, match="something else"):
        gan.update([films()], step=0)


def test_the_probe_measures_steps_a_second(monkeypatch):
    monkeypatch.setattr(probe, "MEASURED_S", 0.0)
    update, seen = CycleGan.update, []

    def noting(self, batches, *, step):
        seen.append([tuple(films.shape) for films in batches[0]])
        return update(self, batches, step=step)

    monkeypatch.setattr(CycleGan, "update", noting)

    assert 0 < probe.measure(benchmark.config(**SMALL)) < 1e4
    assert seen == [[(2, 1, 32, 32)] * 2] * 3  # one warms up, two are measured
