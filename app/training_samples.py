"""What a CycleGAN's translations look like while it learns: the newest picture large, earlier ones as a strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app import resources, synthesis_resources
from app.plain import plain
from core.base.errors import InputError
from core.figures import training_strip

if TYPE_CHECKING:
    from app.synthesis_resources import Samples
    from core.jobs.job import Job

RUN = "run"  # where a training keeps its pictures in the job's folder until its checkpoint has them
TRANSLATION = training_strip.ROWS.index("translation")
READ_BY = (
    "Each column is a film; below it its translation, and the translation there and back. The first columns are films "
    "without finding, translated to pneumothorax, the others the other way. GENERATED is invented by the network: it "
    "may add or remove disease."
)


def of_job(job: Job) -> Samples | None:
    """Return the pictures of a job's training: of its checkpoint once that is made, else of its run."""
    made = (job.made or {}).get("checkpoint_id")
    found = None if made is None else synthesis_resources.samples(resources.workspace().checkpoint(made))
    return found or synthesis_resources.samples(resources.workspace().job(job.job_id) / RUN)


def draw(job: Job) -> None:
    """Draw the newest picture of a training, and the first film of each domain as it was translated before."""
    try:
        _draw(job, of_job(job))
    except InputError as error:
        st.warning(plain(error))


def _draw(job: Job, found: Samples | None) -> None:
    if found is None:
        lost = (
            "Its pictures are not kept any more." if job.finished else "The first translations appear with the curves."
        )
        st.caption(lost)
        return
    *earlier, newest = found.steps
    grid = synthesis_resources.sample_grid(found, newest)
    st.image(grid, width="stretch", alt=f"Films, translations, and back again at step {newest:,}")
    st.caption(f"Step {newest:,}. {READ_BY}")
    if not earlier:
        return
    shown = training_strip.strip_steps([*earlier, newest])
    with st.grid(columns=len(shown), gap="xsmall", key="training.strip"):
        for step in shown:
            with st.container(gap=None):
                for column in _first_columns(found):
                    way = "to pneumothorax" if found.films[column]["domain"] == "A" else "to No Finding"
                    st.image(
                        synthesis_resources.sample_tile(found, step, column=column, row=TRANSLATION),
                        width="stretch",
                        alt=f"Translated {way} at step {step:,}",
                    )
                st.caption(f"{step:,}")
    st.caption("The first film of either kind, translated at each of these steps.")


def _first_columns(found: Samples) -> list[int]:
    """Return the first column of each domain."""
    domains = [film["domain"] for film in found.films]
    return [domains.index(domain) for domain in dict.fromkeys(domains)]
