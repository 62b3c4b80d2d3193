"""What is to be concluded from a RealismReport, in sentences made from its numbers."""

from __future__ import annotations

from core import __version__
from core.data.synthetic import A_TO_B
from core.evaluation.realism_report import Arm, RealismReport, Region
from core.evaluation.report import Measure
from core.evaluation.side_by_side import FEW_PATIENTS
from core.figures.realism import ARMS, CHANCE, REGIONS, SMALL
from core.figures.style import kinds_words, stamp

MIXED = "Phantoms and real films stand together here, so the numbers speak of neither."
AT_ONCE, MOSTLY = 0.9, 0.75  # AUROC from which images are told at once, and most of the time


def verdict(report: RealismReport) -> str:
    """Say how well the images can be told from films, and whether that is the network's texture."""
    found, control = report.origin.auroc, report.origin.auroc_reconstructed
    if found.value is None:
        return f"Whether they can be told from films is not known: {_reason(found, report.origin.reason)}."
    sentence = f"{_how(found, found.value)}: AUROC {told(found)}; {CHANCE:g} is indistinguishable."
    if not _is_told(found):
        return sentence
    if _is_told(control):
        back = f"Films that were only sent there and back are told {'too' if _explains(control, found) else 'hardly'}"
        whose_part = "much of it is" if _explains(control, found) else "little of it is"
        return f"{sentence} {back}, {told(control)}: {whose_part} the network's texture alone."
    if control.value is not None:
        return f"{sentence} Of films that were only sent there and back there is no evidence of it: {told(control)}."
    return sentence


def _explains(control: Measure, found: Measure) -> bool:
    """Tell whether there and back alone is told at least half as far above chance as the translations are."""
    return (
        control.value is not None and found.value is not None and control.value - CHANCE >= (found.value - CHANCE) / 2
    )


def _how(found: Measure, value: float) -> str:
    if _is_told(found):
        if found.low is None:
            return "A network tells every one of them from films"
        if value >= AT_ONCE and found.low >= MOSTLY:
            return "A network tells them from films at once"
        often = "most of the time" if value >= MOSTLY else "somewhat better than by chance"
        return f"A network tells them from films {often}"
    if found.low is None:
        return "Whether a network can tell them from films is not settled"
    if found.high is not None and found.high < CHANCE:
        return "A network takes them for films more often than the films themselves: what it learnt does not hold here"
    return "No evidence that a network can tell them from films"


def whose(report: RealismReport) -> str:
    """Say on whose images and films it was measured, and how little so few of them say."""
    words = (
        f"Measured on {report.images:,} images of {report.image_patients:,} patients whom the generator did not see, "
        f"against {report.films:,} films of {report.film_patients:,} patients ({kinds_words(report.kinds)})."
    )
    if report.kinds.get("phantom") and report.kinds.get("real"):
        words += f" {MIXED}"
    if min(report.image_patients, report.film_patients) < FEW_PATIENTS:
        words += f" With fewer than {FEW_PATIENTS} patients on a side they say little."
    return words


def stamp_of(report: RealismReport) -> str:
    """Return the stamp of a figure made from a report."""
    return stamp(
        dataset=report.synthetic,
        part=f"{report.images:,} images",
        kinds=report.kinds | {"synthetic": report.images},
        version=__version__,
        truth=f"{report.films:,} films, unseen patients",
    )


def of_origin(report: RealismReport) -> str:
    """Say what telling, and the control, mean."""
    found, control = report.origin.auroc, report.origin.auroc_reconstructed
    if found.value is None:
        return f"Not measured: {_reason(found, report.origin.reason)}."
    begin = "Above 0.5 a classifier trained for it tells them apart. "
    if not _is_told(found):
        holds = "Without an interval" if found.low is None else "The interval holds 0.5:"
        return f"{begin}{holds} there is no evidence that it can, which so few images may owe to their number."
    if _is_told(control):
        if _explains(control, found):
            return f"{begin}It tells films there and back as well, so much of what it sees is the network's touch."
        return f"{begin}It hardly tells films there and back, so most of what it sees is what the translation changes."
    if control.value is None:
        return f"{begin}The control, films there and back, is missing: {control.reason}."
    return f"{begin}No evidence that it tells films there and back, so what it sees may be what the translation adds."


