"""A study at NIH's size, written as tables: many films without pixels, and checkpoints that were never trained."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from core.base import files, schema
from core.base.paths import ROOT
from core.data import split_store
from core.evaluation import operating_point
from core.models import cards
from core.models.registry import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Locator, Page

    from core.base.paths import Workspace

PATIENCE_S = 120  # with a busy machine
DATASET, SPLIT = "large", "patient"
MODELS = ("cnn", "vit", "ensemble", "multitask", "densenet121")  # in this order
PREVALENCE = 0.047  # of NIH's films
SEPARATION = 1.8  # of the classes' logits, in standard deviations within a class; AUROC about 0.87
FINDINGS = ("No Finding", "Effusion", "Atelectasis", "Effusion|Infiltration", "Emphysema")
OTHERS = (("train", None), ("val", "tune"), ("val", "certify"), ("test", None))


def write(
    workspace: Workspace,
    films: int = 112_120,
    checkpoints: int = 3,
    *,
    crowded: str = "test",
    rest: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Write a data set without pixels, a split, checkpoints, and their predictions for val and test.

    Patients have two films on average, with probabilities that are alike, and are rounded so that ties occur.

    Args:
        workspace: Where the tables go.
        films: How many there are.
        checkpoints: How many, of the kinds in `MODELS` in their order.
        crowded: Which place holds all films but the `rest` of each other place: "train", "tune", "certify" or "test".
        rest: Films of each of the three other places.
        seed: Of everything that is drawn.

    Returns:
        The names: `dataset`, `split`, and the list `checkpoints`.
    """
    rng = np.random.default_rng(seed)
    sizes = {place: films - 3 * rest if (place[1] or place[0]) == crowded else rest for place in OTHERS}
    table = _films(sizes, rng)
    radiographs = schema.checked(table.drop(columns=["part", "fold", "ill"]), schema.RADIOGRAPHS)
    files.write_parquet(workspace.radiographs(DATASET), radiographs)
    truths = radiographs[["image_id", "label"]].assign(truth="report")
    files.write_parquet(workspace.truth(DATASET), schema.checked(truths, schema.TRUTH))
    files.write_json(workspace.index_report(DATASET), _index_report(radiographs))
    split = table[["image_id", "patient_id", "part", "label", "fold"]]
    made = split_store.save(workspace, DATASET, SPLIT, split, kind="patient", seed=seed)
    names = [_checkpoint(workspace, model, table, made, rng) for model in MODELS[:checkpoints]]
    return {"dataset": DATASET, "split": SPLIT, "checkpoints": names}


