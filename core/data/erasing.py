"""One patient taken out of a data set's files: its tables and splits, and what was made of the films or kept of them.

The originals, where `index` found them, are nobody's here to delete; they are counted. Each step can be taken again,
and a data set's table of radiographs, from which the rest follows, loses its rows last: a killed erasure is finished
by running it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.base import files, identity
from core.base.errors import InputError
from core.data import intake, radiographs, split_store, synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.base.paths import Workspace

_WAIT = 60.0  # seconds for a lock that another process holds


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Where one patient's films stand, and the images that were translated from them."""

    dataset: str
    patient: str
    rows: Mapping[str, pd.DataFrame]
    """Rows of the radiographs tables: of the data set, and of synthetic sets made from it."""
    shared: tuple[str, ...]
    """Other data sets that hold the same pixels under other rows."""
    elsewhere: tuple[str, ...]
    """Other data sets in which the same patient stands; known of pseudonyms only."""
    hashes: frozenset[str]
    """Of the decoded pixels that nobody else's row names."""

    @property
    def images(self) -> dict[str, frozenset[str]]:
        """Image ids by data set."""
        return {name: frozenset(rows["image_id"]) for name, rows in self.rows.items()}

    @property
    def films(self) -> int:
        """How many films of the patient the data set has."""
        return len(self.rows[self.dataset])


def traces(workspace: Workspace, dataset: str, patient: str, *, original: bool = False) -> Traces:
    """Find a patient's films and what was translated from them.

    Args:
        workspace: Where everything lies.
        dataset: The data set.
        patient: The patient's id as it stands in its table.
        original: Whether that follows from an id which the hospital wrote.

    Raises:
        InputError: If the data set does not exist or has no such patient.
    """
    own = radiographs.load(workspace, dataset)
    mine = own["patient_id"].astype(str) == patient
    if not mine.any():
        found = f"Expected a patient of data set {dataset!r}"
        msg = (
            f"{found} by the PatientID in its files, found none of this id; add --issuer where the files name one, or "
            "leave --original out for an id that stands in its table."
            if original
            else f"{found} by the id that stands in its table, found none of this id; a PatientID as the hospital "
            "writes it needs --original."
        )
        raise InputError(msg, field="patient")
    rows = {dataset: own[mine]}
    for name in synthetic.names(workspace):
        made = radiographs.load(workspace, name)
        if name == dataset or synthetic.card(workspace, name).dataset != dataset:
            continue
        of_patient = made["parent_image_id"].isin(own.loc[mine, "image_id"]) | (
            made["patient_id"].astype(str) == patient
        )
        if of_patient.any():
            rows[name] = made[of_patient]
    hashes = frozenset(pd.concat([one["sha256"] for one in rows.values()]).dropna())
    others: dict[str, set[str]] = {}
    elsewhere = []
    for name in radiographs.dataset_names(workspace):
        table = radiographs.load(workspace, name)
        rest = table if name not in rows else table.drop(rows[name].index)
        others[name] = set(rest["sha256"].dropna()) & hashes
        if identity.is_pseudonym(patient) and (rest["patient_id"].astype(str) == patient).any():
            elsewhere.append(name)
    shared = tuple(sorted(name for name, same in others.items() if same))
    return Traces(
        dataset=dataset,
        patient=patient,
        rows=rows,
        shared=shared,
        elsewhere=tuple(elsewhere),
        hashes=hashes.difference(*others.values()),
    )


def own_files(workspace: Workspace, found: Traces) -> tuple[list[Path], int]:
    """Return the files that PleuraScope wrote of the films, and how many originals there are besides."""
    ours, originals = set(), set()
    for table in found.rows.values():
        for column in [name for name in table if name == "path" or str(name).endswith("_path")]:
            for path in map(Path, table[column].dropna()):
                if path.resolve().is_relative_to(workspace.datasets):
                    ours.add(path)
                elif path.exists():
                    originals.add(path)
    return sorted(path for path in ours if path.exists()), len(originals)


def kept_files(workspace: Workspace, found: Traces) -> list[Path]:
    """Return the files of what can be made again that hold the films' pixels: thumbnails, and shards of decoded films.

    A shard holds other films too; these are decoded again when they are asked for.
    """
    thumbnails = workspace.cache / "thumbnails"
    kept = [path for one in sorted(found.hashes) for path in sorted((thumbnails / one[:2]).glob(f"{one}-*"))]
    for index in sorted((workspace.cache / "pixels").glob("*/*.parquet")):
        if not _is_without(index, found.hashes):
            kept += [index, index.with_suffix(".npy")]  # in this order: a shard without its index counts as none
    return kept


def _is_without(index: Path, hashes: frozenset[str]) -> bool:
    """Tell whether a shard is known to hold none of these pixels; what a damaged index has is not known."""
    try:
        return not set(files.read_parquet(index)["sha256"]) & hashes
    except (InputError, KeyError):
        return False


def check_readable(workspace: Workspace, found: Traces) -> None:
    """Read the tables that will lose rows, so that an erasure does not begin which cannot end.

    Raises:
        InputError: If one of them is damaged.
    """
    for name in found.rows:
        for path in (workspace.truth(name), workspace.passports(name)):
            if path.exists():
                files.read_parquet(path)
        for split in split_store.split_names(workspace, name):
            split_store.load(workspace, name, split)


def left_behind(workspace: Workspace, found: Traces) -> list[Path]:
    """Return what killed commands left half written, whoever's films it holds."""
    masks = workspace.cache / "indexing" / found.dataset / "masks"  # the next index would remove them
    aside = [path for folder in (workspace.root, workspace.checkpoints) for path in files.left_aside(folder)]
    return [*aside, *([masks] if masks.exists() else [])]


