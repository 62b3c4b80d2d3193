"""What is to be concluded from each figure, in sentences made from the numbers that it shows."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluation import side_by_side
from core.evaluation.comparison import ALPHA
from core.evaluation.differences import Difference
from core.figures.curves import Measured
from core.figures.decision import gaining
from core.figures.efficiency import Cost
from core.figures.metrics import measure_of
from core.figures.subgroups import painted_over


def of_roc(measured: Sequence[Measured]) -> str:
    """Say which AUROC is highest, and that its interval is no comparison."""
    best = _highest(measured, "auroc")
    if best is None:
        return "No AUROC: the part holds one class only."
    told = side_by_side.words(measure_of(best, "auroc"))
    if len(measured) == 1:
        return f"AUROC {told}: the chance that a film with a pneumothorax gets the higher probability of two."
    return f"The highest AUROC has {best.name}, {told}; whether it is better than another the paired differences say."


def of_precision_recall(measured: Sequence[Measured]) -> str:
    """Say which average precision is highest, and what guessing would reach."""
    best, prevalence = _highest(measured, "average_precision"), measure_of(measured[0], "prevalence").value
    if best is None or prevalence is None:
        return "No average precision: the part holds one class only."
    told = side_by_side.words(measure_of(best, "average_precision"))
    return f"{best.name} reaches an average precision of {told}; guessing would reach the prevalence, {prevalence:.3f}."


def of_metrics(measured: Sequence[Measured]) -> str:
    """Say on how much the intervals stand."""
    return f"{side_by_side.lead_sentence([one.report for one in measured])} Intervals that overlap decide nothing."


def of_confusion(measured: Sequence[Measured]) -> str:
    """Say how many were found and how many called in vain."""
    told = []
    for one in measured:
        found = one.report.confusion
        if found is not None:
            ill, well = found.true_positive + found.false_negative, found.false_positive + found.true_negative
            told.append(
                f"{one.name} finds {found.true_positive:,} of {ill:,} films with a pneumothorax and calls "
                f"{found.false_positive:,} of {well:,} without one positive."
            )
    return " ".join(told) or "No calls: no threshold was chosen on tune."


def of_thresholds(measured: Sequence[Measured]) -> str:
    """Say where the operating points lie; that test must not choose them."""
    points = [(one.name, one.report.threshold) for one in measured]
    told = ", ".join(f"{name} at {point.value:.3f}" for name, point in points if point is not None)
    line = f"The dotted line is the operating point in force: {told}. " if told else "No operating point is in force. "
    where = (
        "" if measured[0].report.part == "val" else f", never from this figure of {measured[0].report.part or 'all'}"
    )
    return f"{line}Another one is chosen on tune of val{where}."


def of_spread(measured: Sequence[Measured]) -> str:
    """Say how many wrong calls lie far from the threshold."""
    told = []
    for one in measured:
        point = one.report.threshold
        wrong = [heap for heap in one.report.spread if heap.right is False]
        if point is None or not wrong:
            continue
        missed = sum(sum(heap.counts) for heap in wrong if heap.label == 1)
        alarms = sum(sum(heap.counts) for heap in wrong if heap.label == 0)
        told.append(f"{one.name}: {missed:,} missed below {point.value:.3f}, {alarms:,} called in vain above.")
    return " ".join([*told, "Hatched bars far from the dotted line are errors that no other threshold would mend."])


def of_calibration(measured: Sequence[Measured]) -> str:
    """Say how far probabilities are off."""
    told = [
        f"{one.name} by {error.value:.3f}" for one in measured if (error := measure_of(one, "ece")).value is not None
    ]
    if not told:
        return "How far the probabilities are off was not measured."
    return f"On average the probabilities are off: {', '.join(told)}. On the line they come true as often as they say."


def of_decision(measured: Sequence[Measured]) -> str:
    """Say at which thresholds acting on the calls gains something."""
    told = []
    for one in measured:
        benefit = one.report.net_benefit
        if benefit is not None:
            span = gaining(benefit)
            told.append(
                f"{one.name} gains nothing over calling all films positive or none."
                if span is None
                else f"{one.name} gains over calling all films or none from threshold {span[0]:.2f} to {span[1]:.2f}."
            )
    return " ".join(told) or "No net benefit: the part holds one class only."


def of_subgroups(measured: Sequence[Measured]) -> str:
    """Say in which groups the first checkpoint finds least and most, and how many say nothing."""
    first = measured[0]
    groups = first.report.subgroups
    if not groups:
        return "No subgroup is known of these films."
    sure = [group for group in groups if not group.warning and group.sensitivity.value is not None]
    few = sum(bool(group.warning) for group in groups)
    told = f"{few} of {len(groups)} groups are too small to conclude anything, and grey."
    if len(sure) < 2:
        return told
    low, high = (pick(sure, key=lambda group: group.sensitivity.value or 0.0) for pick in (min, max))
    return (
        f"{first.name} finds least in {low.by} {low.group} ({side_by_side.words(low.sensitivity)}) and most in "
        f"{high.by} {high.group} ({side_by_side.words(high.sensitivity)}). {told} Of many groups one is always lowest."
    )


def of_shortcut(measured: Sequence[Measured]) -> str:
    """Say what painting the drain over does, and how that is read."""
    told = [f"{one.name}: {sentence}" for one in measured if (sentence := painted_over(one.report.shortcut))]
    return " ".join(
        [*told, "A checkpoint that finds pneumothoraces with a drain and misses those without may see the drain alone."]
    )


def of_efficiency(measured: Sequence[Measured], costs: Sequence[Cost | None]) -> str:
    """Say what the highest AUROC costs against the cheapest."""
    known = [
        (one, cost.parameters)
        for one, cost in zip(measured, costs, strict=True)
        if cost is not None and cost.parameters and measure_of(one, "auroc").value is not None
    ]
    if len(known) < 2:
        return "With one checkpoint there is nothing to weigh."
    best = max(known, key=lambda pair: measure_of(pair[0], "auroc").value or 0.0)
    least = min(known, key=lambda pair: pair[1])
    if best[0] is least[0]:
        return f"{best[0].name} has both the highest AUROC and the fewest parameters, {best[1]:,.0f}."
    return (
        f"{best[0].name} has the highest AUROC with {best[1]:,.0f} parameters, {best[1] / least[1]:.1f} times those of "
        f"{least[0].name}; training times hold for the device they were taken on."
    )


def of_truths(measured: Sequence[Measured]) -> str:
    """Say how far the AUROC depends on who labelled."""
    common = [truth for truth in measured[0].report.truths if truth.common]
    found = [(truth.truth, value) for truth in common if (value := truth.metrics["auroc"].value) is not None]
    if len(found) < 2:
        return "There is one source of labels only, or no film that two of them speak of."
    told = ", ".join(f"{value:.3f} against {name}" for name, value in found)
    return f"On the same {common[0].films:,} films the AUROC of {measured[0].name} is {told}: the labels alone do that."


def of_differences(differences: Sequence[Difference]) -> str:
    """Say how many pairs differ in their AUROC."""
    pairs = [one for one in differences if one.metric == "auroc"]
    surely = sum(one.p_holm is not None and one.p_holm < ALPHA for one in pairs)
    return (
        f"{surely} of {len(pairs)} pairs differ in AUROC (p below {ALPHA} after Holm, in bold); of the others there is "
        "no evidence of a difference, which is not evidence that there is none."
    )


def _highest(measured: Sequence[Measured], name: str) -> Measured | None:
    known = [one for one in measured if measure_of(one, name).value is not None]
    return max(known, key=lambda one: measure_of(one, name).value or 0.0) if known else None