def of_kid(report: RealismReport) -> str:
    """Say which distances are more than chance, in whose features, and what FID says."""
    if report.kid.value is None:
        return f"Not measured: {_reason(report.kid, report.classifier_reason)}."
    own, floor, control = report.kid, report.kid_films, report.kid_reconstructed
    apart = own.low is not None and floor.high is not None and own.low > floor.high
    beyond = own.value is not None and floor.high is not None and own.value > floor.high
    words = [
        "Farther from the films than other films are."
        if apart
        else "Farther from the films than other films are, though the two intervals overlap."
        if beyond
        else "No evidence that they lie farther from the films than other films do.",
    ]
    if apart and control.value is not None and own.value is not None and control.value >= own.value / 2:
        words.append("Films there and back alone lie at least half as far, so much of it may be the network's touch.")
    words.append(f"In the features of our own classifier {report.classifier_id}, not of Inception.")
    words.append(f"FID: {told(report.fid, form=SMALL)}.")
    return " ".join(words)


def of_precision_recall(report: RealismReport) -> str:
    """Say what precision and recall are."""
    if report.precision.value is None:
        return f"Not measured: {_reason(report.precision, report.classifier_reason)}."
    return (
        f"Of the images {share(report.precision)} lie among the films, and {share(report.recall)} of the films among "
        "the images. Precision is low where images look like no film, recall where they show a part of the variety "
        "only. Both depend on how many images there are, so compare them only at like counts."
    )


def of_spectrum(report: RealismReport) -> str:
    """Say how far the spectra lie from the films', and whether there and back explains it."""
    own, control = report.spectrum.gap_synthetic, report.spectrum.gap_reconstructed
    more = "more than" if own > 1.2 * control else "less than" if own < control / 1.2 else "about as much as"
    return (
        f"Mean gap to the films {own:.2f} decades, {more} by there and back ({control:.2f}). A line below the films' "
        "on the right means that fine detail is lost, a peak there a pattern that the network draws."
    )


def of_regions(report: RealismReport) -> str:
    """Say whether translations change a film where they should, against there and back."""
    if not report.regions:
        return ""
    words = [_region(one) for one in report.regions]
    return " ".join(words) + " The grey tick is what an even change would give; 0.5 on the left is chance."


def _region(one: Region) -> str:
    name = REGIONS.get(one.name, one.name)
    if one.more.value is None:
        return f"In the {name} nothing is known: {one.more.reason}."
    begin = f"{share(one.more)} of {one.images:,} images change the {name} more than there and back does"
    if one.more.low is None or one.more.high is None:
        return f"{begin}: without an interval that shows nothing."
    if one.more.low > CHANCE:
        return f"{begin}: more often than by chance."
    if one.more.high < CHANCE:
        return f"{begin}: less often than by chance, so the translation works elsewhere."
    return f"{begin}: no evidence of more than chance."


