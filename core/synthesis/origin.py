"""The real-vs-synthetic classifier: the simple CNN, trained to tell synthetic images from fairly matched films."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import safetensors.torch
import torch

from core.base import progress
from core.data import radiographs
from core.evaluation import by_patient, calibration
from core.models import arithmetic, cards, checkpoint, forward, pretrained, registry
from core.synthesis import origin_card, origin_films
from core.synthesis.config import ORIGIN, TITLES, OriginConfig
from core.synthesis.origin_films import LABEL, TRAIN, TUNE, Matched
from core.synthesis.own_classifier import OwnClassifier
from core.training import distributed, effort, loop, losses, results, run_folder
from core.training.config import TrainConfig
from core.vision import device as devices
from core.vision import loader, transforms
from core.vision.loader import Films
from core.vision.transforms import InputSpec

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.pixel_cache import PixelCache
    from core.evaluation.report import Measure
    from core.models.contract import Classifier
    from core.models.pretrained import Origin
    from core.training.loop import Fitted

MODEL = "cnn"
FROM_SCRATCH = "none"  # so that the AUROC does not depend on what weights a machine happens to have
SAVE_EVERY = 100  # steps
PATIENCE = 5  # epochs without a better one, after which it ends
MEASURED = 2000  # images and films at most, from which the mean and spread of the pixels are taken
MOVED = {"rotation_degrees": 3.0, "shift_share": 0.03, "scale_share": 0.05}
KEPT_AS_THEY_ARE = {"brightness": 0.0, "contrast": 0.0, "noise": 0.0}  # the tone is what origin may be told by
FEW_APART = "images and films of patients it did not learn from are lacking"


def train(workspace: Workspace, config: OriginConfig) -> str:
    """Train a real-vs-synthetic classifier and return the name of its checkpoint.

    It learns from the part train, as many images as films; the best epoch on val's fold tune is kept; what it
    measures is told on the other patients that the generator did not see. A run that was stopped goes on.

    Raises:
        InputError: If images and films cannot be matched, `origin_films` says when.
        Cancelled: If a stop was asked for; what is done is kept.
        PleuraScopeError: If the loss is no finite number before any epoch is done.
    """
    matched = origin_films.gather(workspace, config.synthetic, dataset=config.dataset, split=config.split)
    origin_films.refuse_unusable(matched)
    options = _as_training(config, matched)
    torch.manual_seed(config.seed)
    classifier = registry.create_classifier(
        MODEL, image_size=matched.card.image_size, drop_rate=options.architecture.drop_rate
    )
    start = pretrained.apply(classifier, FROM_SCRATCH)
    pixels = matched.pixels(workspace)
    learnt = matched.rows(TRAIN)["image_id"]
    spec = transforms.measure(pixels.read(pixels.rows_of(learnt.iloc[:: 1 + len(learnt) // MEASURED])))
    folder = run_folder.of(workspace, config, matched.identity())
    with folder.held():
        fitted = loop.fit(
            classifier,
            _balanced(_films(matched.rows(TRAIN), pixels, spec)),
            _films(matched.rows(TUNE), pixels, spec),
            config=options,
            folder=folder,
            fabric=distributed.alone(),
        )
        progress.announce("Measuring the best epoch")
        card = _card(config, options, matched, pixels, spec, classifier=classifier, fitted=fitted, start=start)
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in classifier.state_dict().items()}
        checkpoint_id = checkpoint.write(
            workspace,
            safetensors.torch.save(weights),
            config={**config.to_dict(), "dataset": matched.dataset, "split": matched.split},
            card=card,
            history=pd.DataFrame(fitted.history),
            text=origin_card.text,
        )
        folder.clear()
    return checkpoint_id


def fitting(workspace: Workspace, matched: Matched) -> str | None:
    """Return the classifier that learnt from just these images and films, or None.

    Of several it is the one that tells best on the fold tune, then the newest: a short training that tells nothing
    must not make images look real.
    """
    known = [
        cards.read_card(workspace, name, task=cards.ORIGIN)
        for name in cards.checkpoint_ids(workspace, task=cards.ORIGIN)
    ]
    own = [card for card in known if card.get("films_sha256") == matched.identity()]
    best = max(own, key=lambda card: card["metrics"]["tune"]["auroc"]["value"] or 0.0, default=None)
    return None if best is None else str(best["checkpoint_id"])


def load(workspace: Workspace, checkpoint_id: str) -> OwnClassifier:
    """Read a real-vs-synthetic classifier; its probability is that of a synthetic image where half are.

    Raises:
        InputError: If there is no such checkpoint, or its weights are not those its card names.
    """
    card = cards.read_card(workspace, checkpoint_id, task=cards.ORIGIN)
    spec = InputSpec(**card["input"])
    classifier = registry.create_classifier(MODEL, image_size=spec.size, drop_rate=card["training"]["drop_rate"])
    classifier.load_state_dict(checkpoint.read_weights(workspace, card))
    device = devices.chosen()
    return OwnClassifier(checkpoint.Checkpoint(checkpoint_id, classifier.eval().to(device), spec, card), device)


def auroc(rows: pd.DataFrame, probabilities: np.ndarray) -> Measure:
    """Return the AUROC of images against films with its interval by patient."""
    return by_patient.auroc(
        rows[LABEL].to_numpy(), probabilities, rows["patient_id"].to_numpy(object), lacking=FEW_APART
    )


def _as_training(config: OriginConfig, matched: Matched) -> TrainConfig:
    alike = {name: getattr(config, name) for name in ("epochs", "batch_size", "learning_rate", "seed")}
    place = {"dataset": matched.dataset, "split": matched.split, "image_size": matched.card.image_size}
    return TrainConfig.from_dict(
        {
            "model": MODEL,
            "weights": FROM_SCRATCH,
            "save_every_steps": SAVE_EVERY,
            "patience": PATIENCE,
            **alike,
            **place,
            **MOVED,
            **KEPT_AS_THEY_ARE,
        }
    )


def _films(rows: pd.DataFrame, pixels: PixelCache, spec: InputSpec) -> Films:
    return Films(
        pixels=pixels, positions=pixels.rows_of(rows["image_id"]), labels=rows[LABEL].to_numpy(np.float64), spec=spec
    )


def _balanced(films: Films) -> Films:
    """Return the films so that as many images as films are drawn."""
    balanced = losses.balanced_weights(films.labels)
    return replace(films, chances=balanced / balanced.sum())


def _card(
    config: OriginConfig,
    options: TrainConfig,
    matched: Matched,
    pixels: PixelCache,
    spec: InputSpec,
    *,
    classifier: Classifier,
    fitted: Fitted,
    start: Origin,
) -> dict[str, Any]:
    """Return what the checkpoint's card says, but for what its weights tell."""
    apart, flattering = matched.held_out()
    tune, train_rows = matched.rows(TUNE), matched.rows(TRAIN)
    logits = {name: _logits(classifier, _films(rows, pixels, spec)) for name, rows in (("t", tune), ("a", apart))}
    fit = calibration.fit(logits["t"], tune[LABEL].to_numpy(), prevalence=0.5)
    speeds = [float(row["images_per_s"] or 0) for row in fitted.history]
    notes = [note for note in (flattering, _stopped(fitted)) if note is not None]
    return {
        "task": cards.ORIGIN,
        "model": ORIGIN,
        "title": TITLES[ORIGIN],
        "synthetic": matched.card.name,
        "generator_id": matched.card.generator_id,
        "dataset": matched.dataset,
        "split": matched.split,
        "split_sha256": matched.split_sha256,
        "seed": config.seed,
        "input": spec.to_dict(),
        "kinds": radiographs.sources(train_rows),
        "films_sha256": matched.identity(),
        "patients_sha256": {TRAIN: results.fingerprint(train_rows["patient_id"])},
        "parts": {
            "train": origin_films.counts(train_rows),
            "tune": origin_films.counts(tune),
            "measured": origin_films.counts(apart),
        },
        "metrics": {
            "tune": {**origin_films.counts(tune), "auroc": auroc(tune, logits["t"]).model_dump()},
            "measured": {**origin_films.counts(apart), "auroc": auroc(apart, logits["a"]).model_dump()},
        },
        "calibration": fit.to_dict(),
        "training_s": fitted.seconds,
        "training": {
            "drop_rate": options.architecture.drop_rate,
            "weights": start.sentence,
            "weights_sha256": start.sha256,
            "epochs": len(fitted.history),
            "best_epoch": fitted.best_epoch,
            "best_by": fitted.best_by,
            "images_per_s": float(np.median(speeds)),
            "device": fitted.device,
            "precision": fitted.precision,
            "batch_parts": fitted.parts,
            "stopped": fitted.stopped,
        },
        "efficiency": {
            "gflops": arithmetic.gflops(classifier, spec.size),
            "images_per_s": float(np.median(speeds)),
            "wall_s": fitted.seconds,
            "peak_memory_mb": effort.peak_memory_mb(),
            "auroc_per_minute": effort.auroc_per_minute(fitted),
        },
        "parameters": sum(parameter.numel() for parameter in classifier.parameters()),
        "notes": notes,
    }


def _logits(classifier: Classifier, films: Films) -> np.ndarray:
    device = next(classifier.parameters()).device
    return forward.run(classifier, loader.plain_batches(films, batch_size=64, device=device)).logits


def _stopped(fitted: Fitted) -> str | None:
    if fitted.stopped is None:
        return None
    return f"Training ended before its time: {fitted.stopped}. The weights are those of epoch {fitted.best_epoch}."
