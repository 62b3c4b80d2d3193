"""`realism SYNTHETIC`: how far a synthetic data set can be told from films."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import synthetic
from core.evaluation.side_by_side import words as told

if TYPE_CHECKING:
    from core.evaluation.realism_report import RealismReport


class RealismArguments(Config):
    """Measure a synthetic data set against films, on parents that its generator did not see."""

    synthetic: str = Field(description="Data set of synthetic images, made by `translate`.")
    dataset: str | None = Field(None, description="Data set of the films; left out, the one that was translated.")
    split: str | None = Field(
        None, description="Split whose parts are kept apart; left out, the one that was translated."
    )
    epochs: int = Field(
        20, ge=1, le=1000, description="Most epochs of the real-vs-synthetic classifier, which is trained if none fits."
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Number from which all that is random follows.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(RealismArguments, words, prog="python -m core realism", positional=("synthetic",))
    workspace = Workspace()
    synthetic.card(workspace, arguments.synthetic)
    progress.announce("Loading the libraries")
    from core.synthesis import realism  # torch: only now, so that bad input is told at once

    report = realism.measure(
        workspace,
        arguments.synthetic,
        arguments.dataset,
        split=arguments.split,
        epochs=arguments.epochs,
        seed=arguments.seed,
    )
    made = {
        "report_id": report.report_id,
        "synthetic": report.synthetic,
        "dataset": report.dataset,
        "split": report.split,
        "checkpoint_id": report.origin.checkpoint_id,
        "report": report.to_dict(),
    }
    return Outcome(summary=_summary(report), made=made)


def _summary(report: RealismReport) -> str:
    kinds = " + ".join(f"{count} {kind}" for kind, count in report.kinds.items())
    lines = [
        f"{report.synthetic} ({report.direction}, by {report.generator_id}) on {report.dataset}/{report.split}:",
        f"  {report.images} images of {report.image_patients} patients against {report.films} films of "
        f"{report.film_patients}, none of whom the generator saw (parents and films: {kinds})",
        f"  told from films    {told(report.origin.auroc)}  (AUROC; 0.5 is indistinguishable)",
        f"  there and back     {told(report.origin.auroc_reconstructed)}  (control: the generators' texture alone)",
        *_in_features(report),
        f"  spectrum           {report.spectrum.gap_synthetic:.3f} decades from that of films, there and back "
        f"{report.spectrum.gap_reconstructed:.3f}",
        *_regions(report),
        *_arms(report),
        f"  memorised          {report.memorised} of {report.images} images: a training film is nearer than the parent",
        *(f"  note: {note}" for note in report.notes),
    ]
    return "\n".join(lines)


def _in_features(report: RealismReport) -> list[str]:
    if report.classifier_id is None:
        return [f"  FID, KID, precision, recall, shift: none. {report.classifier_reason}"]
    return [
        f"  in the features of {report.classifier_id}, not Inception's:",
        f"  KID                {told(report.kid)}",
        f"    there and back   {told(report.kid_reconstructed)}",
        f"    films to films   {told(report.kid_films)}",
        f"  FID                {told(report.fid)}",
        f"  precision          {told(report.precision)}",
        f"  recall             {told(report.recall)}",
        f"  probability moved  {told(report.shift, sign='+')}",
    ]


def _regions(report: RealismReport) -> list[str]:
    lines = []
    for region in report.regions:
        even = "" if region.area is None else f" (of an even change {region.area:.3f})"
        lines += [
            f"  change in {region.name:<8} {told(region.inside)} of it{even}",
            f"    more than back   {told(region.more)} of {region.images} images: more than there and back changes",
        ]
    return lines


def _arms(report: RealismReport) -> list[str]:
    if not report.arms:
        return ["  fingerprint test   none: no classifier learnt from these images"]
    return [
        f"  fingerprint, {arm.name:<9} {told(arm.shift, sign='+')} there and back"
        + ("" if arm.name == "none" else f", against none {told(arm.shift_against_none, sign='+')}")
        + f" ({arm.checkpoint_id}, {arm.synthetic_films} synthetic films)"
        for arm in report.arms
    ]
