"""Image files spoilt by rules and a seed: bits, lengths, chunks and elements changed, cut, doubled and mixed."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.data.dicom_file import is_dicom
from tests.data import dicoms

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"eXIf")  # what decides the pixels
Chunk = tuple[bytes, bytes]  # kind and content


def pngs() -> list[bytes]:
    """Return small PNGs of every depth and colour that is taken, with texts, an EXIF block and a palette."""
    rng = np.random.default_rng(3)
    grey = np.add.outer(np.arange(20), np.arange(17)).astype(np.uint8) * 5 + rng.integers(0, 9, (20, 17), np.uint8)
    text, exif = PngInfo(), Image.Exif()
    text.add_text("PleuraScope", "phantom")
    text.add_itxt("Comment", "a film", zip=True)
    exif[0x0112] = 3
    images = [
        (Image.fromarray(grey), {"pnginfo": text}),
        (Image.fromarray(grey.astype(np.uint16) * 16), {}),
        (Image.fromarray(np.dstack([grey] * 3)), {"exif": exif}),
        (Image.fromarray(np.dstack([grey, 255 - grey])), {}),
        (Image.fromarray(grey).convert("P"), {"transparency": 3}),
        (Image.fromarray(grey > 60), {}),
    ]
    return [_saved(image, **options) for image, options in images]


def dicom_films() -> list[bytes]:
    """Return small DICOM files of the usual ways to store a film."""
    rng = np.random.default_rng(4)
    values = np.add.outer(np.arange(40) * 20, np.arange(34) * 9) + rng.integers(0, 30, (40, 34))
    ways = [
        ("explicit", 12), ("implicit", 12), ("deflated", 12), ("big endian", 12), ("rle", 12),
        ("jpeg", 8), ("jpeg-ls", 12), ("jpeg 2000", 12),
    ]  # fmt: skip
    nested = dicoms.sequence(*[dicoms.Dataset() for _ in range(2)])
    tags = {"PatientName": "A^B", "PatientAge": "044Y", "ViewPosition": "PA", "BodyPartExamined": "CHEST"}
    tags |= {"WindowCenter": 300, "WindowWidth": 500, "PixelSpacing": [0.2] * 2, "RequestAttributesSequence": nested}
    stored_values = {8: (values // 4).astype(np.uint8), 12: values.astype(np.uint16)}
    return [dicoms.film(stored_values[stored], syntax=syntax, stored=stored, **tags) for syntax, stored in ways]


def spoilt(content: bytes, seed: int) -> bytes:
    """Return a file with one to three of its kind's faults, chosen by the seed."""
    rng = np.random.default_rng([seed, len(content)])
    faults = (*ANYWHERE, *(IN_DICOM if is_dicom(content[:144]) else IN_PNG))
    for number in rng.integers(len(faults), size=int(rng.integers(1, 4))):
        content = faults[number](content, rng)
    return content


def chunks(content: bytes) -> list[Chunk]:
    """Return the chunks of a PNG as far as their lengths lead."""
    place, found = len(SIGNATURE), []
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        found.append((kind, content[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def png_of(found: list[Chunk]) -> bytes:
    """Return a PNG of chunks, with right lengths and checksums."""
    parts = [
        struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in found
    ]
    return SIGNATURE + b"".join(parts)


def critical(content: bytes) -> list[Chunk]:
    """Return those chunks that decide the pixels."""
    return [chunk for chunk in chunks(content) if chunk[0] in CRITICAL]


def _saved(image: Image.Image, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG", **options)
    return content.getvalue()


def _flipped(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content or b"\0")
    for place in rng.integers(len(changed), size=int(rng.choice([1, 2, 20]))):
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(len(content) + 1))]


def _spliced(content: bytes, rng: np.random.Generator) -> bytes:
    start, end, place = np.sort(rng.integers(len(content) + 1, size=3))
    piece = content[start:end] if rng.random() < 0.5 else rng.bytes(int(rng.integers(1, 40)))
    return content[:place] + piece + content[place + int(rng.integers(0, 20)) :]


def _lying_length(content: bytes, rng: np.random.Generator) -> bytes:
    """Put a length that cannot be in some place, little or big endian."""
    if len(content) < 12:
        return content
    place = int(rng.integers(8, len(content) - 3))
    lie = int(rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, 65_536, len(content)]))
    return content[:place] + struct.pack(">I" if rng.random() < 0.5 else "<I", lie) + content[place + 4 :]


