"""What the classifier of origin says of a synthetic data set: in the report, and in the passport of each image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data import synthetic
from core.evaluation.realism_report import Origin
from core.evaluation.report import Measure
from core.synthesis import origin, origin_films
from core.synthesis.config import OriginConfig
from core.synthesis.origin_films import LABEL

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.synthesis.origin_films import Matched
    from core.synthesis.own_classifier import OwnClassifier


def told(
    workspace: Workspace, matched: Matched, films: pd.Series, back: np.ndarray, *, epochs: int, seed: int
) -> Origin:
    """Ask the classifier of origin, training it if there is none that fits, and note in the passports what it says.

    Args:
        workspace: Where the checkpoints lie.
        matched: Images and films.
        films: The ids of films that were sent there and back, `(N,)`.
        back: What came back, `(N, S, S)` uint8: the control.
        epochs: Of a training.
        seed: Of a training.

    Returns:
        Without a classifier, where there is too little to learn from, null with the reason.
    """
    checkpoint_id = origin.fitting(workspace, matched)
    if checkpoint_id is None:
        try:
            origin_films.refuse_unusable(matched)
        except InputError as error:
            lacking = Measure(value=None, reason=str(error))
            return Origin(checkpoint_id=None, reason=str(error), auroc=lacking, auroc_reconstructed=lacking)
        config = OriginConfig(synthetic=matched.card.name, split=matched.split, epochs=epochs, seed=seed)
        checkpoint_id = origin.train(workspace, config)
    reader = origin.load(workspace, checkpoint_id)
    _note_in_passports(workspace, matched, reader)
    rows, _ = matched.held_out()
    cache = matched.pixels(workspace)
    said = reader.read(cache.read(cache.rows_of(rows["image_id"]))).probabilities
    place = pd.Index(films).get_indexer(rows["image_id"])
    own = (place >= 0) & (rows[LABEL] == 0).to_numpy()
    of_back = reader.read(back[place[own]]).probabilities
    both = pd.concat([rows[own], rows[own].assign(**{LABEL: 1})])
    return Origin(
        checkpoint_id=checkpoint_id,
        reason=None,
        auroc=origin.auroc(rows, said),
        auroc_reconstructed=origin.auroc(both, np.concatenate([said[own], of_back])),
    )


def _note_in_passports(workspace: Workspace, matched: Matched, reader: OwnClassifier) -> None:
    """Write what the classifier of origin says of each image of the set into its passport."""
    rows, cache = matched.images, matched.pixels(workspace)
    real = 1 - reader.read(cache.read(cache.rows_of(rows["image_id"]))).probabilities
    table = synthetic.passports(workspace, matched.card.name)
    table["real_probability"] = table["image_id"].map(pd.Series(real, index=rows["image_id"].to_numpy()))
    table["origin_id"] = reader.checkpoint_id
    synthetic.write_passports(workspace, matched.card.name, table)
