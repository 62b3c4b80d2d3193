"""A split's films alone, for tests that do not ask what was left out."""

from __future__ import annotations

import pandas as pd

from core.data import splits


def make_split(radiographs: pd.DataFrame, kind: str, **options) -> pd.DataFrame:
    """Divide radiographs as `splits.plan_split` does, and return the films."""
    return splits.plan_split(radiographs, kind, **options).films
