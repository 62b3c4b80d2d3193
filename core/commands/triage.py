"""`triage CHECKPOINT`: which films of a part need a human, by a budget or by a limit on missed cases."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from core.base import progress
from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace, checked_name
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.evaluation import side_by_side
from core.models import cards
from core.review import rights
from core.triage import cases, decision, evidence, signals, words
from core.triage.worklists import Worklist, Worklists

if TYPE_CHECKING:
    from core.evaluation.points_in_force import InForce
    from core.triage.bench import Bench
    from core.triage.cases import Counts
    from core.triage.decision import Chosen, Policy
    from core.triage.evidence import Evidence


class TriageArguments(Config):
    """Part films into suspected, unsure and not suspected. Predictions of val and of the part must have been made."""

    checkpoint: str = Field(description="Checkpoint id.")
    dataset: str = Field(description="Data set the predictions were made for.")
    split: str = Field(description="Split of the data set.")
    part: Literal["train", "val", "test"] = Field(description="Part whose films are parted.")
    budget: float | None = Field(
        None, ge=0, description="Films that may be unsure: a share from 0 to 1, or above 1 a number a day."
    )
    films_a_day: float = Field(100, gt=0, description="Films a day, to turn a number a day into a share.")
    max_missed: float | None = Field(
        None, gt=0, lt=1, description="Limit on missed cases: positives not suspected, of all positives."
    )
    confidence: float = Field(0.9, gt=0, lt=1, description="With which the limit holds.")
    truth: str = Field("report", description="Source of the labels that count as the reference standard.")
    worklist: str | None = Field(None, description="Save the result as a worklist of this name.")
    read_mode: Literal["open", "blinded"] = Field(
        "open", description="Whether the worklist shows zones, or nothing of the model before an answer."
    )
    readers: tuple[str, ...] = Field((), description="Names of those who all read it, hidden from each other.")
    figures: GivenPath | None = Field(None, description="Folder for figures, case pages and a table.")


def run(given: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(TriageArguments, given, prog="python -m core triage", positional=("checkpoint",))
    if (arguments.budget is None) == (arguments.max_missed is None):
        given_are = "neither" if arguments.budget is None else "both"
        msg = f"Expected either --budget or --max-missed, found {given_are}; name one of them."
        raise InputError(msg, field="budget")
    share = _share(arguments)
    workspace = Workspace()
    card = cards.read_card(workspace, arguments.checkpoint)
    place = (arguments.dataset, arguments.split)
    progress.announce("Reading predictions and signals")
    point = evidence.in_force(workspace, card)  # read once: what is chosen, shown and saved has one cut
    truth, cut = arguments.truth, point.threshold.value
    val = evidence.load(workspace, card, *place, "val", truth=truth, cut=cut)
    shown = val
    if arguments.part != "val":
        shown = evidence.load(workspace, card, *place, arguments.part, truth=truth, cut=cut)
    progress.announce("Finding the signal that tells wrong calls, on the fold tune")
    chosen = decision.choose(val.fold("tune"))
    if share is not None:
        policy = decision.by_budget(chosen, shown, share=share)
    else:
        assert arguments.max_missed is not None  # noqa: S101 (one of the two was given)
        policy = decision.by_limit(
            chosen,
            val.fold("tune"),
            val.fold("certify"),
            max_missed=arguments.max_missed,
            confidence=arguments.confidence,
            refused=evidence.may_be_known(workspace, val),
        )
    table = cases.cases(shown, policy)
    came = _Found(
        arguments=arguments,
        point=point,
        shown=shown,
        chosen=chosen,
        policy=policy,
        counts=cases.counts(table),
        measured=chosen.measured_on(shown) if arguments.part == "test" and shown.errors.any() else None,
    )
    if arguments.worklist is not None:
        Worklists(workspace).save(_worklist(came))
    made, summary = came.made(), came.summary()
    if arguments.figures is not None:
        from core.commands import drawn  # Plotly and the browser only where they are asked for

        written = drawn.write(workspace, chosen, val.fold("tune"), shown, policy, folder=arguments.figures)
        made["figures"] = [str(path) for path in written]
        summary += f"\n  {len(written)} files written to {arguments.figures}"
    return Outcome(summary=summary, made=made)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What came out, and how it is told."""

    arguments: TriageArguments
    point: InForce
    shown: Evidence
    chosen: Chosen
    policy: Policy
    counts: Counts
    measured: Bench | None  # what tune chose, on test

    def made(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        certificate, counts = self.policy.certificate, self.counts
        return {
            **{name: getattr(self.arguments, name) for name in ("dataset", "split", "part", "truth", "worklist")},
            "checkpoint_id": self.arguments.checkpoint,
            "certified": bool(certificate and certificate.certified),
            "positives_needed": None if certificate is None else certificate.positives_needed,
            "films": counts.films,
            "zones": {"suspected": counts.suspected, "unsure": counts.unsure, "not_suspected": counts.not_suspected},
            "policy": self.policy.to_dict(),
            "missing_signals": self.shown.missing,
            "bench": {
                "tune": self.chosen.bench.to_dict(),
                "test": None if self.measured is None else self.measured.to_dict(),
            },
        }

    def summary(self) -> str:
        """Return it for a person to read."""
        arguments, counts = self.arguments, self.counts
        lines = [
            f"{arguments.checkpoint} on {arguments.dataset}/{arguments.split}, {arguments.part}: {counts.films} films, "
            f"{counts.suspected} suspected, {counts.unsure} unsure, {counts.not_suspected} not suspected.",
            f"  cut: {self.shown.cut:.4f} ({self.point.said})",
            f"  unsure by: {signals.title(self.chosen.signal)}, chosen on tune",
            f"  tune: {self.chosen.bench.verdict}",
        ]
        if self.measured is not None:
            own = next(row for row in self.measured.rows if row.signal == self.measured.winner)
            lines += [
                f"  test: error-detection AUROC {side_by_side.words(own.error_auroc)}",
                f"  test: {self.measured.verdict}",
            ]
        lines.append(f"  {words.limit(self.policy, self.shown.scope)}")
        lines += [f"  missing: {signals.title(name)}: {why}" for name, why in self.shown.missing.items()]
        if arguments.worklist is not None:
            lines.append(f"  saved as the worklist {arguments.worklist!r}")
        return "\n".join(lines)


def _worklist(found: _Found) -> Worklist:
    card, arguments = found.shown.card, found.arguments
    return Worklist(
        name=checked_name(str(arguments.worklist), "worklist"),
        checkpoint_id=card["checkpoint_id"],
        weights_sha256=card["weights_sha256"],
        dataset=arguments.dataset,
        split=arguments.split,
        part=arguments.part,
        truth=arguments.truth,
        policy=found.policy.to_dict(),
        cut=found.shown.cut,
        cut_from=found.point.said,
        read_mode=arguments.read_mode,
        readers=rights.checked_readers(arguments.readers),
        created_at=time.time(),
        created_by="command line",
    )


def _share(arguments: TriageArguments) -> float | None:
    """Return the budget as a share of the films."""
    budget = arguments.budget
    if budget is None or budget <= 1:
        return budget
    if budget > arguments.films_a_day:
        msg = (
            f"Expected a budget of at most the {arguments.films_a_day:g} films a day, found {budget:g}; lower it or "
            "raise --films-a-day."
        )
        raise InputError(msg, field="budget")
    return budget / arguments.films_a_day
