"""The practice round: five phantoms, read blinded, then you, the model and the truth side by side.

It is a worklist like any other, so a newcomer practises what readers do; its reads enter no statistic.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.base.errors import InputError
from core.data import truth
from core.evaluation import first_cases
from core.review import words
from core.review.answer import ABSENT, PRESENT
from core.review.reading_list import BLINDED, PRACTICE
from core.review.reads import FINISHED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from core.review.read_store import Read
    from core.review.reading_list import ReadingList
    from core.review.reads import CaseView
    from core.triage.worklists import Worklist

FILMS = 5
WITH_FINDING = (2, 3)  # films with a pneumothorax in a round, from and to: their number is not told


def begin(
    reading: ReadingList, truths: pd.DataFrame, reader: str, number: int, *, taken: Collection[str] = ()
) -> Worklist:
    """Return the worklist of a reader's practice round.

    Args:
        reading: The list that lends its model, its cut and its films.
        truths: The truth table of its data set.
        reader: Who practises.
        number: Of the round, from 1: another round has other films.
        taken: Films that wait in worklists: a practice round tells the truth, so it must not tell theirs.

    Raises:
        InputError: If the list's part has too few free phantoms of either kind.
    """
    lender = reading.worklist
    known = truths[truths["truth"] == truth.PHANTOM].set_index("image_id")["label"]
    names = reading.films["image_id"]
    own = reading.films[(reading.films["source"] == "phantom") & names.isin(known.index) & ~names.isin(set(taken))]
    label = own["image_id"].map(known).to_numpy()
    seed = hashlib.sha256(f"practice {reader} {number} {lender.name}".encode()).digest()
    chance = np.random.default_rng(int.from_bytes(seed[:8]))
    positive = int(chance.integers(WITH_FINDING[0], WITH_FINDING[1] + 1))
    chosen: list[str] = []
    for kind, count in ((1, positive), (0, FILMS - positive)):
        films = sorted(own.loc[label == kind, "image_id"])
        if len(films) < count:
            msg = (
                f"Expected {FILMS} phantoms with and without a pneumothorax to practise on that no worklist lists, "
                f"found too few in {lender.dataset} {lender.part}; make the embedded study with `python -m core demo`."
            )
            raise InputError(msg)
        chosen += [films[at] for at in chance.choice(len(films), count, replace=False)]
    return _worklist(lender, reader, number, chosen)


def truth_lines(view: CaseView, image_id: str, reading: ReadingList, truths: pd.DataFrame) -> list[str]:
    """Say what a phantom was computed with: nothing before a practice round's case is done.

    Args:
        view: The case as its reader sees it.
        image_id: Its film.
        reading: The list it stands in.
        truths: The truth table of its data set.
    """
    row = truths[(truths["truth"] == truth.PHANTOM) & (truths["image_id"] == image_id)]
    if reading.worklist.purpose != PRACTICE or view.stage != FINISHED or row.empty:
        return []
    return [words.truth_line(row.iloc[0])]


def result(reading: ReadingList, truths: pd.DataFrame, reads: Mapping[str, Sequence[Read]]) -> str:
    """Say how a finished round went: how often the reader, and the model at its cut, agreed with the truth.

    Args:
        reading: The round.
        truths: The truth table of its data set.
        reads: The round's reads by image id.
    """
    known = truths[truths["truth"] == truth.PHANTOM].set_index("image_id")["label"]
    firsts = {name: own[0].answer.called for name, own in reads.items() if own}
    films = [name for name in reading.listed if name in firsts]
    right = sum(firsts[name] == (PRESENT if known[name] == 1 else ABSENT) for name in films)
    model = sum((reading.row(name)["probability"] >= reading.policy.cut) == (known[name] == 1) for name in films)
    return (
        f"Of {len(films)} phantoms your first answer was right on {right}, the model at its cut on {model}. So few "
        "films say nothing about a reader or a model, and none of this enters any statistic."
    )


def recap(reading: ReadingList, truths: pd.DataFrame, reads: Mapping[str, Sequence[Read]]) -> list[dict[str, str]]:
    """Return of each film of a finished round what the reader first said, what the model gave, and what is true."""
    known = truths[truths["truth"] == truth.PHANTOM].set_index("image_id")
    (reader,) = reading.worklist.readers
    rows = []
    for number, name in enumerate(reading.order(reader), start=1):
        if not reads.get(name):
            continue
        film = reading.row(name)
        probability = first_cases.two_digits(film["probability"], cut=reading.policy.cut)
        above = "at or above" if film["probability"] >= reading.policy.cut else "below"
        rows.append(
            {
                "Film": str(number),
                "You, first": words.answer(reads[name][0].answer),
                "Model": f"{probability}, {above} the cut {reading.policy.cut:.2f}",
                "Truth": words.truth_line(known.loc[name]),
            }
        )
    return rows


def rounds(found: Sequence[Worklist], reader: str) -> list[Worklist]:
    """Return a reader's practice rounds among worklists, the newest first."""
    return [one for one in found if one.purpose == PRACTICE and one.readers == (reader,)]


def _worklist(lender: Worklist, reader: str, number: int, films: Sequence[str]) -> Worklist:
    tag = hashlib.sha256(reader.encode()).hexdigest()[:8]
    return replace(
        lender,
        name=f"practice-{tag}-{number}",
        read_mode=BLINDED,
        readers=(reader,),
        purpose=PRACTICE,
        films=tuple(sorted(films)),
        created_at=time.time(),
        created_by=reader,
    )
