"""A read replayed is the same, or it is said what changed: each thing changed here alone, and found alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.base import files
from core.base.errors import InputError
from core.data import radiographs
from core.inference import recomputed
from core.inference.predict import predict
from core.inference.replay import Replayer
from core.models import cards
from core.store import erasure
from core.store.engine import open_database
from core.store.erasure import Films
from core.store.growing import lifted
from core.store.ledger import Ledger
from core.store.tables import reads, worklists
from core.triage.worklists import Worklist, Worklists
from tests.app.listed import policy
from tests.review import answered
from tests.training import studies

PLACE = {"dataset": studies.DATASET, "split": studies.SPLIT, "part": "test"}
CUT = 0.4


ALSO_OF_AN_ENSEMBLE = pytest.mark.parametrize("checkpoint_id", [0, 2], indirect=True, ids=["alone", "ensemble"])


@pytest.fixture
def checkpoint_id(request, trio) -> str:
    return trio[getattr(request, "param", 0)]


@pytest.fixture
def film(workspace, checkpoint_id) -> dict:
    """A film that was read twice, before the model and with it, in the entries 3 and 4; its row of the predictions."""
    return read_one(workspace, checkpoint_id)


def read_one(workspace, checkpoint_id: str) -> dict:
    """Predict, save a worklist, and read its first film; return the film's row of the predictions."""
    card = cards.read_card(workspace, checkpoint_id)
    table = files.read_parquet(predict(workspace, checkpoint_id, **PLACE, passes=4, augmentations=False))
    row = table.iloc[0].to_dict()
    about = {"checkpoint_id": checkpoint_id, "weights_sha256": card["weights_sha256"], **PLACE}
    values = {"truth": "report", "policy": policy().to_dict(), "cut": CUT, "cut_from": "youden", "read_mode": "open"}
    made = {"readers": (), "created_at": 1.0, "created_by": "command line"}
    Worklists(workspace).save(Worklist(name="first", **about, **values, **made))
    zone = "suspected" if row["probability"] >= CUT else "unsure"
    seen = answered.SEEN | about | {"cut": CUT, "zone": zone, "probability": row["probability"]}
    given = {"image": row["image_id"], "image_sha256": row["image_sha256"]}
    first = answered.read("Ada", answered.answer(0, 3), stage=1, seen=seen | {"probability": None}, **given)
    answered.save(workspace, first, answered.read("Ada", answered.answer(0, 3), seen=seen, **given))
    return row


def replayed(workspace, entry: int = 4):
    engine = open_database(workspace)
    try:
        return Replayer(workspace, engine).replay(entry)
    finally:
        engine.dispose()


def changed(workspace, entry: int = 4) -> dict[str, tuple]:
    return {check.what: (check.before, check.now) for check in replayed(workspace, entry).changed}


@ALSO_OF_AN_ENSEMBLE
def test_what_nobody_touched_is_the_same_to_a_millionth(workspace, film):
    found = replayed(workspace)

    assert found.changed == []
    checked = {check.what: check.now for check in found.checks}
    assert checked["Film's pixels, SHA-256"] == film["image_sha256"]
    assert checked["Probability"] == pytest.approx(film["probability"], abs=1e-6)
    assert checked["Cut of the worklist"] == CUT
    assert sum("passes, seed 0" in what or "between members" in what for what in checked) == 4
    assert (found.read_id, found.case) == (2, "0a1b2c")


def test_what_a_film_alone_misses_is_computed_in_a_batch_as_large_as_it_was_then(workspace, film, monkeypatch):
    said, batches = recomputed.said, []

    def off_alone(*given, batch=1, **how):
        batches.append(batch)
        found = said(*given, batch=batch, **how)
        return replace(found, probability=found.probability + 2e-6) if batch == 1 else found

    monkeypatch.setattr(recomputed, "said", off_alone)

    assert replayed(workspace).changed == []
    assert batches == [1, len(files.read_parquet(next(workspace.root.glob("predictions/*/*-test.parquet"))))]


def test_an_answer_before_the_model_is_held_against_the_predictions(workspace, film):
    found = replayed(workspace, 3)

    assert found.changed == []
    assert {check.what for check in found.checks} >= {"Probability", "Film's pixels, SHA-256"}


def test_a_film_with_one_other_pixel_is_told(workspace, film):
    rows = radiographs.load(workspace, studies.DATASET).set_index("image_id", drop=False)
    grey = np.array(Image.open(rows.loc[film["image_id"], "path"]))
    grey[3, 4] ^= 1
    text = PngInfo()
    text.add_text("PleuraScope", "phantom")
    rows.loc[film["image_id"], "path"] = str(workspace.root / "changed.png")
    Image.fromarray(grey).save(workspace.root / "changed.png", pnginfo=text)
    files.write_parquet(workspace.radiographs(studies.DATASET), rows)

    found = changed(workspace)

    assert found["Film's pixels, SHA-256"][0] == film["image_sha256"]
    assert "Weights, SHA-256" not in found


