"""What is known of one case besides its row: its passes, its members, and where its signals stand among tune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.evaluation import prediction_store
from core.triage import reasons
from core.triage.signals import COLUMN, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from core.triage.evidence import Evidence


def passes(predictions: Path, image_ids: Sequence[str] | pd.Series, image_id: str) -> np.ndarray | None:
    """Return the probability that each pass with dropout gave a film.

    Only the film's own row is read.

    Args:
        predictions: Path of the predictions table, beside which the passes lie.
        image_ids: The films of that table, in its order.
        image_id: The film.

    Returns:
        Calibrated probabilities `(T,)`; None where there are none of this film.
    """
    path = predictions.with_suffix(prediction_store.PASSES)
    rows = np.flatnonzero(np.asarray(image_ids) == image_id)
    if not path.exists() or not rows.size:
        return None
    every = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.array(every[rows[0]]) if len(every) == len(image_ids) else None


def members(card: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, float]:
    """Return the calibrated probability that each member of an ensemble gives a film, by its name and weight.

    Args:
        card: Of the checkpoint; without members there are none.
        case: The film's row of `Evidence.films`.

    Examples:
        >>> member = {"title": "Vision transformer", "checkpoint_id": "vit-nih-20260101-0a1b2c3d", "weight": 1.0}
        >>> members({"members": [member]}, {"member_probabilities": [0.25]})
        {'Vision transformer (0a1b2c3d), weight 1.00': 0.25}
    """
    each = case.get("member_probabilities")
    named = card.get("members", [])
    if each is None or np.ndim(each) != 1 or len(each) != len(named):
        return {}
    return {
        f"{member['title']} ({member['checkpoint_id'][-8:]}), weight {member['weight']:.2f}": float(value)
        for member, value in zip(named, each, strict=True)
    }


def signals_table(tune: Evidence, case: Mapping[str, Any]) -> pd.DataFrame:
    """Return the signals of one film, each with its place among the films of tune, the loudest first.

    Args:
        tune: The films of the fold tune.
        case: The film's row of `Evidence.films`.

    Returns:
        `Signal`, `Value`, `Place` (the share of tune's films that stand lower, equals counted half,
        in [0, 1]; NaN where tune lacks the signal) and `About`; signals that the film lacks are left out.
    """
    rows = []
    for name, signal in SIGNALS.items():
        value = float(case[COLUMN + name])
        if not np.isfinite(value):
            continue
        known = tune.films[COLUMN + name].to_numpy(np.float64)
        known = np.sort(known[np.isfinite(known)])
        place = float(reasons.place(known, np.array([value]))[0]) if known.size else np.nan
        rows.append({"Signal": signal.title, "Value": value, "Place": place, "About": signal.about})
    table = pd.DataFrame(rows, columns=["Signal", "Value", "Place", "About"])
    return table.sort_values("Place", ascending=False, kind="stable", na_position="last").reset_index(drop=True)
