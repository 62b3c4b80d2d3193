"""A workspace made up for the worklist page: a checkpoint's card, films, predictions, and a policy; no classifier."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from PIL import Image

from core.base import files, schema
from core.base.paths import Workspace
from core.data import pixels
from core.triage import decision
from core.triage.certification import Certificate
from core.triage.decision import Policy
from core.triage.worklists import Worklist, Worklists

CHECKPOINT, WEIGHTS, CUT = "cnn-made-20260101-0a1b2c3d", "0a1b2c3d" * 8, 0.4
CARD = {
    "checkpoint_id": CHECKPOINT,
    "weights_sha256": WEIGHTS,
    "created_at": "2026-01-01T00:00:00+00:00",
    "model": "cnn",
    "title": "Simple CNN",
    "dataset": "made",
    "split": "patient",
    "labels": "report",
    "input": {"size": 64},
    "kinds": {"phantom": 500},
    "operating_points": {"youden": {"rule": "youden", "threshold": CUT}},
    "parts": {"val": {"films": 100, "positive_films": 30}},
}


def make(workspace: Workspace, *, films: int = 60, drawn: int = 0, seed: int = 0) -> None:
    """Write a data set with one part, a checkpoint's card, and its predictions and signals.

    Args:
        workspace: Where to.
        films: How many.
        drawn: How many of them have a file with pixels, from the first on; the others' files are gone.
        seed: Of what is made up.
    """
    chance = np.random.default_rng(seed)
    ids = [f"{number:06d}.png" for number in range(films)]
    probability = chance.random(films).round(6)
    label = (chance.random(films) < probability).astype(int)
    patients = [f"p{number // 3:05d}" for number in range(films)]
    paths, hashes = _drawn(workspace, drawn, chance)
    paths += [str(workspace.root / "gone" / name) for name in ids[drawn:]]
    hashes += [hashlib.sha256(name.encode()).hexdigest() for name in ids[drawn:]]
    named = {"image_id": ids, "patient_id": patients, "label": label}
    radiographs = pd.DataFrame(
        {
            **named,
            "path": paths,
            "sha256": hashes,
            "source": "phantom",
            "view": chance.choice(["AP", "PA"], films),
            "sex": chance.choice(["F", "M"], films),
            "age_years": chance.integers(20, 90, films).astype(float),
            "follow_up": np.arange(films) % 3,
            "width": 64,
            "height": 80,
        }
    )
    files.write_parquet(workspace.radiographs("made"), schema.checked(radiographs, schema.RADIOGRAPHS))
    truth = pd.DataFrame({"image_id": ids, "truth": "report", "label": label})
    files.write_parquet(workspace.truth("made"), schema.checked(truth, schema.TRUTH))
    split = schema.checked(pd.DataFrame(named | {"part": "test"}), schema.SPLIT)
    files.write_parquet(workspace.split("made", "patient"), split)
    files.write_json(workspace.split("made", "patient").with_suffix(".json"), {"kind": "patient"})
    folder = workspace.checkpoint(CHECKPOINT)
    for name in ("weights.safetensors", "config.json", "history.parquet"):
        files.write_bytes(folder / name, b"")
    files.write_json(folder / "card.json", CARD)
    table = pd.DataFrame(
        {
            **named,
            "logit": np.log(probability / (1 - probability)),
            "probability": probability,
            "probability_std": 0.2 * chance.random(films),
            "weights_sha256": WEIGHTS,
            "image_sha256": hashes,
        }
    )
    predictions = workspace.predictions(CHECKPOINT, "made", "patient", "test")
    files.write_parquet(predictions, schema.checked(table, schema.PREDICTIONS))
    beside = pd.DataFrame({"image_id": ids, "feature_distance": 1 + chance.random(films)})
    files.write_parquet(predictions.with_suffix(".signals.parquet"), schema.checked(beside, schema.SIGNALS))


def policy(**values) -> Policy:
    """Return a policy that makes about half the films below the cut unsure, by the spread over passes."""
    steps = np.linspace(0, 1, decision.QUANTILES)
    about = {
        "kind": "budget",
        "signal": "pass_spread",
        "combination": None,
        "cut": CUT,
        "threshold": 0.1,
        "budget": 0.3,
        "random_share": 0.3,
        "reference": {
            "cut_distance": (0.6 + 0.4 * steps).tolist(),
            "pass_spread": (0.2 * steps).tolist(),
            "feature_distance": (1 + steps).tolist(),
        },
    }
    return Policy(**about | values)


def certificate(**values) -> Certificate:
    """Return a certificate that holds for what `make` writes."""
    about = {
        "certified": True,
        "max_missed": 0.1,
        "confidence": 0.9,
        "threshold": 0.1,
        "positive_patients": 143,
        "missed": 8,
        "upper": 0.089,
        "positives_needed": None,
        "not_suspected": 300,
        "false_omission": None,
        "reason": None,
        "scope": {"dataset": "made", "truth": "report", "checkpoint_id": CHECKPOINT, "weights_sha256": WEIGHTS},
    }
    return Certificate(**about | values)


def save(workspace: Workspace, by: Policy | None = None, **values) -> Worklist:
    """Save a worklist of the made part under the policy."""
    about = {
        "name": "first",
        "checkpoint_id": CHECKPOINT,
        "weights_sha256": WEIGHTS,
        "dataset": "made",
        "split": "patient",
        "part": "test",
        "truth": "report",
        "policy": (by or policy()).to_dict(),
        "cut": CUT,
        "cut_from": "youden on tune, at training, 2026-01-01",
        "read_mode": "open",
        "readers": (),
        "created_at": 1_767_225_600.0,  # 2026-01-01
        "created_by": "command line",
    }
    return Worklists(workspace).save(Worklist(**about | values))


def _drawn(workspace: Workspace, count: int, chance: np.random.Generator) -> tuple[list[str], list[str]]:
    folder = workspace.root.parent / "secret-folder"
    folder.mkdir(exist_ok=True)
    paths, hashes = [], []
    for number in range(count):
        film = chance.integers(0, 255, (80, 64), dtype=np.uint8)
        path = folder / f"{number:06d}.png"
        Image.fromarray(film).save(path)
        paths.append(str(path))
        hashes.append(pixels.sha256_of_pixels(pixels.read_pixels(path)))
    return paths, hashes