def test_a_film_that_is_gone_gives_no_number(workspace, film):
    rows = radiographs.load(workspace, studies.DATASET)
    files.write_parquet(workspace.radiographs(studies.DATASET), rows[rows["image_id"] != film["image_id"]])

    found = changed(workspace)

    assert found["Film's pixels, SHA-256"][1] == "gone from the data set"
    assert found["Probability"] == (film["probability"], "not computed, for want of the film")


@ALSO_OF_AN_ENSEMBLE
def test_other_weights_are_told_and_give_no_number(workspace, film, checkpoint_id):
    card = cards.read_card(workspace, checkpoint_id)
    name = card["members"][1]["checkpoint_id"] if "members" in card else checkpoint_id
    path = workspace.checkpoint(name) / cards.WEIGHTS
    weights = safetensors.numpy.load_file(path)
    path.write_bytes(safetensors.numpy.save(weights | {"head.1.bias": weights["head.1.bias"] + 1e-3}))

    found = changed(workspace)

    what = f"Weights of the member {name}, SHA-256" if "members" in card else "Weights, SHA-256"
    assert set(found) == {what, "Probability"}
    assert found["Probability"][1].startswith("not computed: Expected weights with the hash")


@ALSO_OF_AN_ENSEMBLE
def test_another_calibration_is_told_by_its_numbers(workspace, film, checkpoint_id):
    card = cards.read_card(workspace, checkpoint_id)
    was = {name: card["calibration"][name] for name in ("a", "b")}
    card["calibration"] |= {"a": was["a"] * 1.5, "b": was["b"] + 0.25}
    files.write_json(workspace.checkpoint(checkpoint_id) / cards.CARD, card)

    found = changed(workspace)

    before, now = found["Calibration"]
    assert before == {name: pytest.approx(value, abs=1e-4) for name, value in was.items()}
    assert now == {"a": was["a"] * 1.5, "b": was["b"] + 0.25}
    assert found["Probability"][0] == film["probability"]
    assert "Weights, SHA-256" not in found


def test_another_cut_of_the_worklist_is_told(workspace, film):
    with open_database(workspace).begin() as connection, lifted(connection, ["worklists"]):
        connection.execute(worklists.update().values(cut=0.7))

    assert changed(workspace) == {"Cut of the worklist": (CUT, 0.7)}


def test_predictions_that_were_made_anew_are_told(workspace, film, checkpoint_id):
    path = workspace.predictions(checkpoint_id, *PLACE.values())
    table = files.read_parquet(path)
    table.loc[0, "probability"] += 0.01
    files.write_parquet(path, table)

    found = changed(workspace)

    assert found["Predictions table"] == (film["probability"], pytest.approx(film["probability"] + 0.01))
    assert "Probability" not in found


def test_without_predictions_the_probability_is_computed_all_the_same(workspace, film, checkpoint_id):
    workspace.predictions(checkpoint_id, *PLACE.values()).unlink()

    found = replayed(workspace)

    assert found.changed == []
    assert "Probability" in {check.what for check in found.checks}
    assert found.notes[0].startswith("The predictions table is gone")


def test_a_read_that_was_changed_past_the_program_is_told(workspace, film):
    with open_database(workspace).begin() as connection, lifted(connection, ["reads"]):
        connection.execute(reads.update().where(reads.c.read_id == 2).values(reader="Eve"))

    assert changed(workspace) == {"Read": ("as it was sealed", "changed past the program")}


def test_a_checkpoint_that_is_gone_is_told(workspace, film, checkpoint_id):
    (workspace.checkpoint(checkpoint_id) / cards.CARD).unlink()

    assert changed(workspace)["Weights, SHA-256"][1] == f"gone or damaged with the checkpoint {checkpoint_id}"


def test_entries_of_no_film_say_why_nothing_is_computed(workspace, trio):
    read_one(workspace, trio[0])

    assert replayed(workspace, 1).not_replayed == "it begins the chain"
    assert "its policy and its cut" in replayed(workspace, 2).not_replayed
    with pytest.raises(InputError, match="1 to 4, found 5"):
        replayed(workspace, 5)


def test_an_erased_read_is_not_replayed_and_no_newest_one(workspace, trio):
    row = read_one(workspace, trio[0])
    films = Films(patient="p", images={studies.DATASET: frozenset({row["image_id"]})})
    about = {"dataset": studies.DATASET, "films": 1, "reason": "asked for"}
    engine = open_database(workspace)
    erasure.erase(Ledger(workspace, engine), films, actor="Ada", about=about)

    assert replayed(workspace).not_replayed == "its read was erased by entry 7"
    assert Replayer(workspace, engine).newest() == []


def test_the_newest_reads_come_first(workspace, trio):
    read_one(workspace, trio[0])

    assert Replayer(workspace, open_database(workspace)).newest() == [4, 3]
