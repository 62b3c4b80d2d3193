"""What the page Translations reads, cached by the files' times: synthetic data sets, reports, generators' trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from app import resources
from core.base import files
from core.base.errors import InputError
from core.data import pixel_cache, synthetic, thumbnails
from core.data.synthetic import SyntheticCard
from core.evaluation import dose_report, dose_store, realism_store, report_store
from core.evaluation.dose_report import DoseReport
from core.evaluation.realism_report import RealismReport
from core.figures import passport_words, synthesis, training_strip
from core.models import cards

SAMPLES = "samples.json"


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The pictures that a CycleGAN's training left behind: columns are films, rows original, there, and back."""

    films: tuple[dict[str, str], ...]
    """`image_id` and `domain` of each column."""
    tile: int
    """Edge of one picture in pixels."""
    steps: dict[int, Path]
    """The picture of each step, in their order."""


def names() -> list[str]:
    """Return the names of the synthetic data sets."""
    return synthetic.names(resources.workspace())


def card(name: str) -> SyntheticCard:
    """Return what a synthetic data set says of itself.

    Raises:
        InputError: If there is none of this name, or what it says is damaged.
    """
    return synthetic.card(resources.workspace(), name)


def pairs(name: str) -> pd.DataFrame:
    """Return the passports of a synthetic data set with path and hash of each image and kind of its parent.

    Further columns tell what a passport implies, as `passport_words.with_implied` does.

    Raises:
        InputError: If there is none of this name, or a part of it is gone.
    """
    place = resources.workspace()
    parents = place.radiographs(card(name).dataset)
    paths = (place.passports(name), place.radiographs(name), parents)
    if not paths[1].exists():
        msg = f"Expected the images of {name!r}, found none; {synthetic.ANEW}."
        raise InputError(msg, field="synthetic")
    return _pairs(name, tuple((str(path), path.stat().st_mtime_ns if path.exists() else 0) for path in paths))


@st.cache_data(max_entries=8, show_spinner=False)
def _pairs(name: str, key: tuple[tuple[str, int], ...]) -> pd.DataFrame:
    place = resources.workspace()
    table = synthetic.passports(place, name)
    own = resources.radiographs(name).set_index("image_id")
    for column in ("path", "sha256"):
        table[column] = table["image_id"].map(own[column])
    table["source"] = "synthetic"
    kinds = own[synthetic.PARENT_SOURCE] if synthetic.PARENT_SOURCE in own else pd.Series(dtype=object)
    table["parent_source"] = table["image_id"].map(kinds)
    return passport_words.with_implied(table)


def film(dataset: str, image_id: str) -> dict[str, Any] | None:
    """Return a film's row of the radiographs table, or None where its data set has it no longer."""
    place = resources.workspace().radiographs(dataset)
    if not place.exists():
        return None
    rows = _by_id(str(place), place.stat().st_mtime_ns)
    return rows.loc[image_id].to_dict() | {"image_id": image_id} if image_id in rows.index else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _by_id(path: str, modified_ns: int) -> pd.DataFrame:
    return files.read_parquet(Path(path)).set_index("image_id")


def realism(name: str) -> RealismReport | None:
    """Return the realism report of a synthetic data set, or None where none was made.

    Raises:
        InputError: If it was written by another version.
    """
    place = resources.workspace()
    return realism_store.load(place, name) if realism_store.path_of(place, name).exists() else None


def dose_reports(name: str) -> tuple[list[DoseReport], list[str]]:
    """Return the dose-response reports of a synthetic data set, the newest first, and why others cannot be read.

    Of whose images one of those is cannot be told, so they are named on the page of each set.
    """
    place = resources.workspace()
    own, unreadable = [], []
    for report_id in report_store.report_ids(place, dose_report.PREFIX):
        try:
            report = dose_store.load(place, report_id)
        except InputError as error:
            unreadable.append(str(error))
            continue
        if report.synthetic == name:
            own.append(report)
    return sorted(own, key=lambda report: report.created_at, reverse=True), unreadable


