"""What a CycleGAN's checkpoint says of itself: its card, and the page that a person reads.

References:
    Cohen et al. (2018), Distribution matching losses can hallucinate features in medical image
    translation, MICCAI, arXiv 1805.08841: translated images should not be read by doctors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.data import radiographs
from core.models import arithmetic, cards
from core.models.model_card import BANNER
from core.synthesis.config import CYCLEGAN, TITLES
from core.synthesis.domains import DOMAINS
from core.training import effort, results
from core.vision import device as devices

if TYPE_CHECKING:
    from core.synthesis.following import Following
    from core.synthesis.learning import Run
    from core.synthesis.pairs import Pairs

WHAT_IT_IS = """## What it is

Two networks that repaint a frontal chest radiograph: from No Finding (domain A) to pneumothorax
(domain B), and back. They learnt from films of different patients, never from two films of one
patient with and without the finding.

What a translation shows is invented by a network: it may add or remove disease, and whatever else
differs between the two sets of films, such as drains, position or scanner, may come or go with it.
That such images look right is no evidence that they are right."""
NOT_FOR = """## What it is not for

No diagnosis, and no reading of a patient's film: translated images should not be interpreted by
doctors (Cohen et al. 2018, Distribution matching losses can hallucinate features in medical image
translation). It is not a forecast of how a patient's lung will look, and no proof of where the air is.

For research on training data and on what classifiers look at: translations of patients of train may
be learnt from, by the limits of their passports, and never stand in a val or test part."""
ETHICS = """## Ethical considerations

Weights can remember films they learnt from; every translation is a patient's film, repainted, and is as
private as that film. Share both as the data's terms allow. Every picture made of one says GENERATED in
its pixels."""


def card(run: Run, pairs: Pairs, following: Following) -> dict[str, Any]:
    """Return what a checkpoint's card says, but for what its weights tell."""
    config, train = run.config, pairs.rows("train")
    history = run.place.history
    seconds = sum(float(row["seconds"] or 0) for row in history)
    per_second = float(np.median([float(row["images_per_s"] or 0) for row in history]))
    kept, spec = run.gan.kept, run.films[0].spec
    if spec is None:
        msg = "Expected films that are pictures, got features"
        raise TypeError(msg)
    return {
        "task": cards.TRANSLATION,
        "model": CYCLEGAN,
        "title": TITLES[CYCLEGAN],
        "dataset": config.data.dataset,
        "split": config.data.split,
        "split_sha256": pairs.certificate["table_sha256"],
        "seed": config.learning.seed,
        "input": spec.to_dict(),
        "kinds": radiographs.sources(train),
        "films_sha256": pairs.identity(),
        "patients": sorted(set(train["patient_id"].astype(str))),
        "patients_sha256": {"train": results.fingerprint(train["patient_id"])},
        "parts": {part: _counts(pairs, part) for part in ("train", "val")},
        "parameters": sum(one.numel() for one in kept.parameters()),
        "training_s": seconds,
        "training": {
            "weights": "started from scratch",
            "steps": run.place.step,
            "batch_size": config.learning.batch_size,
            "device": devices.name_of(run.device),
            "precision": str(run.gan.fabric.strategy.precision.precision),
            "images_per_s": per_second,
        },
        "classifier_id": following.classifier_id,
        "classifier_reason": following.classifier_reason,
        "efficiency": {
            # It asks for a network that takes one film, which a generator is too.
            "gflops": arithmetic.gflops(kept.a_to_b, spec.size),
            "images_per_s": per_second,
            "wall_s": seconds,
            "peak_memory_mb": effort.peak_memory_mb(),
            "auroc_per_minute": None,
        },
        "last": history[-1],
        "notes": _notes(run, pairs, following),
    }


def text(card: dict[str, Any]) -> str:
    """Return the page that a person reads, in Markdown."""
    sections = [f"# {card['checkpoint_id']}", BANNER, WHAT_IT_IS, NOT_FOR, _details(card), _data(card), _end(card)]
    return "\n\n".join([*sections, ETHICS, _caveats(card)]) + "\n"


def _counts(pairs: Pairs, part: str) -> dict[str, int]:
    of_domain = {domain: len(pairs.rows(part, domain)) for domain in DOMAINS}
    return {**of_domain, "patients": int(pairs.rows(part)["patient_id"].nunique())}


def _notes(run: Run, pairs: Pairs, following: Following) -> list[str]:
    notes = following.notes()
    if pairs.left_out:
        notes.append(f"{pairs.left_out} synthetic images of the split were not learnt from.")
    if run.config.learning.ema_decay:
        notes.append("The weights kept are the running average of the generators' weights.")
    return notes


def _details(card: dict[str, Any]) -> str:
    training = card["training"]
    return "\n".join(
        [
            "## Model details",
            "",
            f"- Networks: {card['title']}, two generators with {card['parameters']:,} parameters together",
            f"- Input and output: one grey channel, {card['input']['size']} x {card['input']['size']} px",
            f"- Trained: {card['created_at']}, {training['steps']:,} steps in {card['training_s']:.0f} s "
            f"({training['images_per_s']:.0f} films a second) on {training['device']} in {training['precision']}, "
            f"seed {card['seed']}; {training['weights']}",
            f"- Cost: {card['efficiency']['gflops']:.3g} GFLOPs a translation (a multiply-add counts two), peak memory "
            f"{card['efficiency']['peak_memory_mb']:,.0f} MB in training",
            f"- Weights: SHA-256 {card['weights_sha256']}",
            "- Versions: " + ", ".join(f"{name} {number}" for name, number in card["versions"].items()),
        ]
    )


def _data(card: dict[str, Any]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in card["kinds"].items() if count)
    lines = [
        "## Training data",
        "",
        f"The part train of {card['dataset']}/{card['split']}: {kinds} films of {len(card['patients'])} patients, whom "
        "the card names; what holds one of them in val or test must not learn from its translations. Films SHA-256 "
        f"{card['films_sha256']}.",
        "",
        "| part | films of A | films of B | patients |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {part} | {counts['A']} | {counts['B']} | {counts['patients']} |" for part, counts in card["parts"].items()
    ]
    return "\n".join(lines)


def _end(card: dict[str, Any]) -> str:
    last, seen = card["last"], card["classifier_id"]
    where = f"in the features of {seen}" if seen else "in the films' spectra (there is no classifier for such films)"
    lines = [
        "## How far it came",
        "",
        f"On films of val, translated, against films of the wanted domain, {where}. The AUROC is that of a linear rule "
        "telling the two apart: 0.5 would be chance. These figures followed the training; `realism` measures.",
        "",
        "| direction | kernel distance (KID) | AUROC, translation or film |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {direction} | {_number(last[f'kid_{name}'])} | {_number(last[f'origin_auroc_{name}'])} |"
        for direction, name in (("A to B", "a_to_b"), ("B to A", "b_to_a"))
    ]
    return "\n".join(lines)


def _caveats(card: dict[str, Any]) -> str:
    return "\n".join(
        [
            "## Caveats and recommendations",
            "",
            "- Measure it before anything is made of it: `translate`, then `realism`.",
            "- Whether its images help a classifier is an experiment: `dose-response`.",
            *(f"- {note}" for note in card["notes"]),
        ]
    )


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
