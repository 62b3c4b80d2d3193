"""Erasing where something is damaged, was left by a killed command, or is written by somebody else at the same time."""

from __future__ import annotations

import os
import time

import filelock
import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.base.paths import Workspace
from core.commands import erase as command
from core.data import erasing, pixel_cache, radiographs
from core.evaluation import prediction_store
from core.inference import erasing as everywhere
from core.store.verification import verify
from tests.inference.test_erasing import DATASET, REASON, erased, holding, patient_of, place

__all__ = ["place"]  # a fixture


@pytest.fixture
def unread(workspace, trio):
    """The tiny study without predictions and reads."""
    return workspace


def old(path, content: bytes = b"cut short"):
    """Write a file, as if a killed command had left it an hour ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def test_damaged_caches_go_as_a_whole(place):
    patient = patient_of(place, "test")
    memory = old(place.cache / "seen" / f"{DATASET}.parquet")
    pixel_cache.PixelCache.ensure(place, radiographs.load(place, DATASET), size=32)
    indexes = list((place.cache / "pixels").glob("*/*.parquet"))
    for index in indexes:
        index.write_bytes(b"cut short")

    _, made = erased(place, patient)

    assert made.kept_files >= 2 * len(indexes) > 0
    assert not any(path.exists() for path in [memory, *indexes, *(index.with_suffix(".npy") for index in indexes)])


@pytest.mark.parametrize("what", ["features", "truth", "split"])
def test_what_cannot_end_does_not_begin(place, what):
    patient = patient_of(place, "test")
    path = {
        "features": next(place.root.glob(f"predictions/*/*-test{prediction_store.FEATURES}")),
        "truth": place.truth(DATASET),
        "split": next(place.splits(DATASET).glob("*.parquet")),
    }[what]
    path.write_bytes(b"cut short")
    before = verify(place)

    for really in (False, True):
        with pytest.raises(InputError, match="found a damaged file"):
            erased(place, patient, really=really)

    assert verify(place) == before


def test_what_killed_commands_left_half_written_goes_and_what_is_being_written_stays(place):
    patient = patient_of(place, "test")
    named = patient.encode()
    left = [
        old(place.dataset(DATASET) / ".radiographs.parquet.abcdefgh.part", named),
        old(place.checkpoints / ".cnn.abcdefgh.part" / "card.json", named),
        old(place.cache / "indexing" / DATASET / "masks" / "mask.png", named),
    ]
    os.utime(left[1].parent, (time.time() - 3600,) * 2)
    being_written = place.reports / ".report.json.abcdefgh.part"
    being_written.parent.mkdir(parents=True, exist_ok=True)
    being_written.write_bytes(b"of now")

    _, made = erased(place, patient)

    assert made.left_behind == 3
    assert not any(path.exists() for path in left)
    assert being_written.exists()
    assert holding(place, patient) == []


@pytest.mark.parametrize(("who", "folder"), [("erases a patient", "erasing"), ("indexes", f"indexing/{DATASET}")])
def test_nobody_else_may_write_the_tables_meanwhile(unread, monkeypatch, who, folder):
    patient = patient_of(unread, "test")
    monkeypatch.setattr(everywhere, "erase", pytest.fail)

    with files.held_alone(unread.cache / folder, doing=who), pytest.raises(InputError, match=f"process that {who}"):
        command.run([DATASET, patient, "--reason", REASON, "--yes"])


@pytest.mark.parametrize("reason", ["asked for by mrn-77", "MRN-77, by letter", "of patient 7"])
def test_a_reason_that_names_the_hospital_s_patient_in_another_way_is_refused(unread, reason):
    for number in ("MRN-77", "7"):
        rows = radiographs.load(unread, DATASET)
        files.write_parquet(unread.radiographs(DATASET), rows.assign(patient_id=Pseudonyms(unread).patient(number)))
        words = [DATASET, f" {number} ", "--original", "--reason"]
        if number in reason.upper().replace(",", "").split():
            with pytest.raises(InputError, match="names neither patient nor film"):
                command.run([*words, reason])
        else:
            assert command.run([*words, reason]).made["films"] == len(rows)


def test_an_unknown_number_of_the_hospital_s_is_told_as_that(unread):
    with pytest.raises(InputError, match="add --issuer where the files name one"):
        command.run([DATASET, "MRN-9", "--original", "--reason", REASON])


def test_a_patient_with_films_in_another_data_set_is_told_and_keeps_the_way_back(unread, monkeypatch, tmp_path):
    monkeypatch.setenv("PLEURASCOPE_LOOKUP_FILE", str(tmp_path / "apart" / "lookup.csv"))
    names = Pseudonyms(Workspace())
    rows, pseudonym = radiographs.load(unread, DATASET), names.patient("MRN-77")
    names.keep_lookup()
    for name, own in ((DATASET, rows), ("second", rows.head(1).assign(sha256="ab" * 32))):
        files.write_parquet(unread.radiographs(name), own.assign(patient_id=pseudonym))
    files.write_parquet(unread.truth("second"), pd.DataFrame({"image_id": [], "truth": [], "label": []}))
    words = ["MRN-77", "--original", "--reason", REASON, "--yes"]

    first = command.run(["second", *words])

    assert (first.made["elsewhere"], first.made["lookup"]) == ((DATASET,), 0)
    assert f"the same patient in {DATASET}: erase there too" in first.summary
    assert pseudonym in (tmp_path / "apart" / "lookup.csv").read_text()
    assert command.run([DATASET, *words]).made["lookup"] == 1
    assert pseudonym not in (tmp_path / "apart" / "lookup.csv").read_text()


def test_the_same_number_in_two_public_data_sets_is_not_taken_for_one_patient(unread):
    rows = radiographs.load(unread, DATASET)
    for name in (DATASET, "second"):
        files.write_parquet(unread.radiographs(name), rows.assign(patient_id="00000012"))

    assert erasing.traces(unread, DATASET, "00000012").elsewhere == ()


def test_where_a_prediction_of_films_taken_in_was_killed_goes_and_one_at_work_stays(place):
    for name in ("killed", "working"):
        old(place.cache / "intake" / name / "radiographs.parquet")
        place.predictions(name, "intake").parent.mkdir(parents=True, exist_ok=True)

    with filelock.FileLock(place.predictions("working", "intake").with_suffix(".lock")):
        erased(place, patient_of(place, "test"))

    assert [path.name for path in (place.cache / "intake").iterdir()] == ["working"]


def test_a_row_that_a_prediction_puts_back_meanwhile_goes_after_the_film(place, monkeypatch):
    patient = patient_of(place, "test")
    path = next(place.root.glob("predictions/*/*-test.parquet"))
    before, forget = files.read_parquet(path), erasing.forget_dataset

    def put_back(*given):
        files.write_parquet(path, before)
        forget(*given)

    monkeypatch.setattr(erasing, "forget_dataset", put_back)
    erased(place, patient)

    assert patient not in set(files.read_parquet(path)["patient_id"])
