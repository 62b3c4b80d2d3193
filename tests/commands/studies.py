"""A second checkpoint beside the study's own: its twin with another seed, which says something else of each film."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd

from core.base import files
from core.base.paths import Workspace
from core.models import cards

SEED = 7  # of the twin
PLACE = ("--dataset", "phantoms", "--split", "patient")


def own(study: Workspace) -> str:
    """Return the study's checkpoint."""
    return next(name for name in cards.checkpoint_ids(study) if not name.endswith(f"{SEED:08d}"))


def twin(study: Workspace, *, kinds: dict[str, int] | None = None) -> str:
    """Make a checkpoint that differs from the study's in its seed, with predictions for val and test; return its id."""
    first = own(study)
    second = f"{first[:-8]}{SEED:08d}"
    shutil.copytree(study.checkpoint(first), study.checkpoint(second))
    card = cards.read_card(study, first) | {"checkpoint_id": second, "seed": SEED}
    files.write_json(study.checkpoint(second) / cards.CARD, card | ({} if kinds is None else {"kinds": kinds}))
    config = cards.read_config(study, first) | {"seed": SEED}
    files.write_json(study.checkpoint(second) / cards.CONFIG, config)
    for part in ("val", "test"):
        path = study.predictions(first, "phantoms", "patient", part)
        table = files.read_parquet(path)
        table["probability"] = mixed(table)
        files.write_parquet(study.predictions(second, "phantoms", "patient", part), table)
    return second


def mixed(table: pd.DataFrame) -> pd.Series:
    """Return probabilities between those of a table and chance."""
    chance = np.random.default_rng(SEED).random(len(table))
    return 0.5 * table["probability"] + 0.5 * chance
