"""Where a training run keeps what it needs to go on after a stop.

`last.state` holds the weights as they are, the optimiser, the place in the training, and what
else the run goes on from, such as the weights of its best epoch. It is written whole or not at
all: a kill at any moment leaves the state before or the state after.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from core.base import files, progress
from core.base.errors import InputError
from core.base.paths import Workspace

LAST = "last.state"


class Options(Protocol):
    """What a run was asked for: the config of a classifier's training or of a CycleGAN's."""

    def fingerprint(self) -> str:
        """Return hexadecimal digits that are the same for the same options."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one training run; `identity` tells whether a state found there is this run's."""

    path: Path
    identity: str

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder against other processes.

        Raises:
            InputError: If another process trains the same now.
        """
        with files.held_alone(self.path, doing="trains the same"):
            for stray in self.path.glob(".*.part"):  # of a process that was killed while it wrote
                stray.unlink()
            yield

    def read(self) -> dict[str, Any] | None:
        """Return the state kept last, or None at the beginning of a run.

        Raises:
            InputError: If the file holds no state.
        """
        path = self.path / LAST
        if not path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            identity = state["identity"]
        except (EOFError, KeyError, RuntimeError, TypeError, pickle.UnpicklingError):
            msg = f"Expected the state of a training in {path}, found a damaged file; remove it to begin anew."
            raise InputError(msg) from None
        return state if identity == self.identity else None

    def write(self, state: dict[str, Any]) -> None:
        """Keep a state in the place of the one before."""
        content = io.BytesIO()  # torch's own writer tells a full disk as an error without a reason
        torch.save({**state, "identity": self.identity}, content)
        with files.written_aside(self.path / LAST) as aside:
            aside.write_bytes(content.getbuffer())

    def clear(self) -> None:
        """Remove the state: the checkpoint is written."""
        (self.path / LAST).unlink(missing_ok=True)


def of(workspace: Workspace, config: Options, material_identity: str) -> RunFolder:
    """Return the run's folder: in the job's folder, or under `runs/` by the hash of the options.

    A state made from other options, films, labels or another version of torch is not this
    run's, and training begins anew.
    """
    job = progress.job_folder()
    path = job / "run" if job else workspace.root / "runs" / config.fingerprint()
    path.mkdir(parents=True, exist_ok=True)
    files.write_json(path / "config.json", config.to_dict())
    return RunFolder(path, f"{config.fingerprint()}-{material_identity}-{torch.__version__}")
