"""The loop at work where the truth is known: a simulated reader answers films, and classifiers learn from that.

For each seed a whole network begins with the labels of a share of train's patients. By what it says,
films are read unsure first; as many others are drawn at random. Each arm then learns anew: a head on
the features of the beginning network, computed once, or a whole network. What is done is kept, so a
simulation that was stopped goes on, and one with more arms or seeds does these only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import special

from core.base import files, progress
from core.base.errors import InputError
from core.data import truth
from core.evaluation import calibration, uncertainty
from core.evaluation.loop_curve import Learnt
from core.evaluation.loop_report import NONE, RANDOM, UNSURE
from core.inference import mc_dropout
from core.models import forward, pretrained, registry
from core.review import loop_simulated as drawn
from core.training import distributed, features, loop, material, relabelled
from core.training.run_folder import RunFolder
from core.vision import loader

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from core.base.paths import Workspace
    from core.models.contract import Classifier
    from core.training.config import TrainConfig
    from core.training.material import Material
    from core.vision.loader import Films

PARTS = ("train", "val", "test")
FEWEST = 2  # known films of either class to begin with


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is simulated."""

    truth: str
    """Source of the labels that are the truth."""
    known_share: float
    """Share of train's patients whose labels the classifier begins with, in (0, 1]."""
    error_rate: float
    """Chance of a wrong answer, in [0, 0.5]."""
    reads: tuple[int, ...]
    seeds: tuple[int, ...]
    whole: bool
    """Whether whole networks learn anew from the reads, or heads on the beginning network's features."""


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What came of it."""

    test: pd.DataFrame
    """Rows of the films of test."""
    probabilities: dict[str, np.ndarray]
    """By classifier, of the films of test, `(N,)`, not calibrated: only their order counts."""
    arms: tuple[Learnt, ...]
    pool_films: int
    known_films: float
    known_wrong: float


def simulate(workspace: Workspace, config: TrainConfig, wanted: Wanted) -> Simulation:
    """Let classifiers learn from simulated reads.

    Args:
        workspace: Where the data set lies.
        config: Of the classifier that is simulated; its seed counts for nothing.
        wanted: What is simulated.

    Raises:
        InputError: If the films cannot be learnt from, or what the classifiers begin with lacks a class.
        Cancelled: If a stop was asked for; what is done is kept.
    """
    study = _Study.of(workspace, config, wanted)
    with files.held_alone(study.folder, doing="simulates the same"):
        begun = [study.begun(seed) for seed in wanted.seeds]
        budgets = drawn.budgets(wanted.reads, min(one.pool.size for one in begun))
        plan = [(NONE, 0), *((name, reads) for name in (UNSURE, RANDOM) for reads in budgets)]
        total = len(plan) * len(begun)
        probabilities: dict[str, np.ndarray] = {}
        arms = []
        for number, (strategy, reads) in enumerate(plan):
            title = "no reads" if strategy == NONE else f"{reads} reads, {strategy}"
            names = []
            for at, one in enumerate(begun):
                progress.announce(f"Learning with {title}, seed {one.seed}", done=number * len(begun) + at, total=total)
                names.append(f"{strategy}-{reads}-{one.seed}")
                probabilities[names[-1]] = study.learnt(one, strategy, reads)
            wrong = float(np.mean([one.wrong(strategy, reads) for one in begun]))
            arms.append(Learnt(strategy=strategy, reads=reads, wrong=wrong, classifiers=tuple(names)))
    return Simulation(
        test=study.found.rows("test"),
        probabilities=probabilities,
        arms=tuple(arms),
        pool_films=min(one.pool.size for one in begun),
        known_films=float(np.mean([(~np.isnan(one.labels)).sum() for one in begun])),
        known_wrong=float(np.mean([(~np.isnan(one.labels) & (one.labels != one.truth)).sum() for one in begun])),
    )


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """A seed's beginning: its labels, its reader, and what its network says of the films of train."""

    seed: int
    labels: np.ndarray  # (N,) of train's films, NaN where unknown
    truth: np.ndarray  # (N,)
    given: np.ndarray  # (N,) the reader's answers
    pool: np.ndarray  # (M,) where the films stand that can be read
    unsure: np.ndarray  # (M,) of the pool's films, in the order in which they are read
    random: np.ndarray  # (M,)
    logits: np.ndarray  # (L,) of the films of test
    features: dict[str, np.ndarray]  # by part

    def read(self, strategy: str, reads: int) -> np.ndarray:
        """Return where the films stand that are read."""
        if strategy == NONE:
            return self.pool[:0]
        order = self.unsure if strategy == UNSURE else self.random
        return self.pool[order[:reads]]

    def wrong(self, strategy: str, reads: int) -> int:
        """Count the wrong answers among the first reads."""
        own = self.read(strategy, reads)
        return int((self.given[own] != self.truth[own]).sum())


