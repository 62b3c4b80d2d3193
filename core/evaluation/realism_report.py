"""The RealismReport: how far synthetic images can be told from films, as plain numbers that fit into JSON."""

from __future__ import annotations

from typing import Any

from core.evaluation.report import Measure, Plain

PREFIX = "realism-"  # of a report's id; the name of the synthetic data set follows


class Spectrum(Plain):
    """Radially averaged power spectra, mean over images, log10; and the mean absolute gap of each to the films'."""

    frequencies: list[float]
    """Cycles a pixel, rising, 0 to 0.5."""
    real: list[float]
    synthetic: list[float]
    reconstructed: list[float]
    gap_synthetic: float
    """Mean absolute difference to `real` over the frequencies, in decades."""
    gap_reconstructed: float


class Origin(Plain):
    """How well a classifier trained for it tells origin, on films and images whose patients it did not learn from."""

    checkpoint_id: str | None
    reason: str | None
    """Why there is none."""
    auroc: Measure
    """Of synthetic images against films; 0.5 is indistinguishable, 1 told at once."""
    auroc_reconstructed: Measure
    """The control: of films there and back against films; above 0.5 it is the network's texture that is told."""


class Arm(Plain):
    """What happens to a classifier's probability when negative films are only sent there and back."""

    name: str
    """`none` (trained without synthetic images), `positives` or `both`."""
    checkpoint_id: str
    synthetic_films: int
    """Synthetic films it learnt from."""
    shift: Measure
    """Mean of probability there and back minus probability of the film, over negative films, by patient."""
    shift_against_none: Measure
    """The same minus that of the arm `none`, paired by film."""


class Maps(Plain):
    """Mean heat maps on a grid, rows from the top, each cell 0 to 1; null with the reason where none can be made."""

    checkpoint_id: str | None
    reason: str | None
    real: list[list[float]] | None
    synthetic: list[list[float]] | None
    difference: list[list[float]] | None
    """synthetic - real."""


class Region(Plain):
    """Where translations change a film, against what there and back changes."""

    name: str
    """`lung`, `mask`, `boxes` or `rim`."""
    images: int
    """Images for which it is known."""
    more: Measure
    """Share of images whose change lies inside the region more than that of their reconstruction, by patient."""
    inside: Measure
    """Mean share of the change inside the region."""
    area: float | None
    """Mean share of the film that the region takes: what an even change would give."""


class RealismReport(Plain):
    """How realistic a synthetic data set is; measured on parents that its generator did not see."""

    report_id: str
    created_at: str
    synthetic: str
    dataset: str
    split: str
    direction: str
    generator_id: str
    generator_sha256: str
    kinds: dict[str, int]
    """Parents and films by source."""
    image_size: int
    images: int
    """Synthetic images measured: children of parents that the generator did not see."""
    image_patients: int
    films: int
    """Films of the wanted domain they are compared with, of patients that the generator did not see."""
    film_patients: int
    classifier_id: str | None
    """In whose features FID, KID, precision and recall are measured: never Inception's."""
    classifier_reason: str | None
    fid: Measure
    """Frechet distance; null below 2,000 images."""
    kid: Measure
    """Kernel distance, unbiased; its interval is that of drawing patients again."""
    kid_reconstructed: Measure
    """Of films there and back against films: the control."""
    kid_films: Measure
    """Of films of training against the films: what two sets of films give."""
    precision: Measure
    """Share of synthetic images among the films' neighbourhoods."""
    recall: Measure
    """Share of films among the synthetic images' neighbourhoods."""
    spectrum: Spectrum
    origin: Origin
    arms: list[Arm]
    """The fingerprint test; empty where no classifier learnt from these images."""
    maps: Maps
    change_map: list[list[float]]
    """Mean absolute change of a film by its translation, on a grid of at most 64 x 64, shares of the grey range."""
    regions: list[Region]
    shift: Measure
    """Mean shift of the classifier's probability by the translation."""
    memorised: int
    """Images nearer to a training film of the wanted domain than to their parent."""
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return self.model_dump(mode="json")
