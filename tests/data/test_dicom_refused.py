"""DICOM files that are refused, each with its reason in a few words; and files that were damaged."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pytest
from pydicom.encaps import encapsulate

from core.data import dicom_file, dicom_header, dicom_pixels, pixels
from core.data.image_file import UnreadableImage
from tests.data import jpegs
from tests.data.dicoms import SYNTAXES, film, lut, sequence

VALUES = np.add.outer(np.arange(40) * 3, np.arange(32) * 3)  # (40, 32), 0 to 210
TWELVE = VALUES * 16
STRANGE = "1.2.840.10008.1.2.4.102"  # MPEG-4


def without(*keywords):
    def remove(dataset):
        for keyword in keywords:
            del dataset[keyword]

    return remove


def floating(dataset):
    del dataset["PixelData"]
    dataset.FloatPixelData = np.zeros(VALUES.shape, "<f4").tobytes()


def reason(content: bytes) -> str:
    with pytest.raises(UnreadableImage) as refused:
        dicom_pixels.decode(content)
    return refused.value.reason


def compressed(frame: bytes, **tags) -> bytes:
    return film(VALUES, syntax="jpeg", pixels=encapsulate([frame]), **tags)


JPEG_OF_MORE = jpegs.sequential(np.zeros((64, 64), int))

CASES = {
    "no pixels": lambda: film(VALUES, change=without("PixelData")),
    "floating-point pixels": lambda: film(VALUES, change=floating),
    "more than one frame": lambda: film(VALUES, NumberOfFrames=2),
    "no size": lambda: film(VALUES, change=without("Rows")),
    "32 bits allocated": lambda: film(VALUES, lie={"BitsAllocated": 32}),
    "1 bits allocated": lambda: film(VALUES, lie={"BitsAllocated": 1}),
    "bits that contradict each other": lambda: film(VALUES, lie={"BitsStored": 12}),
    "an unknown colour model": lambda: film(VALUES, photometric="HSV"),
    "colour that the header calls grey": lambda: film(VALUES, lie={"SamplesPerPixel": 3}),
    "grey that the header calls colour": lambda: film(VALUES, photometric="RGB"),
    "signed colour": lambda: film(np.stack([VALUES] * 3, axis=-1), photometric="RGB", signed=True),
    "truncated": lambda: film(VALUES, lie={"Rows": 41}),
    "another size than the header says": lambda: film(VALUES, lie={"Rows": 39}),
    "larger than 25 megapixels": lambda: film(VALUES, lie={"Rows": 5001, "Columns": 5000}),
    "transfer syntax MPEG-4 AVC/H.264 High Profile / Level 4.1": lambda: film(
        VALUES, syntax=STRANGE, pixels=encapsulate([b"ab"])
    ),
    "an unknown transfer syntax": lambda: film(VALUES, syntax="1.2.3.4", pixels=encapsulate([b"ab"])),
    "a window without width": lambda: film(VALUES, WindowCenter=100, WindowWidth=0),
    "an unknown VOI LUT function": lambda: film(VALUES, WindowCenter=9, WindowWidth=9, VOILUTFunction="CUBIC"),
    "a rescale slope or intercept of no use": lambda: film(VALUES, RescaleSlope=0, RescaleIntercept=0),
    "a damaged look-up table": lambda: film(VALUES, VOILUTSequence=sequence(lut([1, 2, 3], bits=8, count=9))),
    "a segmented palette": lambda: film(
        VALUES, photometric="PALETTE COLOR", SegmentedRedPaletteColorLookupTableData=b"\0\1"
    ),
    "a DICOM directory": lambda: film(VALUES, SOPClassUID="1.2.840.10008.1.3.10"),
    "more bits than the header says": lambda: film(
        TWELVE, syntax="jpeg 12", stored=12, lie={"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    ),
    "colour in JPEG Lossless or of 12 bits": lambda: film(
        np.stack([VALUES] * 3, axis=-1), syntax="lossless", photometric="RGB",
        pixels=encapsulate([_with_components(jpegs.lossless(VALUES, bits=8), 3)]),
    ),
}  # fmt: skip


def _with_components(jpeg: bytes, count: int) -> bytes:
    at = jpeg.index(b"\xff\xc3") + 9
    return jpeg[:at] + bytes([count]) + jpeg[at + 1 :]


@pytest.mark.parametrize("expected", CASES)
def test_it_is_refused_with_its_reason(expected):
    assert reason(CASES[expected]()) == expected


@pytest.mark.parametrize(
    ("expected", "content"),
    [
        ("another size than the header says", lambda: compressed(JPEG_OF_MORE)),
        ("larger than 25 megapixels", lambda: compressed(_sized(jpegs.lossless(VALUES, bits=8), 60_000, 60_000))),
        ("truncated", lambda: compressed(jpegs.lossless(VALUES, bits=8)[:-2])),
        ("damaged", lambda: compressed(b"no JPEG at all")),
        ("damaged", lambda: film(VALUES, syntax="lossless", pixels=encapsulate([_sized(b"\xff\xd8", 0, 0)]))),
        ("uncompressed pixels under a compressed transfer syntax", lambda: _under(SYNTAXES["jpeg"], "explicit")),
        ("compressed pixels under an uncompressed transfer syntax", lambda: _under(SYNTAXES["explicit"], "jpeg")),
        ("a damaged look-up table", lambda: film(VALUES, VOILUTSequence=sequence(lut([1, 300], bits=8)))),
        ("a damaged look-up table", lambda: film(VALUES, photometric="PALETTE COLOR")),
        ("a window without width", lambda: film(VALUES, WindowCenter=9, WindowWidth="0.5")),
        ("a rescale slope or intercept of no use", lambda: film(VALUES, RescaleSlope=1, RescaleIntercept="1e400")),
    ],
)
def test_contradictions_are_refused(expected, content):
    assert reason(content()) == expected


def _sized(jpeg: bytes, rows: int, columns: int) -> bytes:
    at = jpeg.find(b"\xff\xc3") + 5
    return jpeg[:at] + rows.to_bytes(2, "big") + columns.to_bytes(2, "big") + jpeg[at + 4 :] + b"\xff\xd9"


def _under(uid: str, syntax: str) -> bytes:
    """Write a file of one syntax that names another, of the same length."""
    content = film(VALUES, syntax=syntax)
    old = SYNTAXES[syntax].encode()
    name = (old + b"\0" * (len(old) % 2)).ljust(22, b"\0")
    new = uid.encode().ljust(22, b"\0")
    at = content.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(content[at + 6 : at + 8], "little")
    assert content[at + 8 : at + 8 + length].rstrip(b"\0") == name.rstrip(b"\0")
    new = uid.encode() + b"\0" * (len(uid) % 2)
    return content[: at + 6] + len(new).to_bytes(2, "little") + new + content[at + 8 + length :]


def test_a_deflated_file_may_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(dicom_file, "MAX_BYTES", 1_000_000)
    content = film(np.zeros((1200, 1000), int), syntax="deflated")

    assert len(content) < 10_000
    assert reason(content) == "more than 1 MB when inflated"
    with pytest.raises(UnreadableImage, match="more than 1 MB when inflated"):
        dicom_header.read_header(content)


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(pixels, "MAX_BYTES", 500)

    with pytest.raises(UnreadableImage, match="file larger than 256 MB"):
        pixels.decode_bytes(film(VALUES))


@pytest.mark.parametrize("content", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"Image Index,Finding\n" * 20, bytes(400)])
def test_what_is_no_dicom_file_is_not_read_as_one(content):
    assert not dicom_file.is_dicom(content)
    assert reason(content) == "not a DICOM file"
    with pytest.raises(UnreadableImage):
        pixels.decode_bytes(content)


@pytest.mark.parametrize("syntax", ["implicit", "explicit", "deflated", "big endian", "rle", "jpeg", "jpeg 2000"])
def test_a_file_cut_anywhere_is_refused_or_whole(syntax):
    content = film(TWELVE if syntax != "jpeg" else VALUES, syntax=syntax, stored=8 if syntax == "jpeg" else 12)
    whole = pixels.decode_bytes(content).pixels

    for end in [*range(0, len(content), max(1, len(content) // 60)), len(content) - 1]:
        try:
            found = pixels.decode_bytes(content[:end]).pixels
        except UnreadableImage:
            continue
        np.testing.assert_array_equal(found, whole)


SOURCES = [
    ("explicit", 12, {"WindowCenter": [100, 200], "WindowWidth": [50, 60], "RescaleSlope": 1, "RescaleIntercept": 0}),
    ("implicit", 12, {"VOILUTSequence": sequence(lut([0, 9, 4000], bits=12)), "PixelPaddingValue": 4}),
    ("big endian", 16, {}),
    ("deflated", 8, {}),
    ("rle", 12, {}),
    ("jpeg", 8, {}),
    ("jpeg-ls", 12, {}),
    ("jpeg 2000", 12, {}),
]


@pytest.mark.parametrize(("syntax", "stored", "tags"), SOURCES, ids=[source[0] for source in SOURCES])
def test_a_spoilt_file_is_refused_or_a_picture_and_nothing_else(syntax, stored, tags, capfd):
    content = film(VALUES << (stored - 8), syntax=syntax, stored=stored, PatientName="Marker^Person", **tags)
    random = np.random.default_rng(8)
    read = 0

    for _ in range(60):
        spoilt = bytearray(content)
        for place in random.integers(120, len(content), random.integers(1, 4)):
            spoilt[place] = random.integers(256)
        try:
            found = pixels.decode_bytes(bytes(spoilt))
            assert found.pixels.dtype in (np.uint8, np.uint16)
            assert found.pixels.ndim == 2
            read += 1
        except UnreadableImage as refused:
            assert len(refused.reason) < 80
            assert "Marker" not in refused.reason
        try:
            dicom_header.refusal(dicom_header.read_header(bytes(spoilt)))
        except UnreadableImage:
            continue

    written = capfd.readouterr()
    assert (written.out, written.err) == ("", "")
    assert read or syntax == "deflated"


@pytest.mark.parametrize("syntax", ["lossless", "jpeg 12"])
def test_what_ends_the_codec_does_not_end_us(syntax, capfd):
    content = bytearray(film(TWELVE, syntax=syntax, stored=12))
    start = content.index(b"\xff\xd8")
    random = np.random.default_rng(2)

    for place in random.integers(start + 20, len(content) - 10, 5):
        spoilt = bytearray(content)
        spoilt[place] ^= 0x40
        try:
            pixels.decode_bytes(bytes(spoilt))
        except UnreadableImage as refused:
            assert refused.reason in (
                "damaged",
                "truncated",
                "another size than the header says",
                "values beyond their bits",
            )
    assert capfd.readouterr() == ("", "")


def test_nested_sequences_without_end_are_refused():
    def only_class(dataset):
        for element in list(dataset)[1:]:
            del dataset[element.tag]

    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + b"\x08\x00\x15\x11SQ\x00\x00\xff\xff\xff\xff"
    head = film(VALUES, change=only_class)
    deep = head + b"\x08\x00\x15\x11SQ\x00\x00\xff\xff\xff\xff" + item * 10_000

    assert reason(deep) in ("damaged", "no pixels", "truncated")
    with pytest.raises(UnreadableImage):
        header = dicom_header.read_header(deep)
        raise UnreadableImage(dicom_header.refusal(header) or "")


def test_no_warning_is_written_or_raised(caplog, capfd):
    odd = film(VALUES, change=lambda dataset: dataset.add_new("PatientBirthDate", "LO", "Marker"), preamble=False)
    long = film(VALUES, PatientID="M" * 90, SpecificCharacterSet="ISO_IR 100").replace(b"ISO_IR 100", b"ISO_IR 999")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with caplog.at_level(logging.DEBUG):
            for content in (odd, long):
                dicom_header.read_header(content)
                dicom_pixels.decode(content)

    assert not caught
    assert not caplog.text
    assert capfd.readouterr() == ("", "")
