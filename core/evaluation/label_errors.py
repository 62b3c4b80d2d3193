"""Labels that are probably wrong, found by confident learning, and how many there are.

A class's threshold is the mean predicted probability of the films labelled so. A film that reaches
the threshold of the other class, and of both classes whose thresholds it reaches is likelier to be
of the other, is counted as mislabelled. These counts, scaled to the number of films of each label,
estimate how many labels are wrong; so many are suspected, those first whose probability speaks most
against their label. It holds as far as errors do not depend on the film but on its class, and as far
as the classifier is right: an error that it has learnt, it cannot find, nor can it tell a wrong
label from a film that is hard for it, and where it cannot tell the classes apart, it suspects a whole one.

So the estimate is rather too high. Measured on the embedded study, whose report labels are known to
be wrong in 14 of the 204 test films: a CNN of 64 px suspected 29 films and found 9 of the 14, a
multi-task CNN 36 and 11; they estimated 25 and 35 % of the positive labels wrong where 8 % were.

References:
    Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
    Journal of Artificial Intelligence Research 70, 2021, pages 1373-1411: the confident joint and
    the thresholds in section 3.1, pruning by noise rate, ranked by margin, in section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data import radiographs, split_store
from core.evaluation import prediction_store, seen

if TYPE_CHECKING:
    from core.base.paths import Workspace

COLUMNS = ("image_id", "label", "probability", "suspected_label", "margin", "order")


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How many labels are estimated to be wrong."""

    positive_films: int
    """Labelled with the finding."""
    negative_films: int
    positives_mislabelled: float
    """Share of the films labelled with the finding that are estimated not to have it, in [0, 1]."""
    negatives_mislabelled: float
    """Share of the films labelled without it that are estimated to have it, in [0, 1]."""


def suspected(predictions: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Return the films whose labels are probably wrong, the likeliest first.

    Args:
        predictions: A row a film that the checkpoint did not learn from: image_id, and probability in [0, 1].
        labels: By image_id: 1, 0, or null where unknown; films without a label are left out.

    Returns:
        A row a film: image_id, label, probability, suspected_label, margin (probability of the
        other class minus that of the labelled one, in [-1, 1]; where one class is rare it may be
        below 0) and order, from 1.

    Raises:
        InputError: If the labelled films are of one class.
    """
    known = _known(predictions, labels)
    label, probability = known["label"].to_numpy(), known["probability"].to_numpy()
    margin = np.where(label == 1, 1 - 2 * probability, 2 * probability - 1)
    by_margin = np.lexsort((known["image_id"].to_numpy(str), -margin))
    rates = _rates(label, probability)
    chosen = []
    for value in (1, 0):
        own = by_margin[label[by_margin] == value]
        chosen.append(own[: round(rates[value] * len(own))])
    rows = known.iloc[by_margin[np.isin(by_margin, np.concatenate(chosen))]]
    return rows.assign(
        suspected_label=1 - rows["label"],
        margin=margin[rows.index],
        order=np.arange(1, len(rows) + 1),
    ).reset_index(drop=True)[list(COLUMNS)]


def noise(predictions: pd.DataFrame, labels: pd.Series) -> Noise:
    """Return how many labels are estimated to be wrong; the arguments are those of `suspected`.

    Raises:
        InputError: If the labelled films are of one class.
    """
    known = _known(predictions, labels)
    rates = _rates(known["label"].to_numpy(), known["probability"].to_numpy())
    return Noise(
        positive_films=int((known["label"] == 1).sum()),
        negative_films=int((known["label"] == 0).sum()),
        positives_mislabelled=rates[1],
        negatives_mislabelled=rates[0],
    )


def unseen_predictions(workspace: Workspace, card: dict[str, Any], dataset: str, split: str, part: str) -> pd.DataFrame:
    """Read a checkpoint's predictions of films that it did not learn from: of test, or of the fold tune of val.

    The fold `certify` is left out: it is for the limit on missed cases and nothing else. By `tune`
    the best epoch and the calibration were chosen, so test is the better judge of labels.

    Args:
        workspace: Where they lie.
        card: The checkpoint's card.
        dataset: Name of the data set.
        split: Name of the split.
        part: `test` or `val`.

    Raises:
        InputError: If the checkpoint learnt from these films, or may have, as far as its own data
            set is here to tell, or there are no predictions, or stale ones.
    """
    if part not in ("test", "val"):
        msg = (
            f"Expected films that the checkpoint did not learn from, found part {part!r}, whose labels it may have "
            "learnt by heart; choose test, or val, of which the fold tune counts."
        )
        raise InputError(msg, field="part")
    if seen.may_have_learnt(workspace, card, dataset, split):
        msg = (
            f"Expected films that {card['checkpoint_id']} did not learn from, found {dataset}/{split}, which is not "
            f"the split it learnt from as it then was ({card['dataset']}/{card['split']}); train it on this one."
        )
        raise InputError(msg, field="split")
    table = prediction_store.load(workspace, card, dataset, split, part)
    elsewhere = card["dataset"] != dataset
    if elsewhere and workspace.radiographs(card["dataset"]).exists():  # the same films may stand under two names
        same = int(table["image_sha256"].isin(radiographs.load(workspace, card["dataset"])["sha256"].dropna()).sum())
        if same:
            msg = (
                f"Expected films that {card['checkpoint_id']} did not learn from, found {same:,} of {dataset} that are "
                f"also in {card['dataset']}, from which it learnt; choose a checkpoint of this data set."
            )
            raise InputError(msg, field="part")
    if part == "test":
        return table
    folds = split_store.load(workspace, dataset, split)
    tune = folds.loc[folds["fold"] == "tune", "image_id"]
    return table[table["image_id"].isin(tune)].reset_index(drop=True)


def _known(predictions: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Return image_id, label and probability of the labelled films, numbered from 0."""
    label = predictions["image_id"].map(labels).astype("float64")
    known = predictions.loc[label.notna(), ["image_id", "probability"]]
    known = known.assign(label=label[label.notna()].astype(int)).reset_index(drop=True)
    positive = int((known["label"] == 1).sum())
    if positive in (0, len(known)):
        msg = (
            f"Expected labelled films with and without a pneumothorax, found {positive:,} with and "
            f"{len(known) - positive:,} without; choose another part or source of labels."
        )
        raise InputError(msg)
    return known


def _rates(label: np.ndarray, probability: np.ndarray) -> dict[int, float]:
    """Return the share of the films of each label that is estimated to be of the other class.

    Args:
        label: Shape `(N,)`, 0 or 1, both there.
        probability: Of the finding, shape `(N,)`, in [0, 1].
    """
    of_class = {1: probability, 0: 1 - probability}
    # The mean of equal numbers may come out a rounding error above them all.
    least = {
        value: min(of_class[value][label == value].mean(), of_class[value][label == value].max()) for value in (0, 1)
    }
    reaches = {value: of_class[value] >= least[value] for value in (0, 1)}
    rates = {}
    for value in (0, 1):
        own, other = reaches[value], reaches[1 - value]
        # Where both thresholds are reached the likelier class counts, and in a tie the label stands.
        moved = other & (~own | (of_class[1 - value] > of_class[value]))
        mine = label == value
        counted = int((mine & (own | other)).sum())  # at least one: the likeliest of a class reaches its mean
        rates[value] = int((mine & moved).sum()) / counted
    return rates