def forget_kept_files(workspace: Workspace, found: Traces) -> None:
    """Delete what `kept_files` names, and what a killed process left of it."""
    kept = kept_files(workspace, found)
    for folder in (workspace.cache / "pixels").glob("*/"):
        with files.held_alone(folder, doing="decodes films", wait=_WAIT):
            for path in kept:
                if path.parent == folder:
                    path.unlink(missing_ok=True)
            for stray in folder.glob("*.npy"):
                if not stray.with_suffix(".parquet").exists():
                    stray.unlink()
    for path in kept:
        path.unlink(missing_ok=True)


def forget_in_table(path: Path, gone: Callable[[pd.DataFrame], pd.Series], *, really: bool) -> int:
    """Drop rows of a table, and return how many there were; one that is not there has none.

    Args:
        path: The table.
        gone: Tells of each row whether it goes.
        really: Whether to write the table; else it is only counted.
    """
    if not path.exists():
        return 0
    table = files.read_parquet(path)
    going = gone(table).astype(bool)
    if really and going.any():
        files.write_parquet(path, table[~going].reset_index(drop=True))
    return int(going.sum())


def forget_dataset(workspace: Workspace, found: Traces, name: str) -> None:
    """Take the films out of one data set: its own files, labels, passports, splits, then the table of radiographs."""
    images = found.images[name]
    folder = workspace.dataset(name)
    with intake.held(workspace) if name == intake.DATASET else nullcontext():
        for path in own_files(workspace, found)[0]:
            if path.resolve().is_relative_to(folder.resolve()):
                path.unlink(missing_ok=True)
        _forget_seen(workspace.cache / "seen" / f"{name}.parquet", found.rows[name])
        for path in (workspace.truth(name), workspace.passports(name)):
            forget_in_table(path, lambda table: table["image_id"].isin(images), really=True)
        own = radiographs.load(workspace, name)
        rest = own[~own["image_id"].isin(images)].reset_index(drop=True)
        for split in split_store.split_names(workspace, name):
            _forget_in_split(workspace, (name, split), images, own=own, rest=rest)
        files.write_parquet(workspace.radiographs(name), rest)
        if name == intake.DATASET:
            intake.sweep(workspace)


def _forget_seen(memory: Path, rows: pd.DataFrame) -> None:
    """Take films out of what decoding told, also under a path where they lay before they were moved."""
    paths, hashes = set(rows["path"].dropna()), set(rows["sha256"].dropna())
    try:
        forget_in_table(memory, lambda table: table["path"].isin(paths) | table["sha256"].isin(hashes), really=True)
    except InputError:  # damaged: what may be deleted at will goes as a whole
        memory.unlink()


def _forget_in_split(
    workspace: Workspace, place: tuple[str, str], images: frozenset[str], *, own: pd.DataFrame, rest: pd.DataFrame
) -> None:
    """Take films out of a split whose other films stay where they are.

    The certificate is written before the table: from then on the split is refused until the table is the one that it
    announces. A table that is not the audited one gets no new hash, and stays refused.
    """
    path, made = workspace.split(*place), split_store.certificate(workspace, *place)
    table, now = files.read_parquet(path), split_store.hashes(made)
    kept = table[~table["image_id"].isin(images)].reset_index(drop=True)
    with files.written_aside(path) as aside:
        if len(kept) < len(table):
            kept.to_parquet(aside, index=False)
        else:
            aside.write_bytes(path.read_bytes())
        after = {"table_sha256": files.sha256_of_file(aside), "inputs_sha256": split_store.inputs_hash(rest)}
        stood = {"table_sha256": files.sha256_of_file(path), "inputs_sha256": split_store.inputs_hash(own)}
        if {name: now.get(name) for name in after} == stood != after:
            files.write_json(path.with_suffix(".json"), made | _erased(made, table, kept, after))
    for listed in path.with_suffix("").glob("*.txt"):
        lines = listed.read_text(encoding="utf-8").splitlines()
        if images & set(lines):
            files.write_text(listed, "".join(f"{line}\n" for line in lines if line not in images))


def _erased(made: dict[str, Any], table: pd.DataFrame, kept: pd.DataFrame, after: dict[str, str]) -> dict[str, Any]:
    """Return what a certificate says of the films that were taken out since its audit, and of those that are there."""
    before = made.get("erased", {"films": 0, "patients": 0})
    return {
        "parts": {part: split_store.describe(kept[kept["part"] == part]) for part in made["parts"]},
        "erased": {
            "films": before["films"] + len(table) - len(kept),
            "patients": before["patients"] + int(len(kept) < len(table)),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            **after,
        },
    }


def forget_nearest(workspace: Workspace, found: Traces, *, really: bool) -> int:
    """Take the films out of where passports name the training film that looks most like an image; return how many did.

    Rows of the films' own translations are left to `forget_dataset`.
    """
    count = 0
    for name in synthetic.names(workspace):
        path = workspace.passports(name)
        if synthetic.card(workspace, name).dataset != found.dataset or not path.exists():
            continue
        table = files.read_parquet(path)
        named = table["nearest_image_id"].isin(found.images[found.dataset])
        count += int(named.sum())
        if really and named.any():
            table.loc[named, ["nearest_image_id", "nearest_distance"]] = None
            files.write_parquet(path, table)
    return count


def names_one(reason: str, found: Traces, *more: str) -> bool:
    """Tell whether a reason, which the audit keeps for good, names the patient or one of the films, in whatever case.

    Args:
        reason: The reason.
        found: Whose films.
        more: Other names of the patient, also short ones.
    """
    ids = [name for names in found.images.values() for name in names]
    ours = {name for name in [found.patient, *ids] if len(name) > 3}
    names = ours | {name.strip() for name in more} - {""}
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", reason, re.IGNORECASE) for name in names)
