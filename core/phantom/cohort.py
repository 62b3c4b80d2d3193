"""The embedded data set: a cohort of phantom radiographs in NIH form, with truth beside it.

How hard it is, measured with `core.training` on 600 patients (seed 0, 256 px; patient split of seed
0): the CNN learnt from scratch on 525 films of 300 patients with the noisy report labels, and was
measured on 204 films of 120 others against the adjudicated label. AUROC, the mean of three seeds:
0.966 at 128 px after 40 epochs (0.954, 0.962, 0.981), 0.866 at 64 px after 25 (0.852, 0.860, 0.886).
Size drives the difficulty: at 64 px it was 0.78 for air of up to 5 % of the hemithorax, 0.88 for 5 to
15 % and 0.94 for more. So do the mimics: against all positives it was 0.87 for films without any,
0.83 for those with a skin fold and 0.75 for those with a bulla.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image, PngImagePlugin

from core.base import files
from core.base.errors import InputError
from core.base.progress import track
from core.phantom.film import quality, quality_reasons
from core.phantom.lungs import size_share
from core.phantom.pneumothorax import size_at_hilum
from core.phantom.projection import render
from core.phantom.story import PlannedFilm, plan

RENDERER = 2  # raised when the same plan gives other pixels
SIZES = (32, 2048)  # pixels
TABLE, TRUTH, PARAMETERS = "Data_Entry_2017_v2020.csv", "truth.csv", "cohort.json"
_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
_TOO_FEW_FOR_PROCESSES = 24  # films; starting a process costs as much as rendering these


@dataclass(frozen=True, kw_only=True)
class CohortSummary:
    """What a cohort holds, and how much of it was rendered by this call."""

    folder: Path
    patients: int
    films: int
    rendered: int  # by this call; the rest was there
    with_pneumothorax: int  # films, adjudicated
    patients_with_pneumothorax: int


def write_cohort(
    out: Path,
    *,
    patients: int,
    size: int,
    seed: int,
    reader_size: int | None = None,
    processes: int | None = None,
) -> CohortSummary:
    """Write a cohort: `images/`, `masks/`, `lungs/`, `drains/`, the NIH table, and `truth.csv`.

    A call that was stopped is taken up where it ended, and a cohort without `lungs/` or `drains/`
    gets them. The same arguments give the same bytes, whatever the number of processes.

    Args:
        out: A new or empty folder, or one that holds this very cohort.
        patients: How many.
        size: Pixels of a film's side.
        seed: Of everything that is drawn at random.
        reader_size: Pixels for the films of patients whom readers will see, the `test` part of
            the patient split of seed 0; `size` if not given.
        processes: How many render at once; one a core if not given.

    Raises:
        InputError: If an argument is out of range, or `out` holds something else.
        Cancelled: If the job was asked to stop.
    """
    _check(patients=patients, size=size, seed=seed, reader_size=reader_size)
    out = Path(out)
    _claim(out, {"renderer": RENDERER, "patients": patients, "size": size, "seed": seed, "reader_size": reader_size})
    films = plan(patients, seed)
    larger = _patients_of_readers(films) if reader_size else set()
    sizes = {film.name: reader_size if reader_size and film.patient in larger else size for film in films}
    missing = [film for film in films if not _is_there(out, film)]
    tasks = [(out, film, sizes[film.name]) for film in missing]
    done = len(films) - len(missing)
    for _ in track(_rendered(tasks, processes), "Rendering films", total=len(films), unit="films", start=done):
        pass
    files.write_text(out / TABLE, _nih_table(films, sizes))
    files.write_text(out / TRUTH, truth_table(films).to_csv(index=False, lineterminator="\n"))
    positive = [film for film in films if film.film.air]
    return CohortSummary(
        folder=out,
        patients=patients,
        films=len(films),
        rendered=len(missing),
        with_pneumothorax=len(positive),
        patients_with_pneumothorax=len({film.patient for film in positive}),
    )


def truth_table(films: list[PlannedFilm]) -> pd.DataFrame:
    """Return what is true of each planned film, one row a film.

    Sizes are 0 without a pneumothorax; the quality columns lie in [0, 1], 1 faultless.
    """
    return pd.DataFrame([_truth(film) for film in films])


def _truth(planned: PlannedFilm) -> dict[str, str | int | float]:
    film, air = planned.film, planned.film.air
    mimics = ["skin fold" for _ in film.folds[:1]] + ["bulla" for _ in planned.anatomy.bullae[:1]]
    if film.view == "AP" and film.pose.arms_out > 0.7:
        mimics.append("scapular border")
    if film.drain and not air:
        mimics.append("drain without pneumothorax")
    share = size_share(planned.anatomy, air, inspiration=film.inspiration) if air else 0.0
    return {
        "image_id": planned.name,
        "label": int(air is not None),
        "side": {0: "", -1: "right", 1: "left"}[air.side if air else 0],
        "size_share": round(share, 4),
        "size_apex_mm": round(air.apex, 1) if air else 0.0,
        "size_hilum_mm": round(size_at_hilum(planned.anatomy, air), 1) if air else 0.0,
        "drain": int(film.drain != 0),
        **{name: round(value, 4) for name, value in quality(film).items()},
        "quality_reasons": quality_reasons(film),
        "mimics": "|".join(mimics),
        "kind": air.kind if air else "",
        "supine": int(film.supine),
    }


def _nih_table(films: list[PlannedFilm], sizes: dict[str, int]) -> str:
    text = io.StringIO()
    text.write(_HEADER + "\n")
    rows = csv.writer(text, lineterminator="\n")
    for film in films:
        size = sizes[film.name]
        spacing = round(film.film.field / size, 4)
        about = (film.follow_up, film.patient, film.age_years, film.anatomy.sex, film.film.view)
        rows.writerow([film.name, "|".join(film.findings), *about, size, size, spacing, spacing])
    return text.getvalue()


def _patients_of_readers(films: list[PlannedFilm]) -> set[int]:
    from core.data.splits import assign_patients

    radiographs = pd.DataFrame(
        {
            "image_id": [film.name for film in films],
            "patient_id": [str(film.patient) for film in films],
            "label": [int(film.reported) for film in films],
            "view": [film.film.view for film in films],
        }
    )
    assignment = assign_patients(radiographs, seed=0)
    return {int(patient) for patient in assignment.index[assignment["part"] == "test"]}


def _rendered(tasks: list[tuple[Path, PlannedFilm, int]], processes: int | None) -> Iterator[None]:
    """Render in this process or in several, one step a film."""
    workers = min(processes or os.cpu_count() or 1, max(len(tasks), 1))
    if workers == 1 or (processes is None and len(tasks) < _TOO_FEW_FOR_PROCESSES):
        for task in tasks:
            _write_film(*task)
            yield
        return
    # Started anew on every system: a forked process may inherit locks that nobody releases.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
        pending: list[Future[None]] = [pool.submit(_write_film, *task) for task in tasks]
        try:
            for future in as_completed(pending):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one_thread() -> None:
    cv2.setNumThreads(1)  # the processes share the cores already


def _write_film(out: Path, planned: PlannedFilm, size: int) -> None:
    picture = render(planned.anatomy, planned.film, size)
    regions = {"masks": picture.mask, "lungs": picture.lungs, "drains": picture.drain}
    for kind in _regions_of(planned):
        files.write_bytes(out / kind / planned.name, _png(regions[kind].astype(np.uint8) * 255))
    files.write_bytes(out / "images" / planned.name, _png(picture.pixels))  # last: it says the film is done


def _regions_of(planned: PlannedFilm) -> list[str]:
    """Return the folders of the regions that a film has."""
    there = {"masks": planned.film.air is not None, "lungs": True, "drains": planned.film.drain != 0}
    return [kind for kind, has in there.items() if has]


def _png(pixels: np.ndarray) -> bytes:
    about = PngImagePlugin.PngInfo()
    about.add_text("PleuraScope", "phantom")
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG", pnginfo=about, compress_level=4)
    return content.getvalue()


def _is_there(out: Path, film: PlannedFilm) -> bool:
    return all((out / kind / film.name).exists() for kind in ("images", *_regions_of(film)))


def _claim(out: Path, parameters: dict[str, int | None]) -> None:
    """Make sure that a folder holds this cohort or nothing.

    Raises:
        InputError: If it holds another one, or other files.
    """
    note = out / PARAMETERS
    if note.exists():
        found = files.read_json(note)
        if found != parameters:
            differing = [f"{name} {found.get(name)}" for name in parameters if found.get(name) != parameters[name]]
            msg = (
                f"Expected {out} to be new or to hold the cohort that was asked for, found one with "
                f"{', '.join(differing)}; choose another folder or delete this one."
            )
            raise InputError(msg)
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = f"Expected {out} to be a new or empty folder, found other files in it; choose another folder."
        raise InputError(msg)
    files.write_json(note, parameters)


def _check(*, patients: int, size: int, seed: int, reader_size: int | None) -> None:
    if patients < 1:
        msg = f"Expected at least one patient, found {patients}; give a larger number."
        raise InputError(msg)
    if seed < 0:
        msg = f"Expected a seed of 0 or more, found {seed}; choose another."
        raise InputError(msg)
    for pixels in (size, reader_size):
        if pixels is not None and not SIZES[0] <= pixels <= SIZES[1]:
            msg = f"Expected a size of {SIZES[0]} to {SIZES[1]} pixels, found {pixels}; choose one in that range."
            raise InputError(msg)
