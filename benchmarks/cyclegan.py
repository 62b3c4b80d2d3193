"""A CycleGAN's step of ours against the plain schedule, in which each loss has a pass of its own: in one run.

Both learn with the same networks, losses and optimisers on the same films of noise, in turns. Ours
puts what shares a network through it together. First the losses and gradients of both are held
against each other, in full precision.

    python -m benchmarks.cyclegan [--quick] [--device cuda]

On a GPU: 256 px, 6 and 9 blocks, width 64, in bfloat16, with kernels in either order; the figures
are also written to `benchmarks/cyclegan-<gpu>.md`.
"""

from __future__ import annotations

import argparse
import copy
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `python -m core` has it

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from core.base.paths import ROOT
from core.synthesis import losses
from core.synthesis.config import CycleGanConfig
from core.synthesis.cyclegan import POOL, CycleGan
from core.training import distributed

STEPS_OF_2000_PAIRS = 15 * 2000  # the measure: 15 times 2,000 pairs, one at a time
TOLERANCE = 1e-9  # of the largest gradient of a network, in double precision
Gradients = Callable[[CycleGan, Tensor, Tensor, int], Tensor]


def config(**options: str | int | float) -> CycleGanConfig:
    """Return the options of a training on noise."""
    return CycleGanConfig.from_dict({"dataset": "noise", "split": "none", **options})


