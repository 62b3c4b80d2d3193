"""Windows, rescale and look-up tables of DICOM, against the standard's formulas pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.data.dicom_truth import check, every_value, spread
from tests.data.dicoms import film, lut, sequence


def case(*told, name):
    return pytest.param(told, id=name)


def linear(values, centre, width):
    """Return PS3.3 C.11.2.1.2.1 as it is written, pixel by pixel, 0 to 1."""
    shares = np.empty(values.shape)
    for at, value in np.ndenumerate(values):
        if value <= centre - 0.5 - (width - 1) / 2:
            shares[at] = 0
        elif value > centre - 0.5 + (width - 1) / 2:
            shares[at] = 1
        else:
            shares[at] = (value - (centre - 0.5)) / (width - 1) + 0.5
    return shares


def exact(values, centre, width):
    """Return PS3.3 C.11.2.1.3.2 as it is written, pixel by pixel, 0 to 1."""
    shares = np.empty(values.shape)
    for at, value in np.ndenumerate(values):
        if value <= centre - width / 2:
            shares[at] = 0
        elif value > centre + width / 2:
            shares[at] = 1
        else:
            shares[at] = (value - centre) / width + 0.5
    return shares


def sigmoid(values, centre, width):
    """Return PS3.3 C.11.2.1.3.1 as it is written, pixel by pixel, 0 to 1."""
    return np.array([[1 / (1 + math.exp(-4 * (value - centre) / width)) for value in row] for row in values])


@pytest.mark.parametrize(
    "told",
    [
        case(12, False, {"WindowCenter": 2000, "WindowWidth": 1500}, lambda v: linear(v, 2000, 1500), 16,
                     name="LINEAR by default"),
        case(12, False, {"WindowCenter": 2048, "WindowWidth": 4096}, lambda v: linear(v, 2048, 4096), 16,
                     name="a window over all values"),
        case(12, False, {"WindowCenter": 2000, "WindowWidth": 1}, lambda v: (v > 1999.5) * 1.0, 16,
                     name="a window of width 1"),
        case(12, False, {"WindowCenter": 2000, "WindowWidth": 2}, lambda v: linear(v, 2000, 2), 16,
                     name="a window of width 2"),
        case(8, False, {"WindowCenter": 100, "WindowWidth": 60}, lambda v: linear(v, 100, 60), 8,
                     name="a window on 8 bits"),
        case(12, True, {"WindowCenter": "-40", "WindowWidth": "400.5"}, lambda v: linear(v, -40, 400.5), 16,
                     name="a window below zero"),
        case(16, True, {"WindowCenter": 40, "WindowWidth": 9000, "VOILUTFunction": "LINEAR"},
                     lambda v: linear(v, 40, 9000), 16, name="LINEAR by name"),
        case(12, False, {"WindowCenter": 2000, "WindowWidth": 1500, "VOILUTFunction": "LINEAR_EXACT"},
                     lambda v: exact(v, 2000, 1500), 16, name="LINEAR_EXACT"),
        case(12, False, {"WindowCenter": 1000, "WindowWidth": "0.5", "VOILUTFunction": "LINEAR_EXACT"},
                     lambda v: exact(v, 1000, 0.5), 16, name="LINEAR_EXACT less than 1 wide"),
        case(12, False, {"WindowCenter": 2000, "WindowWidth": 1500, "VOILUTFunction": "SIGMOID"},
                     lambda v: sigmoid(v, 2000, 1500), 16, name="SIGMOID"),
        case(8, False, {"WindowCenter": 100, "WindowWidth": 60, "VOILUTFunction": "SIGMOID"},
                     lambda v: sigmoid(v, 100, 60), 8, name="SIGMOID on 8 bits"),
        case(12, False, {"RescaleSlope": 2, "RescaleIntercept": -1024, "WindowCenter": 40, "WindowWidth": 400},
                     lambda v: linear(v * 2 - 1024, 40, 400), 16, name="rescale, then the window"),
        case(12, False, {"RescaleSlope": "0.25", "RescaleIntercept": "7.5", "WindowCenter": 500,
                                 "WindowWidth": 300}, lambda v: linear(v * 0.25 + 7.5, 500, 300), 16,
                     name="a slope that is no whole number"),
        case(12, False, {"RescaleSlope": "0.25", "RescaleIntercept": "7.5"}, lambda v: v / 4095, 16,
                     name="rescale alone changes nothing"),
        case(12, False, {"RescaleSlope": -1, "RescaleIntercept": 4095}, lambda v: 1 - v / 4095, 16,
                     name="a negative slope turns the sense"),
        case(8, True, {"RescaleSlope": -2, "RescaleIntercept": 9}, lambda v: (127 - v) / 255, 8,
                     name="a negative slope on signed values"),
        case(8, False, {"RescaleSlope": 4, "RescaleIntercept": 0, "WindowCenter": 512, "WindowWidth": 1024},
                     lambda v: linear(v * 4, 512, 1024), 8, name="8 bits rescaled stay 8"),
        case(12, False, {"WindowCenter": "", "WindowWidth": ""}, lambda v: v / 4095, 16, name="an empty window"),
        case(12, False, {"WindowCenter": 90000, "WindowWidth": 10}, lambda v: v * 0.0, 16,
                     name="a window above all values"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_windows_and_rescale_are_applied_as_the_standard_writes_them(told, photometric):
    stored, signed, tags, shares, bits = told
    values = every_value(stored, signed=signed)
    expected = spread(shares(values.astype(float)), bits=bits)

    content = film(values, stored=stored, signed=signed, photometric=photometric, **tags)

    if photometric == "MONOCHROME1":
        check(content, np.iinfo(expected.dtype).max - expected, "MONOCHROME1 inverted")
    else:
        check(content, expected)


def looked_up(values, entries, *, first):
    """Look values up one by one."""
    return np.array([[entries[min(max(int(v) - first, 0), len(entries) - 1)] for v in row] for row in values])


RISING = [int(4095 * (place / 299) ** 2) for place in range(300)]  # 12 bits
BYTES = [255 - place for place in range(256)]


@pytest.mark.parametrize(
    "told",
    [
        case(12, False, {"VOILUTSequence": sequence(lut(RISING, first=1000, bits=12))},
                     lambda v: looked_up(v, RISING, first=1000) / 4095, 16, (), name="VOI LUT of 12 bits"),
        case(12, True, {"VOILUTSequence": sequence(lut(RISING, first=-100, bits=12))},
                     lambda v: looked_up(v, RISING, first=-100) / 4095, 16, (), name="VOI LUT from below zero"),
        case(8, False, {"VOILUTSequence": sequence(lut(BYTES, bits=8))}, lambda v: (255 - v) / 255, 8, (),
                     name="VOI LUT of 8 bits, a word each"),
        case(8, False, {"VOILUTSequence": sequence(lut(BYTES, bits=8, packed=True))},
                     lambda v: (255 - v) / 255, 8, (), name="VOI LUT of 8 bits, two in a word"),
        case(8, False, {"VOILUTSequence": sequence(lut(BYTES[:7], bits=8, first=9, packed=True))},
                     lambda v: looked_up(v, BYTES, first=9).clip(249) / 255, 8, (), name="VOI LUT of an odd length"),
        case(8, False, {"VOILUTSequence": sequence(lut([v * 257 for v in range(256)], bits=16))},
                     lambda v: v / 255, 16, (), name="VOI LUT of 16 bits widens 8"),
        case(12, False, {"VOILUTSequence": sequence(lut(BYTES, bits=8), lut(RISING, bits=12)),
                                 "WindowCenter": 40, "WindowWidth": 400},
                     lambda v: looked_up(v, BYTES, first=0) / 255, 16,
                     ("the first of several VOI LUTs used", "the VOI LUT used, not the window"), name="VOI LUT first"),
        case(12, False, {"RescaleSlope": "0.5", "RescaleIntercept": -1000,
                                 "VOILUTSequence": sequence(lut(RISING, first=-100, bits=12))},
                     lambda v: looked_up(np.rint(v * 0.5 - 1000), RISING, first=-100) / 4095, 16, (),
                     name="VOI LUT after rescale"),
        case(16, False, {"VOILUTSequence": sequence(lut(list(range(65535, -1, -1)), bits=16, count=0))},
                     lambda v: (65535 - v) / 65535, 16, (), name="VOI LUT of 65,536 entries"),
        case(12, False, {"ModalityLUTSequence": sequence(lut(RISING, first=1000, bits=12))},
                     lambda v: looked_up(v, RISING, first=1000) / 4095, 16, (), name="modality LUT"),
        case(8, False, {"ModalityLUTSequence": sequence(lut(RISING, bits=12)), "WindowCenter": 1000,
                                "WindowWidth": 900},
                     lambda v: linear(looked_up(v, RISING, first=0), 1000, 900), 16, (),
                     name="modality LUT, then the window"),
        case(8, True, {"ModalityLUTSequence": sequence(lut(RISING, bits=12, first=-128)),
                               "VOILUTSequence": sequence(lut(BYTES, bits=8, first=50))},
                     lambda v: looked_up(looked_up(v, RISING, first=-128), BYTES, first=50) / 255, 16, (),
                     name="modality LUT, then VOI LUT"),
        case(12, False, {"WindowCenter": [1000, 2000], "WindowWidth": [500, 700]},
                     lambda v: linear(v, 1000, 500), 16, ("the first of several windows used",),
                     name="several windows"),
        case(12, False, {"PresentationLUTShape": "INVERSE"}, lambda v: v / 4095, 16,
             ("the presentation LUT shape contradicts the photometric interpretation",), name="a contradiction"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_look_up_tables_are_applied_in_their_order(told, syntax):
    stored, signed, tags, shares, bits, notes = told
    values = every_value(stored, signed=signed)

    content = film(values, syntax=syntax, stored=stored, signed=signed, **tags)

    check(content, spread(shares(values.astype(float)), bits=bits), *notes)


def test_a_table_in_big_endian_words_is_read_right():
    values = every_value(12)
    table = lut(RISING, first=1000, bits=12)
    table.LUTData = np.array(RISING, ">u2").tobytes()

    content = film(values, syntax="big endian", stored=12, VOILUTSequence=sequence(table))

    check(content, spread(looked_up(values, RISING, first=1000) / 4095, bits=16))


@pytest.mark.parametrize(
    ("vr", "first", "signed"), [("US", 40_000, False), ("SS", -100, True), ("US", 65_436, True), ("SS", -100, False)]
)
def test_the_first_value_of_a_table_is_read_by_sense_whatever_its_type(vr, first, signed):
    values = every_value(16, signed=signed)
    entries = list(range(0, 3000, 10))
    table = lut(entries, bits=12)
    table.add_new("LUTDescriptor", vr, [len(entries), first, 12])

    content = film(values, stored=16, signed=signed, VOILUTSequence=sequence(table))

    meant = -100 if signed else first
    check(content, spread(looked_up(values, entries, first=meant) / 4095, bits=16))
