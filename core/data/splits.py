"""Which patient is in which part: one assignment per data set and seed, from which every kind of split derives.

- `patient`: the assignment itself, every film of it.
- `official`: given lists of images; val, if no list names it, is made of the patients whom the assignment puts there.
- `balanced`: the patient split with as many positive as negative films in train and in each fold of val.
- `small`: a share of the patients of every part and fold; a smaller share lies inside a larger one.
- `domain`: inside the patient split's train, A = "No Finding" and B = pneumothorax, for image translation.

Films whose label is unknown, and synthetic films outside train, are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.base import schema
from core.base.errors import InputError
from core.data.assignment import FOLDS, PARTS, assign_patients, by_patient, dealt, generator

KINDS = ("patient", "official", "balanced", "small", "domain")
NEGATIVES = ("all", "no-finding")
NO_FINDING = "No Finding"

DOMAIN_PLACES = {("train", None): 0.9, ("val", "tune"): 0.05, ("val", "certify"): 0.05}

# Each decision has its own stream of chance, so that one kind's options cannot move another's patients.
BALANCE, SMALL, DOMAIN, VAL_LIST, VAL_FROM_TRAIN = range(1, 6)


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """A split before it is written, with what was left out of it."""

    kind: str
    seed: int
    options: dict[str, str | float]
    films: pd.DataFrame
    """The SPLIT columns, by image_id; `domain` has one more column, "A" or "B"."""
    left_out: dict[str, int]
    """Films (or lines of a list) that stand in no part, by reason."""
    in_two_lists: list[str] = field(default_factory=list)
    """Images that more than one given list names; each counts in the last of train, val, test that names it."""


def plan_split(
    radiographs: pd.DataFrame,
    kind: str,
    *,
    seed: int = 0,
    share: float = 0.2,
    negatives: str = "all",
    train_list: Iterable[str] | None = None,
    val_list: Iterable[str] | None = None,
    test_list: Iterable[str] | None = None,
) -> SplitPlan:
    """Divide a data set's radiographs into parts, and say what was left out.

    Args:
        radiographs: The radiographs table.
        kind: One of `KINDS`.
        seed: From 0.
        share: `small`: the share of the patients to keep, in (0, 1].
        negatives: `balanced`: which negatives train and val may hold, "all" or "no-finding".
        train_list: `official`: the image ids of train.
        val_list: `official`: those of val; without it val is taken by patient from train.
        test_list: `official`: those of test; without it test is empty.

    Raises:
        InputError: If an option is unknown or out of its range, or the kind cannot be made of these films.
    """
    _check_options(kind, seed=seed, share=share, negatives=negatives, train_list=train_list)
    rows = radiographs.sort_values("image_id", ignore_index=True)
    patients = assign_patients(rows, seed=seed)
    known = rows["label"].notna()
    if not known.any():
        msg = (
            f"Expected films with a known label, found none among {len(rows)}; take labels in by `labels import`, such "
            "as those of readers (`review export --what labels`), and name them here by `--labels`."
        )
        raise InputError(msg, field="dataset")
    left_out = {"label unknown": int((~known).sum())}
    in_two_lists: list[str] = []
    options: dict[str, str | float] = {}
    if kind == "official":
        lists = {"train": train_list, "val": val_list, "test": test_list}
        films, reasons, in_two_lists = _official(rows[known], patients, lists, set(rows["image_id"]), seed=seed)
        left_out |= reasons
    else:
        films = rows[known].join(patients, on="patient_id")
    if "source" in films:
        admitted = (films["source"] != "synthetic") | (films["part"] == "train")
        left_out["synthetic outside train"] = int((~admitted).sum())
        films = films[admitted]
    if films.empty:
        msg = (
            f"Expected films with a known label, found none among {len(rows)} but synthetic ones outside train; "
            "divide another data set."
        )
        raise InputError(msg)
    before = len(films)
    if kind == "balanced":
        options = {"negatives": negatives}
        films = _balanced(films, negatives=negatives, seed=seed)
        left_out["dropped to balance the classes"] = before - len(films)
    elif kind == "small":
        options = {"share": share}
        films = _small(films, share=share, seed=seed)
        left_out["patient not drawn"] = before - len(films)
    elif kind == "domain":
        films = _domain(films, seed=seed)
        left_out["outside the domains"] = before - len(films)
    columns = [*schema.SPLIT.columns, *(["domain"] if kind == "domain" else [])]
    return SplitPlan(
        kind=kind,
        seed=seed,
        options=options,
        films=schema.checked(films[columns], schema.SPLIT),
        left_out={reason: count for reason, count in left_out.items() if count},
        in_two_lists=in_two_lists,
    )


def _check_options(kind: str, *, seed: int, share: float, negatives: str, train_list: Iterable[str] | None) -> None:
    if kind not in KINDS:
        msg = f"Expected a kind of split among {', '.join(KINDS)}, found {kind!r}; choose one of them."
        raise InputError(msg)
    if seed < 0:
        msg = f"Expected a seed of 0 or more, found {seed}; give another."
        raise InputError(msg)
    if not 0 < share <= 1:
        msg = f"Expected a share of the patients above 0 and up to 1, found {share}; give another."
        raise InputError(msg)
    if negatives not in NEGATIVES:
        msg = f"Expected negatives to be {' or '.join(NEGATIVES)}, found {negatives!r}; choose one of them."
        raise InputError(msg)
    if kind == "official" and train_list is None:
        msg = "Expected a list of train images for an official split, found none; give --train-list."
        raise InputError(msg)


def _official(
    rows: pd.DataFrame,
    patients: pd.DataFrame,
    lists: dict[str, Iterable[str] | None],
    all_images: set[str],
    *,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, int], list[str]]:
    """Return the listed films with part and fold, what the lists hold in vain, and what stands in two of them."""
    named = {part: set(images) for part, images in lists.items() if images is not None}
    listed = set().union(*named.values())
    twice = sorted(image for image in listed if sum(image in images for images in named.values()) > 1)
    part_of = {image: part for part in PARTS for image in named.get(part, ())}  # a later part wins
    films = rows.assign(part=rows["image_id"].map(part_of))
    films = films[films["part"].notna()]
    reasons = {
        "in no list": len(rows) - len(films),
        "listed but not in the data set": len(listed - all_images),
    }
    if films.empty:
        msg = (
            f"Expected lists of image ids of this data set, found none of its {len(rows)} labelled films "
            f"among {len(listed)} lines; check that the lines are file names such as 00000013_008.png."
        )
        raise InputError(msg)
    if "val" in named:
        in_val = by_patient(films[films["part"] == "val"])
        folds = dealt(in_val, dict.fromkeys((("val", fold) for fold in FOLDS), 0.5), generator(seed, VAL_LIST))
    else:
        folds = _val_from_train(by_patient(films[films["part"] == "train"]), patients, seed=seed)
        films.loc[films["patient_id"].isin(folds.index) & (films["part"] == "train"), "part"] = "val"
    fold = films["patient_id"].map(folds["fold"]).where(films["part"] == "val")
    return films.assign(fold=fold), reasons, twice


def _val_from_train(listed: pd.DataFrame, patients: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the patients of the train list who make val, with their fold.

    They are those of the assignment's val, unless that leaves train or a fold without a class
    of which there is enough; then the listed patients are dealt anew.
    """
    assigned = patients.loc[listed.index]
    assigned = assigned.assign(part=assigned["part"].where(assigned["part"] == "val", "train"))
    places = assigned["part"] + assigned["fold"].fillna("")
    present = pd.crosstab(listed["class"], places) if len(listed) else pd.DataFrame()
    enough = listed["class"].value_counts() >= 3
    if present.shape[1] < 3 or (present.loc[enough[enough].index] == 0).any(axis=None):
        shares = {("train", None): 0.7, ("val", "tune"): 0.15, ("val", "certify"): 0.15}
        assigned = dealt(listed, shares, generator(seed, VAL_FROM_TRAIN))
    return assigned[assigned["part"] == "val"]


