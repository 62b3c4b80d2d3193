from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.base import files, schema
from core.base.errors import InputError
from core.base.paths import ROOT, Workspace
from core.data import apart, burned_in, intake, labels_import, pixels, split_store, truth
from tests.data import dicoms, mutated, not_radiographs


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    apart.close()


@pytest.fixture(scope="module")
def films():
    return not_radiographs.phantoms(6, 31, size=64)


def png(film: np.ndarray, mark: str | None = None) -> bytes:
    content = io.BytesIO()
    Image.fromarray(film).save(content, "PNG", pnginfo=_mark(mark))
    return content.getvalue()


def _mark(mark: str | None):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if mark is not None:
        info.add_text(pixels.SOURCE_KEY, mark)
    return info


def dicom(film: np.ndarray, **tags: object) -> bytes:
    return dicoms.film(film, BodyPartExamined="CHEST", **{"ViewPosition": "PA", **tags})


def one(workspace: Workspace, content: bytes, **options: object) -> intake.Received:
    return next(intake.receive(workspace, [content], **{"by": "Ada", **options}))


def table(workspace: Workspace) -> pd.DataFrame:
    return files.read_parquet(workspace.radiographs(intake.DATASET))


def whole(workspace: Workspace) -> pd.DataFrame:
    """Return the table of films, after checking that it, its labels, its report and its images fit together."""
    rows = table(workspace)
    assert rows["image_id"].is_unique
    assert (rows["label"].isna() & rows["findings"].isna() & rows["follow_up"].isna()).all()
    reported = truth.labels(workspace, intake.DATASET)
    assert sorted(reported.index) == sorted(rows["image_id"])
    report = files.read_json(workspace.index_report(intake.DATASET))
    assert (report["indexed"], report["unlabelled"]) == (len(rows), len(rows))
    for row in rows.itertuples():
        assert pixels.sha256_of_pixels(pixels.read_pixels(Path(row.path))) == row.sha256
    return rows


def test_a_png_is_kept_as_a_film_of_an_unknown_patient(workspace, films):
    received = one(workspace, png(films[0]))

    row = whole(workspace).iloc[0]
    assert received == intake.Received(number=1, image_id=row["image_id"])
    assert (row["received_by"], row["taken_anyway"], row["warnings"], row["source"]) == ("Ada", 0, "", "real")
    assert row["patient_id"].startswith("u")
    assert pd.Timestamp(row["received_at"]).tzinfo is not None
    assert row["path"] == str(workspace.dataset("intake") / "images" / f"{row['image_id']}.png")
    np.testing.assert_array_equal(pixels.read_pixels(Path(row["path"])), films[0])


def test_a_dicom_film_brings_what_may_be_kept(workspace, films):
    tags = {"PatientID": "4711", "PatientAge": "093Y", "PatientSex": "F", "PixelSpacing": [0.3, 0.3]}

    received = one(workspace, dicom(films[0], **tags))

    row = whole(workspace).iloc[0]
    assert (row["view"], row["sex"], row["age_years"], row["pixel_spacing_mm"]) == ("PA", "F", 90.0, 0.3)
    assert row["patient_id"].startswith("p")
    assert received.warnings == ("an age above 89 is kept as 90",)


def test_the_same_patient_is_the_same_pseudonym_and_a_nameless_study_its_own(workspace, films):
    tags = [{"PatientID": "A"}, {"PatientID": " A "}, {"PatientID": "B"}, {"PatientID": "A", "IssuerOfPatientID": "X"}]
    tags += [{"StudyInstanceUID": "1.2.3"}, {"StudyInstanceUID": "1.2.3"}, {"StudyInstanceUID": "1.2.4"}]

    contents = [
        dicom(film, SOPInstanceUID=f"1.2.{number}", **tag)
        for number, (film, tag) in enumerate(zip([*films, films[0]], tags, strict=True))
    ]
    received = list(intake.receive(workspace, contents, by="Ada"))

    patients = table(workspace).set_index("image_id").loc[[one.image_id for one in received], "patient_id"].tolist()
    assert patients[0] == patients[1]
    assert patients[4] == patients[5]
    assert len(set(patients)) == 5
    assert "names no patient" in received[4].warnings[0]


