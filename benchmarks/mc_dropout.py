"""MC dropout against one plain forward, and against the usual T full forwards with dropout at work.

Ours runs the backbone once and the head T times. The usual way puts the active dropout layers into
train mode and runs everything T times. All are timed in turns on the same images, in processor time
of one core, which other work on the machine moves little; ratios are medians over the rounds. Ours
holds one whole forward, so no ratio to T full ones can truly exceed T by more than dropout itself
costs. `--quick` times some of the T full forwards and counts them up to T, and says so.

    python -m benchmarks.mc_dropout [--quick]
"""

from __future__ import annotations

import argparse
import copy
import itertools
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `python -m core` has it

import numpy as np
import torch
from torch import Tensor

from core.inference import mc_dropout
from core.models import registry
from core.models.contract import Classifier

SIZE, BATCH, PASSES = 224, 16, mc_dropout.PASSES
CLASSIFIERS = ("cnn", "vit")  # a head of two layers with two of dropout; one with one
KEYS = [f"{film:064x}" for film in range(BATCH)]
MOST_OF_A_FORWARD, FASTER = 1.10, 25  # the bars


def ours(classifier: Classifier, images: Tensor) -> Tensor:
    """Return the logits `(T, B)` of T passes."""
    return mc_dropout.logits_of_passes(classifier, images, keys=KEYS, passes=PASSES)


def full(classifier: Classifier, images: Tensor) -> Tensor:
    """Return the logits `(B,)` of one forward, with dropout where the classifier has it in train mode."""
    with torch.inference_mode():
        logits: Tensor = classifier(images)
    return logits


def with_dropout_on(classifier: Classifier) -> Classifier:
    """Return a copy whose active dropout layers are in train mode; those with p = 0 would only cost time."""
    copied = copy.deepcopy(classifier)
    for module in copied.modules():
        if isinstance(module, mc_dropout.Dropout) and module.p > 0:
            module.train()
    return copied


def seconds(run: Callable[[Classifier, Tensor], Tensor], classifier: Classifier, images: Tensor) -> float:
    """Return how much processor time a run takes."""
    began = time.process_time()
    run(classifier, images)
    return time.process_time() - began


def is_right(classifier: Classifier, images: Tensor, *, forwards: int) -> bool:
    """Tell whether the first full forwards with the very masks of ours give the very logits of ours."""
    expected = ours(classifier, images)
    heads = mc_dropout.keyed_heads(classifier, keys=KEYS, passes=PASSES)
    with torch.inference_mode():
        found = [head(classifier.features(images)) for head in itertools.islice(heads, forwards)]
    return torch.equal(torch.stack(found), expected[:forwards]) and bool((expected.std(dim=0) > 0).all())


def measure(name: str, *, rounds: int, forwards: int) -> bool:
    """Measure one classifier, print its figures, and tell whether the results are right."""
    torch.manual_seed(0)
    classifier = registry.create_classifier(name, image_size=SIZE, drop_rate=0.5).eval()
    dropping = with_dropout_on(classifier)
    images = torch.randn(BATCH, 1, SIZE, SIZE)
    right = is_right(classifier, images, forwards=forwards)  # also warms up
    found = []
    for _ in range(rounds):
        plain, passes = seconds(full, classifier, images), seconds(ours, classifier, images)
        usual = sum(seconds(full, dropping, images) for _ in range(forwards)) * PASSES / forwards
        found.append((plain, passes, usual, passes / plain, usual / passes))
    plain, passes, usual, of_a_forward, times = np.median(found, axis=0)
    least, most = np.quantile(np.array(found)[:, 3:], [0, 1], axis=0)
    print(registry.TITLES[name])
    print(f"  one plain forward:  {1000 * plain:6.0f} ms")
    print(
        f"  ours, {PASSES} passes:    {1000 * passes:6.0f} ms, {of_a_forward:.2f} of it"
        f" (bar: at most {MOST_OF_A_FORWARD:.2f}; rounds {least[0]:.2f} to {most[0]:.2f})"
    )
    timed = "" if forwards == PASSES else f"{forwards} timed; "
    print(
        f"  {PASSES} full forwards:   {1000 * usual:6.0f} ms, {times:.1f} times ours"
        f" (bar: at least {FASTER}; {timed}rounds {least[1]:.1f} to {most[1]:.1f})"
    )
    if not right:
        print("WRONG: full forwards with the same masks give other logits")
    return right


def main() -> int:
    """Measure, print, and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="end within 60 s")
    rounds, forwards = (3, 2) if options.parse_args().quick else (5, PASSES)
    torch.set_num_threads(1)
    print(f"one core, {SIZE} px, batches of {BATCH}, medians of {rounds} rounds in turns")
    right = [measure(name, rounds=rounds, forwards=forwards) for name in CLASSIFIERS]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