def of_change_map(report: RealismReport) -> str:
    """Say how far the change is gathered in one place."""
    values = sorted((cell for row in report.change_map for cell in row), reverse=True)
    if not values or not values[0]:
        return ""
    held = sum(values[: max(1, len(values) // 10)]) / sum(values)
    return (
        f"A tenth of the film holds {100 * held:.0f} % of the change; spread evenly it would hold 10 %. The film's "
        "upper edge is above."
    )


def of_arms(report: RealismReport) -> str:
    """Say whether a classifier that learnt from the images answers to the network's texture."""
    if not report.arms:
        return (
            "Train one with `--synthetic`, and one without, then run `realism` again: if there and back alone raises "
            "the first one's probability, it has learnt the texture instead of the disease."
        )
    own = next((arm for arm in report.arms if arm.name == "positives"), None)
    told_arms = [_arm(own)] if own is not None else []
    both = next((arm for arm in report.arms if arm.name == "both"), None)
    if both is not None:
        told_arms.append(f"Where both classes were synthetic texture tells no class: {told(both.shift_against_none)}.")
    return " ".join(told_arms) or f"Only the classifier {ARMS['none']} is known."


def _arm(arm: Arm) -> str:
    found = arm.shift_against_none
    if found.value is None:
        return f"Not measured: {found.reason}."
    if found.low is not None and found.low > 0:
        return f"There and back alone raises its probability: {told(found, form='+.3f')}; it answers to the texture."
    return f"No evidence that there and back raises its probability: {told(found, form='+.3f')}."


def of_maps(report: RealismReport) -> str:
    """Say what the mean heat maps show, or why there are none."""
    if report.maps.real is None:
        return f"No mean heat maps: {report.maps.reason or 'none was made'}."
    return (
        f"Where the classifier {report.maps.checkpoint_id} looks, on average. A place that stands out in the "
        "difference may be a short cut; the maps have no interval, so it is a place to look at, not a finding."
    )


def of_shift(report: RealismReport) -> str:
    """Say how far the translation moves the classifier's probability."""
    if report.shift.value is None:
        return (
            f"How far a classifier's probability moves is not known: {_reason(report.shift, report.classifier_reason)}."
        )
    said, low, high = told(report.shift, form="+.3f"), report.shift.low, report.shift.high
    if low is None or high is None or low <= 0 <= high:
        return f"No evidence that the translation moves the classifier's probability: {said} on average."
    meant, moved = ("up" if report.direction == A_TO_B else "down"), ("up" if low > 0 else "down")
    fits = "as it is meant to" if moved == meant else f"although it is meant to go {meant}"
    return f"The translation moves the classifier's probability {moved}, {fits}: {said} on average."


def of_memory(report: RealismReport) -> str:
    """Say how many images look more like a training film than like the film they were made from."""
    if not report.memorised:
        return "No image is known to lie nearer to a training film than to the film it was made from."
    verb = "lies" if report.memorised == 1 else "lie"
    return (
        f"{report.memorised:,} of {report.images:,} images {verb} nearer to a training film than to the film it was "
        "made from."
    )


def told(measure: Measure, *, form: str = ".3f") -> str:
    """Return a measure with its interval, or why there is none.

    Args:
        measure: The measure.
        form: Of its numbers, as `format` takes it; "+.3f" shows the sign of a difference.

    Examples:
        >>> told(Measure(value=0.91, low=0.85, high=0.94)), told(Measure(value=None, reason="below 2,000 images"))
        ('0.910 (0.850 to 0.940)', 'none: below 2,000 images')
        >>> told(Measure(value=0.00041, low=0.0003, high=0.0006), form=SMALL)
        '0.00041 (0.0003 to 0.0006)'
    """
    if measure.value is None:
        return f"none: {measure.reason}"
    if measure.low is None or measure.high is None:
        return f"{measure.value:{form}}, {measure.reason}" if measure.reason else f"{measure.value:{form}}"
    return f"{measure.value:{form}} ({measure.low:{form}} to {measure.high:{form}})"


def share(measure: Measure) -> str:
    """Return a share in percent with its interval.

    Examples:
        >>> share(Measure(value=0.5, low=0.4, high=0.6))
        '50 % (40 to 60)'
    """
    if measure.value is None:
        return f"none: {measure.reason}"
    if measure.low is None or measure.high is None:
        return f"{100 * measure.value:.0f} %"
    return f"{100 * measure.value:.0f} % ({100 * measure.low:.0f} to {100 * measure.high:.0f})"


def _is_told(found: Measure) -> bool:
    """Tell whether the interval lies above chance; where every image was told there is none, and none is needed."""
    if found.low is None:
        return found.value is not None and found.value >= 1
    return found.low > CHANCE


def _reason(measure: Measure, other: str | None) -> str:
    return (measure.reason or other or "no reason was kept").rstrip(".")
