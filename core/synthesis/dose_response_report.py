"""From classifiers that learnt with doses of synthetic films, and predicted, to the report on whether these help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from core.data import radiographs, synthetic, truth
from core.evaluation import dose_store, prediction_store, report_store
from core.evaluation.comparison import align
from core.evaluation.dose_report import DoseReport
from core.models import cards
from core.synthesis import dose_response
from core.synthesis.dose_response import BOTH

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.synthesis.dose_response import Arm

PART = "test"  # frozen: no arm learns from it, and none chooses by it
INTERVALS = (
    "The interval of a dose's mean is for other patients and these seeds; that of a difference, and its p value, for "
    "other patients and other seeds."
)
CORRECTED = "p values of the doses are those after Holm; the control's stands alone and decides nothing."
HEAD_ONLY = "Only the head was learnt: the backbone saw no synthetic film, so little can change by them."


def measure(
    workspace: Workspace,
    *,
    dataset: str,
    split: str,
    synthetic_name: str,
    arms: Sequence[Arm],
    source: str = "report",
    notes: Sequence[str] = (),
) -> DoseReport:
    """Measure the arms on the split's test part, and keep the report.

    Args:
        workspace: Where the checkpoints and their predictions lie.
        dataset: The data set that was learnt.
        split: Its split.
        synthetic_name: The synthetic data set whose positives were learnt besides.
        arms: As for `dose_response.doses`.
        source: Of the labels that count as the reference standard.
        notes: What a reader must know besides.

    Raises:
        InputError: If predictions are missing or stale, or there are no labels.
    """
    own = {name: cards.read_card(workspace, name) for arm in arms for name in arm.checkpoints}
    aligned = align(
        {name: prediction_store.load(workspace, card, dataset, split, PART) for name, card in own.items()},
        radiographs.load(workspace, dataset),
        labels=truth.labels(workspace, dataset, source),
        truth=source,
    )
    doses = dose_response.doses(aligned, arms)
    first = own[arms[0].checkpoints[0]]
    config = cards.read_config(workspace, first["checkpoint_id"])
    made = synthetic.card(workspace, synthetic_name)
    enlarged = (
        f"The synthetic films have {made.image_size} px and are enlarged to {config['image_size']} px to be learnt: "
        "their blur can be told from films."
    )
    report = DoseReport(
        report_id=dose_store.report_name(dataset, split, synthetic_name),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        dataset=dataset,
        split=split,
        part=PART,
        truth=source,
        synthetic=synthetic_name,
        generator_id=made.generator_id,
        model=first["model"],
        image_size=first["input"]["size"],
        head_only=config["head_only"],
        films=len(aligned.films),
        patients=int(np.unique(aligned.patients).size),
        positive_films=int((aligned.films["label"] == 1).sum()),
        kinds={str(kind): int(count) for kind, count in aligned.films["source"].value_counts().sort_index().items()},
        doses=doses,
        verdict=dose_response.verdict(doses),
        sentence=dose_response.sentence(doses),
        notes=[
            INTERVALS,
            CORRECTED,
            *([HEAD_ONLY] if config["head_only"] else []),
            *([enlarged] if config["image_size"] > made.image_size else []),
            *(f"Control: {dose_response.words(dose)}." for dose in doses if dose.classes == BOTH),
            *notes,
        ],
    )
    report_store.save(workspace, report)
    return report