def generators() -> list[dict[str, Any]]:
    """Return the cards of the trained generators, the newest first."""
    place = resources.workspace()
    ids = cards.checkpoint_ids(place, task=cards.TRANSLATION)
    return [cards.read_card(place, one, task=cards.TRANSLATION) for one in ids]


def history(checkpoint_id: str) -> pd.DataFrame:
    """Return what was measured while a generator learnt.

    Raises:
        InputError: If there is no such checkpoint.
    """
    return cards.read_history(resources.workspace(), checkpoint_id)


def samples(folder: Path) -> Samples | None:
    """Return the pictures of a training in its checkpoint's folder, or in that of its run; None without any.

    Raises:
        InputError: If what they show is damaged.
    """
    paths = [path for path in sorted(folder.glob("sample-*.png")) if path.stem.removeprefix("sample-").isdigit()]
    if not paths or not (folder / SAMPLES).exists():
        return None
    about = files.read_json(folder / SAMPLES)
    steps = {int(path.stem.removeprefix("sample-")): path for path in paths}
    return Samples(films=tuple(about["films"]), tile=int(about["tile"]), steps=steps)


def sample_tile(found: Samples, step: int, *, column: int, row: int) -> bytes:
    """Return one picture of a training as JPEG.

    Args:
        found: The pictures.
        step: After which it was made.
        column: Of the film, from 0.
        row: Of `training_strip.ROWS`, from 0.

    Raises:
        InputError: If the pictures are gone by now, or damaged.
    """
    path = found.steps[step]
    try:
        return _cut(str(path), path.stat().st_mtime_ns, column, row, found.tile)
    except (OSError, ValueError):
        raise _lost(path, step) from None


def sample_grid(found: Samples, step: int) -> bytes:
    """Return all pictures of a step of a training as PNG, their marks drawn in.

    Raises:
        InputError: If they are gone by now: a training that ends moves them into its checkpoint.
    """
    path = found.steps[step]
    try:
        return path.read_bytes()
    except OSError:
        raise _lost(path, step) from None


def _lost(path: Path, step: int) -> InputError:
    return InputError(f"Expected the pictures of step {step:,} in {path.name}, found them gone or damaged; look again.")


@st.cache_data(max_entries=400, max_size="50MB", show_spinner=False)
def _cut(path: str, modified_ns: int, column: int, row: int, edge: int) -> bytes:
    with Image.open(path) as picture:
        return training_strip.tile(picture, column=column, row=row, edge=edge)


def pair_picture(image: Mapping[str, Any], film: Mapping[str, Any] | None, *, size: int) -> bytes | None:
    """Return a film beside its translation as a small marked JPEG, or None where the translation has no file.

    Args:
        image: The translation: `path` and `sha256`.
        film: The row of the film it was made from; None where it is gone, then the translation stands alone.
        size: Edge of each square in pixels.
    """
    if pd.isna(image["path"]) or pd.isna(image["sha256"]):
        return None
    known = film is not None and pd.notna(film["path"]) and pd.notna(film["sha256"])
    origin = (str(film["sha256"]), str(film["source"])) if film is not None and known else None
    return _pair_picture(str(image["sha256"]), origin, size, thumbnails.STYLE, image, film)


@st.cache_data(max_entries=2000, max_size="100MB", show_spinner=False)
def _pair_picture(
    sha256: str,
    origin: tuple[str, str] | None,
    size: int,
    style: int,
    _image: Mapping[str, Any],
    _film: Mapping[str, Any] | None,
) -> bytes | None:
    made = resources.film_pixels(_image)
    if made is None:
        return None
    pixels = None if origin is None or _film is None else resources.film_pixels(_film)
    if origin is None or pixels is None:
        return thumbnails.draw(made, size=size, mark=synthesis.GENERATED)
    return synthesis.pair_jpeg(pixels, made, mark=thumbnails.MARKS.get(origin[1]), size=size)


def pixels_at(film: dict[str, Any], size: int) -> np.ndarray | None:
    """Return a film as the generator saw it: squashed to a square `(size, size)` `uint8`; None without its file."""
    found = resources.film_pixels(film)
    return None if found is None else pixel_cache.fit_square(found, size=size)
