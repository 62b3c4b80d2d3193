"""What a compressed picture says of itself: read from its head before anything is decompressed.

References:
    ITU-T T.81, B.2.2 (JPEG frame header); T.87, C.2.2 (JPEG-LS); T.800, A.5.1 (JPEG 2000, SIZ).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from core.data.image_file import MAX_PIXELS, UnreadableImage, too_large

_JPEG, _JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
_JP2 = b"\0\0\0\x0cjP  \r\n"
_END = b"\xff\xd9"  # of JPEG, JPEG-LS and JPEG 2000 alike
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # markers of a frame header; F7 is JPEG-LS
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_SCAN = 0xDA


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Size and depth that a compressed picture names."""

    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool = False


def read(content: bytes) -> Picture:
    """Read the head of a JPEG, JPEG-LS or JPEG 2000 picture.

    Raises:
        UnreadableImage: If it is none of these, damaged, without its end, or larger than the limit.
    """
    if content.startswith(_JP2):  # the wrapping of a file, which DICOM does not provide for and some devices leave on
        content = content[max(content.find(_JPEG_2000), 0) :]
    try:
        found = _jpeg_2000(content) if content.startswith(_JPEG_2000) else _jpeg(content)
    except (struct.error, IndexError):
        msg = "truncated"
        raise UnreadableImage(msg) from None
    if found.rows * found.columns > MAX_PIXELS:
        raise too_large()
    if _END not in content[-64:]:  # a decoder may fill what is missing with grey; some writers pad the end
        msg = "truncated"
        raise UnreadableImage(msg)
    return found


def _jpeg(content: bytes) -> Picture:
    if not content.startswith(_JPEG):
        msg = "damaged"
        raise UnreadableImage(msg)
    place = 2
    while True:
        if content[place] != 0xFF:
            msg = "damaged"
            raise UnreadableImage(msg)
        marker = content[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        if marker in _FRAMES:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", content, place + 4)
            return Picture(rows=rows, columns=columns, samples=samples, bits=bits)
        if marker == _SCAN:
            msg = "damaged"
            raise UnreadableImage(msg)
        place += 2 if marker in _ALONE else 2 + struct.unpack_from(">H", content, place + 2)[0]


def _jpeg_2000(content: bytes) -> Picture:
    width, height, left, top = struct.unpack_from(">IIII", content, 8)
    samples, depth = struct.unpack_from(">HB", content, 40)
    return Picture(
        rows=height - top, columns=width - left, samples=samples, bits=(depth & 0x7F) + 1, signed=bool(depth & 0x80)
    )
