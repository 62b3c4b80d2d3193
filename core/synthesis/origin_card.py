"""The page about a real-vs-synthetic classifier that a person reads, made from its card."""

from __future__ import annotations

from typing import Any

from core.evaluation import side_by_side
from core.evaluation.report import Measure
from core.models.model_card import BANNER

PURPOSE = """## What it is for

It tells images that a network made from radiographs, to measure how far a synthetic data set can be told from films:
an AUROC of 0.5 is indistinguishable, 1 told at once. It says nothing of disease, and nothing of images made by
another generator or in another size. That it cannot tell does not prove that nobody can."""


def text(card: dict[str, Any]) -> str:
    """Return the model card in Markdown."""
    training, spec = card["training"], card["input"]
    apart, tune = card["metrics"]["measured"], card["metrics"]["tune"]
    sections = [
        f"# {card['checkpoint_id']}",
        BANNER,
        PURPOSE,
        "\n".join(
            [
                "## Model details",
                "",
                f"- Classifier: the simple CNN, {card['parameters']:,} parameters; {training['weights']}",
                f"- Input: one grey channel, {spec['size']} x {spec['size']} px, images and films resized alike",
                f"- Trained: {card['created_at']}, {training['epochs']} epochs in {card['training_s']:.0f} s on "
                f"{training['device']} in {training['precision']}, seed {card['seed']}; epoch "
                f"{training['best_epoch']} was the best by {training['best_by']}",
                f"- Weights: SHA-256 {card['weights_sha256']}",
                "- Versions: " + ", ".join(f"{name} {number}" for name, number in card["versions"].items()),
            ]
        ),
        "\n".join(
            [
                "## Data",
                "",
                f"Images of {card['synthetic']}, made by {card['generator_id']}, against films of {card['dataset']} of "
                f"the domain they are to look like; parts of {card['split']}, patients apart, and no film of a patient "
                "one of whose films is a parent.",
                "",
                *(f"- {name}: {_counted(found)}" for name, found in card["parts"].items()),
            ]
        ),
        "\n".join(
            [
                "## Quantitative analyses",
                "",
                f"- AUROC on patients it did not learn from: {_measure(apart)}",
                f"- on the fold tune, which chose the best epoch: {_measure(tune)}",
            ]
        ),
        "\n".join(["## Caveats", "", *(f"- {note}" for note in card["notes"] or ["none noted"])]),
    ]
    return "\n\n".join(sections) + "\n"


def _measure(found: dict[str, Any]) -> str:
    return side_by_side.words(Measure(**found["auroc"]))


def _counted(found: dict[str, int]) -> str:
    return (
        f"{found['images']} images of {found['image_patients']} patients, {found['films']} films of "
        f"{found['film_patients']}"
    )
