"""Splits on disk: the table, its certificate, and plain lists; and the question whether one may be trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import core
from core.base import files, schema
from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.data import leakage, radiographs, splits, truth

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace

INPUTS = ("image_id", "patient_id", "label", "findings", "view", "sha256", "source", "parent_image_id")


def create(
    workspace: Workspace,
    dataset: str,
    name: str,
    kind: str,
    *,
    seed: int = 0,
    share: float = 0.2,
    negatives: str = "all",
    train_list: Iterable[str] | None = None,
    val_list: Iterable[str] | None = None,
    test_list: Iterable[str] | None = None,
    strict: bool = False,
    labels: str | None = None,
    thumbnails: Callable[[list[str]], np.ndarray] | None = None,
) -> dict[str, Any]:
    """Divide an indexed data set and write the split with its certificate.

    Args:
        workspace: Where the data set lies.
        dataset: Its name.
        name: The new split's name; one of the same name is replaced.
        kind: One of `splits.KINDS`; the options up to `test_list` are those of `splits.plan_split`.
        seed: From 0.
        share: For `small`.
        negatives: For `balanced`.
        train_list: For `official`.
        val_list: For `official`.
        test_list: For `official`.
        strict: Whether films that look alike across parts fail the audit.
        labels: Source of labels for a data set whose own table knows none, such as `intake`.
        thumbnails: Gives the films of these image ids, shape `(N, 64, 64)` `uint8`; without it
            look-alikes are not searched for.

    Returns:
        The certificate.

    Raises:
        InputError: If the data set or an option does not exist, or the kind cannot be made of it.
    """
    plan = splits.plan_split(
        radiographs.load(workspace, dataset) if labels is None else truth.labelled(workspace, dataset, labels),
        kind,
        seed=seed,
        share=share,
        negatives=negatives,
        train_list=train_list,
        val_list=val_list,
        test_list=test_list,
    )
    images = thumbnails(plan.films["image_id"].tolist()) if thumbnails else None
    return save(
        workspace,
        dataset,
        name,
        plan.films,
        kind=kind,
        seed=seed,
        options=plan.options | ({} if labels is None else {"labels": labels}),
        left_out=plan.left_out,
        in_two_lists=plan.in_two_lists,
        strict=strict,
        thumbnails=images,
    )


def save(
    workspace: Workspace,
    dataset: str,
    name: str,
    split: pd.DataFrame,
    *,
    kind: str,
    seed: int,
    options: dict[str, str | float] | None = None,
    left_out: dict[str, int] | None = None,
    in_two_lists: Iterable[str] = (),
    strict: bool = False,
    thumbnails: np.ndarray | None = None,
) -> dict[str, Any]:
    """Audit a split and write `<name>.parquet`, the lists under `<name>/` and, last, `<name>.json`.

    A split counts from the moment its certificate fits its table, so a killed process leaves
    either the old split, the new one, or one that `require_sound` refuses.

    Args:
        workspace: Where the data set lies.
        dataset: Its name.
        name: The split's name.
        split: The SPLIT columns, and for `domain` the column domain.
        kind: One of `splits.KINDS`.
        seed: The seed it was made with.
        options: The options it was made with.
        left_out: How many films stand in no part, by reason.
        in_two_lists: Images that two given lists name; they fail the audit.
        strict: Whether films that look alike across parts fail the audit.
        thumbnails: The films of `split`, row by row, shape `(N, 64, 64)` `uint8`.

    Returns:
        The certificate.
    """
    table = radiographs.load(workspace, dataset)
    split = schema.checked(split, schema.SPLIT)
    audit = leakage.audit(table, split, strict=strict, thumbnails=thumbnails, in_two_lists=list(in_two_lists))
    audit.warnings.extend(_thin_parts(split, kind))
    path = workspace.split(dataset, name)
    lists = path.with_suffix("")
    files.write_parquet(path, split)
    contents = _lists(split)
    for stem, images in contents.items():
        files.write_text(lists / f"{stem}.txt", "".join(f"{image}\n" for image in images))
    for old in lists.glob("*.txt"):
        if old.stem not in contents:
            old.unlink()
    made = {
        "split": name,
        "dataset": dataset,
        "kind": kind,
        "seed": seed,
        "options": options or {},
        "inputs_sha256": inputs_hash(table),
        "table_sha256": files.sha256_of_file(path),
        "parts": {part: describe(split[split["part"] == part]) for part in splits.PARTS},
        "left_out": left_out or {},
        "audit": audit.to_dict(),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": core.__version__,
    }
    files.write_json(_certificate_path(workspace, dataset, name), made)
    return made


def _thin_parts(split: pd.DataFrame, kind: str) -> list[str]:
    """Say which parts cannot do their work for want of a class; `domain` is not for classifiers."""
    if kind == "domain":
        return []
    places = {part: split["part"] == part for part in ("train", "test")}
    places["val, fold tune"] = split["fold"] == "tune"
    found = []
    for name, rows in places.items():
        labels = set(split.loc[rows, "label"])
        if len(labels) == 1:
            lacking = "without a pneumothorax" if labels == {1} else "with a pneumothorax"
            found.append(f"No film {lacking} in {name}: no AUROC can be measured there, and no cut chosen on it.")
    return found


def load(workspace: Workspace, dataset: str, name: str) -> pd.DataFrame:
    """Read a split's table.

    Raises:
        InputError: If there is no split of this name; the sentence lists those there are.
    """
    certificate(workspace, dataset, name)
    return files.read_parquet(workspace.split(dataset, name))


def certificate(workspace: Workspace, dataset: str, name: str) -> dict[str, Any]:
    """Read a split's certificate.

    Raises:
        InputError: If there is no split of this name; the sentence lists those there are.
    """
    path = _certificate_path(workspace, dataset, name)
    if not path.exists():
        radiographs.load(workspace, dataset)  # names the data sets, if it is not one of them
        names = split_names(workspace, dataset)
        found = f"choose from {', '.join(names)}." if names else "there is none yet; make one with `split`."
        msg = f"Expected a split of data set {dataset!r}, found none named {name!r}; {found}"
        raise InputError(msg)
    return files.read_json(path)


def split_names(workspace: Workspace, dataset: str) -> list[str]:
    """Return the names of a data set's splits in alphabetical order."""
    return sorted(
        path.stem for path in workspace.splits(dataset).glob("*.json") if path.with_suffix(".parquet").exists()
    )


