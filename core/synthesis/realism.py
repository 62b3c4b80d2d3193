"""Measures how realistic a synthetic data set is, on parents that its generator did not see, and writes the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base import progress
from core.base.errors import InputError
from core.data import radiographs, synthetic
from core.data.pixel_cache import PixelCache
from core.evaluation import by_patient, realism_store
from core.evaluation.realism_report import Origin, RealismReport, Spectrum
from core.evaluation.report import Measure
from core.models import cards
from core.synthesis import (
    distances,
    fingerprint,
    generators,
    likeness,
    mean_maps,
    origin_films,
    origin_told,
    own_classifier,
    parents,
    realism_notes,
    regions_told,
    there_and_back,
)
from core.synthesis.distances import Side
from core.synthesis.origin_films import LABEL, Matched
from core.training import makers

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.synthetic import SyntheticCard
    from core.synthesis.generators import Generators
    from core.synthesis.own_classifier import OwnClassifier

LARGEST = 5000  # images, films and training films looked at, drawn at random; bounds memory and time


def measure(
    workspace: Workspace,
    name: str,
    dataset: str | None = None,
    *,
    split: str | None = None,
    epochs: int = 20,
    seed: int = 0,
) -> RealismReport:
    """Measure a synthetic data set, keep the report, and note in the passports how real each image looks.

    Measured are images of parents that the generator did not see, against films of the domain they are to look
    like, of such patients too. The classifier of origin is trained if none fits. What needs a classifier of
    pneumothorax is null with the reason where there is none for this kind of image.

    Args:
        workspace: Where the set lies.
        name: The synthetic data set.
        dataset: Whose films; None takes the one that was translated.
        split: Whose parts are kept apart; None takes the one that was translated.
        epochs: Of the classifier of origin, if it has to be trained.
        seed: Of all that is drawn.

    Raises:
        InputError: If the set cannot be held against films, `origin_films.gather` says when, the generator is no
            longer the one that made it, or it saw the parents of all images.
        Cancelled: If a stop was asked for; no report is written.
    """
    study = _Study.of(workspace, origin_films.gather(workspace, name, dataset=dataset, split=split), seed=seed)
    found_origin = origin_told.told(
        workspace, study.matched, study.films["image_id"], study.pixels["back"], epochs=epochs, seed=seed
    )
    report = _report(study, found_origin)
    realism_store.save(workspace, report)
    return report


@dataclass(frozen=True)
class _Study:
    """What is measured: rows and, in the same order, pixels `(N, S, S)` uint8."""

    workspace: Workspace
    matched: Matched
    both: Generators
    images: pd.DataFrame
    films: pd.DataFrame
    learnt: pd.DataFrame  # films of the wanted domain that the generator learnt from
    parents: pd.DataFrame  # of the images, row by row
    told: pd.DataFrame  # their passports, row by row
    reader: OwnClassifier | None
    reason: str | None  # why there is no classifier
    drawn: bool  # whether there were more than are looked at

    @classmethod
    def of(cls, workspace: Workspace, matched: Matched, *, seed: int) -> _Study:
        made, measured = matched.card, matched.measured
        makers.refuse_another(workspace, made)
        both = generators.load(workspace, made.generator_id)
        told = _passports(workspace, made)
        sides = [measured[measured[LABEL] == label] for label in (1, 0)]
        _refuse_none(matched, sides)
        learnt = parents.learnt_films(workspace, both.card, made.direction)
        sides.append(matched.table.head(0) if learnt is None else learnt)
        images, films, learnt = (_some(rows, seed) for rows in sides)
        table = radiographs.load(workspace, matched.dataset).set_index("image_id", drop=False)
        of_images = table.loc[images["parent_image_id"]].reset_index(drop=True)
        checkpoint_id, reason = _classifier(workspace, matched, {*of_images["source"], *films["source"]})
        reader = None if checkpoint_id is None else own_classifier.load(workspace, checkpoint_id)
        drawn = any(len(rows) > LARGEST for rows in sides)
        told = told.loc[images["image_id"]]
        return cls(workspace, matched, both, images, films, learnt, of_images, told, reader, reason, drawn)

    @cached_property
    def pixels(self) -> dict[str, np.ndarray]:
        """The pictures by what they are, and the films there and back."""
        found = {}
        for name in ("images", "films", "learnt", "parents"):
            rows = getattr(self, name)
            cache = PixelCache.ensure(
                self.workspace, rows.drop_duplicates("image_id"), size=self.matched.card.image_size
            )
            found[name] = cache.read(cache.rows_of(rows["image_id"]))
        first_way = there_and_back.OTHER[self.matched.card.direction]  # they are of the domain that is wanted
        found["back"] = there_and_back.reconstructed(self.both, found["films"], first_way)
        return found

    def sides(self) -> dict[str, Side] | None:
        """Return the pictures in the classifier's features, or None where there is no classifier."""
        if self.reader is None:
            return None
        of = {"images": self.images, "films": self.films, "back": self.films, "learnt": self.learnt}
        return {
            name: Side(self.reader.read(self.pixels[name]).features, rows["patient_id"].to_numpy(object))
            for name, rows in of.items()
        }