@dataclass(frozen=True, kw_only=True)
class _Study:
    """What all seeds and arms share."""

    config: TrainConfig
    wanted: Wanted
    found: Material
    truth: np.ndarray  # (N,) of train's films
    folder: Path

    @classmethod
    def of(cls, workspace: Workspace, config: TrainConfig, wanted: Wanted) -> _Study:
        progress.announce("Reading the films")
        config = _with(config, 0, head_only=config.architecture.head_only)  # its own seed counts for nothing
        found = material.prepare(workspace, config, further=_new(config, 0).further_columns)
        known = truth.labels(workspace, config.data.dataset, wanted.truth)
        found = relabelled.of_known_truth(found, known)
        own = found.rows("train")["image_id"].map(known).to_numpy(np.float64)
        about = [
            *(config.fingerprint(), found.identity(), wanted.truth, wanted.known_share, wanted.error_rate),
            *(hashlib.sha256(own.tobytes()).hexdigest(), torch.__version__),
        ]
        folder = workspace.root / "runs" / f"loop-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(config=config, wanted=wanted, found=found, truth=own, folder=folder)

    def begun(self, seed: int) -> _Begun:
        """Return how a seed begins, its network trained unless that was done before."""
        rows = self.found.rows("train")
        known = drawn.known_films(rows["patient_id"].to_numpy(str), self.wanted.known_share, seed)
        labels = np.where(known, material.labels_of(rows), np.nan)
        _refuse_one_class(labels, seed)
        kept = self.folder / f"begun-{seed}.pt"
        if not kept.exists():
            progress.announce(f"Training a network on {known.sum()} known films, seed {seed}")
            begun = self._begin(seed, labels)
            with files.written_aside(kept) as aside:
                torch.save(begun, aside)
        state: dict[str, Any] = torch.load(kept, weights_only=True)
        pool = np.flatnonzero(~known) if not known.all() else np.arange(len(rows))
        return _Begun(
            seed=seed,
            labels=labels,
            truth=self.truth,
            given=drawn.answers(self.truth, self.wanted.error_rate, seed),
            pool=pool,
            unsure=drawn.unsure_first(state["entropy"].numpy()[pool]),
            random=drawn.at_random(pool.size, seed),
            logits=state["logits"].numpy(),
            features={part: state[part].numpy() for part in PARTS},
        )

    def learnt(self, begun: _Begun, strategy: str, reads: int) -> np.ndarray:
        """Return what an arm's classifier says of the films of test, `(L,)`, trained unless that was done before."""
        if self.wanted.whole and not reads:
            return _chance(begun.logits)  # the network that began
        ending = "-whole" if self.wanted.whole else ""
        kept = self.folder / f"{strategy.replace(' ', '-')}-{reads}-{begun.seed}{ending}.npy"
        if not kept.exists():
            labels = drawn.labels(begun.labels, begun.read(strategy, reads), begun.given)
            on = None if self.wanted.whole else begun
            classifier = self._fitted(begun.seed, labels, on=on)
            films = self.found.films("test")
            if on is not None:
                films = features.with_features(films, on.features["test"])
            with files.written_aside(kept) as aside, aside.open("wb") as file:
                np.save(file, forward.run(classifier, _batches(films, classifier)).logits, allow_pickle=False)
        return _chance(np.load(kept, allow_pickle=False))

    def _begin(self, seed: int, labels: np.ndarray) -> dict[str, Any]:
        """Return what a network that learnt the labels says of test, how unsure it is of train, and its features."""
        classifier = self._fitted(seed, labels, on=None)
        found = {part: forward.run(classifier, _batches(self.found.films(part), classifier)) for part in PARTS}
        tensors = {part: torch.from_numpy(one.features) for part, one in found.items()}
        entropy = torch.from_numpy(self._entropy(classifier, found["val"].logits))
        return tensors | {"entropy": entropy, "logits": torch.from_numpy(found["test"].logits)}

    def _entropy(self, classifier: Classifier, of_tune: np.ndarray) -> np.ndarray:
        """Return the predictive entropy of train's films, `(N,)`, in nats, over passes with dropout, calibrated.

        Args:
            classifier: The network that began.
            of_tune: Its logits of the films of tune, on which it is calibrated.
        """
        tune, train = self.found.films("val"), self.found.films("train")
        fit = calibration.fit(of_tune, tune.labels, prevalence=self.found.natural_prevalence)
        keys = self.found.rows("train")["sha256"].astype(str).tolist()
        found = []
        batches = list(_batches(train, classifier))
        for batch in progress.track(batches, "Asking how unsure it is", total=len(batches), unit="batches"):
            own = [keys[row] for row in batch.rows]
            passes = mc_dropout.logits_of_passes(classifier, batch.images, keys=own, passes=mc_dropout.PASSES)
            found.append(fit.probability(passes.double().cpu().numpy().T))  # (B, T)
        return uncertainty.spread(np.concatenate(found)).predictive_entropy

    def _fitted(self, seed: int, labels: np.ndarray, *, on: _Begun | None) -> Classifier:
        """Return a classifier that learnt train's films by their labels.

        Args:
            seed: Of the head's first weights, and of all that is random in training.
            labels: `(N,)` of train's films; those with NaN are left out.
            on: Whose features a head learns on; None: a whole network learns.
        """
        config = _with(self.config, seed, head_only=on is not None or self.config.architecture.head_only)
        classifier = _new(config, seed)
        own = relabelled.with_labels(self.found, labels)
        train, tune = material.train_films(own, config), own.films("val")
        if on is not None:
            train = features.with_features(train, on.features["train"][~np.isnan(labels)])
            tune = features.with_features(tune, on.features["val"])
        digest = hashlib.sha256(labels.tobytes() + repr((seed, on is None)).encode()).hexdigest()
        folder = RunFolder(self.folder, digest)
        loop.fit(classifier, train, tune, config=config, folder=folder, fabric=distributed.alone())
        folder.clear()
        return classifier.eval()