def test_sixteen_bits_and_the_mark_of_phantoms_are_kept(workspace, films):
    deep = films[0].astype(np.uint16) * 200 + 7

    received = list(intake.receive(workspace, [png(deep), png(films[1], "phantom")], by="Ada"))

    rows = whole(workspace).set_index("image_id").loc[[one.image_id for one in received]]
    assert rows["source"].tolist() == ["real", "phantom"]
    np.testing.assert_array_equal(pixels.read_pixels(Path(rows["path"].iloc[0])), deep)
    assert pixels.read_source(Path(rows["path"].iloc[1])) == "phantom"


def test_a_generated_image_is_refused(workspace, films):
    received = one(workspace, png(films[0], "synthetic"))

    assert received.image_id is None
    assert received.refused.startswith("Expected a frontal chest radiograph as PNG, JPEG or DICOM in file 1, found")
    assert not workspace.dataset(intake.DATASET).exists()


def test_a_file_that_was_there_is_the_same_film_and_said(workspace, films):
    first, again = intake.receive(workspace, [png(films[0])] * 2, by="Ada")
    of_another = one(workspace, png(films[0]), by="Grace")

    assert first.image_id == again.image_id == of_another.image_id
    assert first.warnings == ()
    assert again.warnings == of_another.warnings == ("this file was taken in before",)
    assert len(whole(workspace)) == 1
    assert intake.received(workspace, "Ada")["image_id"].tolist() == [first.image_id]
    assert intake.received(workspace, "Grace")["image_id"].tolist() == [first.image_id]
    assert intake.received(workspace, "Alan").empty


def test_a_readers_own_films_come_newest_first(workspace, films):
    names = [received.image_id for received in intake.receive(workspace, [png(film) for film in films], by="Ada")]
    one(workspace, png(films[0].T.copy()), by="Grace", anyway=True)

    assert intake.received(workspace, "Ada")["image_id"].tolist() == names[::-1]


def test_no_films_are_nobodys(workspace):
    assert intake.received(workspace, "Ada").empty
    assert "image_id" in intake.received(workspace, "Ada")


def test_what_is_no_chest_is_kept_only_on_request(workspace, films):
    upside_down = png(np.ascontiguousarray(films[0][::-1]))

    before = one(workspace, upside_down)
    there = workspace.radiographs(intake.DATASET).exists()
    after = one(workspace, upside_down, anyway=True)

    assert before.image_id is None
    assert before.refused is None
    assert before.not_frontal == after.not_frontal == ("it looks like a chest upside down",)
    assert not there
    assert whole(workspace)["taken_anyway"].tolist() == [1]


def test_what_was_taken_in_anyway_is_not_doubted_again(workspace, films):
    upside_down = png(np.ascontiguousarray(films[0][::-1]))
    first = one(workspace, upside_down, anyway=True)

    again = one(workspace, upside_down)

    assert again.image_id == first.image_id
    assert again.warnings == ("this file was taken in before",)


def test_another_data_set_of_this_name_is_not_written_over(workspace, films):
    rows = pd.DataFrame({"image_id": ["a"], "patient_id": ["b"], "source": ["real"]})
    files.write_parquet(workspace.radiographs(intake.DATASET), schema.checked(rows, schema.RADIOGRAPHS))

    with pytest.raises(InputError, match="found another one of this name"):
        one(workspace, png(films[0]))
    with pytest.raises(InputError, match="found another one of this name"):
        intake.received(workspace, "Ada")