def noise(size: int, batch_size: int, device: torch.device, *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return films of A and of B."""
    chance = torch.Generator().manual_seed(seed)
    both = torch.rand(2, batch_size, 1, size, size, generator=chance) * 2 - 1
    return both[0].to(device), both[1].to(device)


def plain(gan: CycleGan, of_a: Tensor, of_b: Tensor, step: int) -> Tensor:
    """Add a batch's gradients as the plain schedule does, and return the generators' and the discriminators' loss."""
    options, fabric = gan.options, gan.fabric
    a_to_b, b_to_a, judge_a, judge_b = gan.generators.a_to_b, gan.generators.b_to_a, gan.judges.a, gan.judges.b
    with fabric.autocast():
        made_b, made_a = a_to_b(of_a), b_to_a(of_b)
        there_and_back = losses.distance(b_to_a(made_b), of_a) + losses.distance(a_to_b(made_a), of_b)
        left_alone = losses.distance(a_to_b(of_b), of_b) + losses.distance(b_to_a(of_a), of_a)
        gan.judges.requires_grad_(requires_grad=False)
        adversarial = losses.judged_as(judge_b(made_b), 1.0) + losses.judged_as(judge_a(made_a), 1.0)
        gan.judges.requires_grad_(requires_grad=True)
    painted = adversarial + options.cycle_weight * there_and_back + options.identity_weight * left_alone
    fabric.backward(painted)
    chance = np.random.default_rng([options.seed, POOL, step])
    judged = torch.zeros((), device=of_a.device)
    for domain, judge, real, made in (("A", judge_a, of_a, made_a), ("B", judge_b, of_b, made_b)):
        shown = gan.pools[domain].exchanged(made.detach().to(real), chance)
        with fabric.autocast():
            loss = losses.discriminator(judge(real), judge(shown))
        fabric.backward(loss)
        judged = judged + loss.detach()
    return torch.stack([painted.detach(), judged])


def ours(gan: CycleGan, of_a: Tensor, of_b: Tensor, step: int) -> Tensor:
    """Add a batch's gradients as we do, and return the generators' and the discriminators' loss."""
    return gan.gradients(of_a, of_b, step=step)[:2]


def gradients(gan: CycleGan) -> dict[str, Tensor]:
    """Return the gradients of all networks by name."""
    both = (("generators", gan.generators), ("judges", gan.judges))
    return {f"{of}.{name}": one.grad.clone() for of, network in both for name, one in network.named_parameters()}


def furthest_apart(device: str, *, size: int = 64, batch_size: int = 3, steps: int = 4) -> float:
    """Return how far the two schedules are apart, over some steps: the largest difference of a loss or a gradient.

    Gradients are compared with the largest of their kind of network; both then take the step of the plain schedule.
    """
    fabric = Fabric(accelerator=device, devices=1, precision="32-true")  # no autocast
    options = config(image_size=size, width=8, blocks=6, batch_size=batch_size, pool_size=4)
    one, other = CycleGan(options, fabric), CycleGan(options, fabric)
    for gan in (one, other):
        gan.generators.double()
        gan.judges.double()
    apart = 0.0
    for step in range(steps):
        of_a, of_b = (films.double() for films in noise(size, batch_size, fabric.device, seed=step))
        found = []
        for gan, schedule in ((one, plain), (other, ours)):
            gan.paint.zero_grad()
            gan.judge.zero_grad()
            found.append((schedule(gan, of_a, of_b, step), gradients(gan)))
        (plain_losses, plain_ones), (our_losses, our_ones) = found
        apart = max(apart, float((plain_losses - our_losses).abs().max() / plain_losses.abs().max()))
        scale = {
            of: max(float(one.abs().max()) for name, one in plain_ones.items() if name.startswith(of))
            for of in ("generators", "judges")
        }
        for name, gradient in plain_ones.items():
            apart = max(apart, float((gradient - our_ones[name]).abs().max()) / scale[name.split(".")[0]])
        for gan in (one, other):
            gan.paint.step()
            gan.judge.step()
        other.restore(copy.deepcopy(one.state()))
    return apart


def seconds_a_step(
    options: CycleGanConfig, fabric: Fabric, *, rounds: int, steps: int, memory_format: torch.memory_format
) -> np.ndarray:
    """Return seconds a step of the plain schedule and of ours, `(R, 2)`, measured in turns."""
    size, batch_size = options.networks.image_size, options.learning.batch_size
    of_a, of_b = noise(size, batch_size, fabric.device)
    gans = [(CycleGan(options, fabric), schedule) for schedule in (plain, ours)]
    for gan, _ in gans:
        for network in (gan.generators, gan.judges):
            network.to(memory_format=memory_format)
    found = np.empty((rounds + 1, 2))
    for number in range(rounds + 1):
        for column, (gan, schedule) in enumerate(gans):
            began = time.perf_counter()
            for step in range(steps):
                gan.paint.zero_grad()
                gan.judge.zero_grad()
                schedule(gan, of_a, of_b, step)
                gan.paint.step()
                gan.judge.step()
            if fabric.device.type == "cuda":
                torch.cuda.synchronize()
            found[number, column] = (time.perf_counter() - began) / steps
    return found[1:]  # the first warms up


def report(options: CycleGanConfig, fabric: Fabric, *, rounds: int, steps: int) -> list[str]:
    """Measure and return the figures as lines; on a GPU with kernels in either order."""
    on_gpu = fabric.device.type == "cuda"
    shape, batch = options.networks, options.learning.batch_size
    where = torch.cuda.get_device_name() if on_gpu else f"{torch.get_num_threads()} threads"
    lines = [f"{shape.image_size} px, width {shape.width}, {shape.blocks} blocks, batches of {batch}, {where}"]
    formats = {"channels last": torch.channels_last} | ({"channels first": torch.contiguous_format} if on_gpu else {})
    for name, memory_format in formats.items():
        found = seconds_a_step(options, fabric, rounds=rounds, steps=steps, memory_format=memory_format)
        plainly, our = np.median(found, axis=0)
        ratio = np.median(found[:, 0] / found[:, 1])
        lines.append(
            f"  {name}: plain {plainly:.4f} s a step, ours {our:.4f} s, {ratio:.2f} times as fast (medians of {rounds} "
            f"rounds); {STEPS_OF_2000_PAIRS:,} pairs in {our * STEPS_OF_2000_PAIRS / batch:,.0f} s"
        )
    return lines


def main() -> int:
    """Measure, print, and return the exit status."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="end within 60 s")
    asked.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    chosen = asked.parse_args()
    os.environ["PLEURASCOPE_DEVICE"] = chosen.device
    apart = furthest_apart(chosen.device)
    print(f"losses and gradients of the two schedules: at most {apart:.1e} apart (allowed: {TOLERANCE:.0e})")
    fabric = distributed.alone()
    lines = []
    if chosen.device == "cuda":
        for blocks in (6, 9):
            for batch_size in (1, 4):
                options = config(image_size=256, width=64, blocks=blocks, batch_size=batch_size)
                lines += report(options, fabric, rounds=3 if chosen.quick else 7, steps=10 if chosen.quick else 30)
        path = ROOT / "benchmarks" / f"cyclegan-{torch.cuda.get_device_name().replace(' ', '-')}.md"
        path.write_text("\n".join([f"# A CycleGAN's step on {torch.cuda.get_device_name()}", "", *lines, ""]))
    else:
        rounds, steps = (3, 2) if chosen.quick else (7, 5)
        for width in (16,) if chosen.quick else (16, 32):
            options = config(image_size=64, width=width, blocks=6, batch_size=4)
            lines += report(options, fabric, rounds=rounds, steps=steps)
        lines.append("figures of a GPU (256 px, 6 and 9 blocks): not measured, this was the CPU; use --device cuda")
    print("\n".join(lines))
    if not apart <= TOLERANCE:
        print("WRONG: our schedule does not learn what the plain one learns")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
