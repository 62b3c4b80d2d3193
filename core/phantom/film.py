"""One exposure: everything that changes from film to film, and the grade its quality earns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.quality import GRADE, grade
from core.phantom.anatomy import Anatomy
from core.phantom.pneumothorax import Pneumothorax
from core.phantom.skeleton import Pose

VIEWS = ("PA", "AP")
_WORDS = {
    "exposure": ("under-exposed", "over-exposed"),
    "contrast": ("flat contrast", "flat contrast"),
    "sharpness": ("blurred", "blurred"),
    "noise": ("noisy", "noisy"),
    "rotation_cropping": ("rotated or cropped", "rotated or cropped"),
}
_NAMED_BELOW = 0.6  # a part of the grade this low is given as a reason


@dataclass(frozen=True, kw_only=True)
class Film:
    """How one radiograph was taken, and what lies on or in the patient that day."""

    view: str  # PA | AP
    supine: bool
    inspiration: float  # 1 full
    pose: Pose
    roll: float  # degrees the patient leans on the film
    field: float  # mm of the film's side
    offset: tuple[float, float]  # mm of the chest from its usual place
    exposure: float  # 0 right, -1 far too little, +1 far too much
    contrast: float  # 1 usual
    blur: float  # mm, standard deviation
    noise: float  # 1 usual
    scatter: float  # 1 usual
    collimation: tuple[float, float, float, float]  # share cut off left, top, right, below
    marker: str  # what is burnt in beside the chest; empty for nothing
    air: Pneumothorax | None
    drain: int  # side of a chest drain, 0 for none
    leads: int  # ECG electrodes
    folds: tuple[int, ...]  # sides with a skin fold
    effusion: tuple[float, float]  # mm of fluid in the right and the left sulcus
    patches: int  # hazy opacities
    seed: int  # of noise and of where things lie


def make_film(
    rng: np.random.Generator,
    anatomy: Anatomy,
    *,
    view: str,
    supine: bool,
    air: Pneumothorax | None,
    drain: int,
) -> Film:
    """Draw one exposure of a patient."""
    portable = view == "AP"
    careless = 1.5 if portable else 1.0
    cut = np.where(rng.random(4) < (0.3 if portable else 0.1), rng.uniform(0.01, 0.075, 4), 0.0)
    effusion = [0.0, 0.0]
    if rng.random() < 0.09:
        effusion[int(rng.integers(2))] = float(rng.uniform(10, 70))
    if air and rng.random() < 0.15:
        effusion[int(air.side > 0)] = float(rng.uniform(8, 30))
    leads = int(rng.integers(2, 6)) if rng.random() < (0.6 if portable else 0.04) else 0
    folds = [side for side in (-1, 1) if rng.random() < (0.3 if supine else 0.22 if portable else 0.1)]
    text = str(rng.choice(["L", "L", "R", "L"]))
    if portable and rng.random() < 0.6:
        text += str(rng.choice([" AP", " PORTABLE", " SUPINE" if supine else " ERECT"]))
    return Film(
        view=view,
        supine=supine,
        inspiration=float(np.clip(rng.normal(0.9 if portable else 0.97, 0.045) - 0.05 * supine, 0.76, 1.04)),
        pose=Pose(
            rotation=float(np.clip(rng.normal(0, 2.2 * careless), -11, 11)),
            tilt=float(rng.normal(4 if portable else 0, 3)),
            magnification=1 / 1150 if portable else -1 / 1900,
            arms_out=float(np.clip(rng.normal(0.8 if portable else 0.22, 0.2), 0, 1.2)),
        ),
        roll=float(np.clip(rng.normal(0, 1.1 * careless), -6, 6)),
        field=float(np.clip(2.74 * anatomy.half_width + rng.normal(0, 12), 300, 440)),
        offset=(float(rng.normal(0, 5 * careless)), float(rng.normal(0, 6 * careless))),
        exposure=float(np.clip(rng.normal(-0.02, 0.24 * careless), -1, 1)),
        contrast=float(np.clip(rng.normal(1.06, 0.19), 0.55, 1.6)),
        blur=float(np.clip(rng.gamma(4, 0.11 * careless), 0.15, 2.2)),
        noise=float(np.clip(rng.gamma(4, 0.24 * careless), 0.25, 3.6)),
        scatter=float(np.clip(rng.normal(1.2 if portable else 0.8, 0.2), 0.3, 1.8)),
        collimation=(float(cut[0]), float(cut[1]), float(cut[2]), float(cut[3])),
        marker=text if rng.random() < 0.92 else "",
        air=air,
        drain=drain,
        leads=leads,
        folds=tuple(folds),
        effusion=(effusion[0], effusion[1]),
        patches=int(rng.integers(1, 4)) if rng.random() < 0.08 else 0,
        seed=int(rng.integers(2**31)),
    )


def quality(film: Film) -> dict[str, float]:
    """Grade a film's technique: each part and the whole in [0, 1], 1 faultless.

    The whole is the mean of the worst part and the average, since one bad part spoils a film.
    """
    cut = max(film.collimation) / 0.075
    moved = max(abs(film.offset[0]) / 45, abs(film.offset[1]) / 45)
    faults = {
        "exposure": abs(film.exposure),
        "contrast": max(1 - film.contrast, 0.5 * (film.contrast - 1), 0) / 0.45 + 0.15 * max(film.scatter - 1, 0),
        "sharpness": (film.blur - 0.15) / 1.6,
        "noise": (film.noise - 0.25) / 2.9,
        "rotation_cropping": max(abs(film.pose.rotation) / 11, abs(film.roll) / 8, 0.6 * cut, moved),
    }
    parts = {name: float(np.clip(1 - fault, 0, 1)) for name, fault in faults.items()}
    return {GRADE: float(grade(np.array(list(parts.values())))[0]), **parts}


def quality_reasons(film: Film) -> str:
    """Name the parts that spoil a film, separated by `|`; empty for a good one."""
    parts = quality(film)
    over = film.exposure > 0
    return "|".join(words[over] for name, words in _WORDS.items() if parts[name] < _NAMED_BELOW)
