"""Synthetic data sets made up by hand: translations of the films that `tests.app.listed` draws; no generator."""

from __future__ import annotations

import numpy as np
import pandas as pd
from PIL import Image

from core.base import files, schema
from core.base.paths import Workspace
from core.data import pixels, synthetic
from core.data.synthetic import SyntheticCard

SIZE = 32


def split(workspace: Workspace, *, part: str = "val") -> pd.DataFrame:
    """Write a `domain` split of the made films, all in one part, and return it."""
    films = files.read_parquet(workspace.radiographs("made"))
    rows = films[["image_id", "patient_id", "label"]].assign(part=part, domain=films["label"].map({0: "A", 1: "B"}))
    path = workspace.split("made", "domain")
    files.write_parquet(path, schema.checked(rows, schema.SPLIT))
    files.write_json(path.with_suffix(".json"), {"kind": "domain"})
    return rows


def make(
    workspace: Workspace,
    name: str = "b-of-made",
    *,
    direction: str = synthetic.A_TO_B,
    patients: tuple[str, ...] = (),
    part: str = "val",
    created_at: str = "2026-01-01T00:00:00+00:00",
    drawn: int = 60,
    seed: int = 1,
) -> SyntheticCard:
    """Write a synthetic data set with a child of each drawn film of the direction's first domain.

    Args:
        workspace: Where `listed.make` has written.
        name: Of the set.
        direction: Which way.
        patients: Those that the generator saw.
        part: Of the parents.
        created_at: When it was made.
        drawn: How many films have a file.
        seed: Of the images.
    """
    rows = split(workspace, part=part)
    parents = files.read_parquet(workspace.radiographs("made")).iloc[:drawn]
    parents = parents[parents["label"] == 1 - synthetic.MADE_LABEL[direction]].reset_index(drop=True)
    folder = workspace.dataset(name) / "images"
    folder.mkdir(parents=True)
    chance = np.random.default_rng(seed)
    made = []
    for number, parent in enumerate(parents.to_dict("records")):
        image = chance.integers(0, 255, (SIZE, SIZE), dtype=np.uint8)
        path = folder / f"{number}.png"
        Image.fromarray(image).save(path)
        made.append(
            {
                "image_id": f"{name}-{number:06d}.png",
                "patient_id": parent["patient_id"],
                "path": str(path),
                "label": synthetic.MADE_LABEL[direction],
                "width": SIZE,
                "height": SIZE,
                "sha256": pixels.sha256_of_pixels(image),
                "source": "synthetic",
                "parent_image_id": parent["image_id"],
                synthetic.PARENT_SOURCE: parent["source"],
                synthetic.PARENT_SHA256: parent["sha256"],
                synthetic.PART: part,
            }
        )
    files.write_parquet(workspace.radiographs(name), schema.checked(pd.DataFrame(made), schema.RADIOGRAPHS))
    card = SyntheticCard(
        name=name,
        dataset="made",
        split="domain",
        split_sha256=files.sha256_of_file(workspace.split("made", "domain")),
        direction=direction,
        images={part: len(made)},
        generator_id="cyclegan-made-20260101-0a1b2c3d",
        generator_sha256="0e" * 32,
        patients=sorted(patients),
        patients_sha256="0f" * 32,
        image_size=SIZE,
        parent_kinds={"phantom": len(made)},
        classifier_id=None,
        classifier_reason="there is none",
        created_at=created_at,
    )
    files.write_json(workspace.synthetic_card(name), card.model_dump(mode="json"))
    assert len(rows)
    return card