@contextmanager
def served(settings: Mapping[str, str]) -> Iterator[str]:
    """Serve the dashboard as `make start` does, without its demo, and yield its address.

    Args:
        settings: The environment variables that name the workspace.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "app.launch"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | dict(settings) | {"PORT": str(port), "DEMO": "0"},
        start_new_session=True,
    )
    try:
        first = process.stdout.readline()
        assert first.startswith("PleuraScope runs at"), first + process.stdout.read()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=90)


def option(page: Page, title: str, name: str) -> Locator:
    """Open a field's list and return one of its options; a run that ends just then closes the list again.

    Args:
        page: Of the browser.
        title: Of the field.
        name: Of the option.
    """
    field = page.get_by_role("combobox", name=re.compile(rf"\b{title}\b"))
    found = page.get_by_role("option", name=name, exact=True)
    deadline = time.monotonic() + PATIENCE_S
    while not found.is_visible():
        assert time.monotonic() < deadline, f"the list {title} shows no option {name}"
        field.click()
        page.wait_for_timeout(1000)
    return found


def _films(sizes: dict[tuple[str, str | None], int], rng: np.random.Generator) -> pd.DataFrame:
    """Return the films of all places, whole patients each."""
    numbers, parts, folds = [], [], []
    for (part, fold), count in sizes.items():
        of_patient = np.minimum(rng.geometric(0.5, count), 20)
        own = np.repeat(np.arange(count), of_patient)[:count]
        numbers.append(own + (numbers[-1][-1] + 1 if numbers else 0))
        parts += [part] * count
        folds += [fold] * count
    patient = np.concatenate(numbers)
    total, patients = len(patient), int(patient[-1]) + 1
    prone = special.expit(rng.normal(special.logit(0.03), 1.5, patients))  # some patients have it again and again
    label = (rng.random(total) < prone[patient] * PREVALENCE / prone[patient].mean()).astype(int)
    follow_up = np.arange(total) - np.concatenate([[0], np.flatnonzero(np.diff(patient)) + 1])[patient]
    image_ids = [f"{number + 1:08d}_{visit:03d}.png" for number, visit in zip(patient, follow_up, strict=True)]
    other = rng.choice(FINDINGS, total, p=[0.6, 0.15, 0.1, 0.1, 0.05])
    return pd.DataFrame(
        {
            "image_id": image_ids,
            "patient_id": [str(number + 1) for number in patient],
            "path": None,
            "label": label,
            "findings": np.where(label == 1, "Pneumothorax", other),
            "view": rng.choice(["PA", "AP"], total, p=[0.6, 0.4]),
            "sex": rng.choice(["F", "M"], patients)[patient],
            "age_years": np.clip(rng.normal(47, 17, patients), 1, 95).round()[patient],
            "follow_up": follow_up,
            "sha256": [hashlib.sha256(name.encode()).hexdigest() for name in image_ids],  # of pixels nobody has
            "source": "phantom",  # never a real film
            "part": parts,
            "fold": folds,
            "ill": rng.normal(size=patients)[patient],
        }
    )


def _checkpoint(
    workspace: Workspace, model: str, table: pd.DataFrame, made: dict[str, Any], rng: np.random.Generator
) -> str:
    """Write a checkpoint's folder and its predictions, and return its name."""
    noise = rng.normal(size=len(table))
    logit = -3.0 + SEPARATION * 1.3 * table["label"] + 0.9 * table["ill"] + 0.9 * noise
    probability = special.expit(logit).round(4)
    weights = hashlib.sha256(model.encode()).hexdigest()
    name = f"{model}-{DATASET}-20260101-{weights[:8]}"
    tune = (table["fold"] == "tune").to_numpy()
    points = operating_point.named_points(table["label"].to_numpy()[tune], probability.to_numpy()[tune])
    card = {
        "checkpoint_id": name,
        "created_at": f"2026-01-01T00:00:{59 - MODELS.index(model):02d}+00:00",  # the first is the newest
        "task": "pneumothorax",
        "model": model,
        "title": TITLES[model],
        "dataset": DATASET,
        "split": SPLIT,
        "split_sha256": made["table_sha256"],
        "labels": "report",
        "seed": 0,
        "input": {"size": 224, "mean": 0.5, "std": 0.25},
        "kinds": {"phantom": int((table["part"] == "train").sum())},
        "films_sha256": "0" * 64,
        "patients_sha256": dict.fromkeys(("train", "val", "test"), "0" * 64),
        "parts": {part: _counts(table[rows]) for part, rows in _rows(table).items()},
        "films_without_label": 0,
        "metrics": {},
        "told_besides": {},
        "calibration": {"a": 1.0, "b": 0.0, "method": "none", "prevalence": PREVALENCE},
        "operating_points": {rule: vars(point) for rule, point in points.items()},
        "training_s": 60.0,
        "training": {"weights": "none: no network was trained", "epochs": 1, "best_epoch": 1, "images_per_s": 100.0},
        "efficiency": {"gflops": 1.0, "images_per_s": 100.0, "wall_s": 60.0, "peak_memory_mb": 1000.0},
        "notes": ["Made up for a test."],
        "parameters": 1_000_000 * (1 + MODELS.index(model)),
        "weights_sha256": weights,
        "versions": {},
    }
    if model == "ensemble":
        card["members"], card["fusion"] = _members(), {"method": "log-loss", "on_tune": {}}
    folder = workspace.checkpoint(name)
    files.write_json(folder / cards.CONFIG, {"model": model, "seed": 0, "dataset": DATASET, "split": SPLIT})
    files.write_bytes(folder / cards.WEIGHTS, b"")
    history = {"epoch": [1], "train_loss": [0.5], "tune_loss": [0.5], "tune_auroc": [0.8], "images_per_s": [100.0]}
    files.write_parquet(folder / cards.HISTORY, pd.DataFrame(history))
    files.write_json(folder / cards.CARD, card)
    predictions = table[["image_id", "patient_id", "label"]].assign(
        logit=logit, probability=probability, weights_sha256=weights, image_sha256=table["sha256"]
    )
    for part in ("val", "test"):
        own = schema.checked(predictions[table["part"] == part], schema.PREDICTIONS)
        files.write_parquet(workspace.predictions(name, DATASET, SPLIT, part), own)
    return name


def _rows(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the films that a card counts of each part: of val those of the fold tune."""
    return {"train": table["part"] == "train", "val": table["fold"] == "tune", "test": table["part"] == "test"}


def _counts(films: pd.DataFrame) -> dict[str, int]:
    positive = films["label"] == 1
    return {
        "films": len(films),
        "patients": int(films["patient_id"].nunique()),
        "positive_films": int(positive.sum()),
        "positive_patients": int(films.loc[positive, "patient_id"].nunique()),
    }


def _members() -> list[dict[str, Any]]:
    return [
        {
            "checkpoint_id": f"{model}-{DATASET}-20260101-{hashlib.sha256(model.encode()).hexdigest()[:8]}",
            "weights_sha256": hashlib.sha256(model.encode()).hexdigest(),
            "title": TITLES[model],
            "model": model,
            "size": 224,
            "weight": 0.5,
        }
        for model in ("cnn", "vit")
    ]


def _index_report(radiographs: pd.DataFrame) -> dict[str, Any]:
    positive, negative = (int((radiographs["label"] == value).sum()) for value in (1, 0))
    found: dict[str, Any] = {"dataset": DATASET, "listed": len(radiographs), "indexed": len(radiographs)}
    found |= {"patients": int(radiographs["patient_id"].nunique()), "sources": {"phantom": len(radiographs)}}
    found |= {"positive": positive, "negative": negative, "unlabelled": 0, "masks": 0, "with_images": False}
    nothing = ("left_out", "nulled", "same_pixels", "files_without_row", "read_by_rule", "truth_left_out")
    return found | {"truths": ["report"], "warnings": []} | {name: {} for name in nothing}
