"""How alike two sets of images are, in a classifier's features: FID, KID, precision and recall; and by their texture.

Films of one patient are alike for their own sake. Where patients are given, only pairs of films of different
patients tell, so that two sets of the same patients can be held against each other without bias.

References:
    Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, "GANs Trained by a Two Time-Scale Update Rule Converge to a
    Local Nash Equilibrium", NeurIPS 2017, arXiv 1706.08500: FID, the Frechet distance of two normal distributions.
    Binkowski, Sutherland, Arbel, Gretton, "Demystifying MMD GANs", ICLR 2018, arXiv 1801.01401: KID, the unbiased
    estimate of the squared maximum mean discrepancy with the kernel (x . y / d + 1)^3.
    Kynkaanniemi, Karras, Laine, Lehtinen, Aila, "Improved Precision and Recall Metric for Assessing Generative
    Models", NeurIPS 2019, arXiv 1904.06991: k = 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

FEWEST_FOR_FID = 2000  # images of either set
NEIGHBOURS = 3  # k of precision and recall
FOLDS = 5  # of `origin_auroc`
CHUNK = 1024  # films held against all others at once


def kid(real: np.ndarray, made: np.ndarray) -> float:
    """Return the kernel distance of two sets, unbiased: about 0, and as often below, for sets of one kind.

    Torchmetrics' own wants sets of one size, or draws some of each; this one takes all there are.

    Args:
        real: Features of films `(N, F)`, N at least 2.
        made: Features of images `(M, F)`, M at least 2.

    Raises:
        ValueError: If a set has fewer than two films.
    """
    if min(len(real), len(made)) < 2:
        msg = f"Expected two or more films in each set, got {len(real)} and {len(made)}"
        raise ValueError(msg)
    first, second = np.arange(len(real)), len(real) + np.arange(len(made))  # each film a patient of its own
    return float(Kernels.of(real, made, first, second).distances(np.ones((1, len(real) + len(made))))[0])


@dataclass(frozen=True)
class Kernels:
    """The kernel between two sets of films, added up by patient, so that patients can be drawn again."""

    within: tuple[np.ndarray, np.ndarray]
    """Of each set, over pairs of patients, `(P, P)` of those it has; 0 for a patient with themselves."""
    between: np.ndarray
    """From patients of the first set to those of the second; 0 for a patient with themselves."""
    films: tuple[np.ndarray, np.ndarray]
    """Films of each patient of each set."""
    patients: tuple[np.ndarray, np.ndarray]
    """Numbers of the patients of each set, sorted."""

    @classmethod
    def of(cls, real: np.ndarray, made: np.ndarray, real_patients: np.ndarray, made_patients: np.ndarray) -> Kernels:
        """Return the kernel between features `(N, F)` and `(M, F)` of numbered patients `(N,)` and `(M,)`."""
        real, made = np.asarray(real, float), np.asarray(made, float)
        numbers, places, films = zip(
            *(np.unique(one, return_inverse=True, return_counts=True) for one in (real_patients, made_patients)),
            strict=True,
        )
        within = (_by_patient((real, real), (places[0],) * 2), _by_patient((made, made), (places[1],) * 2))
        for one in within:
            np.fill_diagonal(one, 0.0)
        between = _by_patient((real, made), (places[0], places[1]))
        between[numbers[0][:, None] == numbers[1]] = 0.0
        return cls(within, between, (films[0], films[1]), (numbers[0], numbers[1]))

    def distances(self, weights: np.ndarray) -> np.ndarray:
        """Return the distance in each draw `(D,)`, of how often each patient counts `(D, P)`; NaN where none exists.

        In a draw too a patient's films are never held against one another: copies of one film are as alike as can
        be, and would make each draw larger than the distance itself.
        """
        found = np.zeros(len(weights))
        for kernel, films, patients in zip(self.within, self.films, self.patients, strict=True):
            own = weights[:, patients]
            counted = own * films
            found += _over(((own @ kernel) * own).sum(axis=1), counted.sum(axis=1) ** 2 - (counted**2).sum(axis=1))
        first, second = (weights[:, patients] for patients in self.patients)
        both = np.intersect1d(*self.patients, return_indices=True)[1:]
        counted = [first * self.films[0], second * self.films[1]]
        same = (counted[0][:, both[0]] * counted[1][:, both[1]]).sum(axis=1)
        pairs = counted[0].sum(axis=1) * counted[1].sum(axis=1) - same
        cross: np.ndarray = found - 2 * _over(((first @ self.between) * second).sum(axis=1), pairs)
        return cross


def _by_patient(features: tuple[np.ndarray, np.ndarray], places: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return sums of the kernel `(P, Q)` between sets `(N, F)` and `(M, F)` whose patients are numbered from 0."""
    (first, second), (rows, columns) = features, places
    found = np.zeros((rows.max() + 1, columns.max() + 1))
    order = np.argsort(columns, kind="stable")
    starts = np.searchsorted(columns[order], np.arange(found.shape[1]))
    for start in range(0, len(first), CHUNK):
        chunk = slice(start, start + CHUNK)
        kernel = (first[chunk] @ second[order].T / first.shape[1] + 1) ** 3
        np.add.at(found, rows[chunk], np.add.reduceat(kernel, starts, axis=1))
    return found


def _over(sums: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, sums / pairs, np.nan)