def test_a_full_disk_is_said(workspace, films, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_bytes", full)
    with pytest.raises(InputError, match="No space left on device"):
        one(workspace, png(films[0]))

    assert not workspace.radiographs(intake.DATASET).exists()


def test_a_picture_in_colour_is_doubted(workspace, films):
    coloured = np.dstack([films[0], films[0] // 2, 255 - films[0]])

    assert "it is in colour" in one(workspace, png(coloured)).not_frontal


def test_burned_in_text_is_warned_of_and_what_the_file_says_of_it(workspace, films, monkeypatch):
    told = one(workspace, dicom(films[0], BurnedInAnnotation="YES", PatientID="A"))
    monkeypatch.setattr(burned_in, "suspected", lambda pixels: True)
    seen = one(workspace, dicom(films[1], BurnedInAnnotation="YES", PatientID="A", SOPInstanceUID="1.2"))

    assert told.warnings == ("the file says that something is burned into the picture: look whether it names somebody",)
    assert seen.warnings == ("letters seem to be burned into the picture: look whether they name somebody",)
    assert set(table(workspace)["warnings"]) == {*told.warnings, *seen.warnings}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"a letter to Mrs Miller", "not a"),
        (dicom(np.zeros((8, 8), np.uint8), Modality="CT"), "modality CT"),
        (dicom(np.zeros((8, 8), np.uint8), ViewPosition="LL"), "lateral"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(workspace, content, reason):
    first, second = intake.receive(workspace, [png(np.zeros((8, 8), np.uint8)), content], by="Ada")

    assert first.not_frontal
    assert "in file 2, found: " in second.refused
    assert reason in second.refused
    assert second.refused.count(".") == 1
    assert "Miller" not in second.refused


def test_nothing_is_said_of_a_film_before_it_is_kept(workspace, films):
    contents = iter([png(film) for film in films[:3]])

    receiving = intake.receive(workspace, contents, by="Ada")
    counts = [(next(receiving).number, len(whole(workspace))) for _ in range(2)]
    receiving.close()

    assert counts == [(1, 1), (2, 2)]
    assert len(whole(workspace)) == 2


def test_labels_of_readers_stay_when_films_come_in(workspace, films):
    name = one(workspace, png(films[0])).image_id
    read = pd.DataFrame({"image_id": [name], "truth": ["reads-a"], "label": [1]})
    both = pd.concat([truth.load(workspace, intake.DATASET), schema.checked(read, schema.TRUTH)])
    files.write_parquet(workspace.truth(intake.DATASET), both)

    one(workspace, png(films[1]))

    assert truth.labels(workspace, intake.DATASET, "reads-a").to_dict() == {name: 1}
    whole(workspace)


def test_a_lookup_file_leads_back_where_one_is_asked_for(tmp_path, monkeypatch, films):
    lookup = tmp_path / "apart" / "lookup.csv"
    for name, path in (
        ("WORKSPACE", tmp_path / "ws"),
        ("LOOKUP_FILE", lookup),
        ("AUDIT_KEY_FILE", tmp_path / "k" / "a"),
    ):
        monkeypatch.setenv(f"PLEURASCOPE_{name}", str(path))
    workspace = Workspace()

    receiving = intake.receive(workspace, [dicom(films[0], PatientID="4711"), png(films[1])], by="Ada")
    next(receiving)  # the first film's way back is there at once

    assert table(workspace)["patient_id"].iloc[0] in lookup.read_text(encoding="utf-8")
    assert lookup.read_text(encoding="utf-8").count("4711") == 1


@pytest.mark.parametrize("kind", ["patient", "small", "balanced", "domain", "official"])
def test_films_without_a_label_join_no_split(workspace, films, kind):
    for _ in intake.receive(workspace, [png(film) for film in films], by="Ada"):
        pass

    lists = {"train_list": table(workspace)["image_id"].tolist()} if kind == "official" else {}
    with pytest.raises(InputError, match="Expected films with a known label, found none among 6; take labels in") as no:
        split_store.create(workspace, intake.DATASET, "all", kind, **lists)

    assert no.value.field == "dataset"
    assert not workspace.splits(intake.DATASET).exists()


def test_labels_of_readers_let_films_join_a_split(workspace, films, tmp_path):
    for _ in intake.receive(workspace, [png(film) for film in films], by="Ada"):
        pass
    names = table(workspace)["image_id"].tolist()
    csv = tmp_path / "labels.csv"
    csv.write_text("image_id,label\n" + "".join(f"{name},{place % 2}\n" for place, name in enumerate(names)))
    labels_import.import_labels(workspace, intake.DATASET, csv, name="reads-first")

    made = split_store.create(workspace, intake.DATASET, "first", "patient", labels="reads-first")

    split = split_store.load(workspace, intake.DATASET, "first").set_index("image_id")
    assert split["label"].to_dict() == {name: place % 2 for place, name in enumerate(names)}
    assert made["options"] == {"labels": "reads-first"}
    assert table(workspace)["label"].isna().all()


def test_labels_beside_those_of_the_table_divide_nothing(study):
    with pytest.raises(InputError, match="Expected --labels for a data set whose table knows no label") as no:
        split_store.create(study, "phantoms", "other", "patient", labels="phantom")

    assert no.value.field == "labels"


BRING = """
import sys
from pathlib import Path
from core.base.paths import Workspace
from core.data import intake
contents = (Path(path).read_bytes() for path in sys.argv[2:])
for one in intake.receive(Workspace(), contents, by=sys.argv[1]):
    print(one.image_id, flush=True)
"""


def session(paths: list[Path], by: str) -> subprocess.Popen[bytes]:
    """Start a process that takes in files and says the name of each once it is kept."""
    words = [sys.executable, "-c", BRING, by, *map(str, paths)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ.copy())


def different(film: np.ndarray, count: int, folder: Path) -> list[Path]:
    """Write films that differ in one pixel."""
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        film = film.copy()
        film[0, 0] = number
        path.write_bytes(png(film))
    return paths


def test_two_sessions_at_once_lose_nothing(workspace, films, tmp_path):
    paths = different(films[0], 12, tmp_path)

    with session(paths[:8], "Ada") as ada, session(paths[4:], "Grace") as grace:
        said = [other.stdout.read().decode().split() for other in (ada, grace)]

    assert (ada.returncode, grace.returncode) == (0, 0)
    assert [len(names) for names in said] == [8, 8]
    assert set(whole(workspace)["image_id"]) == {*said[0], *said[1]}
    assert len({*said[0], *said[1]}) == 12
    assert set(intake.received(workspace, "Ada")["image_id"]) == set(said[0])
    assert set(intake.received(workspace, "Grace")["image_id"]) == set(said[1])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_kill_in_the_middle_leaves_whole_tables(workspace, films, tmp_path):
    paths = different(films[0], 30, tmp_path)
    there: set[str] = set()

    for after in (0.01, 0.04, 0.08):
        with session(paths, "Ada") as process:
            said = [process.stdout.readline().decode().strip() for _ in range(len(there) + 2)]
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read().decode().split()
        before, there = there, set(table(workspace)["image_id"])
        assert {*said, *before} <= there, "what was said to be kept is kept"
        assert len(there) <= len({*said, *before}) + 1
        json.loads(workspace.index_report(intake.DATASET).read_text(encoding="utf-8"))
        truth.labels(workspace, intake.DATASET)

    one(workspace, mutated.pngs()[0], anyway=True)
    assert len(whole(workspace)) == len(there) + 1


def test_tables_that_are_held_are_waited_for_and_then_said(workspace, films, monkeypatch):
    monkeypatch.setattr(intake, "_WAIT", 0.1)
    other = ThreadPoolExecutor(1)  # another thread waits as another process does
    with intake.held(workspace), pytest.raises(InputError, match="found another process that has held it"):
        other.submit(one, workspace, png(films[0])).result()

    assert one(workspace, png(films[0])).image_id is not None
    other.shutdown()
