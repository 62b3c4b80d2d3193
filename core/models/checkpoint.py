"""Writes a checkpoint's folder once and whole, and reads a classifier back from it."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import safetensors.torch
import timm
import torch

from core import __version__
from core.base import files
from core.base.errors import InputError
from core.models import cards, model_card, registry
from core.vision.transforms import InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from core.base.paths import Workspace
    from core.models.contract import Classifier


@dataclass(frozen=True)
class Checkpoint:
    """A classifier read back, ready to predict, with what its predictions need."""

    checkpoint_id: str
    classifier: Classifier
    spec: InputSpec
    card: dict[str, Any]


def save(
    workspace: Workspace,
    classifier: Classifier,
    *,
    config: dict[str, Any],
    card: dict[str, Any],
    history: pd.DataFrame,
    train_features: np.ndarray,
) -> str:
    """Write a checkpoint's folder and return its name, `<arch>-<dataset>-<yyyymmdd>-<8 hex>`.

    The folder is made aside and renamed, so it is there whole or not at all. The same weights
    saved again on the same day are the same checkpoint: what stands is kept.

    Args:
        workspace: Where the checkpoints lie.
        classifier: The network, whose weights are saved.
        config: The resolved options, nested groups flat.
        card: What the card says; the hash of the weights, the parameter count, the versions and
            the time are added here.
        history: A row an epoch.
        train_features: Pooled features of the training part `(N, F)`.
    """
    weights = safetensors.torch.save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in classifier.state_dict().items()}
    )
    parameters = sum(parameter.numel() for parameter in classifier.parameters())  # numbers learnt
    return write(
        workspace,
        weights,
        config=config,
        card={**card, "parameters": parameters},
        history=history,
        train_features=train_features,
    )


def write(
    workspace: Workspace,
    weights: bytes,
    *,
    config: dict[str, Any],
    card: dict[str, Any],
    history: pd.DataFrame,
    train_features: np.ndarray | None = None,
    text: Callable[[dict[str, Any]], str] = model_card.text,
    further_files: Mapping[str, bytes] | None = None,
) -> str:
    """Write the folder of a checkpoint whose weights are given as the bytes of a safetensors file; see `save`.

    Args:
        workspace: Where the checkpoints lie.
        weights: The file of the weights.
        config: The resolved options, nested groups flat.
        card: What the card says; the hash of the weights, the versions and the time are added here.
        history: A row an epoch, or whatever was followed.
        train_features: Pooled features of the training part `(N, F)`, if there are any.
        text: Makes the page that a person reads of the finished card.
        further_files: What else is to lie in the folder, by name.
    """
    made_at = datetime.now(UTC)
    digest = hashlib.sha256(weights).hexdigest()
    checkpoint_id = f"{config['model']}-{config['dataset'][:40]}-{made_at:%Y%m%d}-{digest[:8]}"
    folder = workspace.checkpoint(checkpoint_id)
    if folder.exists():
        return checkpoint_id
    card = {
        "checkpoint_id": checkpoint_id,
        "created_at": made_at.isoformat(timespec="seconds"),
        **card,
        "weights_sha256": digest,
        "versions": versions(),
    }
    with files.folder_written_aside(folder) as aside:
        (aside / cards.WEIGHTS).write_bytes(weights)
        if train_features is not None:
            _write_array(aside / cards.TRAIN_FEATURES, train_features.astype(np.float16))
        history.to_parquet(aside / cards.HISTORY, index=False)
        files.write_json(aside / cards.CONFIG, config)
        files.write_json(aside / cards.CARD, card)
        files.write_text(aside / cards.MODEL_CARD, text(card))
        for name, content in (further_files or {}).items():
            (aside / name).write_bytes(content)
    return checkpoint_id


def load(workspace: Workspace, checkpoint_id: str) -> Checkpoint:
    """Read a checkpoint; its classifier is on the CPU, with dropout off.

    Raises:
        InputError: If there is no such checkpoint, it is an ensemble, or its weights are not those its card names.
    """
    card = cards.read_card(workspace, checkpoint_id)
    if card["model"] == registry.ENSEMBLE:
        msg = f"Expected a classifier of its own, found the ensemble {checkpoint_id!r}; name one of its members."
        raise InputError(msg)
    classifier = untrained(workspace, card)
    classifier.load_state_dict(read_weights(workspace, card))
    return Checkpoint(checkpoint_id, classifier.eval(), InputSpec(**card["input"]), card)


def read_weights(workspace: Workspace, card: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Read the weights of a checkpoint by their names, on the CPU.

    Args:
        workspace: Where the checkpoints lie.
        card: The checkpoint's card.

    Raises:
        InputError: If they are gone or not those the card names.
    """
    checkpoint_id = card["checkpoint_id"]
    path = workspace.checkpoint(checkpoint_id) / cards.WEIGHTS
    if not path.exists():
        msg = (
            f"Expected {cards.WEIGHTS} in checkpoint {checkpoint_id!r}, found none; train again or restore the folder."
        )
        raise InputError(msg)
    digest = files.sha256_of_file(path)
    if digest != card["weights_sha256"]:
        msg = (
            f"Expected weights with the hash {card['weights_sha256'][:8]} in checkpoint {checkpoint_id!r}, found "
            f"{digest[:8]}: the file was changed or damaged; train again or restore the folder."
        )
        raise InputError(msg)
    return safetensors.torch.load_file(path)


def untrained(workspace: Workspace, card: dict[str, Any]) -> Classifier:
    """Return a new classifier of a checkpoint's build, with weights that are drawn at random."""
    config = cards.read_config(workspace, card["checkpoint_id"])
    return registry.create_classifier(
        config["model"],
        image_size=card["input"]["size"],
        drop_rate=config["drop_rate"],
        vit_size=config.get("vit_size", "tiny"),  # older checkpoints had no choice
    )


def versions() -> dict[str, str]:
    """Return the versions of what a checkpoint's numbers depend on."""
    return {
        "pleurascope": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "timm": timm.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def _write_array(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
