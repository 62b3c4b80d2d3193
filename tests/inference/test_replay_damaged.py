"""A replay among damaged things: it says what is damaged, and computes what can be computed."""

from __future__ import annotations

import pytest

from core.base.errors import InputError
from core.commands import review
from core.evaluation import prediction_store
from core.store.engine import open_database
from core.store.growing import lifted
from core.store.tables import reads
from tests.inference.test_replay import PLACE, checkpoint_id, film, replayed

__all__ = ["checkpoint_id", "film"]  # fixtures


@pytest.mark.parametrize("what", ["table", "passes"])
def test_damaged_predictions_are_told_and_the_probability_is_computed_all_the_same(
    workspace, film, checkpoint_id, what
):
    path = workspace.predictions(checkpoint_id, *PLACE.values())
    path = path if what == "table" else path.with_suffix(prediction_store.PASSES)
    path.write_bytes(b"cut short")

    found = replayed(workspace)

    assert found.changed == []
    assert "Probability" in {check.what for check in found.checks}
    (note,) = [note for note in found.notes if "damaged" in note]
    assert note.startswith("The predictions table is damaged" if what == "table" else "The passes beside")


@pytest.mark.parametrize("seen", [{}, {"dataset": "x"}, {"probability": "high"}])
def test_a_read_whose_context_was_changed_past_the_program_is_told_without_a_failure(workspace, film, seen):
    with open_database(workspace).begin() as connection, lifted(connection, ["reads"]):
        if "probability" in seen:
            (before,) = connection.execute(reads.select().where(reads.c.read_id == 2)).mappings()
            seen = before["seen"] | seen
        connection.execute(reads.update().where(reads.c.read_id == 2).values(seen=seen))

    found = replayed(workspace)

    assert [check.now for check in found.changed][:1] == ["changed past the program"]
    assert found.not_replayed == "what its reader had seen is no longer readable; run `review verify`"


def test_a_number_that_no_database_holds_is_told(workspace):
    with pytest.raises(InputError, match="Option 'entry'"):
        review.run(["replay", "9" * 25])
