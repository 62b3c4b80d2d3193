"""In what the training of several checkpoints differs: the settings that are not the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

NOT_SET = "not set"  # as an ensemble has no learning rate


def differing(configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the settings in which checkpoints differ, a row a setting and a column a checkpoint.

    Args:
        configs: Each checkpoint's resolved configuration, flat, by its name.

    Returns:
        Columns `Setting` and the names, all text; no row where all are alike.

    Examples:
        >>> table = differing({"first": {"seed": 0, "epochs": 9}, "second": {"seed": 1, "epochs": 9}})
        >>> table.to_dict("records")
        [{'Setting': 'Seed', 'first': '0', 'second': '1'}]
    """
    rows = []
    for setting in dict.fromkeys(setting for config in configs.values() for setting in config):
        told = {name: _told(config.get(setting)) for name, config in configs.items()}
        if len(set(told.values())) > 1:
            rows.append({"Setting": setting.replace("_", " ").capitalize(), **told})
    return pd.DataFrame(rows, columns=["Setting", *configs])


def _told(value: Any) -> str:  # noqa: ANN401 (whatever a configuration holds)
    if value is None:
        return NOT_SET
    return f"{value:g}" if isinstance(value, float) else str(value)
