"""Whether a checkpoint may have learnt from films that it is to be measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.data import split_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.base.paths import Workspace


def may_have_learnt(workspace: Workspace, card: Mapping[str, Any], dataset: str, split: str) -> bool:
    """Tell whether a checkpoint may have learnt from films of a split's parts val and test.

    The parts of another split of the data set it learnt from may hold its training films, and so
    may those of its own split once that was made anew.

    Raises:
        InputError: If there is no such split.
    """
    made = split_store.certificate(workspace, dataset, split)
    return dataset == card["dataset"] and made["table_sha256"] != card["split_sha256"]
