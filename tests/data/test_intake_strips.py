"""Markers in a hundred files, wherever a file can name somebody: none is found in what is written or said."""

from __future__ import annotations

import dataclasses
import io
import itertools
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom import Dataset

from core.base.paths import Workspace
from core.data import apart, intake
from tests.data import dicoms, mutated, not_radiographs

MARKS = [
    f"Zq{kind}Xv" for kind in ("name", "ident", "born", "access", "clinic", "free", "file", "private", "over", "uid")
]
NAME, IDENT, BORN, ACCESS, CLINIC, FREE, FILE, PRIVATE, OVERLAY, _ = MARKS
NUMBERS = ["19470311", "1.2.826.777.4242", "1.2.826.777.4243", "20190704", "134501.25", "777424299"]


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    apart.close()


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    return not_radiographs.phantoms(1, 31, size=64)[0]


def pngs(film: np.ndarray) -> Iterator[bytes]:
    """Yield PNGs with markers in texts, plain, compressed and international, in EXIF and in strange chunks."""
    for key, mark in itertools.product(("Title", "Author", "Description", FILE, "Comment"), MARKS[:4]):
        text = PngInfo()
        text.add_text(key, mark)
        text.add_text("Software", f"{FREE} {mark}", zip=True)
        text.add_itxt("XML:com.adobe.xmp", f"<x>{mark}</x>", zip=True, lang="en", tkey=PRIVATE)
        text.add(b"prVt", mark.encode())
        yield mutated._saved(Image.fromarray(film), pnginfo=text, exif=exif(mark))


def jpegs(film: np.ndarray) -> Iterator[bytes]:
    """Yield JPEGs with markers in EXIF, in the comment and behind the end of the picture."""
    for quality, mark in itertools.product((80, 95), MARKS):
        content = io.BytesIO()
        Image.fromarray(film).save(content, "JPEG", quality=quality, exif=exif(mark), comment=f"{FILE} {mark}")
        yield content.getvalue() + mark.encode()


def exif(mark: str) -> Image.Exif:
    made = Image.Exif()
    for tag in (0x010E, 0x013B, 0x8298, 0x010D):  # description, artist, copyright, document's name
        made[tag] = f"{FILE} {mark}"
    return made


def dicom_files(film: np.ndarray) -> Iterator[bytes]:
    """Yield DICOM files with markers in all kinds of elements, wanted films and others."""
    syntaxes = ("explicit", "implicit", "deflated", "jpeg 2000", "jpeg-ls")
    ways = ({}, {"PatientID": f"{IDENT}77"}, {"Modality": FREE}, {"ViewPosition": FREE}, {"BodyPartExamined": FREE})
    more = (
        {"PatientSex": FREE, "PatientAge": BORN},
        {"PixelSpacing": [0.2, 0.2], "Modality": "CT"},
        {"preamble": False},
    )
    for number, (syntax, tags) in enumerate(itertools.product(syntaxes, (*ways, *more))):
        yield dicoms.film(film, syntax=syntax, change=_named(number), **{"BodyPartExamined": "CHEST", **tags})


def _named(number: int):
    def change(dataset: Dataset) -> None:
        dataset.PatientName = f"{NAME}^A{number}"
        dataset.PatientID = dataset.get("PatientID") or f"{IDENT}{number}"
        dataset.IssuerOfPatientID = CLINIC
        dataset.PatientBirthDate, dataset.StudyDate, dataset.StudyTime = NUMBERS[0], NUMBERS[3], NUMBERS[4]
        dataset.SOPInstanceUID, dataset.StudyInstanceUID = f"{NUMBERS[1]}.{number}", NUMBERS[2]
        dataset.AccessionNumber, dataset.InstitutionName = ACCESS, CLINIC
        dataset.PatientTelephoneNumbers = NUMBERS[5]
        dataset.OtherPatientIDs = f"{IDENT}8"
        dataset.ImageComments = dataset.StudyDescription = dataset.PatientComments = f"{FREE} {FILE}.dcm"
        dataset.add_new(0x60004000, "LT", OVERLAY)  # the comments of an overlay
        dataset.add_new(0x60001500, "LO", OVERLAY)
        block = dataset.private_block(0x0011, PRIVATE, create=True)
        block.add_new(0x01, "LT", f"{PRIVATE} {NAME}")
        item = Dataset()
        item.PatientName, item.ReferencedSOPInstanceUID = NAME, f"{NUMBERS[1]}.9"
        dataset.OtherPatientIDsSequence = [item]

    return change


def found_in(content: bytes) -> set[str]:
    """Return the markers that stand in bytes, plain or in two bytes a letter."""
    lower = content.lower()
    return {
        mark
        for mark in (*MARKS, *NUMBERS)
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
        if mark.lower().encode(encoding) in lower
    }


def in_clear(path: Path) -> bytes:
    """Return a file's bytes, and what a compressed table or picture says."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += pd.read_parquet(path).to_csv().encode()
    if path.suffix == ".png":
        assert {kind for kind, _ in mutated.chunks(content)} <= {b"IHDR", b"IDAT", b"IEND"}
    return content


def test_a_hundred_files_with_markers_leave_none(tmp_path, film, monkeypatch, capfd, caplog):
    for name, path in (("WORKSPACE", "ws"), ("AUDIT_KEY_FILE", "keys/audit.key"), ("CHECKPOINTS", "checkpoints")):
        monkeypatch.setenv(f"PLEURASCOPE_{name}", str(tmp_path / path))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings():  # pydicom's, of values that are none
        warnings.simplefilter("ignore")
        whole = [*pngs(film), *jpegs(film), *dicom_files(film)]
    spoilt = [mutated.spoilt(whole[4 * number], number) for number in range(100 - len(whole))]
    contents = [*whole, *spoilt]
    assert len(contents) == 100
    assert {mark for content in whole for mark in found_in(content)} >= {*MARKS[:9], *NUMBERS}

    caplog.clear()  # of what writing the files said
    capfd.readouterr()

    received = list(intake.receive(Workspace(), contents, by="Ada", anyway=True))

    assert [one.number for one in received] == list(range(1, 101))
    assert sum(one.image_id is not None for one in received) >= 60
    assert sum(one.refused is not None for one in received) >= 10
    said = (
        "".join(capfd.readouterr()) + caplog.text + repr(received) + str([dataclasses.asdict(one) for one in received])
    )
    assert found_in(said.encode()) == set()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 60
    assert {(path.name, mark) for path in written for mark in found_in(in_clear(path))} == set()
    assert found_in(str([str(path.relative_to(tmp_path)) for path in written]).encode()) == set()


def test_the_same_search_finds_a_marker_that_was_left(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"patient": [NAME] * 5, "born": [NUMBERS[0]] * 5}).to_parquet(path)

    assert found_in(in_clear(path)) == {NAME, NUMBERS[0]}
    assert found_in(f"{IDENT}7".encode("utf-16-le")) == {IDENT}
