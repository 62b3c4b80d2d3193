"""How well a CycleGAN translates while it learns, on films of val: the curve that says when to stop.

Translations of val's films are held against val's films of the wanted domain, in the features of
one of our own classifiers: the kernel distance, and how well a linear rule tells the two apart.
Without a classifier for such films the rule is tried on how much there is of each spatial
frequency, and there is no distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.data import synthetic
from core.synthesis import grey, likeness, own_classifier
from core.synthesis.domains import DOMAINS

if TYPE_CHECKING:
    import torch

    from core.base.paths import Workspace
    from core.synthesis.generators import Generators
    from core.synthesis.own_classifier import OwnClassifier
    from core.synthesis.pairs import Pairs

MOST = 500  # films of a domain that are followed
BATCH = 16  # films translated at once
FEWEST = 2  # films on either side of a distance
COLUMNS = ("kid_a_to_b", "kid_b_to_a", "origin_auroc_a_to_b", "origin_auroc_b_to_a")


@dataclass(frozen=True, kw_only=True)
class Following:
    """The films that are followed, and who looks at them."""

    pixels: dict[str, np.ndarray]  # of each domain (N, S, S)
    patients: dict[str, np.ndarray]  # of each domain (N,)
    classifier: OwnClassifier | None
    classifier_id: str | None
    classifier_reason: str | None  # why there is none

    @classmethod
    def of(cls, workspace: Workspace, pairs: Pairs, *, dataset: str, seed: int) -> Following:
        """Choose the classifier, and the films: all of val, at random 500 of a domain where it has more."""
        kinds = {str(source) for source in pairs.table["source"]}
        chosen, reason = own_classifier.choose(workspace, dataset, kinds)
        pixels, patients = {}, {}
        for number, domain in enumerate(DOMAINS):
            rows = pairs.rows("val", domain)
            order = np.random.default_rng([seed, number]).permutation(len(rows))[:MOST]
            rows = rows.iloc[np.sort(order)]
            pixels[domain] = pairs.pixels.read(pairs.pixels.rows_of(rows["image_id"]))
            patients[domain] = rows["patient_id"].astype(str).to_numpy()
        return cls(
            pixels=pixels,
            patients=patients,
            classifier=None if chosen is None else own_classifier.load(workspace, chosen),
            classifier_id=chosen,
            classifier_reason=reason,
        )

    @property
    def is_possible(self) -> bool:
        """Whether val has enough films of both domains for a distance."""
        return min(len(pixels) for pixels in self.pixels.values()) >= FEWEST

    def notes(self) -> list[str]:
        """Say what is not followed, and why."""
        if not self.is_possible:
            return [f"Val has fewer than {FEWEST} films of a domain: how real translations look was not followed."]
        found = []
        if self.classifier_reason is not None:
            found.append(f"No kernel distance was followed: {self.classifier_reason}")
        fewest = min(len(set(patients)) for patients in self.patients.values())
        if fewest < 2 * likeness.FOLDS:
            found.append(f"No AUROC of translations against films was followed: val has {fewest} patients of a domain.")
        return found

    def measure(self, generators: Generators, device: torch.device) -> dict[str, float | None]:
        """Return `COLUMNS` for the generators as they are; None where something cannot be measured."""
        found: dict[str, float | None] = dict.fromkeys(COLUMNS)
        if not self.is_possible:
            return found
        for direction, (parents, wanted) in {synthetic.A_TO_B: ("A", "B"), synthetic.B_TO_A: ("B", "A")}.items():
            made = self._seen(translated(generators, self.pixels[parents], direction, device))
            films, name = self._films[wanted], direction.replace("-", "_")
            if self.classifier is not None:
                found[f"kid_{name}"] = likeness.kid(films, made)
            found[f"origin_auroc_{name}"] = likeness.origin_auroc(
                films, made, self.patients[wanted], self.patients[parents]
            )
        return found

    @cached_property
    def _films(self) -> dict[str, np.ndarray]:
        """What is seen of the films of each domain `(N, F)`."""
        return {domain: self._seen(pixels) for domain, pixels in self.pixels.items()}

    def _seen(self, pixels: np.ndarray) -> np.ndarray:
        """Return features `(N, F)` of films, or their spectra where no classifier is for such films."""
        return likeness.radial_spectrum(pixels) if self.classifier is None else self.classifier.read(pixels).features


def translated(generators: Generators, pixels: np.ndarray, direction: str, device: torch.device) -> np.ndarray:
    """Return films `(N, S, S)` in uint8 translated, of the same shape."""
    made = np.empty_like(pixels)
    for start in range(0, len(pixels), BATCH):
        own = slice(start, start + BATCH)
        made[own] = grey.to_pixels(generators.there(grey.to_unit(pixels[own]).to(device), direction))
    return made
