"""Air in the pleural space: how a lung draws back from the chest wall, and how large that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.phantom.anatomy import inner_edge, outer_edge, spline

if TYPE_CHECKING:
    from core.phantom.anatomy import Anatomy

SMALLEST_MM = 5.0  # a thinner rim is no longer called
KINDS = ("apical", "lateral", "basal", "deep_sulcus", "tension")
_HOLD = 0.8  # share of the height above which a sinking apex pulls the lung down
HILUM = 0.46  # level of the hilum as a share of the height


@dataclass(frozen=True, kw_only=True)
class Pneumothorax:
    """The distances of a retracted lung from its chest wall, in mm."""

    side: int  # -1 the patient's right, +1 the left
    kind: str  # one of KINDS
    apex: float  # lung apex below the cupola
    hilum: float  # lung edge from the lateral wall at the level of the hilum
    base: float  # lung edge from the lateral wall at the base
    lift: float = 0.0  # lung base above the diaphragm
    front: float = 0.0  # air in front of the lung, in a lying patient
    sulcus: float = 0.0  # how much deeper the costophrenic sulcus reaches
    shift: float = 0.0  # mediastinum away from the air
    flatten: float = 0.0  # diaphragm pressed down

    def scaled(self, factor: float) -> Pneumothorax:
        """Return it larger or smaller; it never gets smaller than the smallest rim that counts."""
        relieved = self.kind == "tension" and factor < 1
        other = replace(
            self,
            kind="lateral" if relieved else self.kind,
            apex=min(self.apex * factor, 110.0),
            hilum=min(self.hilum * factor, 85.0),
            base=min(self.base * factor, 80.0),
            lift=self.lift * factor,
            front=self.front * factor,
            sulcus=self.sulcus * factor,
            shift=min(self.shift * factor, 32.0) if factor >= 1 else 0.0,
            flatten=self.flatten * factor,
        )
        if max(other.apex, other.hilum, other.base, other.sulcus) >= SMALLEST_MM:
            return other
        return replace(other, base=SMALLEST_MM + 1) if self.kind == "basal" else replace(other, apex=SMALLEST_MM + 1)

    def settled(self, *, supine: bool) -> Pneumothorax:
        """Return it as it lies in an upright patient: air in front of the lung rises beside it."""
        if supine or self.kind != "deep_sulcus":
            return self
        rim = SMALLEST_MM + 0.22 * self.front
        return Pneumothorax(side=self.side, kind="lateral", apex=1.6 * rim, hilum=rim, base=0.6 * rim)


def make_pneumothorax(rng: np.random.Generator, *, supine: bool) -> Pneumothorax:
    """Draw a first pneumothorax; deep sulci only in lying patients."""
    side = int(rng.choice([-1, 1], p=[0.54, 0.46]))
    shares = [0.2, 0.22, 0.06, 0.42, 0.1] if supine else [0.42, 0.39, 0.08, 0.0, 0.11]
    kind = str(rng.choice(KINDS, p=shares))
    size = float(rng.beta(0.7, 2.4))  # many small ones, a few large
    if kind == "apical":
        apex = 6 + 58 * size
        return Pneumothorax(side=side, kind=kind, apex=apex, hilum=max(0.5 * apex - 6, 0), base=max(0.2 * apex - 6, 0))
    if kind == "lateral":
        hilum = 5 + 34 * size
        apex = hilum * float(rng.uniform(1.0, 1.8))
        base = hilum * float(rng.uniform(0.4, 1.1))
        return Pneumothorax(side=side, kind=kind, apex=apex, hilum=hilum, base=base, lift=4 * size)
    if kind == "basal":
        base = 11 + 26 * size
        return Pneumothorax(side=side, kind=kind, apex=1.0, hilum=0.3 * base, base=base, lift=7 + 20 * size)
    if kind == "deep_sulcus":
        return Pneumothorax(
            side=side,
            kind=kind,
            apex=9 * size,
            hilum=3 + 8 * size,
            base=9 + 16 * size,
            lift=5 + 12 * size,
            front=28 + 50 * size,
            sulcus=16 + 32 * size,
            flatten=3 + 9 * size,
        )
    return Pneumothorax(
        side=side,
        kind=kind,
        apex=62 + 40 * size,
        hilum=48 + 30 * size,
        base=42 + 34 * size,
        lift=30 + 35 * size,
        shift=12 + 19 * size,
        flatten=8 + 17 * size,
    )


def sunk(anatomy: Anatomy, air: Pneumothorax | None, y: np.ndarray) -> np.ndarray:
    """Where points at heights `y` (N,) of the full lung lie once its apex has sunk, in mm."""
    if air is None:
        return y
    hold = _HOLD * anatomy.height
    return np.where(y < hold, air.apex + y * (hold - air.apex) / hold, y)


def risen(anatomy: Anatomy, air: Pneumothorax | None, y: np.ndarray) -> np.ndarray:
    """The way back from `sunk`: which height of the full lung lies at `y` (N,) now, in mm."""
    if air is None:
        return y
    hold = _HOLD * anatomy.height
    return np.where(y < hold, (y - air.apex) * hold / (hold - air.apex), y)


def kept_width(anatomy: Anatomy, air: Pneumothorax | None, y: np.ndarray) -> np.ndarray:
    """Share of the full width that the lung still fills at heights `y` (N,), in (0, 1]."""
    if air is None:
        return np.ones_like(y)
    height = anatomy.height
    levels = np.array([0.12, HILUM, 1.0, 1.3])
    full = outer_edge(anatomy, levels * height) - inner_edge(anatomy, levels * height)
    gaps = np.array([0.5 * air.apex if air.kind != "tension" else air.hilum * 0.8, air.hilum, air.base, air.base])
    lost = np.clip(gaps / full, 0, 0.7)
    kept = 1 - spline(tuple(levels * height), tuple(lost))(y)
    # A lung let go draws its apex in to a dome.
    rounded = np.exp(-np.maximum(y - air.apex, 0) / (0.5 * air.apex + 6))
    return kept * (1 - min(0.014 * air.apex, 0.5) * rounded)


def lung_edge(anatomy: Anatomy, air: Pneumothorax | None, y: np.ndarray) -> np.ndarray:
    """Distance of the lung's lateral surface from the midline at heights `y` (N,), in mm."""
    before = risen(anatomy, air, y)
    inner = inner_edge(anatomy, before)
    return inner + (outer_edge(anatomy, before) - inner) * kept_width(anatomy, air, y)


def size_at_hilum(anatomy: Anatomy, air: Pneumothorax) -> float:
    """Distance between lung and chest wall at the level of the hilum, in mm."""
    level = np.array([HILUM * anatomy.height])
    return float((outer_edge(anatomy, level) - lung_edge(anatomy, air, level))[0])