def require_sound(workspace: Workspace, dataset: str, name: str) -> dict[str, Any]:
    """Return a split's certificate if one may train on the split.

    Raises:
        InputError: If there is no such split, its audit failed, its table is not the audited one,
            or the data set has changed since.
    """
    made = certificate(workspace, dataset, name)
    audit = leakage.LeakAudit.from_dict(made["audit"])
    if not audit.passed:
        msg = f"Expected a split without leaks, found in {name!r}: {' '.join(audit.failures)} Make another split."
        raise InputError(msg)
    now = hashes(made)
    if files.sha256_of_file(workspace.split(dataset, name)) != now["table_sha256"]:
        msg = f"Expected the table of split {name!r} as it was audited, found another; run `split` again."
        raise InputError(msg)
    if inputs_hash(radiographs.load(workspace, dataset)) != now["inputs_sha256"]:
        msg = (
            f"Expected data set {dataset!r} as it was when split {name!r} was made, found it changed "
            f"since {made['created_at']}; run `split` again."
        )
        raise InputError(msg)
    return made


def hashes(made: dict[str, Any]) -> dict[str, Any]:
    """Return the `table_sha256` and `inputs_sha256` that a split is to have now.

    Patients who were erased leave the rest where it was, so a split keeps the `table_sha256` of its audit as its name,
    by which checkpoints know it; what its table and the data set are since then stands under `erased`.

    Args:
        made: The certificate.
    """
    now: dict[str, Any] = made.get("erased", made)
    return now


def inputs_hash(table: pd.DataFrame) -> str:
    """Return the SHA-256 of what a split depends on, whatever the order of the rows."""
    table = table.reindex(columns=list(INPUTS)).sort_values("image_id")
    digest = hashlib.sha256()
    for column in INPUTS:
        digest.update(
            "\x1f".join(table[column].astype("object").where(table[column].notna(), "\x00").map(str)).encode()
        )
        digest.update(b"\x1e")
    return digest.hexdigest()


def describe(films: pd.DataFrame) -> dict[str, Any]:
    """Count the films and patients of a part, those with a pneumothorax, and the prevalence with its interval.

    A part with folds or domains has the same counts for each under `folds` and `domains`.
    """
    found = _counts(films)
    for column, key in (("fold", "folds"), ("domain", "domains")):
        if column in films and films[column].notna().any():
            found[key] = {str(name): _counts(group) for name, group in films.groupby(column)}
    return found


def _counts(films: pd.DataFrame) -> dict[str, Any]:
    positive = films["label"] == 1
    prevalence = clustered_proportion(positive.to_numpy(dtype=float), films["patient_id"].to_numpy(dtype=object))
    return {
        "films": len(films),
        "patients": int(films["patient_id"].nunique()),
        "positive_films": int(positive.sum()),
        "positive_patients": int(films.loc[positive, "patient_id"].nunique()),
        "prevalence": prevalence._asdict() if prevalence else None,
    }


def _lists(split: pd.DataFrame) -> dict[str, list[str]]:
    """Return the image ids of each list by its name."""
    if "domain" not in split:
        return {part: split.loc[split["part"] == part, "image_id"].tolist() for part in splits.PARTS}
    groups = split["part"] + "_" + split["domain"]
    return {
        f"{part}_{domain}": split.loc[groups == f"{part}_{domain}", "image_id"].tolist()
        for part in ("train", "val")
        for domain in ("A", "B")
    }


def _certificate_path(workspace: Workspace, dataset: str, name: str) -> Path:
    return workspace.split(dataset, name).with_suffix(".json")
