"""The one assignment of patients to parts, per data set and seed, from which every kind of split derives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.data.dealing import deal

PARTS = ("train", "val", "test")
FOLDS = ("tune", "certify")

# In the order in which they are served when a class has fewer patients than there are places.
PLACES = {("train", None): 0.5, ("val", "tune"): 0.15, ("test", None): 0.2, ("val", "certify"): 0.15}
FILM_BINS = (2, 4, 10)  # films a patient has; where a new stratum begins

ASSIGN = 0  # the stream of chance of this decision; each other decision has its own


def assign_patients(radiographs: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Assign every patient of a data set to a part, and those of val to a fold.

    Train, val and test get 50, 30 and 20 % of the patients, and val's two folds half of val
    each: of those with a positive film, of those with known labels but none positive, and of the
    rest. Where a class has at least four patients, every part and fold has one of them. Parts are
    alike in films and positive films per patient and in the predominant view. The order of the
    rows does not matter.

    Args:
        radiographs: A table with image_id, patient_id, label, and if known view and source.
        seed: From 0; another seed gives another assignment.

    Returns:
        A frame indexed by patient_id, sorted, with the columns part and fold (null outside val).
    """
    return dealt(by_patient(radiographs), PLACES, generator(seed, ASSIGN))


def generator(seed: int, stream: int) -> np.random.Generator:
    """Return the chance of one decision; other decisions with the same seed do not touch it."""
    return np.random.default_rng([seed, stream])


def by_patient(radiographs: pd.DataFrame) -> pd.DataFrame:
    """Return each patient's class (2 positive, 1 negative, 0 unknown) and stratum, by patient_id."""
    label = radiographs["label"].astype("float64")
    if "source" in radiographs:
        label = label.where((radiographs["source"] != "synthetic").astype(bool))
    view = radiographs["view"] if "view" in radiographs else pd.Series(None, index=radiographs.index, dtype="str")
    films = pd.DataFrame(
        {"patient_id": radiographs["patient_id"], "label": label, "ap": (view == "AP").astype("float64")}
    )
    groups = films.groupby("patient_id", sort=True)
    mostly_ap = (groups["ap"].mean() > 0.5).to_numpy(np.int64)
    positive_films, all_films = (np.digitize(count, FILM_BINS) for count in (groups["label"].sum(), groups.size()))
    bins = len(FILM_BINS) + 1
    return pd.DataFrame(
        {
            "class": (groups["label"].max() + 1).fillna(0).astype("int64"),
            "stratum": (mostly_ap * bins + positive_films) * bins + all_films,
        }
    )


def dealt(
    patients: pd.DataFrame, places: dict[tuple[str, str | None], float], rng: np.random.Generator
) -> pd.DataFrame:
    """Return part and fold of each of `by_patient`'s patients, dealt by the places' shares."""
    chosen = deal(patients["class"].to_numpy(), patients["stratum"].to_numpy(), list(places.values()), rng=rng)
    parts, folds = (np.array(names, dtype=object)[chosen] for names in zip(*places, strict=True))
    return pd.DataFrame({"part": parts, "fold": folds}, index=patients.index).astype("str")
