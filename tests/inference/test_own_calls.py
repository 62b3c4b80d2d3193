"""At which cut a checkpoint's heat maps are drawn: a worklist's, else the one in force; members have theirs."""

from __future__ import annotations

import numpy as np
import pytest

from core.base import files
from core.base.errors import InputError
from core.inference import own_calls
from core.store.ledger import Ledger
from tests.app import listed
from tests.review import proposed

OTHER = "vit-made-20260101-0a1b2c3d"


def test_it_is_the_one_in_force_unless_a_worklist_s_is_given(workspace):
    card = proposed.make(workspace)
    assert own_calls.cuts(workspace, card) == {listed.CHECKPOINT: listed.CUT}

    proposed.activated(workspace, Ledger(workspace), card, threshold=0.75)

    assert own_calls.cuts(workspace, card) == {listed.CHECKPOINT: 0.75}
    assert own_calls.cuts(workspace, card, cut=listed.CUT) == {listed.CHECKPOINT: listed.CUT}


def test_signals_in_tables_are_made_at_the_card_s_point_whatever_is_in_force(workspace):
    card = proposed.make(workspace) | {"calibration": {"a": 1.0, "b": 0.0}}
    proposed.activated(workspace, Ledger(workspace), card, threshold=0.75)

    called = own_calls.at_training(card, np.array([0.0]))  # a probability of 0.5

    assert (called.cut, called.signs.tolist()) == (listed.CUT, [1])


def test_each_member_of_an_ensemble_has_its_own(workspace):
    card = proposed.make(workspace)
    folder = workspace.checkpoint(OTHER)
    for name in ("weights.safetensors", "config.json", "history.parquet"):
        files.write_bytes(folder / name, b"")
    files.write_json(folder / "card.json", card | {"checkpoint_id": OTHER, "operating_points": {}})
    proposed.activated(workspace, Ledger(workspace), card, threshold=0.75)
    members = [{"checkpoint_id": name} for name in (listed.CHECKPOINT, OTHER)]
    ensemble = card | {"checkpoint_id": "ensemble", "members": members}

    assert own_calls.cuts(workspace, ensemble, cut=0.1) == {listed.CHECKPOINT: 0.75, OTHER: None}
    with pytest.raises(InputError, match="Expected a checkpoint, found none named 'gone'"):
        own_calls.cuts(workspace, card | {"members": [{"checkpoint_id": "gone"}]})
