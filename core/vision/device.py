"""Which device computes: the setting `PLEURASCOPE_DEVICE`, and what this machine has."""

from __future__ import annotations

import torch

from core.base.errors import InputError
from core.base.paths import Settings


def chosen() -> torch.device:
    """Return the device to compute on.

    Raises:
        InputError: If the settings ask for a GPU and there is none.
    """
    wanted = Settings().device
    if wanted == "cuda" and not torch.cuda.is_available():
        msg = "Expected a GPU as PLEURASCOPE_DEVICE=cuda asks for, found none; set it to auto or cpu."
        raise InputError(msg)
    return torch.device("cpu" if wanted == "cpu" or not torch.cuda.is_available() else "cuda")


def name_of(device: torch.device) -> str:
    """Return what a device is called: a GPU by its model, else "cpu"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
