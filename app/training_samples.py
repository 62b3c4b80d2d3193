"""What a CycleGAN's translations look like while it learns: the newest picture large, earlier ones as a strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from app import resources
from app.synthesis_resources import SAMPLES, Samples
from core.base import files
from core.figures import training_strip

if TYPE_CHECKING:
    from pathlib import Path

    from core.jobs.job import Job

RUN = "run"  # where a training keeps its pictures in the job's folder until its checkpoint has them
TRANSLATION = training_strip.ROWS.index("translation")
READ_BY = (
    "Each column is a film; below it its translation, and the translation there and back. The first columns are films "
    "without finding, translated to pneumothorax, the others the other way. GENERATED is invented by the network: it "
    "may add or remove disease."
)


def kept(folder: Path) -> Samples | None:
    """Return the pictures that a training has left in a folder so far, or None."""
    paths = [path for path in folder.glob("sample-*.png") if path.stem.removeprefix("sample-").isdigit()]
    if not paths or not (folder / SAMPLES).exists():
        return None
    about = files.read_json(folder / SAMPLES)
    steps = {int(path.stem.removeprefix("sample-")): path for path in sorted(paths)}
    return Samples(films=tuple(about["films"]), tile=int(about["tile"]), steps=steps)


def of_job(job: Job) -> Samples | None:
    """Return the pictures of a job's training: of its checkpoint once that is made, else of its run."""
    made = (job.made or {}).get("checkpoint_id")
    found = None if made is None else kept(resources.workspace().checkpoint(made))
    return found or kept(resources.workspace().job(job.job_id) / RUN)


def draw(job: Job) -> None:
    """Draw the newest picture of a training, and the first film of each domain as it was translated before."""
    found = of_job(job)
    if found is None:
        lost = (
            "Its pictures are not kept any more." if job.finished else "The first translations appear with the curves."
        )
        st.caption(lost)
        return
    *earlier, newest = found.steps
    st.image(str(found.steps[newest]), width="stretch", alt=f"Films, translations, and back again at step {newest:,}")
    st.caption(f"Step {newest:,}. {READ_BY}")
    if not earlier:
        return
    shown = training_strip.strip_steps([*earlier, newest])
    with st.grid(columns=len(shown), gap="xsmall", key="training.strip"):
        for step in shown:
            with st.container(gap=None):
                for column in _first_columns(found):
                    way = "to pneumothorax" if found.films[column]["domain"] == "A" else "to No Finding"
                    st.image(_tile(found, step, column), width="stretch", alt=f"Translated {way} at step {step:,}")
                st.caption(f"{step:,}")
    st.caption("The first film of either kind, translated at each of these steps.")


def _first_columns(found: Samples) -> list[int]:
    """Return the first column of each domain."""
    domains = [film["domain"] for film in found.films]
    return [domains.index(domain) for domain in dict.fromkeys(domains)]


def _tile(found: Samples, step: int, column: int) -> bytes:
    path = found.steps[step]
    return _cut(str(path), path.stat().st_mtime_ns, column, found.tile)


@st.cache_data(max_entries=200, max_size="20MB", show_spinner=False)
def _cut(path: str, modified_ns: int, column: int, edge: int) -> bytes:
    with Image.open(path) as picture:
        return training_strip.tile(picture, column=column, row=TRANSLATION, edge=edge)
