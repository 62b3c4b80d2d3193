"""A tiny synthetic data set with everything the page Translations reads, written straight from the tables' columns."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.base import files, schema
from core.base.paths import Workspace
from core.data import pixels, synthetic, thumbnails
from core.data.synthetic import SyntheticCard
from core.evaluation.dose_report import DoseReport
from core.evaluation.realism_report import RealismReport

DATASET, SPLIT, NAME, GENERATOR = "films", "domain", "films-ptx", "cyclegan-films-20261128-0a1b2c3d"
SIZE, FILMS, STEPS = 64, 12, (250, 500, 750)
WEIGHTS = "f" * 64


def film(number: int) -> np.ndarray:
    """A film without any meaning: two dark fields on grey, `(64, 64)` `uint8`."""
    down, across = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1)
    lungs = sum(np.exp(-(((across - x) / 0.15) ** 2) - ((down - 0.5) / 0.3) ** 2) for x in (0.28, 0.72))
    return np.rint(np.clip(180 - 110 * lungs + 3 * number + 20 * down, 0, 255)).astype(np.uint8)


def translation(number: int) -> np.ndarray:
    """The same film with a darker rim on one side."""
    down, across = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1)
    rim = np.exp(-(((across - 0.13) / 0.05) ** 2) - ((down - 0.3) / 0.2) ** 2)
    return np.clip(film(number) - (10 + 4 * number) * rim, 0, 255).astype(np.uint8)


def write_films(workspace: Workspace, *, source: str = "phantom") -> None:
    """Write the data set of the parents."""
    rows = [
        {
            "image_id": f"film{number:02d}.png",
            "patient_id": f"P{number // 2}",
            "label": number % 2,
            "findings": "No Finding",
        }
        for number in range(FILMS)
    ]
    _write(workspace, DATASET, rows, [film(number) for number in range(FILMS)], source=source)


def write_set(workspace: Workspace, *, name: str = NAME, direction: str = synthetic.A_TO_B, **card) -> SyntheticCard:
    """Write a synthetic data set of all films, the first half of part train and seen by the generator."""
    ids = [f"film{number:02d}~{direction}" for number in range(FILMS)]
    rows = [
        {
            "image_id": image_id,
            "patient_id": f"P{number // 2}",
            "label": synthetic.MADE_LABEL[direction],
            "parent_image_id": f"film{number:02d}.png",
            synthetic.PARENT_SOURCE: "phantom",
            synthetic.PART: _part(number),
        }
        for number, image_id in enumerate(ids)
    ]
    _write(workspace, name, rows, [translation(number) for number in range(FILMS)], source="synthetic")
    about = {
        "name": name,
        "dataset": DATASET,
        "split": SPLIT,
        "split_sha256": "0" * 64,
        "direction": direction,
        "images": {"train": FILMS // 2, "val": FILMS // 2},
        "generator_id": GENERATOR,
        "generator_sha256": WEIGHTS,
        "patients": [f"P{number}" for number in range(FILMS // 4)],
        "patients_sha256": "a" * 64,
        "image_size": SIZE,
        "parent_kinds": {"phantom": FILMS},
        "classifier_id": "cnn-films-1",
        "classifier_reason": None,
        "created_at": "2026-11-28T10:00:00+00:00",
    }
    made = SyntheticCard.model_validate(about | card)
    files.write_json(workspace.synthetic_card(name), made.model_dump(mode="json"))
    synthetic.write_passports(workspace, name, pd.DataFrame([passport(n, i, made) for n, i in enumerate(ids)]))
    return made


def passport(number: int, image_id: str, card: SyntheticCard) -> dict[str, object]:
    """The passport of an image; the last one looks like a training film, the first one is not known to anybody."""
    share = number / FILMS
    known = card.classifier_id is not None
    return {
        "image_id": image_id,
        "parent_image_id": f"film{number:02d}.png",
        "patient_id": f"P{number // 2}",
        "part": _part(number),
        "direction": card.direction,
        "generator_id": card.generator_id,
        "generator_sha256": card.generator_sha256,
        "patients_sha256": card.patients_sha256,
        "cycle_error": 0.01 + 0.01 * share,
        "identity_error": 0.008,
        "change": float(np.abs(translation(number).astype(int) - film(number)).mean() / 255),
        "classifier_id": card.classifier_id,
        "probability_parent": 0.1 if known else None,
        "probability_synthetic": 0.1 + 0.7 * share if known else None,
        "probability_reconstruction": 0.12 if known else None,
        "probability_shift": 0.7 * share if known else None,
        "lung_from": "truth",
        "change_in_lung": 0.4,
        "reconstruction_in_lung": 0.3,
        "region_from": "mask" if number % 3 else "rim",
        "change_in_region": 0.1 + 0.3 * share,
        "reconstruction_in_region": 0.2,
        "origin_id": "real-vs-synthetic-1",
        "real_probability": None if number == 0 else share,
        "nearest_image_id": f"film{(number + 1) % FILMS:02d}.png",
        "nearest_distance": 0.01 if number == FILMS - 1 else 0.08,
        "parent_distance": 0.03,
    }


def write_generator(workspace: Workspace, *, pictures: bool = True, weights: bytes | None = None) -> str:
    """Write a CycleGAN's checkpoint with its history and the pictures of its training; return its weights' hash.

    Without `weights` they are a stand-in, which nobody can load.
    """
    folder = workspace.checkpoint(GENERATOR)
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(weights or b"none")
    sha256 = WEIGHTS if weights is None else hashlib.sha256(weights).hexdigest()
    files.write_json(folder / "config.json", {"width": 4, "blocks": 6, "upsampling": "resize"})
    history = {
        "step": STEPS,
        "kid_a_to_b": [0.3, 0.1, 0.12],
        "kid_b_to_a": [0.4, 0.2, None],
        "origin_auroc_a_to_b": [1.0, 0.9, 0.8],
        "origin_auroc_b_to_a": [1.0, 0.95, 0.9],
    }
    files.write_parquet(folder / "history.parquet", pd.DataFrame(history))
    card = {
        "checkpoint_id": GENERATOR,
        "task": "translation",
        "model": "cyclegan",
        "title": "CycleGAN",
        "dataset": DATASET,
        "split": SPLIT,
        "input": {"size": SIZE, "mean": 0.5, "std": 0.5},
        "kinds": {"phantom": FILMS},
        "weights_sha256": sha256,
        "training": {"steps": STEPS[-1]},
        "training_s": 600.0,
        "created_at": "2026-11-28T09:00:00+00:00",
    }
    files.write_json(folder / "card.json", card)
    if not pictures:
        return sha256
    edge, columns = 128, (0, 1)
    for place, step in enumerate(STEPS):
        grid = Image.new("RGB", (edge * len(columns), 3 * edge))
        for column in columns:
            for row, shown in enumerate((film(column), translation(4 * place + column), film(column + 1))):
                mark = "GENERATED" if row else "PHANTOM"
                square = thumbnails.marked(Image.fromarray(thumbnails.fitted(shown, edge)), mark)
                grid.paste(square, (column * edge, row * edge))
        grid.save(folder / f"sample-{step:06d}.png")
    films = [{"image_id": f"film{column:02d}.png", "domain": "AB"[column]} for column in columns]
    files.write_json(folder / "samples.json", {"films": films, "tile": edge})
    return sha256


def untrained() -> bytes:
    """Weights of two generators that have learnt nothing; their options stand in `write_generator`."""
    import safetensors.torch  # torch: only for the test that asks
    import torch

    from core.synthesis import networks

    torch.manual_seed(0)
    return safetensors.torch.save(networks.Translators(width=4, blocks=6, upsampling="resize").state_dict())


def measure(value: float | None, low: float | None = None, high: float | None = None, reason: str | None = None):
    """A measure as a report holds it."""
    return {"value": value, "low": low, "high": high, "reason": reason}


def realism(**values) -> RealismReport:
    """A realism report of the set: told at once, and films there and back hardly less."""
    frequencies = [place / 64 for place in range(33)]
    real = [8 - 9 * place for place in frequencies]
    measured = {
        "report_id": f"realism-{NAME}",
        "created_at": "2026-11-28T11:00:00+00:00",
        "synthetic": NAME,
        "dataset": DATASET,
        "split": SPLIT,
        "direction": synthetic.A_TO_B,
        "generator_id": GENERATOR,
        "generator_sha256": WEIGHTS,
        "kinds": {"phantom": FILMS},
        "image_size": SIZE,
        "images": 41,
        "image_patients": 30,
        "films": 22,
        "film_patients": 15,
        "classifier_id": "cnn-films-1",
        "classifier_reason": None,
        "fid": measure(None, reason="fewer than 2,000 images"),
        "kid": measure(0.0412, 0.03, 0.06),
        "kid_reconstructed": measure(0.025, 0.015, 0.04),
        "kid_films": measure(0.002, -0.01, 0.015),
        "precision": measure(0.6, 0.4, 0.8),
        "recall": measure(0.3, 0.1, 0.5),
        "spectrum": {
            "frequencies": frequencies,
            "real": real,
            "synthetic": [value - 0.8 * place for value, place in zip(real, frequencies, strict=True)],
            "reconstructed": [value - 0.6 * place for value, place in zip(real, frequencies, strict=True)],
            "gap_synthetic": 0.2,
            "gap_reconstructed": 0.15,
        },
        "origin": {
            "checkpoint_id": "real-vs-synthetic-1",
            "reason": None,
            "auroc": measure(0.97, 0.92, 0.99),
            "auroc_reconstructed": measure(0.9, 0.8, 0.96),
        },
        "arms": [
            {
                "name": name,
                "checkpoint_id": f"cnn-{name}",
                "synthetic_films": films,
                "shift": measure(shift, shift - 0.02, shift + 0.02),
                "shift_against_none": measure(shift - 0.01, shift - 0.04, shift + 0.02),
            }
            for name, films, shift in (("none", 0, 0.01), ("positives", 80, 0.09), ("both", 160, 0.02))
        ],
        "maps": {
            "checkpoint_id": None,
            "reason": "the classifier's grid of 2 x 2 is too coarse for 64 px",
            "real": None,
            "synthetic": None,
            "difference": None,
        },
        "change_map": (np.abs(translation(6).astype(float) - film(6))[::4, ::4] / 255).tolist(),
        "regions": [
            {"name": name, "images": 41, "more": measure(*more), "inside": measure(*inside), "area": area}
            for name, more, inside, area in (
                ("lung", (0.8, 0.66, 0.9), (0.5, 0.45, 0.55), 0.35),
                ("mask", (0.55, 0.4, 0.7), (0.12, 0.1, 0.15), 0.06),
            )
        ],
        "shift": measure(0.21, 0.12, 0.3),
        "memorised": 1,
        "notes": ["Films of val and train were measured together."],
    }
    return RealismReport.model_validate(measured | values)


def dose(**values) -> DoseReport:
    """A dose-response report of the set: no evidence, two seeds, the control arm last."""
    doses = [
        {
            "share": share,
            "classes": classes,
            "synthetic_films": round(80 * share),
            "checkpoints": [f"cnn-{share}-{classes}-{seed}" for seed in (0, 1)],
            "auroc": measure(auroc, auroc - 0.05, auroc + 0.04),
            "auroc_between": 0.01,
            "auroc_of_seeds": [auroc - 0.01, auroc + 0.01],
            "average_precision": measure(auroc - 0.2, auroc - 0.3, auroc - 0.1),
            "brier": measure(0.1, 0.08, 0.12),
            "ece": measure(0.04, 0.02, 0.06),
            **{
                f"{name}_difference": measure(auroc - 0.8, auroc - 0.85, auroc - 0.75) | {"p": 0.4 if share else None}
                for name in ("auroc", "average_precision", "brier")
            },
        }
        for share, classes, auroc in (
            (0.0, "positives", 0.8),
            (0.5, "positives", 0.81),
            (1.0, "positives", 0.79),
            (1.0, "both", 0.8),
        )
    ]
    measured = {
        "report_id": f"dose-response-{DATASET}-patient-{NAME}",
        "created_at": "2026-11-28T12:00:00+00:00",
        "dataset": DATASET,
        "split": "patient",
        "part": "test",
        "truth": "report",
        "synthetic": NAME,
        "generator_id": GENERATOR,
        "model": "cnn",
        "image_size": SIZE,
        "head_only": True,
        "films": 80,
        "patients": 40,
        "positive_films": 12,
        "kinds": {"phantom": 80},
        "doses": doses,
        "verdict": "no evidence",
        "sentence": "No evidence that synthetic positives help: AUROC +0.010 (-0.040 to +0.060) at a dose of 50 %.",
        "notes": ["Two seeds."],
    }
    return DoseReport.model_validate(measured | values)


def save(workspace: Workspace, report: RealismReport | DoseReport) -> None:
    """Write a report where the page finds it."""
    files.write_json(workspace.report(report.report_id), report.to_dict())


def write_all(workspace: Workspace) -> SyntheticCard:
    """Write everything: films, generator, synthetic data set and both reports."""
    write_films(workspace)
    write_generator(workspace)
    save(workspace, realism())
    save(workspace, dose())
    return write_set(workspace)


def _part(number: int) -> str:
    return "train" if number < FILMS // 2 else "val"


def _write(workspace: Workspace, name: str, rows: list[dict], shown: list[np.ndarray], *, source: str) -> None:
    folder = workspace.dataset(name) / "images"
    folder.mkdir(parents=True)
    for row, own in zip(rows, shown, strict=True):
        path = folder / f"{row['image_id'].removesuffix('.png')}.png"
        text = PngInfo()
        text.add_text(pixels.SOURCE_KEY, source)
        Image.fromarray(own).save(path, pnginfo=text)
        row |= {
            "path": str(path),
            "source": source,
            "width": SIZE,
            "height": SIZE,
            "sha256": pixels.sha256_of_pixels(own),
        }
    files.write_parquet(workspace.radiographs(name), schema.checked(pd.DataFrame(rows), schema.RADIOGRAPHS))
    truths = [{"image_id": row["image_id"], "truth": "report", "label": row["label"]} for row in rows]
    files.write_parquet(workspace.truth(name), schema.checked(pd.DataFrame(truths), schema.TRUTH))
