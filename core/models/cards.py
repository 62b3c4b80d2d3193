"""What a checkpoint says of itself, read without torch, and the rule on kinds of image.

A checkpoint's folder holds `weights.safetensors`, `config.json`, `card.json`,
`history.parquet`, `model_card.md` and `train_features.npy`; an ensemble, whose weights are those
of its members, has no features. The folder appears whole or not at all and is never edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from core.base import files
from core.base.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace

WEIGHTS, CONFIG, CARD, HISTORY = "weights.safetensors", "config.json", "card.json", "history.parquet"
MODEL_CARD, TRAIN_FEATURES = "model_card.md", "train_features.npy"
ALL_FILES = (WEIGHTS, CONFIG, CARD, HISTORY, MODEL_CARD, TRAIN_FEATURES)

PNEUMOTHORAX, TRANSLATION, ORIGIN = "pneumothorax", "translation", "origin"  # what a checkpoint is for
_CALLED = {PNEUMOTHORAX: "a classifier of pneumothorax", TRANSLATION: "a generator", ORIGIN: "a classifier of origin"}


def checkpoint_ids(workspace: Workspace, *, task: str = PNEUMOTHORAX) -> list[str]:
    """Return the names of the complete checkpoints for a task, the newest first."""
    folders = [card.parent for card in workspace.checkpoints.glob(f"*/{CARD}") if not card.parent.name.startswith(".")]
    complete = [folder for folder in folders if all((folder / name).exists() for name in (WEIGHTS, CONFIG, HISTORY))]
    found = {folder.name: _read(folder, "created_at") for folder in complete}
    made = {name: str(card["created_at"]) for name, card in found.items() if task_of(card) == task}
    return sorted(made, key=lambda name: (made[name], name), reverse=True)


def task_of(card: dict[str, Any]) -> str:
    """Return what a checkpoint is for: `PNEUMOTHORAX`, `TRANSLATION` or `ORIGIN`."""
    return str(card.get("task", PNEUMOTHORAX))


def read_card(workspace: Workspace, checkpoint_id: str, *, task: str = PNEUMOTHORAX) -> dict[str, Any]:
    """Read the card of a checkpoint for a task.

    Raises:
        InputError: If there is no such checkpoint, or it is for another task; the sentence lists those there are.
            Or if its file holds something else.
    """
    card = _read(_complete(workspace, checkpoint_id, task))
    if task_of(card) != task:
        msg = f"Expected {_CALLED[task]}, found {_CALLED[task_of(card)]}, {checkpoint_id!r}; {_choice(workspace, task)}"
        raise InputError(msg)
    return card


def read_config(workspace: Workspace, checkpoint_id: str) -> dict[str, Any]:
    """Read the options a checkpoint was trained with, nested groups given flat.

    Raises:
        InputError: If there is no such checkpoint; the sentence lists those there are.
    """
    config: dict[str, Any] = files.read_json(_complete(workspace, checkpoint_id) / CONFIG)
    return config


def read_history(workspace: Workspace, checkpoint_id: str) -> pd.DataFrame:
    """Read what was measured after each epoch of a checkpoint's training.

    Raises:
        InputError: If there is no such checkpoint; the sentence lists those there are.
    """
    return files.read_parquet(_complete(workspace, checkpoint_id) / HISTORY)


def is_whole(workspace: Workspace, card: dict[str, Any]) -> bool:
    """Tell whether a classifier learnt all its weights, and from films alone, as the arms of a dose-response do not."""
    return not card.get("synthetic") and not read_config(workspace, card["checkpoint_id"]).get("head_only")


def pixels(card: dict[str, Any]) -> str:
    """Say at which image sizes a checkpoint works: one, or each of its members' in order.

    Examples:
        >>> pixels({"input": {"size": 64}})
        '64 px'
        >>> pixels({"input": {"size": 96}, "members": [{"size": 96}, {"size": 64}, {"size": 64}]})
        '64 and 96 px'
    """
    sizes = {member["size"] for member in card.get("members", [card["input"]])}
    return " and ".join(str(size) for size in sorted(sizes)) + " px"


def short_name(card: dict[str, Any]) -> str:
    """Say what a checkpoint is, what it learnt besides films, at which image sizes, and the end of its id.

    Examples:
        >>> short_name({"title": "Simple CNN", "input": {"size": 64}, "checkpoint_id": "cnn-nih-20260101-0a1b2c3d"})
        'Simple CNN, 64 px (0a1b2c3d)'
    """
    return f"{card['title']}{_besides(card)}, {pixels(card)} ({card['checkpoint_id'][-8:]})"


def _besides(card: dict[str, Any]) -> str:
    made = card.get("synthetic")
    if not made:
        return ""
    return f" with {100 * made['share']:.0f} % synthetic{' of both classes' if made['classes'] == 'both' else ''}"


def refuse_other_kinds(card: dict[str, Any], radiographs: pd.DataFrame) -> None:
    """Refuse to read real radiographs with a checkpoint that learnt mostly from made ones.

    A synthetic image counts as synthetic and as its parent's kind, so the synthetic child of a
    real radiograph is refused too; a child whose parent is unknown counts as one.

    Args:
        card: The checkpoint's card; `kinds` counts its training images by source.
        radiographs: Rows of the radiographs table that are to be read.

    Raises:
        InputError: If more than half of the training images were phantoms or synthetic and one
            of the radiographs is real.
    """
    trained_on = {kind: int(count) for kind, count in card["kinds"].items()}
    made = sum(count for kind, count in trained_on.items() if kind != "real")
    if 2 * made <= sum(trained_on.values()):
        return
    real = _counts_as_real(radiographs)
    if real.any():
        kinds = " and ".join(kind for kind, count in trained_on.items() if kind != "real" and count)
        msg = (
            f"Expected radiographs of the kind this checkpoint learnt from ({kinds}), found {int(real.sum())} real of "
            f"{len(radiographs)}; use a checkpoint trained on real radiographs."
        )
        raise InputError(msg)


def _counts_as_real(radiographs: pd.DataFrame) -> pd.Series:
    """Tell which rows are real or are synthetic children of what is not known to be a phantom `(N,)`."""
    source = radiographs["source"].astype(str)
    parent = radiographs["parent_image_id"].map(pd.Series(source.to_numpy(), index=radiographs["image_id"]))
    if "parent_source" in radiographs:
        parent = radiographs["parent_source"].fillna(parent)
    return (source == "real") | ((source == "synthetic") & (parent.fillna("real") == "real"))


def _complete(workspace: Workspace, checkpoint_id: str, task: str = PNEUMOTHORAX) -> Path:
    folder = workspace.checkpoint(checkpoint_id)
    if not (folder / CARD).exists():
        msg = f"Expected a checkpoint, found none named {checkpoint_id!r}; {_choice(workspace, task)}"
        raise InputError(msg)
    return folder


def _read(folder: Path, *needed: str) -> dict[str, Any]:
    card = files.read_json(folder / CARD)
    if not isinstance(card, dict) or not set(needed) <= set(card):
        msg = (
            f"Expected the card of a checkpoint in {folder.name}/{CARD}, found something else; restore the folder or "
            "remove it."
        )
        raise InputError(msg)
    return card


def _choice(workspace: Workspace, task: str) -> str:
    ids = checkpoint_ids(workspace, task=task)
    return f"choose from {', '.join(ids[:5])}." if ids else "there is none yet; make one with `train`."
