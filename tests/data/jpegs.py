"""JPEG pictures that no library at hand writes: lossless ones, and sequential ones of 12 bits, after ITU-T T.81.

Every symbol has a code of the same length, so the Huffman tables need no statistics.
"""

from __future__ import annotations

import struct

import numpy as np

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_NATURAL = sorted(
    ((row, column) for row in range(8) for column in range(8)),
    key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]),
)  # the zigzag


def lossless(values: np.ndarray, *, bits: int, predictor: int = 1) -> bytes:
    """Write values (H, W) of 2 to 16 bits as SOF3; with predictor 1 it is what DICOM calls SV1."""
    rows, columns = values.shape
    whole = values.astype(np.int64)
    left, above, corner = (np.zeros_like(whole) for _ in range(3))
    left[:, 1:] = whole[:, :-1]
    above[1:] = whole[:-1]
    corner[1:, 1:] = whole[:-1, :-1]
    by_number = {
        1: left,
        2: above,
        3: corner,
        4: left + above - corner,
        5: left + ((above - corner) >> 1),
        6: above + ((left - corner) >> 1),
        7: (left + above) >> 1,
    }
    expected = by_number[predictor].copy()
    expected[0, 1:] = whole[0, :-1]  # the first row is told from the left, its first value from the middle,
    expected[1:, 0] = whole[:-1, 0]  # and the first column from above
    expected[0, 0] = 1 << (bits - 1)
    steps = (whole - expected + (1 << 15)) % (1 << 16) - (1 << 15)
    out = []
    for step in steps.ravel().tolist():
        size = 16 if step == -(1 << 15) else abs(step).bit_length()
        out.append(f"{size:05b}" + ("" if size == 16 else _magnitude(step, size)))
    frame = struct.pack(">BHHB", bits, rows, columns, 1) + bytes([1, 0x11, 0])
    scan = bytes([1, 1, 0x00, predictor, 0, 0])
    return (
        _SOI
        + _segment(0xC3, frame)
        + _segment(0xC4, _table(0x00, 5, list(range(17))))
        + _segment(0xDA, scan)
        + _packed("".join(out))
        + _EOI
    )


def sequential(values: np.ndarray, *, bits: int = 12) -> bytes:
    """Write values (H, W), both multiples of 8, as SOF1 with every quantum 1: off by rounding only."""
    rows, columns = values.shape
    place = np.arange(8)
    basis = np.cos((2 * place[None, :] + 1) * place[:, None] * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    out, before = [], 0
    for top in range(0, rows, 8):
        for first in range(0, columns, 8):
            block = values[top : top + 8, first : first + 8].astype(float) - (1 << (bits - 1))
            numbers = np.rint(basis @ block @ basis.T).astype(int)
            zigzag = [int(numbers[at]) for at in _NATURAL]
            size = abs(zigzag[0] - before).bit_length()
            out.append(f"{size:05b}" + _magnitude(zigzag[0] - before, size))
            before = zigzag[0]
            out.append(_ac(zigzag[1:]))
    frame = struct.pack(">BHHB", bits, rows, columns, 1) + bytes([1, 0x11, 0])
    scan = bytes([1, 1, 0x00, 0, 63, 0])
    return (
        _SOI
        + _segment(0xDB, b"\x00" + bytes([1]) * 64)
        + _segment(0xC1, frame)
        + _segment(0xC4, _table(0x00, 5, list(range(16))))
        + _segment(0xC4, _table(0x10, 9, list(range(256))))
        + _segment(0xDA, scan)
        + _packed("".join(out))
        + _EOI
    )


def _ac(numbers: list[int]) -> str:
    out, zeros = [], 0
    for number in numbers:
        if number == 0:
            zeros += 1
            continue
        while zeros > 15:
            out.append(f"{0xF0:09b}")
            zeros -= 16
        size = abs(number).bit_length()
        out.append(f"{zeros << 4 | size:09b}" + _magnitude(number, size))
        zeros = 0
    return "".join(out) + (f"{0:09b}" if zeros else "")


def _magnitude(number: int, size: int) -> str:
    return f"{number if number > 0 else number + (1 << size) - 1:0{size}b}" if size else ""


def _table(kind: int, length: int, symbols: list[int]) -> bytes:
    """Write a Huffman table whose codes all have the same length."""
    counts = bytearray(16)
    left = list(symbols)
    if len(left) == 256:  # a count is a byte: one of the 256 takes the length after
        counts[length - 1], counts[length] = 255, 1
    else:
        counts[length - 1] = len(left)
    return bytes([kind]) + bytes(counts) + bytes(left)


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
