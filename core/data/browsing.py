"""A split as a page shows it: films joined with their part, counts, and the certificate in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data.assignment import PARTS

FIELD_WORDS = {
    "image_id": "Film",
    "patient_id": "Patient",
    "label": "Report label",
    "label_words": "Report label",
    "findings": "Findings in the report",
    "age_years": "Age",
    "follow_up": "Follow-up",
    "sha256": "Hash of the pixels",
    "source": "Kind of image",
    "parent_image_id": "Made from",
    "pixel_spacing_mm": "Pixel spacing",
}
INDEX_TALLIES = {
    "left_out": "left out",
    "files_without_row": "file without a row",
    "read_by_rule": "read by a rule",
    "nulled": "value set to unknown",
    "truth_left_out": "truth left out",
}
PLACES = ("path", "mask_path", "lung_path", "drain_path")  # where files lie is never shown
UNITS = {"age_years": "years", "pixel_spacing_mm": "mm"}
LABEL_WORDS = {1: "pneumothorax", 0: "no pneumothorax"}


def joined(radiographs: pd.DataFrame, split: pd.DataFrame) -> pd.DataFrame:
    """Return the films of a split with everything known of them, one row a film, in the order of the parts.

    Raises:
        InputError: If the radiographs table names a film twice.
    """
    own = split.drop(columns=["patient_id", "label"])
    own = own.iloc[own["image_id"].argsort().to_numpy()]
    own = own.iloc[part_places(own["part"]).argsort(kind="stable")].reset_index(drop=True)
    known = radiographs.drop(columns=[name for name in radiographs if name in own]).reset_index(drop=True)
    rows = _rows_of(own["image_id"], radiographs["image_id"])
    return pd.concat([own, known.reindex(rows).reset_index(drop=True)], axis=1)


def _rows_of(wanted: pd.Series, image_ids: pd.Series) -> np.ndarray:
    """Return the row of each wanted film, or one beyond the last row where there is none."""
    numbers, names = pd.factorize(pd.concat([image_ids, wanted]))  # in the order in which they are met
    own = numbers[: len(image_ids)]
    twice = np.flatnonzero(own != np.arange(len(own)))
    if twice.size:
        msg = (
            f"Expected each film once in the radiographs table, found {names[own[twice[0]]]!r} more than once; "
            "index the data set again."
        )
        raise InputError(msg)
    return numbers[len(image_ids) :]


def part_places(parts: pd.Series) -> np.ndarray:
    """Return the position of each film's part in `PARTS`, shape `(N,)`."""
    rows, names = pd.factorize(parts)
    return np.array([PARTS.index(name) for name in names], dtype=np.intp)[rows]


def lead_sentence(certificate: Mapping[str, Any]) -> str:
    """Say what the split holds and whether its parts are apart."""
    counts = certificate["parts"]
    parts = ", ".join(f"{part} {found['films']:,}" for part, found in counts.items() if found["films"])
    films = sum(found["films"] for found in counts.values())
    patients = sum(found["patients"] for found in counts.values())
    audit = certificate["audit"]
    if not audit["passed"]:
        verdict = "The audit failed: training refuses this split."
    elif audit["checked_pixels"]:
        verdict = "No patient and no identical film stands in two parts."
    else:
        verdict = "No patient stands in two parts; pixels not checked, since the data set is a table only."
    return f"{films:,} films of {patients:,} patients: {parts}. {verdict}"


def counts_table(certificate: Mapping[str, Any]) -> pd.DataFrame:
    """Return films, patients, positives and prevalence with its 95 % interval, one row a part or fold."""
    rows = []
    for part, found in certificate["parts"].items():
        if not found["films"]:
            continue
        rows.append(_counts_row(part, found))
        for key in ("folds", "domains"):
            rows += [_counts_row(f"{part}: {name}", inner) for name, inner in found.get(key, {}).items()]
    return pd.DataFrame(rows)