def _other_header(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a byte of a chunk's content, with a checksum that fits: it is the decoder that must notice."""
    found = chunks(content)
    if not found:
        return content
    number = int(rng.integers(len(found)))
    kind, data = found[number]
    found[number] = (kind, _flipped(data, rng) if data else data)
    return png_of(found)


def _moved_chunk(content: bytes, rng: np.random.Generator) -> bytes:
    found = chunks(content)
    if not found:
        return content
    chunk = found[int(rng.integers(len(found)))]
    if rng.random() < 0.5:
        found.remove(chunk)
    if rng.random() < 0.7:
        found.insert(int(rng.integers(len(found) + 1)), chunk)
    return png_of(found)


def _strange_chunk(content: bytes, rng: np.random.Generator) -> bytes:
    found = chunks(content)
    kind = bytes(rng.choice(list(b"abcdIDATtEXtiTXtzTXtsPLTacTL"), 4).astype(np.uint8))
    kind = [kind, b"iTXt", b"zTXt", b"tRNS", b"PLTE", b"acTL", b"eXIf", b"gAMA"][int(rng.integers(8))]
    found.insert(int(rng.integers(len(found) + 1)), (kind, rng.bytes(int(rng.integers(0, 60)))))
    return png_of(found)


def _other_image_data(content: bytes, rng: np.random.Generator) -> bytes:
    """Put compressed rows of another length in the place of the picture's."""
    rows = zlib.compress(rng.bytes(int(rng.integers(0, 3000))))
    kept = [chunk for chunk in chunks(content) if chunk[0] != b"IDAT"]
    return png_of([*kept[:-1], (b"IDAT", rows), *kept[-1:]])


def _other_element(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a value that decides how pixels are read, where the file names it in clear."""
    tags = [(0x28, one) for one in (0x02, 0x04, 0x08, 0x10, 0x11, 0x100, 0x101, 0x102, 0x103, 0x1050, 0x1052, 0x1053)]
    group, element = tags[int(rng.integers(len(tags)))]
    place = content.find(struct.pack("<HH", group, element), 132)
    if place < 0:
        return content
    lie = struct.pack("<H", int(rng.choice([0, 1, 2, 3, 7, 8, 12, 13, 16, 17, 32, 64, 255, 4096, 65_535])))
    return content[: place + 8] + lie + content[place + 10 :]


def _other_representation(content: bytes, rng: np.random.Generator) -> bytes:
    """Change the two letters that say how an element is written."""
    places = [at for at in range(132, min(len(content) - 8, 900)) if content[at : at + 2] in _WRITTEN]
    if not places:
        return content
    place = places[int(rng.integers(len(places)))]
    return content[:place] + _WRITTEN[int(rng.integers(len(_WRITTEN)))] + content[place + 2 :]


def _doubled_element(content: bytes, rng: np.random.Generator) -> bytes:
    places = [at for at in range(132, len(content) - 8) if content[at : at + 2] == b"\x28\x00"]
    if len(places) < 2:
        return content
    start, end = itertools.islice(iter(np.sort(rng.choice(places, 2, replace=False))), 2)
    return content[:end] + content[start:end] + content[end:]


_WRITTEN = [b"US", b"SS", b"OW", b"OB", b"DS", b"IS", b"SQ", b"UN", b"LO", b"PN", b"UI", b"CS", b"AS", b"DA"]
ANYWHERE: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (_flipped, _cut, _spliced, _lying_length)
IN_PNG = (_other_header, _moved_chunk, _strange_chunk, _other_image_data, _other_header, _strange_chunk)
IN_DICOM = (_other_element, _other_element, _other_element, _other_representation, _doubled_element)
