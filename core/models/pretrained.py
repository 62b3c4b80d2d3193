"""The weights a backbone starts from: ImageNet's if this machine has them, a file's, or none.

Only safetensors files are read. timm by itself would go to the network and wait there for most of
a minute when there is none; so the file is found first, and timm is handed its content.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

import huggingface_hub
import safetensors.torch
import timm
import torch
from huggingface_hub import constants

from core.base import files
from core.base.errors import InputError
from core.base.paths import read_settings
from core.data import split_store
from core.models import cards, registry

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.base.paths import Workspace
    from core.models.contract import Classifier

WEIGHTS = "model.safetensors"  # in a model's place on the hub, and in its local cache
PICKLED = "pytorch_model.bin"  # the same in the older format, which can run code when it is read
PROBE_S = 3.0  # what the hub gets to answer
OWN = "trunk."  # how the backbone's weights begin in a checkpoint of ours
HOW = "set PLEURASCOPE_ONLINE=1 once to fetch them, or give --weights FILE"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a backbone's weights came from; this stands on the card."""

    kind: Literal["scratch", "imagenet", "file"]
    sentence: str
    sha256: str | None = None


def apply(classifier: Classifier, weights: str) -> Origin:
    """Give a classifier's backbone its starting weights; the rest stays as it was built.

    Args:
        classifier: Built, its `trunk` a timm model for one channel.
        weights: "auto", "imagenet", "none", or the path of a safetensors file: a checkpoint's
            weights of this kind of classifier, or timm's own of its backbone.

    Raises:
        InputError: If ImageNet's are insisted on and cannot be had, or the file does not fit.
    """
    if weights == "none":
        return Origin(kind="scratch", sentence="trained from scratch, as was asked for")
    if weights not in registry.WEIGHTS:
        path = Path(weights).expanduser()
        tensors = _read(path)
        digest = files.sha256_of_file(path)
        _load(classifier, tensors, path.name)
        return Origin(kind="file", sentence=f"started from {path.name} (SHA-256 {digest[:8]})", sha256=digest)
    repository = _published(classifier)["hf_hub_id"]
    found, reason = _imagenet(_published(classifier))
    if found is None:
        if weights == "imagenet":
            msg = f"Expected ImageNet weights ({repository}), found none: {reason}; {HOW}."
            raise InputError(msg, field="weights")
        return Origin(kind="scratch", sentence=f"trained from scratch: no ImageNet weights, {reason}; {HOW}")
    _load(classifier, _read(found), found.name)
    return Origin(
        kind="imagenet", sentence=f"started from ImageNet weights, {repository}", sha256=files.sha256_of_file(found)
    )


def refuse_leak(workspace: Workspace, weights: str, dataset: str, split: str) -> None:
    """Refuse a file of weights that are known to have learnt from patients of this split's val or test.

    A checkpoint also knows what those knew that it started from, and so on back.

    Args:
        workspace: Whose checkpoints are looked through for the file's weights.
        weights: As for `apply`; a file that is no checkpoint of this workspace passes.
        dataset: The data set to be learnt from.
        split: Its split.

    Raises:
        InputError: If the weights have learnt from such patients, or their split is gone or was
            made anew since, so that nobody can tell.
    """
    path = Path(weights).expanduser()
    if weights in registry.WEIGHTS or not path.is_file():
        return
    ancestry = _ancestry(workspace, files.sha256_of_file(path))
    for card in ancestry:
        if card["dataset"] == dataset:
            first, name = ancestry[0]["checkpoint_id"], card["checkpoint_id"]
            _refuse_shared_patients(
                workspace, card, split, called=repr(name) if name == first else f"{first!r} that goes back to {name!r}"
            )


def _ancestry(workspace: Workspace, sha256: str) -> list[dict[str, Any]]:
    """Return the cards of the checkpoints of these weights, then of those they started from, and so on."""
    known = [cards.read_card(workspace, name) for name in cards.checkpoint_ids(workspace)]
    digests = [sha256]
    found = []
    for digest in digests:  # grows on the way
        own = [card for card in known if card["weights_sha256"] == digest]
        parents = [card.get("training", {}).get("weights_sha256") for card in own]  # an ensemble has no training
        digests += [parent for parent in parents if parent is not None and parent not in digests]
        found += own
    return found


def _refuse_shared_patients(workspace: Workspace, card: dict[str, Any], split: str, *, called: str) -> None:
    dataset, own = card["dataset"], card["split"]
    there = own in split_store.split_names(workspace, dataset)
    if not there or split_store.certificate(workspace, dataset, own)["table_sha256"] != card["split_sha256"]:
        msg = (
            f"Expected starting weights whose patients are known, found {called}, whose split {own!r} is gone or was "
            "made anew; choose other weights."
        )
        raise InputError(msg, field="weights")
    learnt = split_store.load(workspace, dataset, own)
    seen = set(learnt.loc[learnt["part"] != "test", "patient_id"])  # val chose its best epoch
    table = split_store.load(workspace, dataset, split)
    measured = set(table.loc[table["part"] == "test", "patient_id"])
    taught = set(learnt.loc[learnt["part"] == "train", "patient_id"])
    measured_val = set(table.loc[table["part"] == "val", "patient_id"])
    shared = (seen & measured) | (taught & measured_val)
    if shared:
        msg = (
            f"Expected starting weights that have not seen patients of val or test, found {called}, which learnt from "
            f"{len(shared)} of them, such as {min(shared)!r}; choose other weights or the split {own!r}."
        )
        raise InputError(msg, field="weights")