def _counts_row(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    prevalence = found["prevalence"]
    return {
        "Part": name,
        "Films": found["films"],
        "Patients": found["patients"],
        "Films with pneumothorax": found["positive_films"],
        "Patients with pneumothorax": found["positive_patients"],
        "Prevalence": f"{prevalence['value']:.1%}" if prevalence else "",
        "95 % interval": f"{prevalence['low']:.1%} to {prevalence['high']:.1%}" if prevalence else "",
    }


def with_words(films: pd.DataFrame) -> pd.DataFrame:
    """Return the films with their report label in words, in the column `label_words`."""
    return films.assign(label_words=films["label"].map(LABEL_WORDS).fillna("unknown").astype("str"))


def captions(films: pd.DataFrame) -> list[str]:
    """Return what stands below each film: its report label, view, sex and age, as far as they are known."""
    return [_caption(film) for film in with_words(films).to_dict("records")]


def _caption(film: dict[str, Any]) -> str:
    known = [film["label_words"]]
    known += [film[column] for column in ("view", "sex") if not pd.isna(film[column])]
    if not pd.isna(film["age_years"]):
        known.append(f"{film['age_years']:.0f} y")
    return " · ".join(known)


def listed(films: pd.DataFrame) -> pd.DataFrame:
    """Return the films as a table to read, for a data set without image files."""
    columns = ("image_id", "patient_id", "part", "label_words", "findings", "view", "sex", "age_years", "follow_up")
    table = with_words(films)[list(columns)]
    return table.rename(columns=lambda name: FIELD_WORDS.get(name, name.replace("_", " ").capitalize()))


def exported(films: pd.DataFrame) -> pd.DataFrame:
    """Return the films with everything the tables say of them, except where their files lie."""
    return films.drop(columns=list(PLACES), errors="ignore")


def certificate_words(certificate: Mapping[str, Any]) -> str:
    """Say what the certificate vouches for, and from what it was made."""
    audit = certificate["audit"]
    checked = ["patients", "synthetic films and their parents"]
    if audit["checked_pixels"]:
        checked.append("identical decoded pixels")
    if audit["checked_look_alikes"]:
        checked.append("look-alikes (correlation of 0.99 or more at 64 px)")
    left_out = ", ".join(f"{count} {reason}" for reason, count in certificate["left_out"].items()) or "none"
    return (
        f"Kind {certificate['kind']}, seed {certificate['seed']}, made {certificate['created_at']} by version "
        f"{certificate['version']}. Checked: {', '.join(checked)}. Films left out: {left_out}. "
        f"The inputs have the hash {certificate['inputs_sha256'][:12]}."
    )


def details(film: pd.Series) -> pd.DataFrame:
    """Return everything the tables say of one film, except where its file lies, as field and value.

    Examples:
        >>> details(pd.Series({"patient_id": "7", "label": 1, "age_years": 54.0, "path": "x"}))["Value"].to_list()
        ['7', 'pneumothorax', '54 years']
    """
    known = film.drop(labels=list(PLACES), errors="ignore").dropna()
    rows = [
        (FIELD_WORDS.get(str(name), str(name).replace("_", " ").capitalize()), _value(str(name), value))
        for name, value in known.items()
    ]
    return pd.DataFrame(rows, columns=["Field", "Value"])


def _value(name: str, value: Any) -> str:  # noqa: ANN401 (any cell)
    if name == "label":
        return LABEL_WORDS[int(value)]
    if name in ("width", "height", "original_width", "original_height"):
        return f"{int(value)} px"
    if name in UNITS:
        return f"{float(value):g} {UNITS[name]}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def truth_words(truths: pd.DataFrame) -> pd.DataFrame:
    """Return what each source of labels says of one film: a column a source, a row a field that any of them fills.

    Boxes are counted, and where files lie is left out.
    """
    said = truths.drop(columns=["image_id", *PLACES], errors="ignore").set_index("truth")
    if "boxes" in said:
        said = said.assign(boxes=said["boxes"].map(_counted, na_action="ignore"))
    said = said.assign(label=said["label"].map(LABEL_WORDS).fillna("unknown")).dropna(axis=1, how="all")
    table = said.T.map(lambda cell: "" if pd.isna(cell) else f"{cell:.3g}" if isinstance(cell, float) else str(cell))
    table.insert(0, "Field", [str(name).replace("_", " ").capitalize() for name in table.index])
    return table.reset_index(drop=True)


def _counted(boxes: str) -> str:
    try:
        return str(len(json.loads(boxes)))
    except (ValueError, TypeError):  # a table's own way to write them
        return boxes


def index_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Return what indexing left out or changed by a rule: a row a reason, with how many and a few examples.

    Examples:
        >>> tally = {"truncated": {"count": 2, "examples": ["a.png", "b.png"]}}
        >>> index_table({"left_out": tally})["Reason"].to_list()
        ['truncated']
    """
    rows = [
        {"What": title, "Reason": reason, "Count": found["count"], "Such as": ", ".join(found["examples"][:3])}
        for key, title in INDEX_TALLIES.items()
        for reason, found in report.get(key, {}).items()
    ]
    shared = report.get("repeated_uids", [])
    if shared:
        first = " and ".join(shared[0])
        rows.append({"What": "films under one UID", "Reason": "all stand", "Count": len(shared), "Such as": first})
    return pd.DataFrame(rows, columns=["What", "Reason", "Count", "Such as"])
