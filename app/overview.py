"""What the overview page shows: tables of what is here, and sentences on what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app import panels, resources
from core.base.paths import ROOT
from core.data.truth import REPORT
from core.evaluation import calibration, side_by_side
from core.evaluation.first_cases import case_captions, first_cases
from core.evaluation.report import EvaluationReport
from core.models import cards
from core.review.reading_list import PRACTICE

OWN_DATA = """
1. `python -m core index nih --csv Data_Entry_2017_v2020.csv --images images --name nih`
   (or `index folder --images FOLDER --name mine` for folders named by class)
2. `python -m core split nih --kind patient --name patient`
3. Train from the form on the training page, or `python -m core train cnn --dataset nih --split patient`
4. `python -m core predict CHECKPOINT --dataset nih --split patient --part test`
5. `python -m core evaluate CHECKPOINT --dataset nih --split patient --part test`
"""


@dataclass(frozen=True, kw_only=True)
class NewestPredictions:
    """The newest checkpoint with an operating point that has read the test part of its own split."""

    checkpoint_id: str
    dataset: str
    split: str
    part: str
    cut: float  # the operating point in force
    calibration: dict[str, Any]  # as its card has it
    table: pd.DataFrame


def newest_predictions() -> NewestPredictions | None:
    """Return the predictions that a newcomer sees first, or None before there are any."""
    for card in resources.checkpoint_cards():
        if card["dataset"] not in resources.dataset_names():
            continue
        cut = resources.card_cut(card)
        table = resources.predictions(card["checkpoint_id"], card["dataset"], card["split"], "test")
        if table is not None and not table.empty and cut is not None:
            return NewestPredictions(
                checkpoint_id=card["checkpoint_id"],
                dataset=card["dataset"],
                split=card["split"],
                part="test",
                cut=cut,
                calibration=card["calibration"],
                table=table,
            )
    return None


def can_practise() -> bool:
    """Tell whether there is a worklist with phantoms, from which a practice round can take its films."""
    lists = [one for one in resources.worklists().all() if one.purpose != PRACTICE]
    known = set(resources.dataset_names())
    return any("phantom" in set(resources.radiographs(one.dataset)["source"]) for one in lists if one.dataset in known)


def limits(newest: NewestPredictions) -> str:
    """Say what the classifier that read these films cannot do."""
    kinds = set(resources.radiographs(newest.dataset)["source"])
    only = (
        f"It looks for pneumothorax only. Its probabilities are {calibration.words(newest.calibration)}; none is a "
        "diagnosis."
    )
    if kinds == {"real"}:
        return only
    return f"{only} It learnt from computed phantoms, says nothing about real films, and refuses them."


def draw_first_film(newest: NewestPredictions | None) -> None:
    """Draw one film: the most probable of the predicted ones, before that a phantom that comes with the program."""
    if newest is not None:
        top = first_cases(newest.table, resources.radiographs(newest.dataset), count=1)
        picture = resources.thumbnail(top.to_dict("records")[0], size=512)
        if picture is not None:
            st.image(picture, width="stretch", alt="The film with the highest probability of a pneumothorax")
            st.caption(f"The most probable of all: {case_captions(top, cut=newest.cut)[0]}")
            return
    st.image(ROOT / "assets" / "phantom.jpg", width="stretch", alt="A computed chest radiograph with a pneumothorax")
    st.caption(
        "A computed film, as the embedded study makes them: air beside the left lung, on the right of the picture."
    )


def lead_sentence(newest: NewestPredictions | None) -> str:
    """Say in one or two sentences where this workspace stands."""
    if newest is not None:
        return (
            f"{len(newest.table)} films of {newest.dataset} have been read by a classifier that learnt from other "
            "patients. Look at what it says of them, and how often it is right."
        )
    if resources.queue().unfinished():
        return (
            "PleuraScope is making a study of its own: computed chest radiographs with known truth, a split without "
            "leaks, and a classifier that reads them. The first cases are here in a few minutes."
        )
    if resources.dataset_names():
        return "There are films here, and no classifier has read them yet. The training page starts one."
    return "This workspace is empty. The command python -m core demo makes the embedded study."


def draw_jobs() -> None:
    """Draw the jobs that are unfinished, the steps of a study with their state, live."""
    queue = resources.queue()
    unfinished = queue.unfinished()
    if not unfinished:
        return
    st.subheader("Being made")
    for job in unfinished:
        if job.parent_id is None:
            panels.job_line(job, page="overview")
            steps = queue.children(job.job_id)
            if steps:
                panels.steps(steps)


def datasets_table() -> pd.DataFrame:
    """Return one row a data set: kind, films, patients, films with a pneumothorax, splits."""
    rows = []
    for name in resources.dataset_names():
        radiographs = resources.radiographs(name)
        rows.append(
            {
                "Data set": name,
                "Kind": " + ".join(sorted(radiographs["source"].unique())),
                "Films": len(radiographs),
                "Patients": radiographs["patient_id"].nunique(),
                "With pneumothorax": int((radiographs["label"] == 1).sum()),
                "Pixels": "indexed" if radiographs["path"].notna().all() else "table only",
                "Splits": ", ".join(resources.split_names(name)),
            }
        )
    return pd.DataFrame(rows)


def checkpoints_table() -> pd.DataFrame:
    """Return one row a checkpoint: what it learnt from, and its AUROC on the test part with the interval."""
    measured: dict[tuple[str, str, str | None], EvaluationReport] = {}
    for report in resources.reports():
        if report.part == "test" and report.truth == REPORT:  # figures against two truths share no column
            measured.setdefault((report.checkpoint_id, report.dataset, report.split), report)
    rows = []
    for card in resources.checkpoint_cards():
        found = measured.get((card["checkpoint_id"], card["dataset"], card["split"]))
        auroc = "not measured yet" if found is None else side_by_side.words(found.metrics["auroc"])
        rows.append(
            {
                "Checkpoint": card["checkpoint_id"],
                "Learnt from": f"{card['dataset']}/{card['split']}",
                "Kind": " + ".join(kind for kind, count in card["kinds"].items() if count),
                "Input": cards.pixels(card),
                "Trained in": panels.duration(card["training_s"]),
                "AUROC on test, against the report (95 % interval)": auroc,
            }
        )
    return pd.DataFrame(rows)


def next_steps(newest: NewestPredictions | None) -> list[tuple[str, str]]:
    """Return links worth following now: page and label."""
    steps = []
    if any(resources.split_names(name) for name in resources.dataset_names()):
        steps.append(("splits", "See who is in which part, and the certificate that nothing leaks"))
        steps.append(("training", "Train a classifier and watch it learn"))
    if newest is not None:
        steps.insert(0, ("compare", "See how good the classifiers are, with intervals"))
    if any(one.purpose != PRACTICE for one in resources.worklists().all()):
        steps.insert(0, ("worklist", "Read the films that want a human, answer by answer"))
    return steps or [("training", "Watch what is being made")]
