"""The page about a checkpoint that a person reads, made from its card."""

from __future__ import annotations

from typing import Any

BANNER = "**Research use only. Not a medical device.**"
MEASURES = {"auroc": "AUROC", "average_precision": "average precision", "brier": "Brier"}
INTENDED_USE = """## Intended use

Research on frontal chest radiographs: the probability that a film shows a pneumothorax, for
studies of triage, calibration and reading with a model's help."""
OUT_OF_SCOPE = """## Out of scope

Decisions about patients. Lateral films, other findings, kinds of image it did not learn from,
and films unlike those it learnt from, such as of children where it learnt from adults."""


def text(card: dict[str, Any]) -> str:
    """Return the model card in Markdown."""
    title = f"# {card['checkpoint_id']}"
    sections = [title, BANNER, _details(card), INTENDED_USE, OUT_OF_SCOPE, _data(card), _metrics(card), _limits(card)]
    return "\n\n".join(sections) + "\n"


def _details(card: dict[str, Any]) -> str:
    training, spec = card["training"], card["input"]
    return "\n".join(
        [
            "## Details",
            "",
            f"- Classifier: {card['title']}, {card['parameters']:,} parameters, {training['weights']}",
            f"- Input: one grey channel, {spec['size']} x {spec['size']} px, mean {spec['mean']:.3f}, "
            f"standard deviation {spec['std']:.3f} of pixels in [0, 1]",
            f"- Trained: {card['created_at']}, {training['epochs']} epochs in {card['training_s']:.0f} s on "
            f"{training['device']}, seed {card['seed']}; epoch {training['best_epoch']} was the best by "
            f"{training['best_by']}",
            f"- Weights: SHA-256 {card['weights_sha256']}",
            "- Versions: " + ", ".join(f"{name} {number}" for name, number in card["versions"].items()),
        ]
    )


def _data(card: dict[str, Any]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in card["kinds"].items() if count)
    lines = [
        "## Data",
        "",
        f"Data set {card['dataset']}, split {card['split']}, labels from {card['labels']}. Learnt from {kinds} films.",
        "",
        "| part | films | patients | with pneumothorax |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {part} | {counts['films']} | {counts['patients']} | {counts['positive_films']} |"
        for part, counts in card["parts"].items()
    ]
    return "\n".join(lines)


def _metrics(card: dict[str, Any]) -> str:
    lines = ["## Metrics", "", "| part | films | " + " | ".join(MEASURES.values()) + " |"]
    lines.append("| --- " * (2 + len(MEASURES)) + "|")
    for part, found in card["metrics"].items():
        cells = [part, str(found["films"]), *(_measure(found.get(name)) for name in MEASURES)]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "With 95 % intervals over patients. Val is its fold `tune`, by which the best epoch and the operating points "
        "were chosen.",
    ]
    return "\n".join(lines)


def _limits(card: dict[str, Any]) -> str:
    calibration = card["calibration"]
    lines = [
        "## Limits",
        "",
        "- Measured on one data set; elsewhere it may do worse. Labels taken from reports are noisy.",
        f"- Probabilities are not calibrated; they aim at a prevalence of {calibration['prevalence']:.3f}.",
        *(f"- {note}" for note in card["notes"]),
    ]
    return "\n".join(lines)


def _measure(found: dict[str, Any] | None) -> str:
    if found is None or found["value"] is None:
        return "not measurable"
    interval = "" if found["low"] is None else f" ({found['low']:.3f} to {found['high']:.3f})"
    return f"{found['value']:.3f}{interval}"
