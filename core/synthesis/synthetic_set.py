"""The files of a synthetic data set: its images, its tables, what it says of itself."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin

from core.base import files, schema
from core.data import pixels, radiographs, synthetic, truth
from core.data.indexing import IndexReport
from core.data.synthetic import PARENT_SHA256, PARENT_SOURCE, PART, SyntheticCard
from core.synthesis import parents

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from core.base.paths import Workspace
    from core.synthesis.parents import Plan

IMAGES = "images"  # folder of the pictures, each named by the hash of its pixels


def image_path(folder: Path, sha256: str) -> Path:
    """Return where the image of a set with this hash of its pixels lies."""
    return folder / IMAGES / f"{sha256}.png"


def write_image(folder: Path, image: np.ndarray) -> str:
    """Write an image `(S, S)` uint8 as a PNG that says it is synthetic, and return the SHA-256 of its pixels.

    Args:
        folder: Of the set.
        image: Its grey values.
    """
    about = PngImagePlugin.PngInfo()
    about.add_text(pixels.SOURCE_KEY, "synthetic")
    content = io.BytesIO()
    Image.fromarray(image).save(content, format="PNG", pnginfo=about)
    sha256 = pixels.sha256_of_pixels(image)
    files.write_bytes(image_path(folder, sha256), content.getvalue())
    return sha256


def write(workspace: Workspace, plan: Plan, told: pd.DataFrame, *, aside: Path, size: int) -> SyntheticCard:
    """Write a set's tables beside its images, and move its folder into its place in one step.

    Args:
        workspace: Where the set goes.
        plan: What was translated.
        told: A row an image: the columns of its passport that were measured, and its `sha256`.
        aside: The folder that holds the images.
        size: Their side in pixels.
    """
    name = plan.asked.name
    target = workspace.dataset(name)
    card = _card(plan, size=size, notes=_notes(told))
    rows = schema.checked(_radiographs(plan, told, size=size, folder=target / IMAGES), schema.RADIOGRAPHS)
    report = schema.checked(rows[["image_id", "label"]].assign(truth=truth.REPORT), schema.TRUTH)
    passports = told.drop(columns="sha256").assign(
        direction=card.direction,
        generator_id=card.generator_id,
        generator_sha256=card.generator_sha256,
        patients_sha256=card.patients_sha256,
        classifier_id=card.classifier_id,
    )
    files.write_parquet(aside / workspace.radiographs(name).name, rows)
    files.write_parquet(aside / workspace.truth(name).name, report)
    files.write_parquet(aside / workspace.passports(name).name, schema.checked(passports, schema.PASSPORTS))
    files.write_json(aside / workspace.index_report(name).name, _index_report(card, rows).to_dict())
    files.write_json(aside / workspace.synthetic_card(name).name, card.model_dump(mode="json"))
    target.parent.mkdir(parents=True, exist_ok=True)
    aside.replace(target)
    return card


def _notes(told: pd.DataFrame) -> list[str]:
    notes = []
    if "nearest_image_id" not in told:
        notes.append("The films that the generator learnt from are not to be had here: no nearest one is named.")
    lungs = int(told["lung_from"].isna().sum())
    if lungs:
        notes.append(f"Of {lungs} of {len(told)} parents no lung field was found: where they were changed is not told.")
    return notes


def _card(plan: Plan, *, size: int, notes: list[str]) -> SyntheticCard:
    asked, generator, films = plan.asked, plan.generator, plan.films
    counts = films[PART].value_counts()
    return SyntheticCard(
        name=asked.name,
        dataset=asked.dataset,
        split=asked.split,
        split_sha256=plan.split_sha256,
        part=asked.part,
        direction=asked.direction,
        images={part: int(counts[part]) for part in ("train", "val", "test") if part in counts},
        generator_id=asked.checkpoint_id,
        generator_sha256=generator["weights_sha256"],
        patients=sorted(str(patient) for patient in generator["patients"]),
        patients_sha256=generator["patients_sha256"]["train"],
        image_size=size,
        parent_kinds=radiographs.sources(films),
        classifier_id=plan.classifier_id,
        classifier_reason=plan.classifier_reason,
        notes=notes,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _radiographs(plan: Plan, told: pd.DataFrame, *, size: int, folder: Path) -> pd.DataFrame:
    """Return the rows of the radiographs table; what a translation has of its parent stands there too.

    Masks and lung fields are not taken over: nobody drew them on this image.
    """
    parent = plan.films.set_index("image_id").loc[told["parent_image_id"]].reset_index()
    inherited = parent[["patient_id", "view", "sex", "age_years", "follow_up"]]
    return inherited.assign(
        image_id=told["image_id"],
        path=[str(folder / f"{sha256}.png") for sha256 in told["sha256"]],
        label=synthetic.MADE_LABEL[plan.asked.direction],
        findings=parents.MEANT[plan.asked.direction],
        width=size,
        height=size,
        sha256=told["sha256"],
        source="synthetic",
        parent_image_id=told["parent_image_id"],
        **{PARENT_SOURCE: parent["source"], PARENT_SHA256: parent["sha256"], PART: told["part"]},
    )


def _index_report(card: SyntheticCard, rows: pd.DataFrame) -> IndexReport:
    """Return what the pages say of a data set's reading: nothing was left out."""
    twins = rows[rows["sha256"].duplicated(keep=False)]
    return IndexReport(
        dataset=card.name,
        listed=len(rows),
        indexed=len(rows),
        patients=int(rows["patient_id"].nunique()),
        positive=int((rows["label"] == 1).sum()),
        negative=int((rows["label"] == 0).sum()),
        unlabelled=0,
        with_images=True,
        sources=radiographs.sources(rows),
        truths=[truth.REPORT],
        masks=0,
        left_out={},
        files_without_row={},
        read_by_rule={},
        nulled={},
        truth_left_out={},
        same_pixels={"pictures": int(twins["sha256"].nunique()), "images": len(twins), "examples": []},
        warnings=card.notes,
    )
