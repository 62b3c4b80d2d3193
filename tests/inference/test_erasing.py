"""One patient is taken out of every file that can forget; the others, and what rests on them, stay as they were."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.commands import erase as command
from core.data import erasing, erasing_texts, radiographs, split_store, synthetic, thumbnails, truth
from core.evaluation import prediction_store
from core.inference import erasing as everywhere
from core.inference import training_films
from core.inference.predict import predict
from core.models import cards
from core.store.ledger import Ledger
from core.store.verification import verify
from tests.inference.test_replay import PLACE, read_one
from tests.training import studies

DATASET, SPLIT = studies.DATASET, studies.SPLIT
REASON = "asked for by letter"


@pytest.fixture
def place(workspace, trio):
    """The tiny study with predictions of two checkpoints and a read film, all of it in the test's own folder."""
    for name in (trio[0], trio[2]):
        predict(workspace, name, DATASET, split=SPLIT, part="test", passes=4, augmentations=False)
    read_one(workspace, trio[0])
    own = workspace.root.parent / "hospital"
    rows = radiographs.load(workspace, DATASET)
    shutil.copytree(rows["path"].map(lambda path: path.rpartition("/")[0]).iloc[0], own)
    rows["path"] = [str(own / name) for name in rows["image_id"]]
    files.write_parquet(workspace.radiographs(DATASET), rows)
    return workspace


def patient_of(workspace, part: str) -> str:
    split = split_store.load(workspace, DATASET, SPLIT)
    return str(split.loc[split["part"] == part, "patient_id"].iloc[0])


def erased(workspace, patient: str, *, really: bool = True):
    found = erasing.traces(workspace, DATASET, patient)
    return found, everywhere.erase(workspace, Ledger(workspace), found, actor="Ada", reason=REASON, really=really)


def holding(workspace, *names: str) -> list[str]:
    """Return the files of workspace and checkpoints that hold one of the names, in their name or in what they say."""
    found = []
    for root in (workspace.root, workspace.checkpoints):
        for path in root.rglob("*"):
            told = path.name
            if path.suffix == ".parquet":
                told += pd.read_parquet(path).to_csv()
            elif path.is_file():
                told += path.read_bytes().decode("latin1")
            if any(name in told for name in names):
                found.append(path.name)
    return found


def snapshot(workspace) -> dict:
    """Return what the files hold, but for the database and the times in them."""
    found = {}
    for root in (workspace.root, workspace.checkpoints):
        for path in sorted(root.rglob("*")):
            if path.suffix == ".parquet":
                found[str(path)] = pd.read_parquet(path).to_csv()
            elif path.suffix == ".json":
                content = files.read_json(path)
                if isinstance(content, dict) and "erased" in content:
                    content["erased"].pop("at")
                found[str(path)] = content
            elif path.is_file() and path.suffix in (".npy", ".txt", ".jpg", ".png"):
                found[str(path)] = path.read_bytes()
    return found


def translated(workspace, rows: pd.DataFrame) -> None:
    """Write a synthetic set of one image a film, whose passports name the first film as the nearest."""
    ids = [f"{name}~a-to-b" for name in rows["image_id"]]
    folder = workspace.dataset("made")
    folder.mkdir(parents=True)
    for name in ids:
        (folder / name).write_bytes(b"an image")
    table = rows.assign(image_id=ids, parent_image_id=rows["image_id"], path=[str(folder / name) for name in ids])
    table["sha256"] = [f"{number:064x}" for number in range(len(ids))]
    files.write_parquet(workspace.radiographs("made"), table)
    nearest = {"nearest_image_id": rows["image_id"].iloc[0], "nearest_distance": 0.1}
    files.write_parquet(
        workspace.passports("made"), table[["image_id", "parent_image_id", "patient_id"]].assign(**nearest)
    )
    card = dict.fromkeys(("split_sha256", "generator_id", "generator_sha256", "patients_sha256", "created_at"), "")
    card |= {"name": "made", "dataset": DATASET, "split": SPLIT, "direction": "a-to-b", "images": {"train": len(ids)}}
    card |= {"image_size": 32, "parent_kinds": {}, "classifier_id": None, "classifier_reason": None}
    files.write_json(workspace.synthetic_card("made"), card | {"patients": sorted(set(rows["patient_id"]))})


