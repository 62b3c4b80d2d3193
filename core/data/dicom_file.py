"""From bytes to a DICOM data set: what counts as DICOM, how far a deflated one may grow, and silence.

DICOM is told by its content: `DICM` after 128 bytes, or a first element that only a DICOM file without its
preamble begins with. pydicom warns of odd values by quoting them, and a quoted value may be a patient's name:
its warnings and its log are therefore off for the whole process, and what it raises becomes a few words.
"""

from __future__ import annotations

import io
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.data.image_file import MAX_BYTES, UnreadableImage

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

PREFIX_AT = 128  # bytes of preamble before DICM
HEAD = 144  # bytes that `is_dicom` looks at
DEFLATED = "1.2.840.10008.1.2.1.99"
DIRECTORY = "1.2.840.10008.1.3.10"  # the class of a DICOMDIR

_LOGGERS = ("pydicom", "pylibjpeg", "openjpeg")
_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SILENT = r"pydicom(\.|$)"
_FIRST_ELEMENTS = range(0x0070)  # of group 0008: what an implicit data set without preamble begins with
_lock = threading.Lock()


def is_dicom(head: bytes) -> bool:
    r"""Tell from a file's first `HEAD` bytes whether it is DICOM, with its preamble or without.

    Examples:
        >>> is_dicom(bytes(128) + b"DICM"), is_dicom(b"\x08\x00\x05\x00CS"), is_dicom(b"Image Index,Finding")
        (True, True, False)
    """
    if head[PREFIX_AT : PREFIX_AT + 4] == b"DICM":
        return True
    if len(head) < 6:
        return False
    group, element = struct.unpack_from("<HH", head)
    if group in (0x0002, 0x0008) and head[4:6] in _VRS:
        return True
    if group == 0x0800 and head[4:6] in _VRS:  # group 0008, big endian
        return True
    if len(head) < 8 or group != 0x0008:
        return False
    length = struct.unpack_from("<I", head, 4)[0]
    return element in _FIRST_ELEMENTS and element % 0x100 and length <= 0x100 and length % 2 == 0


def read(content: bytes, *, pixels: bool = True, only: list[str] | None = None) -> Dataset:
    """Read a DICOM file's elements; one cut short yields those before the cut.

    Args:
        content: The file.
        pixels: Whether the pixels are wanted too.
        only: Keywords of the elements that are wanted; all if not given.

    Raises:
        UnreadableImage: If it is no DICOM file, damaged beyond reading, or a directory of other files.
    """
    import pydicom
    from pydicom.filereader import read_dataset

    hush()
    if not is_dicom(content[:HEAD]):
        msg = "not a DICOM file"
        raise UnreadableImage(msg)
    syntax, kind, start = _meta(content)
    if kind == DIRECTORY:
        msg = "a DICOM directory"
        raise UnreadableImage(msg)
    tags: list[BaseTag | int] | None = None if only is None else [pydicom.tag.Tag(keyword) for keyword in only]
    try:
        if syntax == DEFLATED:
            body = io.BytesIO(_inflated(content[start:]))
            stop = None if pixels else (lambda tag, _vr, _length: tag.group >= 0x7FE0)
            found: Dataset = read_dataset(body, False, True, stop_when=stop, specific_tags=tags)
            found.file_meta = pydicom.dataset.FileMetaDataset()
            found.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        else:
            found = pydicom.dcmread(
                io.BytesIO(content), force=True, stop_before_pixels=not pixels, specific_tags=tags
            )  # fmt: skip
    except UnreadableImage:
        raise
    except Exception as error:  # pydicom raises whatever its depths raise
        raise broken(error) from None
    return found


def transfer_syntax(dataset: Dataset) -> str:
    """Return the UID of the transfer syntax, empty where the file does not say one."""
    try:
        return str(dataset.file_meta.TransferSyntaxUID)
    except (AttributeError, ValueError):
        return ""


def broken(error: BaseException) -> UnreadableImage:
    """Say in one word what an exception of pydicom or of a codec means; its text may quote the file.

    Raises:
        MemoryError: If it is one, which is no fault of the file alone.
    """
    if isinstance(error, MemoryError):
        raise error
    text = str(error).lower()
    cut = isinstance(error, EOFError) or any(
        word in text for word in ("truncated", "unexpected end", "less than expect")
    )
    return UnreadableImage("truncated" if cut else "damaged")


def hush() -> None:
    """Keep pydicom and the codecs from writing anything; their messages quote the values they are about."""
    from pydicom import config

    with _lock:  # a filter that is put in twice is out for a moment in between
        if not any(getattr(entry[3], "pattern", "") == _SILENT for entry in warnings.filters):
            warnings.filterwarnings("ignore", module=_SILENT)
        if logging.getLogger(_LOGGERS[0]).level <= logging.CRITICAL:
            config.settings.reading_validation_mode = config.IGNORE
            for name in _LOGGERS:
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _meta(content: bytes) -> tuple[str, str, int]:
    """Return the transfer syntax and the class that the file's head names, and where its data set begins."""
    start = PREFIX_AT + 4 if content[PREFIX_AT : PREFIX_AT + 4] == b"DICM" else 0
    values: dict[int, str] = {}
    end = start
    for element, value, after in _meta_elements(content, start):
        values[element] = value
        end = after
    return values.get(0x0010, ""), values.get(0x0002, ""), end


def _meta_elements(content: bytes, place: int) -> Iterator[tuple[int, str, int]]:
    while place + 8 <= len(content):
        group, element, vr, short = struct.unpack_from("<HH2sH", content, place)
        if group != 0x0002 or vr not in _VRS:
            return
        long = vr in _LONG_VRS
        if long and place + 12 > len(content):
            return
        length = struct.unpack_from("<I", content, place + 8)[0] if long else short
        value = place + (12 if long else 8)
        text = content[value : min(value + length, value + 128)].decode("latin-1").strip("\0 ")
        place = value + length
        yield element, text, place


def _inflated(deflated: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = inflater.decompress(deflated, MAX_BYTES + 1)
    except zlib.error:
        msg = "damaged"
        raise UnreadableImage(msg) from None
    if len(body) > MAX_BYTES:
        msg = f"more than {MAX_BYTES // 1_000_000} MB when inflated"
        raise UnreadableImage(msg)
    if not inflater.eof:
        msg = "truncated"
        raise UnreadableImage(msg)
    return body