def fid(real: np.ndarray, made: np.ndarray) -> float:
    """Return the Frechet distance of two sets of features `(N, F)` and `(M, F)`, by torchmetrics.

    It is too large by a bias that falls with the number of images; see `FEWEST_FOR_FID`.
    """
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance  # slow to import, and seldom needed

    class AsGiven(torch.nn.Module):
        """In the place of Inception: what comes in are features."""

        num_features = real.shape[1]

        def forward(self, features: Tensor) -> Tensor:
            return features

    metric = FrechetInceptionDistance(feature=AsGiven()).set_dtype(torch.float64)
    for features, is_real in ((real, True), (made, False)):
        metric.update(torch.from_numpy(np.asarray(features, np.float64)), real=is_real)
    return float(metric.compute())


def inside(features: np.ndarray, reference: np.ndarray, *, k: int = NEIGHBOURS) -> np.ndarray:
    """Tell which images lie in the neighbourhood of some film of a reference, shape `(N,)`.

    A film's neighbourhood reaches as far as its k-th nearest other film.

    Args:
        features: `(N, F)`.
        reference: `(M, F)`, M above k.
        k: From 1.

    Raises:
        ValueError: If the reference has not more than k films.
    """
    from scipy.spatial.distance import cdist

    if len(reference) <= k:
        msg = f"Expected more than {k} films to find the {k}-th nearest other of, got {len(reference)}"
        raise ValueError(msg)
    found = np.zeros(len(features), bool)
    for start in range(0, len(reference), CHUNK):
        films = reference[start : start + CHUNK]
        reach = np.partition(cdist(films, reference), k, axis=1)[:, k]  # place 0 is the film itself
        found |= (cdist(features, films) <= reach).any(axis=1)
    return found


def precision_recall(real: np.ndarray, made: np.ndarray, *, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Return the share of images that look like films, and of films that look like images.

    Args:
        real: Features of films `(N, F)`, N above k.
        made: Features of images `(M, F)`, M above k.
        k: Neighbours.
    """
    return float(inside(made, real, k=k).mean()), float(inside(real, made, k=k).mean())


def frequencies(size: int) -> np.ndarray:
    """Return the frequencies of `radial_spectrum`, cycles a pixel, `(size // 2,)`, rising to 0.5.

    Examples:
        >>> frequencies(8).tolist()
        [0.125, 0.25, 0.375, 0.5]
    """
    return np.arange(1, size // 2 + 1) / size


def radial_spectrum(pixels: np.ndarray) -> np.ndarray:
    """Return the power of each image at each frequency, log10, averaged over directions, `(N, S // 2)`.

    Towards the edges images are faded out (Hann): what does not fit together at opposite edges would else leak into
    all frequencies. An image's mean does not count.

    Args:
        pixels: `(N, S, S)` uint8; 1 is the whole grey range.
    """
    size = pixels.shape[-1]
    fading = np.hanning(size + 2)[1:-1]  # its own zeros at both ends would waste two lines
    window = np.outer(fading, fading)
    lines = np.fft.fftfreq(size) * size
    ring = np.rint(np.hypot(*np.meshgrid(lines, lines))).astype(int).ravel()
    wanted = np.arange(1, size // 2 + 1)
    places = np.bincount(ring)[wanted]
    found = np.empty((len(pixels), size // 2))
    for number, image in enumerate(pixels):
        grey = image / 255.0
        power = np.abs(np.fft.fft2((grey - np.average(grey, weights=window)) * window)) ** 2 / (window**2).sum()
        found[number] = np.bincount(ring, power.ravel())[wanted] / places
    return np.log10(found + 1e-12)  # an image of one grey has no power at all


def origin_auroc(
    real: np.ndarray, made: np.ndarray, real_patients: np.ndarray, made_patients: np.ndarray, *, seed: int = 0
) -> float | None:
    """Return how well a linear rule tells images from films, AUROC on patients it did not learn from, 0.5 by chance.

    The rule is a linear discriminant with shrunk covariance; the value is the mean over folds of patients, each
    by its pairs, as values of different rules have no common order. It is for following a training; what is
    reported of a synthetic data set is `core.synthesis.origin`'s.

    Args:
        real: Features of films `(N, F)`.
        made: Features of images `(M, F)`.
        real_patients: `(N,)`.
        made_patients: `(M,)`, an image's patient being its parent's.
        seed: Of the folds.

    Returns:
        None with fewer than two patients a fold on either side.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    from core.evaluation.metrics import auroc

    sides = [np.asarray(side).astype(str) for side in (real_patients, made_patients)]
    if min(len(np.unique(side)) for side in sides) < 2 * FOLDS:
        return None
    features = np.concatenate([real, made]).astype(float)
    labels = np.repeat([0, 1], [len(real), len(made)])
    folds = _folds(sides, seed=seed)
    areas, pairs = [], []
    for fold in range(FOLDS):
        out = folds == fold
        if min(len(np.unique(labels[one])) for one in (out, ~out)) < 2:
            continue
        rule = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(features[~out], labels[~out])
        areas.append(auroc(labels[out], rule.decision_function(features[out])) or 0.0)
        pairs.append(int(labels[out].sum() * (1 - labels[out]).sum()))
    return float(np.average(areas, weights=pairs)) if areas else None


def _folds(sides: list[np.ndarray], *, seed: int) -> np.ndarray:
    """Return the fold of each film and image `(N + M,)`; patients of images are dealt first, then the others."""
    rng = np.random.default_rng(seed)
    images, films = np.unique(sides[1]), np.setdiff1d(sides[0], sides[1])
    dealt = {
        patient: place % FOLDS for place, patient in enumerate([*rng.permutation(images), *rng.permutation(films)])
    }
    return np.array([dealt[patient] for patient in np.concatenate(sides)])
