"""`phantom OUT`: the embedded data set, computed."""

from __future__ import annotations

from pydantic import Field

from core.base.config import Config, GivenPath
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.phantom import cohort


class PhantomArguments(Config):
    """Write a data set of computed radiographs with known truth, in the form of NIH ChestX-ray14."""

    out: GivenPath = Field(description="Folder to write into.")
    patients: int = Field(600, ge=1, le=100_000, description="Number of patients; each has one to six films.")
    size: int = Field(256, ge=32, le=1024, description="Width and height of a film in pixels.")
    seed: int = Field(0, ge=0, description="The same seed gives the same bytes.")
    reader_size: int | None = Field(
        None, ge=32, le=1024, description="Size of the films that readers see (the test part of the seed-0 split)."
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(PhantomArguments, words, prog="python -m core phantom", positional=("out",))
    out = arguments.out.resolve()
    summary = cohort.write_cohort(
        out,
        patients=arguments.patients,
        size=arguments.size,
        seed=arguments.seed,
        reader_size=arguments.reader_size,
    )
    return Outcome(
        summary=(
            f"{summary.films} films of {summary.patients} patients in {out}, "
            f"{summary.with_pneumothorax} with a pneumothorax in {summary.patients_with_pneumothorax} patients."
        ),
        made={
            "out": str(out),
            "csv": str(out / cohort.TABLE),
            "films": summary.films,
            "patients": summary.patients,
            "with_pneumothorax": summary.with_pneumothorax,
            "patients_with_pneumothorax": summary.patients_with_pneumothorax,
        },
    )