@pytest.mark.parametrize("part", ["train", "test"])
def test_no_file_names_the_patient_or_a_film_or_holds_its_pixels_any_more(place, part):
    patient = patient_of(place, part)
    rows = radiographs.load(place, DATASET)
    own = rows[rows["patient_id"] == patient]
    for row in own.to_dict("records"):
        thumbnails.thumbnail(place, row, size=64)
    translated(place, pd.concat([own, rows[rows["patient_id"] != patient].head(3)]))
    files.write_text(place.jobs / "1" / "log.txt", f"Explaining {own['image_id'].iloc[0]}\n")
    named = [*own["image_id"], *own["sha256"]]
    assert len(holding(place, *named)) > 10

    found, made = erased(place, patient)

    assert holding(place, *named) == []
    assert patient not in set(radiographs.load(place, DATASET)["patient_id"])
    assert patient not in synthetic.card(place, "made").patients
    assert not any((place.dataset("made") / f"{name}~a-to-b").exists() for name in own["image_id"])
    assert (made.films, made.translations, made.originals, made.own_files) == (2, 2, 2, 2)
    assert all(pd.notna(path) and pd.io.common.file_exists(path) for path in own["path"])  # the hospital's own
    assert found.shared == ()


def test_what_the_others_stand_in_is_as_it_was_and_can_be_used(place, trio):
    patient = patient_of(place, "test")
    card = cards.read_card(place, trio[0])
    path = place.predictions(trio[0], *PLACE.values())
    before, passes = files.read_parquet(path), np.load(path.with_suffix(".passes.npy"))
    films, labels = radiographs.load(place, DATASET), truth.load(place, DATASET)
    stay = (films["patient_id"] != patient).to_numpy()

    _, made = erased(place, patient)

    pd.testing.assert_frame_equal(radiographs.load(place, DATASET), films[stay].reset_index(drop=True))
    gone = set(films.loc[~stay, "image_id"])
    pd.testing.assert_frame_equal(
        truth.load(place, DATASET), labels[~labels["image_id"].isin(gone)].reset_index(drop=True)
    )
    kept = ~before["image_id"].isin(gone)
    assert kept.sum() == len(kept) - 2 == len(before) - 2
    pd.testing.assert_frame_equal(
        prediction_store.load(place, card, *PLACE.values()), before[kept].reset_index(drop=True)
    )
    np.testing.assert_array_equal(np.load(path.with_suffix(".passes.npy")), passes[kept])
    assert split_store.require_sound(place, DATASET, SPLIT)["table_sha256"] == card["split_sha256"]
    assert split_store.certificate(place, DATASET, SPLIT)["erased"]["patients"] == 1
    assert len(split_store.load(place, DATASET, SPLIT)) == stay.sum()
    assert set(made.checkpoints.values()) == {everywhere.MEASURED}
    assert verify(place).faults == []


def test_the_features_of_films_learnt_from_lose_the_patient_s_rows_and_still_name_the_others(place, trio):
    patient = patient_of(place, "train")
    card = cards.read_card(place, trio[0])
    before = training_films.load(place, card)

    _, made = erased(place, patient)

    after = training_films.load(place, card)
    stay = before.patients != patient
    np.testing.assert_array_equal(after.features, before.features[stay])
    assert after.image_ids.tolist() == before.image_ids[stay].tolist()
    assert made.training_features == 2 * (~stay).sum()  # of both members
    assert made.checkpoints == dict.fromkeys(trio, everywhere.LEARNT)


def test_counting_changes_nothing_and_counts_what_is_done(place):
    before, store = snapshot(place), verify(place)

    _, counted = erased(place, patient_of(place, "test"), really=False)

    assert snapshot(place) == before
    assert verify(place) == store
    assert erased(place, patient_of(place, "test"))[1] == counted


