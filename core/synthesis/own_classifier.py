"""The classifier of our own in whose features and probabilities synthetic images are judged.

Inception's features, the usual ones, were learnt from photographs and say little of radiographs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data.pixel_cache import fit_square
from core.evaluation import calibration
from core.models import cards, registry

if TYPE_CHECKING:
    import torch

    from core.base.paths import Workspace
    from core.models.checkpoint import Checkpoint

BATCH = 64  # images read at once


@dataclass(frozen=True)
class Read:
    """What the classifier says of N images."""

    features: np.ndarray  # (N, F) float32, pooled
    probabilities: np.ndarray  # (N,) float64, calibrated, of a pneumothorax


@dataclass(frozen=True)
class OwnClassifier:
    """A classifier of pneumothorax, ready to read images of any size."""

    found: Checkpoint
    device: torch.device

    @property
    def checkpoint_id(self) -> str:
        """The name of its checkpoint."""
        return self.found.checkpoint_id

    def read(self, pixels: np.ndarray) -> Read:
        """Return features and probabilities of square images.

        Args:
            pixels: Grey values `(N, S, S)` uint8; they are brought to the classifier's own size as films are.
        """
        import torch

        from core.models import forward
        from core.vision import loader

        size = self.found.spec.size
        own = np.stack([fit_square(image, size=size) for image in pixels]) if len(pixels) else np.empty((0, size, size))
        images = loader.Films(
            pixels=loader.Resident(torch.from_numpy(own.astype(np.uint8, copy=False))),
            positions=np.arange(len(own)),
            labels=np.zeros(len(own)),  # nothing is learnt
            spec=self.found.spec,
        )
        said = forward.run(self.found.classifier, loader.plain_batches(images, batch_size=BATCH, device=self.device))
        return Read(said.features.astype(np.float32), calibration.probabilities(self.found.card, said.logits))


def choose(workspace: Workspace, dataset: str, kinds: set[str]) -> tuple[str | None, str | None]:
    """Return the checkpoint that fits films of these kinds best, or None and the reason in a sentence.

    It is the newest network, no ensemble, that learnt from the data set, else the newest that learnt
    from another one; it learnt from no synthetic film, and mostly from films of these kinds.

    Args:
        workspace: Where the checkpoints lie.
        dataset: The data set whose films are judged.
        kinds: Their sources: real, phantom.
    """
    networks = [
        card
        for card in (cards.read_card(workspace, name) for name in cards.checkpoint_ids(workspace))
        if card["model"] != registry.ENSEMBLE
    ]
    fitting = [card for card in networks if _learnt_only_films(card) and _is_of_kind(card, kinds)]
    if fitting:
        own = [card for card in fitting if card["dataset"] == dataset]
        return str((own or fitting)[0]["checkpoint_id"]), None
    if not networks:
        return None, "There is no classifier of pneumothorax yet; train one on films of this kind."
    named = " and ".join(sorted(kinds))
    return None, (
        f"None of the {len(networks)} classifiers learnt mostly from {named} films and from no synthetic ones; train "
        "one on films of this kind."
    )


def load(workspace: Workspace, checkpoint_id: str) -> OwnClassifier:
    """Read a classifier, on the device that the settings name.

    Raises:
        InputError: If there is no such classifier, it is an ensemble, or its weights are not those its card names.
    """
    from core.models import checkpoint
    from core.vision import device as devices

    found, device = checkpoint.load(workspace, checkpoint_id), devices.chosen()
    found.classifier.to(device)
    return OwnClassifier(found, device)


def _learnt_only_films(card: dict[str, Any]) -> bool:
    return not card["kinds"].get("synthetic", 0)


def _is_of_kind(card: dict[str, Any], kinds: set[str]) -> bool:
    """Tell whether a classifier learnt mostly from films of these kinds, and may read each of them."""
    counts = card["kinds"]
    if 2 * sum(count for kind, count in counts.items() if kind in kinds) <= sum(counts.values()):
        return False
    films = pd.DataFrame({"image_id": sorted(kinds), "source": sorted(kinds), "parent_image_id": None})
    try:
        cards.refuse_other_kinds(card, films)
    except InputError:
        return False
    return True
