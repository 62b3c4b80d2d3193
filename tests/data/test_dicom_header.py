"""What a DICOM header says of its film, and which films are not wanted."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset

from core.data.dicom_header import read_header, refusal
from tests.data.dicoms import SYNTAXES, UID, film, sequence

VALUES = np.zeros((5, 7), int)


def code(value: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", "view"
    return item


def header(**tags):
    return read_header(film(VALUES, **tags))


def test_a_full_header():
    found = header(
        PatientID=" 0013 ", IssuerOfPatientID="Ward", StudyInstanceUID="1.2.3", Modality="DX", ViewPosition="PA",
        BodyPartExamined="CHEST", PatientSex="F", PatientAge="058Y", StudyDate="20200229", StudyTime="101112.5",
        PixelSpacing=["0.143", "0.143"], BurnedInAnnotation="YES", NumberOfFrames=1, syntax="big endian",
    )  # fmt: skip

    assert (found.uid, found.patient, found.issuer, found.study) == (UID, "0013", "Ward", "1.2.3")
    assert (found.modality, found.view, found.body_part, found.sex) == ("DX", "PA", "CHEST", "F")
    assert (found.age_years, found.pixel_spacing_mm, found.burned_in) == (58.0, 0.143, True)
    assert (found.rows, found.columns, found.frames) == (5, 7, 1)
    assert found.study_time == "20200229 101112.5"
    assert found.transfer_syntax == SYNTAXES["big endian"]
    assert refusal(found) is None


def test_an_empty_header():
    found = header(change=lambda dataset: [dataset.pop("Modality"), dataset.pop("SOPInstanceUID")])

    assert (found.uid, found.patient, found.study, found.modality, found.body_part) == ("", "", "", "", "")
    assert (found.view, found.sex, found.age_years, found.pixel_spacing_mm, found.burned_in) == (None,) * 5
    assert (found.study_time, found.frames) == ("", 1)


def test_what_must_not_be_written_is_not_in_the_text_of_a_header():
    text = repr(
        header(PatientID="Marker", IssuerOfPatientID="Marker", StudyInstanceUID="1.22.333", StudyDate="20200101")
    )

    assert "Marker" not in text
    assert "1.22.333" not in text
    assert UID not in text
    assert "2020" not in text


@pytest.mark.parametrize(
    ("age", "born", "day", "years"),
    [
        ("058Y", "", "", 58.0),
        ("62", "", "", 62.0),
        ("006M", "", "", 0.5),
        ("089Y", "", "", 89.0),
        ("090Y", "", "", 90.0),
        ("091Y", "", "", 90.0),
        ("117Y", "", "", 90.0),
        ("412Y", "", "", None),
        ("?", "", "", None),
        ("", "19500315", "20200314", 69.0),
        ("", "19500315", "20200315", 70.0),
        ("", "20000229", "20030228", 2.0),
        ("", "1950.03.15", "2020.03.16", 70.0),
        ("", "19200101", "20200101", 90.0),
        ("", "20200101", "20200702", 0.5),
        ("", "20210101", "20200101", None),
        ("", "20201301", "20210101", None),
        ("", "19500315", "", None),
        ("030Y", "19500315", "20200315", 30.0),
    ],
)
def test_ages(age, born, day, years):
    def write(dataset):
        for keyword, value in (("PatientAge", age), ("PatientBirthDate", born), ("StudyDate", day)):
            dataset.add_new(keyword, "LO", value)

    assert header(change=write, preamble=True).age_years == years


@pytest.mark.parametrize(
    ("tags", "spacing"),
    [
        ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.25, 0.25]}, 0.2),
        ({"ImagerPixelSpacing": [0.25, 0.25]}, 0.25),
        ({"NominalScannedPixelSpacing": [0.3, 0.3]}, 0.3),
        ({"PixelSpacing": [0.2, 0.3]}, None),
        ({"PixelSpacing": [0.0, 0.0], "ImagerPixelSpacing": [0.25, 0.25]}, 0.25),
        ({"PixelSpacing": "0.2"}, None),
    ],
)
def test_pixel_spacing_is_the_calibrated_one_where_there_is_one(tags, spacing):
    assert header(**tags).pixel_spacing_mm == spacing


@pytest.mark.parametrize(
    ("tags", "view", "why"),
    [
        ({"ViewPosition": "AP"}, "AP", None),
        ({"ViewPosition": "LL"}, "LL", "lateral view"),
        ({"ViewPosition": "LATERAL "}, "LAT", "lateral view"),
        ({"ViewPosition": "RLO"}, "RLO", "oblique view"),
        ({"ViewPosition": "LLD"}, "LLD", "decubitus view"),
        ({"ViewPosition": "SMITH"}, None, None),
        ({"ViewCodeSequence": sequence(code("399348003"))}, "AP", None),
        ({"ViewCodeSequence": sequence(code("R-10214"))}, "PA", None),
        ({"ViewCodeSequence": sequence(code("272479007"))}, "PA", None),
        ({"ViewCodeSequence": sequence(code("399173006"))}, "LL", "lateral view"),
        ({"ViewCodeSequence": sequence(code("R-102CD"))}, "LAT", "lateral view"),
        ({"ViewCodeSequence": sequence()}, None, None),
        ({"ViewPosition": "PA", "ViewCodeSequence": sequence(code("399173006"))}, "PA", None),
    ],
)
def test_views(tags, view, why):
    found = header(**tags)

    assert found.view == view
    assert refusal(found) == why


def test_the_codes_of_views_are_those_of_the_standard():
    from pydicom.sr.codedict import codes

    from core.data.dicom_words import VIEW_CODES

    names = {getattr(codes.CID4010, name).value: name for name in codes.CID4010.dir()}
    told = {names[value]: view for value, view in VIEW_CODES.items() if value in names}
    assert told["PosteroAnterior"] == "PA"
    assert told["AnteroPosterior"] == "AP"
    assert {told[name] for name in told if "Lateral" in name and "Oblique" not in name} <= {"LL", "RL", "LAT"}
    assert all(told[name] in ("LAO", "RAO", "LPO", "RPO", "OBL") for name in told if "Oblique" in name)


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"Modality": "CT"}, "modality CT"),
        ({"Modality": "PR"}, "a presentation state"),
        ({"Modality": "SMITH JOHN"}, "an unknown modality"),
        ({"Modality": "OT"}, "modality OT"),
        ({"Modality": "OT", "BodyPartExamined": "CHEST"}, None),
        ({"Modality": "RG"}, None),
        ({"Modality": ""}, "no modality"),
        ({"Modality": "", "BodyPartExamined": "PORT CHEST"}, None),
        ({"NumberOfFrames": 3}, "more than one frame"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "for processing, not for looking at"),
        ({"BodyPartExamined": "HAND"}, "body part HAND"),
        ({"BodyPartExamined": "L-SPINE"}, "body part LSPINE"),
        ({"BodyPartExamined": "SMITH"}, None),
        ({"BodyPartExamined": "THORAX"}, None),
        ({"lie": {"Rows": 0}}, "no pixels"),
    ],
)
def test_what_is_not_wanted(tags, why):
    assert refusal(header(**tags)) == why


@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192", "ISO 2022 IR 87", "GB18030", ""])
@pytest.mark.parametrize("raw", [b"M\xfcller^A\xe9", b"\x1b$B;3ED\x1b(B", b"\xff\xfe\x80", b"plain"])
def test_any_bytes_of_a_patient_become_text_that_can_be_hashed(charset, raw):
    def write(dataset):
        if charset:
            dataset.SpecificCharacterSet = charset
        dataset.add_new(0x00100020, "UN", raw + b" " * (len(raw) % 2))

    found = header(change=write)

    found.patient.encode()


def test_a_patient_with_a_backslash_is_one_text():
    assert header(PatientID=["12", "34"]).patient == "12\\34"