@pytest.mark.parametrize("at", [2, 6, 9, 12])
def test_killed_in_the_middle_it_is_finished_by_running_it_again(place, monkeypatch, at):
    patient = patient_of(place, "train")
    aside, writes = files.written_aside, []

    def dying(path):
        writes.append(path)
        if len(writes) == at:
            raise studies.PowerCut
        return aside(path)

    monkeypatch.setattr(files, "written_aside", dying)
    with pytest.raises(studies.PowerCut):
        erased(place, patient)
    monkeypatch.setattr(files, "written_aside", aside)

    own = radiographs.load(place, DATASET)
    named = own.loc[own["patient_id"] == patient, ["image_id", "sha256"]].to_numpy().ravel().tolist()
    assert named
    erased(place, patient)

    assert holding(place, *named) == []
    assert split_store.require_sound(place, DATASET, SPLIT)["erased"]["films"] == 2
    assert verify(place).faults == []


def test_two_patients_one_after_the_other_leave_a_sound_split(place):
    for part, count in (("train", 1), ("val", 2)):
        erased(place, patient_of(place, part))
        assert split_store.require_sound(place, DATASET, SPLIT)["erased"]["patients"] == count


def test_a_split_that_was_not_the_audited_one_stays_refused(place):
    path = place.split(DATASET, SPLIT)
    table = files.read_parquet(path)
    patient = patient_of(place, "train")
    table.loc[table["part"] == "test", "part"] = "train"
    files.write_parquet(path, table)

    erased(place, patient)

    with pytest.raises(InputError, match="as it was audited"):
        split_store.require_sound(place, DATASET, SPLIT)


def test_pixels_that_another_data_set_holds_too_are_told_and_kept_there(place):
    patient = patient_of(place, "test")
    rows = radiographs.load(place, DATASET)
    files.write_parquet(place.radiographs("twin"), rows[rows["patient_id"] == patient])

    found, _ = erased(place, patient)

    assert (found.shared, found.hashes) == (("twin",), frozenset())
    assert len(radiographs.load(place, "twin")) == 2


def test_the_line_that_leads_back_goes_and_the_file_stays_private(place, monkeypatch, tmp_path):
    monkeypatch.setenv("PLEURASCOPE_LOOKUP_FILE", str(tmp_path / "apart" / "lookup.csv"))
    workspace = type(place)()
    names = Pseudonyms(workspace)
    gone, stays = names.patient("MRN-1"), names.patient("MRN-2", "hospital")
    names.keep_lookup()

    assert erasing_texts.forget_lookup(workspace, gone, really=False) == 1
    assert erasing_texts.forget_lookup(workspace, gone, really=True) == 1

    told = workspace.lookup_file.read_text()
    assert (gone in told, stays in told, "MRN-2" in told, "MRN-1" in told) == (False, True, True, False)
    assert workspace.lookup_file.stat().st_mode & 0o777 == 0o600


def test_the_command_only_counts_until_it_is_told_yes(place):
    patient = patient_of(place, "test")

    counted = command.run([DATASET, patient, "--reason", REASON])
    assert counted.made["erased"] is False
    assert "Nothing was changed; add --yes to do it." in counted.summary
    assert patient in set(radiographs.load(place, DATASET)["patient_id"])

    done = command.run([DATASET, patient, "--reason", REASON, "--yes"])
    assert done.made == counted.made | {"erased": True}
    assert "measured on it" in done.summary
    assert patient not in done.summary
    with pytest.raises(InputError, match="found none of this id"):
        command.run([DATASET, patient, "--reason", REASON, "--yes"])


def test_a_patient_is_found_by_the_number_the_hospital_writes(place):
    rows = radiographs.load(place, DATASET)
    pseudonym = Pseudonyms(place).patient("MRN-77", "north")
    files.write_parquet(place.radiographs(DATASET), rows.assign(patient_id=pseudonym))

    found = command.run([DATASET, "MRN-77", "--original", "--issuer", "north", "--reason", REASON])

    assert found.made["films"] == len(rows)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--reason", " "], "Expected a reason"),
        (["--reason", "asked for by {patient}"], "names neither patient nor film"),
        (["--reason", REASON, "--issuer", "north"], "only together with --original"),
        ([], "Expected --reason"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(place, words, message):
    patient = patient_of(place, "test")

    with pytest.raises(InputError, match=message):
        command.run([DATASET, patient, *(word.format(patient=patient) for word in words)])
