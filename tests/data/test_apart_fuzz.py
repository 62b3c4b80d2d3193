"""A thousand spoilt PNGs and a thousand spoilt DICOM files: each refused with a reason, or read as it is."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest

from core.data import apart, image_file, pixels
from tests.data import mutated

COUNT = 1000


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    apart.close()


def judged(contents: list[bytes]) -> tuple[Counter[str], list[tuple[int, np.ndarray]]]:
    """Return how often each reason was given, and the pixels that were read with the numbers of their files."""
    reasons: Counter[str] = Counter()
    read = []
    for number, content in enumerate(contents):
        try:
            found = apart.decode(content)
        except image_file.UnreadableImage as error:
            reasons[error.reason] += 1
        else:
            read.append((number, found.image.pixels))
    return reasons, read


def in_process(content: bytes) -> np.ndarray:
    with warnings.catch_warnings():  # Pillow's: the reader's own go nowhere
        warnings.simplefilter("ignore")
        return pixels.decode_bytes(content).pixels


def test_a_thousand_spoilt_pngs_are_refused_or_read_right():
    whole = mutated.pngs()
    contents = [mutated.spoilt(whole[number % len(whole)], number) for number in range(COUNT)]

    reasons, read = judged(contents)

    assert reasons.total() + len(read) == COUNT
    assert min(reasons.total(), len(read)) > 50, "both ends are tried"
    assert all(0 < len(reason) < 60 for reason in reasons)
    assert not {apart.CRASHED, apart.TOO_SLOW} & set(reasons)
    unharmed = 0
    for number, found in read:
        np.testing.assert_array_equal(found, in_process(contents[number]))
        before = whole[number % len(whole)]
        if mutated.critical(contents[number]) == mutated.critical(before):
            np.testing.assert_array_equal(found, in_process(before))
            unharmed += 1
    assert unharmed > 20


def test_a_thousand_spoilt_dicom_files_are_refused_or_read_right():
    whole = mutated.dicom_films()
    contents = [mutated.spoilt(whole[number % len(whole)], number) for number in range(COUNT)]

    reasons, read = judged(contents)

    assert reasons.total() + len(read) == COUNT
    assert min(reasons.total(), len(read)) > 50, "both ends are tried"
    assert all(0 < len(reason) < 60 for reason in reasons)
    for number, found in read:
        np.testing.assert_array_equal(found, in_process(contents[number]))
