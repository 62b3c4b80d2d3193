"""From predictions of the films of test to the report on what reads brought, of real readers or of a simulated one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.commands import measuring
from core.data import radiographs, split_store, truth
from core.evaluation import comparison_store, loop_curve, loop_store, prediction_store, report_store, side_by_side
from core.evaluation.comparison import ALPHA, Aligned, Comparison, align, auroc_differences, compare
from core.evaluation.loop_report import BeforeAfter, Compared, LoopReport, Simulated
from core.evaluation.measures import auroc as auroc_of

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.inference.loop_simulated import Simulation, Wanted
    from core.review.loop import NewLabels

PART = "test"
SHOWN = ("auroc", "average_precision", "brier", "sensitivity", "specificity")
AFTER, BEFORE = "the classifier after", "the one before"  # in a verdict
BIASED = (
    "The films of test that were read were chosen by a model, so what is measured on them alone does not hold for all "
    "of test."
)
ONE_SEED = (
    "Both classifiers have the seed and options of the one before. The interval is for other patients: another seed "
    "moves the AUROC too, and is not part of it."
)
AT_CUTS = "Sensitivity and specificity are each at the classifier's own cut."
FROZEN = (
    "No film of test teaches, and none chooses an epoch, a cut or a calibration; all arms are measured on the same."
)
INTERVALS = (
    "The interval of an arm's mean is for other patients and these seeds; that of a difference or slope, and its p "
    "value, for other patients and other seeds. The gain for 100 reads is the slope over all arms; its two questions, "
    "whether reads help and whether it matters which, were asked before anything was measured."
)
HEADS = (
    "Heads alone learn from the reads, on the features of the network that began: what that network does not see in a "
    "film no read can teach it. --whole lets whole networks learn."
)
TUNE = "Best epoch and calibration come from the fold tune with all its labels, alike in every arm."


def refuse_unmeasurable(workspace: Workspace, dataset: str, split: str, source: str) -> None:
    """Refuse a source of labels by which no AUROC can be measured on test, before anything is trained.

    Raises:
        InputError: If it does not exist, or does not know both classes there.
    """
    parts = split_store.load(workspace, dataset, split)
    test = parts.loc[parts["part"] == PART, "image_id"]
    known = test.map(truth.labels(workspace, dataset, source))
    if known.nunique() < 2:
        msg = (
            f"Expected films of {PART} with and without a pneumothorax by {source!r}, found {int((known == 1).sum())} "
            f"with and {int((known == 0).sum())} without in split {split!r}; choose another --truth."
        )
        raise InputError(msg, field="truth")


def of_reads(
    workspace: Workspace, before: dict[str, Any], after: dict[str, Any], *, new: NewLabels, source: str
) -> LoopReport:
    """Compare a classifier before and after it learnt labels of readers, and keep the report.

    Args:
        workspace: Where the predictions of test lie.
        before: Its card before.
        after: Its card after.
        new: What readers changed in the labels.
        source: Of the labels that count as the reference standard.

    Raises:
        InputError: If predictions are missing or stale, or there are no labels.
    """
    place = {"dataset": before["dataset"], "split": before["split"], "part": PART, "truth": source}
    question = measuring.Question.from_dict(place)
    names = {after["checkpoint_id"]: AFTER, before["checkpoint_id"]: BEFORE}
    aligned = _aligned(workspace, [after, before], truth.labels(workspace, question.dataset, source), source)
    reports = {}
    for name in names:
        own = measuring.subject(workspace, name)
        reports[name] = measuring.kept(workspace, own, question) or measuring.measure(workspace, own, question)
    thresholds = {name: one.threshold.value if one.threshold else None for name, one in reports.items()}
    split_sha256 = split_store.certificate(workspace, place["dataset"], place["split"])["table_sha256"]
    if len(names) < 2:  # the same labels for all that was learnt from: the same classifier
        measures = []
        verdict = "The new labels made the same classifier: nothing that it learnt from had changed."
    else:
        found = compare(aligned, names=names, thresholds=thresholds, **place, split_sha256=split_sha256)
        comparison_store.save(workspace, found)
        both = [reports[card["checkpoint_id"]].metrics for card in (before, after)]
        measures = [
            Compared(metric=one.metric, before=both[0][one.metric], after=both[1][one.metric], difference=one)
            for one in found.differences
            if one.metric in SHOWN
        ]
        verdict = _verdict(found)
    by_reads, films = _by_reads(workspace, before, after, new.test)
    report = LoopReport(
        report_id=loop_store.report_name(before["checkpoint_id"]),
        **_about(before, aligned, source, split_sha256),
        before_after=BeforeAfter(
            after=after["checkpoint_id"],
            labels=new.replaced,
            measures=measures,
            by_reads=by_reads,
            by_reads_films=films,
        ),
        sentence=f"Trained again with {new.changed:,} changed labels. {verdict}",
        notes=[ONE_SEED, AT_CUTS, *([BIASED] if films else []), *_told_label(new.replaced.seen_counterfactual)],
    )
    report_store.save(workspace, report)
    return report


def simulated(workspace: Workspace, card: dict[str, Any], wanted: Wanted, found: Simulation) -> LoopReport:
    """Measure the arms of a simulation, and keep the report.

    Args:
        workspace: Where the data set lies.
        card: Of the checkpoint that was simulated.
        wanted: What was simulated.
        found: What came of it.
    """
    dataset, split = card["dataset"], card["split"]
    rows = found.test[["image_id", "patient_id", "label"]]
    aligned = align(
        {name: rows.assign(probability=values) for name, values in found.probabilities.items()},
        radiographs.load(workspace, dataset),
        labels=truth.labels(workspace, dataset, wanted.truth),
        truth=wanted.truth,
    )
    curve = loop_curve.curve(aligned, found.arms)
    fewer = [one for one in wanted.reads if one > found.pool_films]
    beyond = f"No more than {found.pool_films:,} films can be read: more reads were asked for, and are told as so many."
    report = LoopReport(
        report_id=loop_store.report_name(card["checkpoint_id"], simulated=True, whole=wanted.whole),
        **_about(card, aligned, wanted.truth, split_store.certificate(workspace, dataset, split)["table_sha256"]),
        simulated=Simulated(
            seeds=list(wanted.seeds),
            known_share=wanted.known_share,
            known_films=found.known_films,
            known_wrong=found.known_wrong,
            pool_films=found.pool_films,
            error_rate=wanted.error_rate,
            whole=wanted.whole,
            arms=curve.arms,
            per_100=curve.per_100,
            per_100_difference=curve.per_100_difference,
        ),
        sentence=loop_curve.sentence(curve),
        notes=[
            _setting(wanted, found, card["labels"]),
            FROZEN,
            INTERVALS,
            TUNE,
            *([] if wanted.whole else [HEADS]),
            *([beyond] if fewer else []),
        ],
    )
    report_store.save(workspace, report)
    return report


def told(report: LoopReport) -> str:
    """Say what a report found: the verdict, what it was measured on, the numbers, the notes."""
    lines = [
        report.sentence,
        f"  {report.dataset}/{report.split}, {report.part}: {report.films} films of {report.patients} patients, "
        f"{report.positive_films} positive, against {report.truth}",
    ]
    if report.before_after is not None:
        lines += _told_of_reads(report.before_after)
    if report.simulated is not None:
        lines += _told_of_simulation(report.simulated)
    return "\n".join([*lines, *(f"  note: {note}" for note in report.notes)])


def _verdict(found: Comparison) -> str:
    """Return what is said of the AUROC, then of the other measures that differ."""
    pairs = [(one, said) for one, said in zip(found.differences, found.verdicts, strict=True) if one.metric in SHOWN]
    kept = [said for one, said in pairs if one.metric == "auroc" or (one.p_holm is not None and one.p_holm < ALPHA)]
    return " ".join(f"{said[:1].upper()}{said[1:]}." for said in kept)


def _told_label(films: int) -> list[str]:
    told = f"On {films:,} of the films read a reader had seen the counterfactual, which tells the data set's own label."
    return [told] if films else []


def _told_of_reads(found: BeforeAfter) -> list[str]:
    own = found.labels
    lines = [
        f"  labels {own.after}, {own.before} before: {own.films} films of train and val read, {own.to_present} now "
        f"present, {own.to_absent} now absent, {own.newly_labelled} new, {own.confirmed} as before; {own.undecided} "
        f"undecided, {own.pending} cases pending, {own.test_films} films of test read"
    ]
    lines += [f"  left out: {count} films {reason}" for reason, count in own.left_out.items()]
    lines += [f"  {_compared(one)}" for one in found.measures]
    if found.by_reads is not None:
        lines.append(f"  by the reads of {found.by_reads_films} films of test: {_compared(found.by_reads)}")
    return [*lines, f"  new checkpoint {found.after}"]


def _told_of_simulation(found: Simulated) -> list[str]:
    words = side_by_side.words
    lines = []
    for arm in found.arms:
        against = "" if arm.against_random is None else f", against random {words(arm.against_random, sign='+')}"
        gain = f", gain {words(arm.gain, sign='+')}" if arm.reads else ""
        lines.append(f"  {arm.reads} reads, {arm.strategy}: AUROC {words(arm.auroc)}{gain}{against}")
    lines += [f"  for 100 reads, {name}: {words(one, sign='+')}" for name, one in found.per_100.items()]
    return [*lines, f"  for 100 reads, unsure first less random: {words(found.per_100_difference, sign='+')}"]


def _compared(one: Compared) -> str:
    words = side_by_side.words
    return f"{one.metric} {words(one.before)} before, {words(one.after)} after, {words(one.difference, sign='+')}"


def _setting(wanted: Wanted, found: Simulation, labels: str) -> str:
    begin = (
        f"begins with the {labels} labels of {100 * wanted.known_share:g} % of train's patients, on average "
        f"{found.known_films:.0f} films of which {found.known_wrong:.1f} are labelled wrong"
    )
    reads = "adds labels to films without one" if wanted.known_share < 1 else "puts labels in the place of those known"
    return (
        f"Simulated: each seed {begin}. A reader who errs on {100 * wanted.error_rate:g} % of the films {reads}. Which "
        "films are unsure is asked once, of the network that began."
    )


def _by_reads(
    workspace: Workspace, before: dict[str, Any], after: dict[str, Any], labels: pd.Series
) -> tuple[Compared | None, int]:
    """Return the AUROCs against what readers said of films of test, and of how many; None where it says nothing."""
    if labels.nunique() < 2 or before["checkpoint_id"] == after["checkpoint_id"]:
        return None, len(labels)
    aligned = _aligned(workspace, [after, before], labels, "reads")
    (difference,) = auroc_differences(aligned)
    own = [auroc_of(aligned.of(card["checkpoint_id"]), None) for card in (before, after)]
    return Compared(metric="auroc", before=own[0], after=own[1], difference=difference), len(aligned.films)


def _aligned(workspace: Workspace, of: list[dict[str, Any]], labels: pd.Series, source: str) -> Aligned:
    """Return what classifiers of one split say of its films of test."""
    dataset, split = of[0]["dataset"], of[0]["split"]
    tables = {card["checkpoint_id"]: prediction_store.load(workspace, card, dataset, split, PART) for card in of}
    return align(tables, radiographs.load(workspace, dataset), labels=labels, truth=source)


def _about(card: dict[str, Any], aligned: Aligned, source: str, split_sha256: str) -> dict[str, Any]:
    """Return what a report says of the checkpoint and of the films it was measured on."""
    films = aligned.films
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "checkpoint_id": card["checkpoint_id"],
        "model": card["model"],
        "image_size": card["input"]["size"],
        "dataset": card["dataset"],
        "split": card["split"],
        "split_sha256": split_sha256,
        "part": PART,
        "truth": source,
        "films": len(films),
        "patients": int(np.unique(aligned.patients).size),
        "positive_films": int((films["label"] == 1).sum()),
        "kinds": {str(kind): int(count) for kind, count in films["source"].value_counts().sort_index().items()},
    }
