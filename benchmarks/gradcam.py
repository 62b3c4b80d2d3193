"""Grad-CAM against one plain forward, and against the grad-cam package.

Ours shares the prediction's forward and differentiates only what comes behind the grid. The package
runs a forward of its own and a backward through the whole network. Both make a map for each film of
a batch, for and against in turns. All are timed in turns on the same images, in processor time of one
core, which other work on the machine moves little; ratios are medians over the rounds. The package
is set up beforehand, so the copy of the classifier that it works on is not counted.

The difference is that of the maps as the package returns them: ours are scaled to [0, 1] and to the
film's size with its own function. An all-zero map stays all zero in both.

`--quick` is one round, in which the package also claims its memory; that flatters ours where it takes much.

    python -m benchmarks.gradcam [--quick]
"""

from __future__ import annotations

import argparse
import copy
import functools
import operator
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `python -m core` has it

import numpy as np
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.image import scale_cam_image
from torch import Tensor

from core.inference import heat_maps
from core.models import registry
from core.models.contract import Classifier

SIZE, BATCH = 224, 16
SIGNS = np.resize([1.0, -1.0], BATCH)  # for and against
TARGETS = [functools.partial(operator.mul, float(sign)) for sign in SIGNS]
CLASSIFIERS = ("cnn", "densenet121", "efficientnet_b0", "resnet18", "vit")
MOST_OF_A_FORWARD, DIFFERENCE = 1.2, 1e-5  # the bars
FASTER = dict.fromkeys(CLASSIFIERS, 3) | {"vit": 2}


def plain(classifier: Classifier, images: Tensor) -> np.ndarray:
    """Return the logits `(B,)` of one forward, as prediction does."""
    with torch.inference_mode():
        logits: np.ndarray = classifier(images).numpy()
    return logits


def ours(classifier: Classifier, images: Tensor) -> np.ndarray:
    """Return the heat maps `(B, h, w)`; the logits come along."""
    return heat_maps.heat_maps(heat_maps.see(classifier, images), signs=SIGNS)


def as_the_package_returns(maps: np.ndarray) -> np.ndarray:
    """Return maps `(B, h, w)` scaled to [0, 1] and to the film's size, `(B, H, W)`."""
    return scale_cam_image(scale_cam_image(maps, (SIZE, SIZE)))


def timed(run: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return how much processor time a run takes, in s, and what it gives."""
    began = time.process_time()
    found = run()
    return time.process_time() - began, found


def measure(name: str, *, rounds: int) -> bool:
    """Measure one classifier, print its figures, and tell whether the results are right."""
    torch.manual_seed(0)
    classifier = registry.create_classifier(name, image_size=SIZE, drop_rate=0.5).eval()
    images = torch.randn(BATCH, 1, SIZE, SIZE)
    own = copy.deepcopy(classifier)
    found = []
    difference = 0.0
    with pytorch_grad_cam.GradCAM(own, [own.grid_layer], reshape_transform=own.grid) as package:
        seen = heat_maps.see(classifier, images)  # warms up
        for _ in range(rounds):
            of_plain, logits = timed(lambda: plain(classifier, images))
            of_ours, maps = timed(lambda: ours(classifier, images))
            of_package, expected = timed(lambda: package(images, targets=TARGETS))
            found.append((of_plain, of_ours, of_package, of_ours / of_plain, of_package / of_ours))
            difference = max(difference, float(np.abs(as_the_package_returns(maps) - expected).max()))
    apart = float(np.abs(seen.logits.numpy() - logits).max())
    of_plain, of_ours, of_package, of_a_forward, times = np.median(found, axis=0)
    least, most = np.quantile(np.array(found)[:, 3:], [0, 1], axis=0)
    print(f"{registry.TITLES[name]}, a grid of {maps.shape[1]} x {maps.shape[2]}")
    print(f"  one plain forward:  {1000 * of_plain:6.0f} ms")
    print(
        f"  ours, with maps:    {1000 * of_ours:6.0f} ms, {of_a_forward:.2f} of it"
        f" (bar: at most {MOST_OF_A_FORWARD:.1f}; rounds {least[0]:.2f} to {most[0]:.2f})"
    )
    print(
        f"  the package:        {1000 * of_package:6.0f} ms, {times:.1f} times ours"
        f" (bar: at least {FASTER[name]}; rounds {least[1]:.1f} to {most[1]:.1f})"
    )
    print(
        f"  largest difference: {difference:.1e} between maps in [0, 1] (bar: {DIFFERENCE:.0e}), {apart:.1e} in logits;"
        f" {sum(one.any() for one in maps)} of {BATCH} maps are not all zero",
        flush=True,
    )
    right = difference <= DIFFERENCE and apart <= DIFFERENCE and bool(maps.any())
    if not right:
        print("WRONG: the results differ, or every map is all zero")
    return right


def main() -> int:
    """Measure, print, and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="end within 60 s")
    rounds = 1 if options.parse_args().quick else 7
    torch.set_num_threads(1)
    print(f"one core, {SIZE} px, batches of {BATCH}, medians over the rounds in turns: {rounds}")
    right = [measure(name, rounds=rounds) for name in CLASSIFIERS]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
