"""The page about a checkpoint that a person reads, made from its card.

References:
    Mitchell et al. (2019), Model cards for model reporting, FAT*, section 4: the sections.
"""

from __future__ import annotations

from typing import Any

from core.evaluation import calibration

BANNER = "**Research use only. Not a medical device.**"
MEASURES = {"auroc": "AUROC", "average_precision": "average precision", "brier": "Brier", "log_loss": "log-loss"}
INTENDED_USE = """## Intended use

Research on frontal chest radiographs: the probability that a film shows a pneumothorax, for
studies of triage, calibration and reading with a model's help.

Out of scope: decisions about patients; lateral films; other findings; kinds of image it did not
learn from; films unlike those it learnt from, such as of children where it learnt from adults."""
FACTORS = """## Factors

What is known to matter for this task, and is to be looked at before use: the view (PA, or AP in
bed), a chest drain (a classifier may learn the drain instead of the air), the size of the
pneumothorax, sex, age, the quality of the film, and the hospital it comes from."""
ETHICS = """## Ethical considerations

A missed pneumothorax can harm, and so can a false alarm that is trusted. Labels taken from reports
carry the errors of those reports. No patient can be told from the weights by name, but weights can
remember films they learnt from: share them as the data's terms allow."""


def text(card: dict[str, Any]) -> str:
    """Return the model card in Markdown."""
    sections = [
        f"# {card['checkpoint_id']}",
        BANNER,
        _details(card),
        INTENDED_USE,
        FACTORS,
        _metrics(card),
        _evaluation_data(card),
        _training_data(card),
        _analyses(card),
        ETHICS,
        _caveats(card),
    ]
    return "\n\n".join(sections) + "\n"


def _details(card: dict[str, Any]) -> str:
    made = _members(card) if "members" in card else _training(card)
    return "\n".join(
        [
            "## Model details",
            "",
            f"- Classifier: {card['title']}, {card['parameters']:,} parameters",
            *made,
            f"- Cost: {_number(card['efficiency']['gflops'])} GFLOPs a film (a multiply-add counts two), peak memory "
            f"{card['efficiency']['peak_memory_mb']:,.0f} MB, AUROC on tune per minute of training "
            f"{_number(card['efficiency']['auroc_per_minute'])}",
            f"- Weights: SHA-256 {card['weights_sha256']}",
            "- Versions: " + ", ".join(f"{name} {number}" for name, number in card["versions"].items()),
        ]
    )


def _training(card: dict[str, Any]) -> list[str]:
    training, spec = card["training"], card["input"]
    return [
        f"- Start: {training['weights']}",
        f"- Input: one grey channel, {spec['size']} x {spec['size']} px, mean {spec['mean']:.3f}, "
        f"standard deviation {spec['std']:.3f} of pixels in [0, 1]",
        f"- Trained: {card['created_at']}, {training['epochs']} epochs in {card['training_s']:.0f} s "
        f"({training['images_per_s']:.0f} images a second) on {training['device']} in {training['precision']}, seed "
        f"{card['seed']}; epoch {training['best_epoch']} was the best by {training['best_by']}",
    ]


def _members(card: dict[str, Any]) -> list[str]:
    return [
        f"- Made: {card['created_at']}, weights by {card['fusion']['method']}; its members were trained for "
        f"{card['training_s']:.0f} s in all",
        *(
            f"- Member: {member['checkpoint_id']}, {member['size']} px, weight {member['weight']:.3f}"
            for member in card["members"]
        ),
    ]


def _metrics(card: dict[str, Any]) -> str:
    return "\n".join(
        [
            "## Metrics",
            "",
            "AUROC (against all others), average precision, Brier and log-loss, with 95 % intervals over patients. "
            f"Probabilities are {calibration.words(card['calibration'])}.{_temperature(card['calibration'])} Operating "
            "points were chosen on the fold tune of val:",
            "",
            *(
                f"- {name}: {point['threshold']:.4f} (there sensitivity {point['sensitivity']:.3f}, specificity "
                f"{point['specificity']:.3f})"
                for name, point in card["operating_points"].items()
            ),
        ]
        + (["- none could be chosen"] if not card["operating_points"] else [])
    )


def _temperature(found: dict[str, Any]) -> str:
    """Say what a temperature alone would have done, which cannot repair another prevalence."""
    if not found.get("log_loss"):
        return ""
    losses = found["log_loss"]
    return (
        f" Weighted to that prevalence, which is the data set's own, the log-loss on tune was "
        f"{losses['uncalibrated']:.3f} before, is {losses['calibrated']:.3f}, and would be "
        f"{losses['temperature']:.3f} with a temperature of {found['temperature']:.2f} alone."
    )


def _evaluation_data(card: dict[str, Any]) -> str:
    return "\n".join(
        [
            "## Evaluation data",
            "",
            f"The parts val (its fold tune, which also chose the best epoch or the fusion weights, the calibration and "
            f"the operating points, so that its figures flatter) and test of {card['dataset']}/"
            f"{card['split']}, patients apart from those of train; labels from {card['labels']}.",
        ]
    )


def _training_data(card: dict[str, Any]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in card["kinds"].items() if count)
    lines = [
        "## Training data",
        "",
        f"The part train of {card['dataset']}/{card['split']}: {kinds} films. Films SHA-256 {card['films_sha256']}.",
        "",
        "| part | films | patients | with pneumothorax |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {_named(part)} | {counts['films']} | {counts['patients']} | {counts['positive_films']} |"
        for part, counts in card["parts"].items()
    ]
    return "\n".join(lines)


def _analyses(card: dict[str, Any]) -> str:
    lines = ["## Quantitative analyses", "", "| part | films | " + " | ".join(MEASURES.values()) + " |"]
    lines.append("| --- " * (2 + len(MEASURES)) + "|")
    for part, found in card["metrics"].items():
        cells = [_named(part), str(found["films"]), *(_measure(found.get(name)) for name in MEASURES)]
        lines.append("| " + " | ".join(cells) + " |")
    for part, columns in card["told_besides"].items():
        lines += ["", f"What it tells besides, on {part}: mean absolute error (of always giving the mean of train)", ""]
        lines += [
            f"- {name}: {found['mean_absolute_error']:.3f} ({found['of_the_mean']:.3f}), rank correlation "
            f"{_number(found['rank_correlation'])}"
            for name, found in columns.items()
        ]
    return "\n".join(lines)


def _caveats(card: dict[str, Any]) -> str:
    lines = [
        "## Caveats and recommendations",
        "",
        "- Measured on one data set; elsewhere it may do worse. Measure it on your own films before anything else.",
        "- A probability holds at the prevalence it was calibrated for; elsewhere it must be calibrated again.",
        *(f"- {note}" for note in card["notes"]),
    ]
    return "\n".join(lines)


def _named(part: str) -> str:
    """Return what a part is called: of val only the fold tune is looked at."""
    return "val, fold tune" if part == "val" else part


def _measure(found: dict[str, Any] | None) -> str:
    if found is None or found["value"] is None:
        return "not measurable"
    interval = "" if found["low"] is None else f" ({found['low']:.3f} to {found['high']:.3f})"
    return f"{found['value']:.3f}{interval}"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3g}"
