"""Which films of a split a classifier learns from and is chosen by, and when they cannot do it; free of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def refuse(films: pd.DataFrame, split: str) -> None:
    """Refuse films that nothing can be learnt from, or no epoch chosen by.

    Args:
        films: A split's films with the columns source, part, fold and label; a null label is unknown.
        split: The split's name.

    Raises:
        InputError: If a synthetic film stands outside train, no film of the fold `tune` has a
            label, or train lacks a class; `field` is the split.
    """
    reason = _synthetic_outside_train(films) or _nothing_to_choose_by(films) or _one_class(films)
    if reason is not None:
        msg = f"Expected {reason} in split {split!r}; choose another split or other labels."
        raise InputError(msg, field="split")


def _synthetic_outside_train(films: pd.DataFrame) -> str | None:
    made = films[(films["source"] == "synthetic") & (films["part"] != "train")]
    if made.empty:
        return None
    return f"synthetic films in the train part only, found {len(made)} elsewhere, such as {made['image_id'].iloc[0]!r},"


def _nothing_to_choose_by(films: pd.DataFrame) -> str | None:
    if films.loc[films["fold"] == "tune", "label"].notna().any():
        return None
    return "films in the fold 'tune' of val, by which the best epoch is chosen, found none with a label"


def _one_class(films: pd.DataFrame) -> str | None:
    train = films.loc[films["part"] == "train", "label"]
    positive, negative = int((train == 1).sum()), int((train == 0).sum())
    if positive and negative:
        return None
    return f"films with and without pneumothorax in train, found {positive} with and {negative} without,"
