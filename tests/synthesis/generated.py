"""A tiny study with a CycleGAN whose repainting is known: it darkens the left quarter of a film, or lightens it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import safetensors.torch
import torch

from core.base.paths import Workspace
from core.data import radiographs, split_store
from core.data.synthetic import A_TO_B, B_TO_A
from core.models import cards, checkpoint
from core.synthesis import generators, networks, translate
from tests.inference import explained
from tests.training import studies

DATASET, DOMAIN = studies.DATASET, "domain"
SIZE = 32
STEP = 40 / 127.5  # of the grey range from -1 to 1: 40 grey levels
CONFIG = {"model": "cyclegan", "dataset": DATASET, "split": DOMAIN, "width": 4, "blocks": 6, "upsampling": "resize"}


def make_films(workspace: Workspace, folder: Path, **films) -> pd.DataFrame:
    """Write the tiny films with a patient split and a domain split; return the domain split's table."""
    studies.make(workspace, folder, **films)
    split_store.create(workspace, DATASET, DOMAIN, "domain")
    return split_store.load(workspace, DATASET, DOMAIN)


def make_generator(workspace: Workspace, *, seed: int = 0, **card) -> str:
    """Write the checkpoint of a CycleGAN with weights drawn at random, which saw train's patients."""
    torch.manual_seed(seed)
    both = networks.Translators(width=4, blocks=6, upsampling="resize")
    networks.draw_weights(both)
    split = split_store.load(workspace, DATASET, DOMAIN)
    train = split[split["part"] == "train"]
    table = radiographs.load(workspace, DATASET)
    said = {
        "task": cards.TRANSLATION,
        "model": "cyclegan",
        "title": "CycleGAN",
        "dataset": DATASET,
        "split": DOMAIN,
        "split_sha256": split_store.certificate(workspace, DATASET, DOMAIN)["table_sha256"],
        "seed": seed,
        "input": {"size": SIZE, "mean": 0.5, "std": 0.5},
        "kinds": radiographs.sources(table[table["image_id"].isin(train["image_id"])]),
        "patients": sorted(set(train["patient_id"])),
        "patients_sha256": {"train": "of the patients"},
        "notes": [],
    }
    return checkpoint.write(
        workspace,
        safetensors.torch.save(both.state_dict()),
        config=CONFIG,
        card=said | card,
        history=pd.DataFrame({"step": [1]}),
        text=lambda _card: "# A CycleGAN\n",
    )


class Painter:
    """Generators that darken the left quarter of a film on the way to B, and lighten it by as much on the way to A."""

    size = SIZE

    def to(self, _device: torch.device) -> Painter:
        """Return itself."""
        return self

    def there(self, images: torch.Tensor, direction: str) -> torch.Tensor:
        """Return the films repainted."""
        painted = images.clone()
        painted[..., : SIZE // 4] += -STEP if direction == A_TO_B else STEP
        return painted

    def back(self, images: torch.Tensor, direction: str) -> torch.Tensor:
        """Return what the other generator makes of images."""
        painted = images.clone()
        painted[..., : SIZE // 4] += STEP if direction == A_TO_B else -STEP
        return painted


def make(folder: Path, *, sets: bool = False) -> str:
    """Make the study in a folder, once for many tests, and return its generator; with the sets "ptx" and "nf"."""
    with explained.entered(folder) as workspace, pytest.MonkeyPatch.context() as patch:
        make_films(workspace, folder)
        name = make_generator(workspace)
        use_painter(patch)
        for direction, called in ((A_TO_B, "ptx"), (B_TO_A, "nf")) if sets else ():
            translate.translate(workspace, name, DATASET, DOMAIN, part="all", direction=direction, name=called)
    return name


def use_painter(monkeypatch) -> None:
    """Let every generator be the painter."""
    monkeypatch.setattr(generators, "load", lambda _workspace, _name: Painter())
