"""A handful of predicted films for the overview: from the most to the least probable, so that one sees the range."""

from __future__ import annotations

import numpy as np
import pandas as pd


def first_cases(predictions: pd.DataFrame, radiographs: pd.DataFrame, *, count: int) -> pd.DataFrame:
    """Return films at even steps down the order of probability, joined with what the data set says of them.

    Args:
        predictions: A predictions table with at least one row.
        radiographs: The radiographs table of its data set.
        count: How many films, at most.

    Returns:
        Rows of the radiographs table with the column `probability`, the most probable first.
    """
    ranked = predictions[["image_id", "probability"]].sort_values(
        ["probability", "image_id"], ascending=[False, True], ignore_index=True
    )
    steps = np.unique(np.linspace(0, len(ranked) - 1, num=min(count, len(ranked))).round().astype(int))
    return ranked.iloc[steps].merge(radiographs, on="image_id", how="inner", validate="one_to_one")


def case_captions(cases: pd.DataFrame, *, cut: float | None) -> list[str]:
    """Return what stands below each case: report label, probability, and the cut it is held against.

    Examples:
        >>> case_captions(pd.DataFrame({"label": [1], "probability": [0.812]}), cut=0.4)
        ['report: pneumothorax · probability 0.81 (cut 0.40)']
        >>> case_captions(pd.DataFrame({"label": [0], "probability": [0.9995]}), cut=None)
        ['report: no pneumothorax · probability above 0.99']
    """
    words = cases["label"].map({1: "pneumothorax", 0: "no pneumothorax"}).fillna("unknown")
    held = "" if cut is None else f" (cut {cut:.2f})"
    return [
        f"report: {label} · probability {two_digits(probability, cut=cut)}{held}"
        for label, probability in zip(words, cases["probability"], strict=True)
    ]


def two_digits(probability: float, *, cut: float | None = None) -> str:
    """Return a probability in two digits, or as many as tell it from the cut; never a certainty that was not computed.

    Examples:
        >>> two_digits(0.812, cut=0.4), two_digits(0.3214, cut=0.3218), two_digits(0.9995)
        ('0.81', '0.321', 'above 0.99')
    """
    if probability > 0.99:
        return "above 0.99"
    if probability < 0.01:
        return "below 0.01"
    if cut is None or probability == cut:
        return f"{probability:.2f}"
    digits = next((n for n in (2, 3, 4) if f"{probability:.{n}f}" != f"{cut:.{n}f}"), 6)
    return f"{probability:.{digits}f}"