def _report(study: _Study, found_origin: Origin) -> RealismReport:
    progress.announce("Measuring likeness")
    made, pixels, told = study.matched.card, study.pixels, study.told
    progress.announce("Comparing where translations change films")
    regions = regions_told.regions(study.workspace, study.matched.dataset, study.parents, pixels["parents"], told)
    memorised = told["nearest_distance"] < told["parent_distance"]
    return RealismReport(
        report_id=realism_store.report_name(made.name),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        synthetic=made.name,
        dataset=study.matched.dataset,
        split=study.matched.split,
        direction=made.direction,
        generator_id=made.generator_id,
        generator_sha256=made.generator_sha256,
        kinds=dict(sorted(Counter([*study.parents["source"], *study.films["source"]]).items())),
        image_size=made.image_size,
        images=len(study.images),
        image_patients=int(study.images["patient_id"].nunique()),
        films=len(study.films),
        film_patients=int(study.films["patient_id"].nunique()),
        classifier_id=None if study.reader is None else study.reader.checkpoint_id,
        classifier_reason=study.reason,
        **_in_features(study),
        spectrum=_spectrum(study),
        origin=found_origin,
        arms=fingerprint.arms(study.workspace, made, study.both),
        maps=mean_maps.maps(study.reader, pixels["films"], pixels["images"], reason=study.reason),
        change_map=mean_maps.change_map(pixels["parents"], pixels["images"]).tolist(),
        regions=regions,
        memorised=int(memorised.fillna(False).sum()),
        notes=_notes(study, found_origin),
    )


def _in_features(study: _Study) -> dict[str, Measure]:
    """Return what needs a classifier of pneumothorax."""
    sides = study.sides()
    if sides is None or study.reader is None:
        names = ("fid", "kid", "kid_reconstructed", "kid_films", "precision", "recall", "shift")
        return dict.fromkeys(names, Measure(value=None, reason=study.reason))
    films, images = sides["films"], sides["images"]
    before, after = (study.reader.read(study.pixels[name]).probabilities for name in ("parents", "images"))
    return {
        "fid": distances.fid(films, images),
        "kid": distances.kid(films, images),
        "kid_reconstructed": distances.kid(films, sides["back"]),
        "kid_films": distances.kid(films, sides["learnt"]),
        "precision": distances.precision(films, images),
        "recall": distances.recall(films, images),
        "shift": by_patient.mean(after - before, images.patients, lacking="no image"),
    }


def _spectrum(study: _Study) -> Spectrum:
    real, made, back = (
        likeness.radial_spectrum(study.pixels[name]).mean(axis=0) for name in ("films", "images", "back")
    )
    return Spectrum(
        frequencies=likeness.frequencies(study.matched.card.image_size).tolist(),
        real=real.tolist(),
        synthetic=made.tolist(),
        reconstructed=back.tolist(),
        gap_synthetic=float(np.abs(made - real).mean()),
        gap_reconstructed=float(np.abs(back - real).mean()),
    )


def _classifier(workspace: Workspace, matched: Matched, kinds: set[str]) -> tuple[str | None, str | None]:
    """Return the classifier of the passports if it is there still, else the one that fits best, or None and why."""
    own = matched.card.classifier_id
    if own is not None and own in cards.checkpoint_ids(workspace):
        return own, None
    return own_classifier.choose(workspace, matched.dataset, kinds)


def _notes(study: _Study, found_origin: Origin) -> list[str]:
    notes: list[str] = []
    if study.drawn:
        notes.append(f"Of images, films and training films {LARGEST:,} each were drawn at random.")
    if study.reader is not None:
        patients: dict[str, Any] = {"films": study.films, "parents": study.parents}
        notes += realism_notes.learnt_by(study.workspace, study.reader.found.card, patients)
    if found_origin.checkpoint_id is not None:
        notes += realism_notes.of_origin(study.workspace, found_origin.checkpoint_id)
    if study.told["nearest_distance"].isna().all():
        notes.append("The passports name no nearest training film, so none counts as memorised.")
    return notes


def _passports(workspace: Workspace, made: SyntheticCard) -> pd.DataFrame:
    """Return the passports of a set by image.

    Raises:
        InputError: If not each image has one of its generator.
    """
    told = synthetic.passports(workspace, made.name).set_index("image_id")
    own = told[told["generator_sha256"] == made.generator_sha256]
    images = radiographs.load(workspace, made.name)["image_id"]
    lacking = int((~images.isin(own.index)).sum())
    if lacking:
        msg = (
            f"Expected a passport of its generator for each image of {made.name!r}, found none for {lacking} of "
            f"{len(images)}; {synthetic.ANEW}."
        )
        raise InputError(msg, field="synthetic")
    return own


def _some(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return rows in their order, `LARGEST` at most, drawn at random."""
    kept = np.sort(np.random.default_rng(seed).permutation(len(rows))[:LARGEST])
    return rows.iloc[kept].reset_index(drop=True)


def _refuse_none(matched: Matched, sides: list[pd.DataFrame]) -> None:
    for rows, what, cure in (
        (sides[0], "images of parents that the generator did not see", "translate the split's val too (--part all)"),
        (sides[1], "films of the wanted domain of patients that the generator did not see", "index more films"),
    ):
        if rows.empty:
            msg = f"Expected {what}, found none for {matched.card.name!r}; {cure}."
            raise InputError(msg, field="synthetic")