def _imagenet(published: dict[str, str]) -> tuple[Path | None, str]:
    """Return the file of ImageNet weights, fetched if that is allowed and possible, or None and why not."""
    repository = published["hf_hub_id"]
    cached = huggingface_hub.try_to_load_from_cache(repository, WEIGHTS)
    if isinstance(cached, str):
        return Path(cached), ""
    lack = (
        "this machine has them as a pickle only, which is never read,"
        if _pickled(published)
        else "this machine has none"
    )
    if not read_settings().online or constants.HF_HUB_OFFLINE:
        return None, f"{lack} and stays offline"
    address = urlsplit(constants.ENDPOINT)
    host = address.hostname or ""
    if not _answers(host, address.port or (80 if address.scheme == "http" else 443)):
        return None, f"{lack} and {host} did not answer within {PROBE_S:.0f} s"
    try:
        return Path(huggingface_hub.hf_hub_download(repository, WEIGHTS)), ""
    except (OSError, huggingface_hub.errors.HTTPError) as error:  # a connection that breaks off is only the second
        return None, f"{host} did not give them ({type(error).__name__})"


def _pickled(published: dict[str, str]) -> bool:
    """Tell whether a cache of this machine holds weights in a format that is not read here."""
    in_torch = Path(torch.hub.get_dir(), "checkpoints", Path(urlsplit(published.get("url") or "").path).name)
    of_hub = huggingface_hub.try_to_load_from_cache(published["hf_hub_id"], PICKLED)
    return isinstance(of_hub, str) or (in_torch.suffix == ".pth" and in_torch.is_file())


def _answers(host: str, port: int) -> bool:
    """Tell whether a host takes a connection in time; looking up its name counts too."""
    reached = []

    def knock() -> None:
        try:
            with socket.create_connection((host, port), timeout=PROBE_S):
                reached.append(host)
        except OSError:
            return

    # Looking up a name knows no time limit of its own.
    attempt = threading.Thread(target=knock, daemon=True)
    attempt.start()
    attempt.join(PROBE_S)
    return bool(reached)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        msg = f"Expected a .safetensors file of weights, found none at {path.name!r}; give another."
        raise InputError(msg, field="weights")
    try:
        tensors: dict[str, Tensor] = safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError):
        msg = (
            f"Expected weights in the safetensors format in {path.name!r}, found another or a damaged file; "
            "give another."
        )
        raise InputError(msg, field="weights") from None
    own = {name.removeprefix(OWN): tensor for name, tensor in tensors.items() if name.startswith(OWN)}
    return own or tensors


def _published(classifier: Classifier) -> dict[str, str]:
    """Return what timm knows of a backbone's published weights."""
    return cast("dict[str, str]", classifier.trunk.pretrained_cfg)


def _load(classifier: Classifier, tensors: dict[str, Tensor], name: str) -> None:
    """Load a backbone's weights through timm, which brings colour to grey and position embeddings to size."""
    trunk, published = classifier.trunk, _published(classifier)
    architecture, first = published["architecture"], f"{published['first_conv']}.weight"
    unfit = _unfit(trunk, tensors, first=first, left_out=published["classifier"])
    if unfit is not None:
        msg = f"Expected weights of {architecture} in {name!r}, found {unfit}; give another file."
        raise InputError(msg, field="weights")
    size: dict[str, Any] = {}
    if hasattr(trunk, "patch_embed"):  # a transformer, whose position embeddings go with the image's size
        size = {"img_size": cast("Any", trunk.patch_embed).img_size, "dynamic_img_size": True}
    try:
        donor = timm.create_model(
            architecture,
            pretrained=True,
            pretrained_cfg_overlay={"state_dict": tensors, "input_size": (tensors[first].shape[1], 224, 224)},
            in_chans=1,
            num_classes=0,
            **size,
        )
    except RuntimeError as error:
        reason = str(error).splitlines()[0].strip().rstrip(":")
        msg = f"Expected weights of {architecture} in {name!r}, found others ({reason}); give another file."
        raise InputError(msg, field="weights") from None
    trunk.load_state_dict(donor.state_dict())


def _unfit(trunk: nn.Module, tensors: dict[str, Tensor], *, first: str, left_out: str) -> str | None:
    """Return what speaks against weights being this backbone's; timm itself overlooks most of it.

    Args:
        trunk: The backbone.
        tensors: The weights.
        first: The weights of the first convolution; it may be of one colour or three.
        left_out: The layer that names ImageNet's classes, which a backbone does without.
    """
    own = trunk.state_dict()
    # Batch normalisation's count of steps is used by nobody here, and torch does without it too.
    lacking = sorted(name for name in set(own) - set(tensors) if not name.endswith("num_batches_tracked"))
    if lacking:
        return f"none for {lacking[0]!r}"
    beyond = sorted(name for name in set(tensors) - set(own) if not name.startswith(f"{left_out}."))
    if beyond:
        return f"also some for {beyond[0]!r}"
    for name in sorted(set(own) & set(tensors)):
        shape, wanted = tuple(tensors[name].shape), tuple(own[name].shape)
        resizable = name == "pos_embed" or (name == first and shape[1:2] in ((1,), (3,)))
        if shape != wanted and not (resizable and shape[:1] + shape[2:] == wanted[:1] + wanted[2:]):
            return f"{name!r} of shape {shape} in place of {wanted}"
    return None
