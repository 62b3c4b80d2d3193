"""What happens to each patient: how many films, what they show, and what the report says.

A plan holds everything but pixels. It depends on the seed alone, never on a film's size in
pixels, and the first patients of a larger cohort are those of a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.phantom.anatomy import Anatomy, make_anatomy
from core.phantom.film import Film, make_film
from core.phantom.pneumothorax import Pneumothorax, make_pneumothorax

REPORT_MISSES = 0.10  # of the films with a pneumothorax
REPORT_CALLS = 0.03  # of the films without
_BLOCK, _WITH_AIR = 5, 2  # in every five patients in turn, two have a pneumothorax at some time
_FILMS_WITHOUT = (0.76, 0.15, 0.05, 0.02, 0.01, 0.01)  # probability of one to six films
_FILMS_WITH = (0.45, 0.26, 0.14, 0.08, 0.04, 0.03)


@dataclass(frozen=True, kw_only=True)
class PlannedFilm:
    """One film of the cohort before it is rendered."""

    patient: int  # from 1
    follow_up: int  # from 0
    age_years: int
    anatomy: Anatomy
    film: Film
    reported: bool  # pneumothorax in the report, right or wrong
    findings: tuple[str, ...]  # in the report

    @property
    def name(self) -> str:
        """File name as NIH forms it."""
        return f"{self.patient:08d}_{self.follow_up:03d}.png"


def plan(patients: int, seed: int) -> list[PlannedFilm]:
    """Plan every film of a cohort.

    Examples:
        >>> [film.name for film in plan(2, seed=0)][0]
        '00000001_000.png'
    """
    return [film for patient in range(1, patients + 1) for film in _patient(patient, seed)]


def _patient(patient: int, seed: int) -> list[PlannedFilm]:
    block, place = divmod(patient - 1, _BLOCK)
    ill = place in np.random.default_rng([seed, 1, block]).permutation(_BLOCK)[:_WITH_AIR]
    rng = np.random.default_rng([seed, 2, patient])
    anatomy = make_anatomy(rng)
    count = 1 + int(rng.choice(6, p=_FILMS_WITH if ill else _FILMS_WITHOUT))
    portable = rng.beta(1.1, 1.7)  # how sick: how often the film is taken in bed
    lying = rng.random() < 0.45
    views = []
    for _ in range(count):
        bed = bool(rng.random() < portable)
        views.append(("AP" if bed else "PA", bed and lying and bool(rng.random() < 0.8)))
    course = _course(rng, [supine for _, supine in views]) if ill else [(None, 0)] * count
    days = np.cumsum(rng.exponential(25 if ill else 300, count))
    films = []
    for follow_up, ((view, supine), (air, drain)) in enumerate(zip(views, course, strict=True)):
        stray = int(rng.choice([-1, 1])) if rng.random() < 0.02 else 0  # for fluid, or left in
        film = make_film(rng, anatomy, view=view, supine=supine, air=air, drain=drain or (0 if air else stray))
        wrong = rng.random() < (REPORT_MISSES if air else REPORT_CALLS)
        reported = (air is not None) != bool(wrong)
        age = anatomy.age_years + int((days[follow_up] - days[0]) // 365)
        films.append(
            PlannedFilm(
                patient=patient,
                follow_up=follow_up,
                age_years=age,
                anatomy=anatomy,
                film=film,
                reported=reported,
                findings=_findings(rng, anatomy, film, reported=reported),
            )
        )
    return films


def _course(rng: np.random.Generator, supine: list[bool]) -> list[tuple[Pneumothorax | None, int]]:
    """Tell a pneumothorax over a patient's films: the air and the side of a drain, film by film."""
    count = len(supine)
    onset = 0 if rng.random() < 0.68 else int(rng.integers(count))
    story: list[tuple[Pneumothorax | None, int]] = [(None, 0)] * onset
    air = make_pneumothorax(rng, supine=supine[onset])
    large = air.kind == "tension" or max(air.hilum, 0.5 * air.apex) > 13
    treated = bool(rng.random() < (0.85 if large else 0.3))
    inside = treated and bool(rng.random() < 0.3)  # the first film here is taken after the drain
    story.append((air, air.side if inside else 0))
    gone = False
    for at in range(onset + 1, count):
        if gone:
            story.append((None, 0))
            continue
        if not treated and rng.random() < 0.3:
            air = air.scaled(float(rng.uniform(1.3, 1.8)))
            treated = True  # it grew, so it is drained after this film
        elif rng.random() < (0.34 if treated else 0.28):
            gone = True
        else:
            air = air.scaled(float(rng.uniform(0.35, 0.75)))
            inside = treated
        left_in = inside and bool(rng.random() < 0.4)
        if gone:
            story.append((None, air.side if left_in else 0))
        else:
            story.append((air.settled(supine=supine[at]), air.side if inside else 0))
    return story


def _findings(rng: np.random.Generator, anatomy: Anatomy, film: Film, *, reported: bool) -> tuple[str, ...]:
    """List what the report names, in NIH's words."""
    shown = {
        "Cardiomegaly": anatomy.heart_ratio > 0.535,
        "Effusion": max(film.effusion) > 18,
        "Emphysema": anatomy.emphysema > 0.45 or len(anatomy.bullae) > 2,
        "Infiltration": film.patches > 0,
    }
    named = [finding for finding, present in shown.items() if present & bool(rng.random() < 0.85)]
    return tuple(sorted([*named, *(["Pneumothorax"] if reported else [])])) or ("No Finding",)
