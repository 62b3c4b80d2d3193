"""A passport in words: what speaks against a translation first, then where it comes from and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.data.synthetic import A_TO_B, B_TO_A, DIRECTIONS, SyntheticCard

REGIONS = {
    "mask": "the region, by the film's mask",
    "boxes": "the region, by the film's boxes",
    "rim": "the rim of the lung field",
}
TOWARDS = {A_TO_B: 1, B_TO_A: -1}  # which way the probability is meant to move
STILL = 0.005  # shift of a probability that two digits do not show
LIKE_A_FILM = 0.5  # probability of being a film, from which it is taken for one


def with_implied(passports: pd.DataFrame) -> pd.DataFrame:
    """Return passports with two further columns that they imply.

    `lead_in_region` is how much more of the change lies inside the region than of what there and back changes;
    `memorised` whether a training film is nearer than the film it was made from, null where that is not known.

    Args:
        passports: With the columns of `schema.PASSPORTS`.

    Examples:
        >>> row = {"change_in_region": 0.4, "reconstruction_in_region": 0.3, "parent_distance": 0.1}
        >>> found = with_implied(pd.DataFrame([row | {"nearest_distance": near} for near in (0.2, 0.05, None)]))
        >>> found["memorised"].tolist()
        [False, True, <NA>]
    """
    near, own = passports["nearest_distance"].astype(float), passports["parent_distance"].astype(float)
    return passports.assign(
        lead_in_region=passports["change_in_region"] - passports["reconstruction_in_region"],
        memorised=(near < own).astype("boolean").mask(near.isna() | own.isna()),
    )


def warnings(passport: Mapping[str, Any], card: SyntheticCard) -> list[str]:
    """Return what speaks against an image, the gravest first.

    Args:
        passport: Its row.
        card: Of its data set.
    """
    found = []
    if _known(passport, "nearest_distance", "parent_distance"):
        near, own = passport["nearest_distance"], passport["parent_distance"]
        if near < own:
            found.append(
                f"It lies nearer to the training film {passport['nearest_image_id']} ({near:.3f}) than to the film it "
                f"was made from ({own:.3f}): it may repeat that patient, or have lost its own film."
            )
    if passport["patient_id"] in set(card.patients):
        found.append("The generator learnt from this patient, so the image says nothing of how it does on others.")
    if _known(passport, "change_in_region", "reconstruction_in_region"):
        change, control = passport["change_in_region"], passport["reconstruction_in_region"]
        if change <= control:
            found.append(
                f"Its change lies in {_region(passport)} no more than that of there and back "
                f"({percent(change)} against {percent(control)})."
            )
    if _known(passport, "probability_shift"):
        shift = passport["probability_shift"]
        if abs(shift) < STILL:
            found.append("The classifier's probability did not move.")
        elif shift * TOWARDS[card.direction] < 0:
            found.append(f"The classifier's probability moved the wrong way: {shift:+.2f}.")
    return found


def words(passport: Mapping[str, Any], card: SyntheticCard) -> list[str]:
    """Return the passport in sentences.

    Args:
        passport: Its row.
        card: Of its data set.
    """
    found = [
        f"{DIRECTIONS[card.direction]}: made from film {passport['parent_image_id']} of patient "
        f"{passport['patient_id']} ({passport['part']} of {card.split}) by {passport['generator_id']}."
    ]
    if _known(passport, "change", "cycle_error"):
        found.append(
            f"It changed the film by {percent(passport['change'], 1)} of the grey range on average; there and back "
            f"changes {percent(passport['cycle_error'], 1)}" + _identity(passport) + "."
        )
    if _known(passport, "change_in_lung", "reconstruction_in_lung"):
        found.append(
            f"Of its change {percent(passport['change_in_lung'])} lies inside the lung field "
            f"({passport['lung_from']}), of that of there and back {percent(passport['reconstruction_in_lung'])}."
        )
    if _known(passport, "change_in_region", "reconstruction_in_region"):
        found.append(
            f"In {_region(passport)} lies {percent(passport['change_in_region'])} of its change, of that of there and "
            f"back {percent(passport['reconstruction_in_region'])}."
        )
    found += [_probabilities(passport, card), _origin(passport), *_nearest(passport)]
    return found


def percent(share: float, digits: int = 0) -> str:
    """Return a share in percent.

    Examples:
        >>> percent(0.123), percent(0.0123, 1)
        ('12 %', '1.2 %')
    """
    return f"{100 * share:.{digits}f} %"


def _identity(passport: Mapping[str, Any]) -> str:
    if not _known(passport, "identity_error"):
        return ""
    return f", the other generator, which should leave the film as it is, {percent(passport['identity_error'], 1)}"


def _probabilities(passport: Mapping[str, Any], card: SyntheticCard) -> str:
    if not _known(passport, "probability_parent", "probability_synthetic"):
        reason = (card.classifier_reason or "no reason was kept").rstrip(".")
        return f"How far a classifier's probability moved is not known: {reason}."
    before, after = passport["probability_parent"], passport["probability_synthetic"]
    sentence = f"The classifier's probability of a pneumothorax went from {before:.2f} to {after:.2f}"
    if _known(passport, "probability_reconstruction"):
        sentence += f"; there and back it is {passport['probability_reconstruction']:.2f}"
    return f"{sentence}."


def _origin(passport: Mapping[str, Any]) -> str:
    if not _known(passport, "real_probability"):
        return "Whether it passes for a film is not known until `realism` ran."
    real = passport["real_probability"]
    taken = "takes it for a film" if real >= LIKE_A_FILM else "tells it from a film"
    return f"The real-vs-synthetic classifier {taken}: probability of a film {real:.2f}."


def _nearest(passport: Mapping[str, Any]) -> list[str]:
    if not _known(passport, "nearest_distance"):
        return []
    return [f"The training film most like it is {passport['nearest_image_id']}, at {passport['nearest_distance']:.3f}."]


def _region(passport: Mapping[str, Any]) -> str:
    return REGIONS.get(str(passport.get("region_from")), "the region")


def _known(passport: Mapping[str, Any], *names: str) -> bool:
    return all(passport.get(name) is not None and not pd.isna(passport[name]) for name in names)
