"""A report read back says what the reader said, of which film, under no name; what has no report is counted."""

from __future__ import annotations

from io import BytesIO

import highdicom
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.sr.codedict import codes

from core.base import files, schema
from core.base.errors import InputError
from core.data import pixels
from core.review import structured_report
from core.review.answer import SIDES
from tests.data.dicoms import film
from tests.review import answered

KEY = bytes(32)
VALUES = np.add.outer(np.arange(16) * 3, np.arange(12) * 5)
TAGS = {"PatientName": "SECRET^Name", "PatientID": "SECRET-1", "PatientBirthDate": "19600203", "StudyDate": "20251231"}
UIDS = {"SOPInstanceUID": "1.2.3.4", "StudyInstanceUID": "1.2.3.5", "SeriesInstanceUID": "1.2.3.6"}
SAID = {"absent": codes.SCT.Absent, "cannot tell": codes.SCT.Undetermined, "present": codes.SCT.Present}


def indexed(workspace, *names: str) -> str:
    """Write one film under each name, DICOM unless it ends in .png, as the data set `made`; return its hash."""
    rows = []
    for name in names:
        path = workspace.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(film(VALUES, **TAGS, **UIDS))
        if name.endswith(".png"):
            Image.fromarray(VALUES.astype(np.uint8)).save(path)
        sha256 = pixels.sha256_of_pixels(pixels.decode(path).pixels)
        rows.append({"image_id": name, "patient_id": "p00000", "path": str(path), "sha256": sha256, "source": "real"})
    table = schema.checked(pd.DataFrame(rows), schema.RADIOGRAPHS)
    files.write_parquet(workspace.radiographs("made"), table)
    return rows[0]["sha256"]


def written(workspace, *reads, **values):
    folder = workspace.root / "reports"
    made = structured_report.write(workspace, answered.table(*reads, **values), folder, key=KEY)
    return made, [highdicom.sr.srread(path) for path in sorted(folder.glob("*"))]


def said(report) -> dict[str, str]:
    """Return what a report says of each side, by the meaning of its codes."""
    found = {}
    for group in report.content.get_image_measurement_groups():
        (site,) = group.finding_sites
        (evaluation,) = group.get_qualitative_evaluations()
        assert group.finding_type == codes.SCT.Pneumothorax == evaluation.name
        found["left" if site.value == codes.SCT.LeftPleura else "right"] = evaluation.value
        assert site.value in (codes.SCT.LeftPleura, codes.SCT.RightPleura)
    return found


@pytest.mark.parametrize(("right", "left"), [(0, 4), (4, 0), (1, 1), (2, 3), (0, 2)])
def test_a_report_says_of_each_side_what_the_reader_said(workspace, right, left):
    sha256 = indexed(workspace, "film")
    one = answered.read("Ada", answered.answer(right, left), image="film", image_sha256=sha256)

    made, (report,) = written(workspace, one)

    assert (made.files, made.left_out) == (1, {})
    assert said(report) == {side: SAID[getattr(one.answer, side).called] for side in SIDES}


def test_it_names_the_film_by_its_own_uids_and_nobody(workspace):
    sha256 = indexed(workspace, "film")
    one = answered.read("Grace Hopper", answered.answer(0, 4), image="film", image_sha256=sha256)

    _, (report,) = written(workspace, one)

    (evidence,) = report.CurrentRequestedProcedureEvidenceSequence
    (series,) = evidence.ReferencedSeriesSequence
    (image,) = series.ReferencedSOPSequence
    assert evidence.StudyInstanceUID == report.StudyInstanceUID == UIDS["StudyInstanceUID"]
    assert (series.SeriesInstanceUID, image.ReferencedSOPInstanceUID) == ("1.2.3.6", "1.2.3.4")
    for group in report.content.get_image_measurement_groups():
        assert [one.referenced_sop_instance_uid for one in group.source_images] == ["1.2.3.4"]
    assert (report.PatientID, str(report.PatientName), str(report.PatientBirthDate)) == ("p00000", "", "")
    assert "research use only" in report.SeriesDescription
    content = BytesIO()
    report.save_as(content)
    for name in (b"SECRET", b"19600203", b"20251231", b"Hopper", b"film"):
        assert name not in content.getvalue()
    assert structured_report.pseudonym(KEY, "Grace Hopper").encode() in content.getvalue()


def test_a_file_on_disk_is_a_dicom_file_of_a_structured_report(workspace):
    sha256 = indexed(workspace, "film")

    written(workspace, answered.read("Ada", answered.answer(0, 4), image="film", image_sha256=sha256))

    (path,) = (workspace.root / "reports").iterdir()
    assert dcmread(path).SOPClassUID.name == "Comprehensive SR Storage"
    assert path.name.startswith("read-")


def test_written_again_a_read_keeps_its_uid_and_another_has_another(workspace):
    sha256 = indexed(workspace, "film")
    reads = [answered.read(name, answered.answer(0, 4), image="film", image_sha256=sha256) for name in ("Ada", "Grace")]

    uids = []
    for folder in ("one", "two"):
        structured_report.write(workspace, answered.table(*reads), workspace.root / folder, key=KEY)
        uids.append([dcmread(path).SOPInstanceUID for path in sorted((workspace.root / folder).iterdir())])

    assert uids[0] == uids[1]
    assert len(set(uids[0])) == 2


def test_only_the_answer_that_counts_has_a_report_and_practice_has_none(workspace):
    sha256 = indexed(workspace, "film")
    about = {"image": "film", "image_sha256": sha256}
    reads = [
        answered.read("Ada", answered.answer(0, 4), stage=1, **about),
        answered.read("Ada", answered.answer(0, 4), **about),
        answered.read("Ada", answered.answer(0, 0), **about),
    ]

    made, (report,) = written(workspace, *reads)
    assert made.files == 1
    assert said(report) == dict.fromkeys(SIDES, codes.SCT.Absent)
    practice = structured_report.write(
        workspace, answered.table(*reads, purpose="practice"), workspace.root / "practice", key=KEY
    )
    assert (practice.files, practice.left_out) == (0, {})


def test_what_has_no_report_is_counted_by_reason(workspace):
    sha256 = indexed(workspace, "film", "film.png")
    unread = answered.answer(None, None, quality="unreadable")
    reads = [
        answered.read("Ada", answered.answer(0, 4), image="film.png", image_sha256=sha256),
        answered.read("Ada", answered.answer(0, 4), image="film", image_sha256="0c" * 32),
        answered.read("Grace", unread, image="film", image_sha256=sha256),
        answered.read("Ada", answered.answer(0, 4), image="not there", image_sha256=sha256),
    ]

    made, reports = written(workspace, *reads)

    assert reports == []
    assert made.left_out == {
        structured_report.NO_DICOM: 1,
        structured_report.OTHER: 2,
        structured_report.UNREAD: 1,
    }


def test_a_folder_that_holds_something_is_refused(workspace):
    folder = workspace.root / "full"
    folder.mkdir(parents=True)
    (folder / "there").touch()

    with pytest.raises(InputError, match="empty or new folder"):
        structured_report.write(workspace, answered.table(), folder, key=KEY)
