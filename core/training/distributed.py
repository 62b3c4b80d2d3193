"""Where a training computes: the device, its precision, and several processes that share every batch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch.multiprocessing.spawn import ProcessRaisedException

from core.base import files
from core.base.errors import Cancelled, InputError, PleuraScopeError
from core.vision import device as devices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.base.paths import Workspace
    from core.training.config import TrainConfig

FAILURE = "failure.json"
KINDS: dict[str, type[PleuraScopeError]] = {one.__name__: one for one in (InputError, Cancelled, PleuraScopeError)}


def alone() -> Fabric:
    """Return what trains in this process alone.

    Raises:
        InputError: If the settings ask for a GPU and there is none.
    """
    device = devices.chosen()
    return Fabric(accelerator=device.type, devices=1, precision=_precision(device))


def together(work: Callable[..., None], workspace: Workspace, config: TrainConfig, folder: Path) -> None:
    """Run `work(fabric, workspace, config)` in as many processes as the config asks for, and wait for them.

    Args:
        work: A function of a module, so that new processes can find it.
        workspace: What it is given.
        config: What it is given.
        folder: Where the first failure is noted.

    Raises:
        InputError: If there are fewer GPUs than processes.
        PleuraScopeError: What one of the processes raised.
    """
    processes = config.execution.processes
    device = devices.chosen()
    if device.type == "cuda" and torch.cuda.device_count() < processes:
        msg = (
            f"Expected a GPU for each of {processes} processes, found {torch.cuda.device_count()}; "
            "ask for fewer processes."
        )
        raise InputError(msg, field="processes")
    # A backbone that stands still gives its parameters no gradients to wait for.
    still = config.architecture.head_only or config.architecture.frozen_epochs > 0
    strategy = DDPStrategy(start_method="spawn", find_unused_parameters=still)
    fabric = Fabric(accelerator=device.type, devices=processes, strategy=strategy, precision=_precision(device))
    (folder / FAILURE).unlink(missing_ok=True)
    try:
        fabric.launch(partial(_noting_failure, work=partial(work, workspace=workspace, config=config), folder=folder))
    except ProcessRaisedException:
        if not (folder / FAILURE).exists():
            raise
        failure = files.read_json(folder / FAILURE)
        raise KINDS[failure["kind"]](failure["message"]) from None


def _noting_failure(fabric: Fabric, *, work: Callable[[Fabric], None], folder: Path) -> None:
    try:
        work(fabric)
    except PleuraScopeError as error:
        # The others fail next, for want of this process; the first word is the one to be told.
        if not (folder / FAILURE).exists():
            files.write_json(folder / FAILURE, {"kind": type(error).__name__, "message": str(error)})
        raise


def _precision(device: torch.device) -> Literal["bf16-mixed", "32-true"]:
    """Return bfloat16 where a GPU has it; a CPU without the hardware would be twenty times slower with it."""
    halves = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16-mixed" if halves else "32-true"