def _balanced(films: pd.DataFrame, *, negatives: str, seed: int) -> pd.DataFrame:
    """Drop films of the larger class until train and each fold of val have as many of both."""
    rng = generator(seed, BALANCE)
    keep = films["part"] == "test"
    eligible = films[~keep]
    if negatives == "no-finding":
        eligible = eligible[(eligible["label"] == 1) | (_findings(eligible, "balanced") == NO_FINDING)]
    eligible = eligible.iloc[rng.permutation(len(eligible))]
    place = eligible["part"] + eligible["fold"].fillna("")
    counts = pd.crosstab(place, eligible["label"]).reindex(columns=[0, 1], fill_value=0)
    rank = eligible.groupby([place, eligible["label"]]).cumcount()
    if not counts.min(axis=1).any():
        msg = "Expected films of both classes to balance in train or val, found one class only; choose another kind."
        raise InputError(msg)
    chosen = eligible.index[rank < place.map(counts.min(axis=1))]
    return films[keep | films.index.isin(chosen)]


def _small(films: pd.DataFrame, *, share: float, seed: int) -> pd.DataFrame:
    """Keep a share of the patients with, and of those without a positive film, of each part and fold."""
    patients = films.groupby("patient_id", sort=True).agg(part=("part", "first"), fold=("fold", "first"))
    patients["positive"] = films.groupby("patient_id", sort=True)["label"].max()
    drawn = patients.iloc[generator(seed, SMALL).permutation(len(patients))]
    groups = drawn.groupby(["part", "fold", "positive"], dropna=False)
    wanted = np.maximum(np.floor(groups["part"].transform("size") * share + 0.5), 1)
    return films[films["patient_id"].isin(drawn.index[groups.cumcount() < wanted])]


def _domain(films: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Divide the train films with no finding (A) and with pneumothorax (B) by patient, 90 to 10."""
    films = films[films["part"] == "train"]
    domain = pd.Series(np.where(films["label"] == 1, "B", "A"), index=films.index)
    films = films.assign(domain=domain)[(domain == "B") | (_findings(films, "domain") == NO_FINDING)]
    if films["domain"].nunique() < 2:
        msg = (
            f"Expected train films with {NO_FINDING!r} and with pneumothorax for a domain split, found "
            f"{(films['domain'] == 'A').sum()} and {(films['domain'] == 'B').sum()}; index films of both."
        )
        raise InputError(msg)
    places = dealt(by_patient(films), DOMAIN_PLACES, generator(seed, DOMAIN))
    return films.drop(columns=["part", "fold"]).join(places, on="patient_id")


def _findings(films: pd.DataFrame, kind: str) -> pd.Series:
    if "findings" not in films or films["findings"].isna().all():
        msg = (
            f"Expected findings of the radiographs for this {kind} split, found none in the table; "
            f"index a CSV with a findings column, or choose another kind."
        )
        raise InputError(msg)
    return films["findings"]
