"""A tiny data set with a domain split, and a synthetic one of it made by hand: as like, or unlike, as a test wants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.base import files, schema
from core.base.paths import Workspace
from core.data import indexing, pixels, radiographs, split_store, synthetic
from core.data.pixel_cache import fit_square
from core.data.synthetic import SyntheticCard
from core.models import cards
from core.synthesis import networks
from core.training.config import TrainConfig
from tests.training import studies

DATASET, SPLIT, NAME, SIZE = "tiny", "domain", "tiny-ptx", 32
PARTS = {"train": 0.5, "tune": 0.7}  # shares of the patients up to which they are so; the others are certify's
GENERATOR = "cyclegan-tiny-20260101-00000000"


def make(workspace: Workspace, folder: Path, *, patients: int = 80, texture: float = 0.0, seed: int = 5) -> None:
    """Write films and an image of each negative one: a film of an ill patient drawn anew, with a texture added."""
    rows = studies.write_films(folder / "films", patients=patients)
    indexing.index(workspace, DATASET, rows, images=folder / "films")
    split_store.save(workspace, DATASET, SPLIT, _split(rows), kind="domain", seed=0)
    generator(workspace, seen=_patients(rows, "train"))
    _translated(workspace, texture=texture, seed=seed)


def classifier(workspace: Workspace, *, epochs: int = 3, **options: object) -> str:
    """Train a tiny classifier on the films, on a split of the same parts; `studies.use_tiny_classifier` comes first."""
    from core.training import engine  # seconds: only for the tests that ask

    if "patient" not in split_store.split_names(workspace, DATASET):
        split = split_store.load(workspace, DATASET, SPLIT).drop(columns="domain")
        split_store.save(workspace, DATASET, "patient", split, kind="patient", seed=0)
    asked = {**studies.OPTIONS, "split": "patient", "epochs": epochs, **options}
    return engine.train(workspace, TrainConfig.from_dict(asked))


def generator(workspace: Workspace, *, seen: list[str]) -> None:
    """Write a CycleGAN that was never trained."""
    torch.manual_seed(0)
    both = networks.Translators(width=4, blocks=6, upsampling="resize")
    folder = workspace.checkpoint(GENERATOR)
    folder.mkdir(parents=True)
    (folder / cards.WEIGHTS).write_bytes(safetensors.torch.save(both.state_dict()))
    files.write_json(folder / cards.CONFIG, {"model": "cyclegan", "width": 4, "blocks": 6, "upsampling": "resize"})
    files.write_parquet(folder / cards.HISTORY, pd.DataFrame({"step": [1]}))
    card = {
        "checkpoint_id": GENERATOR,
        "created_at": "2026-01-01T00:00:00+00:00",
        "task": cards.TRANSLATION,
        "model": "cyclegan",
        "title": "CycleGAN",
        "dataset": DATASET,
        "split": SPLIT,
        "kinds": {"real": 1},
        "input": {"size": SIZE, "mean": 0.5, "std": 0.5},
        "patients": seen,
        "weights_sha256": files.sha256_of_file(folder / cards.WEIGHTS),
    }
    files.write_json(folder / cards.CARD, card)


def _patients(rows: pd.DataFrame, role: str) -> list[str]:
    split = _split(rows)
    own = split["part"] == role if role == "train" else split["fold"] == role
    return sorted(split.loc[own, "patient_id"].unique())


def _split(rows: pd.DataFrame) -> pd.DataFrame:
    place = rows["patient_id"].str[1:].astype(int) / rows["patient_id"].nunique()
    return rows[["image_id", "patient_id", "label"]].assign(
        part=np.where(place < PARTS["train"], "train", "val"),
        fold=np.where(place < PARTS["train"], None, np.where(place < PARTS["tune"], "tune", "certify")),
        domain=np.where(rows["label"] == 1, "B", "A"),
    )


def _translated(workspace: Workspace, *, texture: float, seed: int) -> None:
    table = radiographs.load(workspace, DATASET)
    split = split_store.load(workspace, DATASET, SPLIT).set_index("image_id")
    parents = table[table["label"] == 0].reset_index(drop=True)
    folder = workspace.dataset(NAME) / "images"
    folder.mkdir(parents=True)
    text = PngInfo()
    text.add_text("PleuraScope", "synthetic")
    rng = np.random.default_rng(seed)
    waves = texture * np.sin(np.arange(SIZE) * np.pi / 2)
    rows = []
    for parent in parents.itertuples():
        film = rng.normal(140, 25, (40, 40))  # as `studies.write_films` draws one of an ill patient
        film[:, :10] -= 70
        image = fit_square(film.clip(0, 255).astype(np.uint8), size=SIZE) + waves
        name = f"{parent.image_id}~a-to-b"
        path = folder / f"{parent.image_id}-a-to-b.png"
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(path, pnginfo=text)
        rows.append(
            {
                "image_id": name,
                "patient_id": parent.patient_id,
                "path": str(path),
                "label": 1,
                "findings": "Pneumothorax",
                "source": "synthetic",
                "parent_image_id": parent.image_id,
                "parent_source": "real",
                "parent_sha256": parent.sha256,
                "part": split.loc[parent.image_id, "part"],
                "width": SIZE,
                "height": SIZE,
                "sha256": pixels.sha256_of_pixels(pixels.read_pixels(path)),
            }
        )
    made = pd.DataFrame(rows)
    files.write_parquet(workspace.radiographs(NAME), schema.checked(made, schema.RADIOGRAPHS))
    truth = made[["image_id", "label"]].assign(truth="report")
    files.write_parquet(workspace.truth(NAME), schema.checked(truth, schema.TRUTH))
    card = cards.read_card(workspace, GENERATOR, task=cards.TRANSLATION)
    files.write_json(workspace.synthetic_card(NAME), _card(workspace, card, made).model_dump())
    synthetic.write_passports(workspace, NAME, _passports(made, card))


def _card(workspace: Workspace, generator: dict, made: pd.DataFrame) -> SyntheticCard:
    return SyntheticCard(
        name=NAME,
        dataset=DATASET,
        split=SPLIT,
        split_sha256=split_store.certificate(workspace, DATASET, SPLIT)["table_sha256"],
        direction="a-to-b",
        images=made["part"].value_counts().to_dict(),
        generator_id=GENERATOR,
        generator_sha256=generator["weights_sha256"],
        patients=generator["patients"],
        patients_sha256="0" * 64,
        image_size=SIZE,
        parent_kinds={"real": len(made)},
        classifier_id=None,
        classifier_reason="There is no classifier of pneumothorax yet; train one on films of this kind.",
        created_at="2026-01-01T00:00:00+00:00",
    )


def _passports(made: pd.DataFrame, generator: dict) -> pd.DataFrame:
    """Return passports whose first image of val is a copy of a training film, and whose changes lie inside."""
    count = len(made)
    copied = np.arange(count) == int((made["part"] == "val").to_numpy().argmax())
    return made[["image_id", "parent_image_id", "patient_id", "part"]].assign(
        direction="a-to-b",
        generator_id=GENERATOR,
        generator_sha256=generator["weights_sha256"],
        change_in_lung=np.linspace(0.4, 0.6, count),
        reconstruction_in_lung=0.3,
        lung_from="measured",
        region_from="rim",
        change_in_region=0.2,
        reconstruction_in_region=np.linspace(0.1, 0.3, count),
        nearest_image_id="001_0.png",
        nearest_distance=np.where(copied, 0.0, 0.2),
        parent_distance=0.1,
    )