def _new(config: TrainConfig, seed: int) -> Classifier:
    """Return a classifier before it learns."""
    options = config.architecture
    torch.manual_seed(seed)
    classifier = registry.create_classifier(
        options.model, image_size=options.image_size, drop_rate=options.drop_rate, vit_size=options.vit_size
    )
    pretrained.apply(classifier, options.weights)
    return classifier


def _chance(logits: np.ndarray) -> np.ndarray:
    found: np.ndarray = special.expit(logits)
    return found


def _batches(films: Films, classifier: Classifier) -> Iterator[loader.Batch]:
    device = next(classifier.parameters()).device
    return loader.plain_batches(films, batch_size=features.BATCH, device=device)


def _with(config: TrainConfig, seed: int, *, head_only: bool) -> TrainConfig:
    """Return the options of one training; a head learns on features, which no random change can reach."""
    return config.model_copy(
        update={
            "architecture": config.architecture.model_copy(update={"head_only": head_only}),
            "optimisation": config.optimisation.model_copy(update={"seed": seed}),
        }
    )


def _refuse_one_class(labels: np.ndarray, seed: int) -> None:
    positive, negative = int((labels == 1).sum()), int((labels == 0).sum())
    if min(positive, negative) < FEWEST:
        msg = (
            f"Expected two or more known films of either class to begin with, found {positive} with and {negative} "
            f"without a pneumothorax for seed {seed}; raise --known-share."
        )
        raise InputError(msg, field="known_share")
