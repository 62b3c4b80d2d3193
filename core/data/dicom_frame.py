"""From a DICOM data set to the one frame of stored values, and every contradiction that is refused on the way.

Nothing is decompressed before the size that the compressed picture itself names was compared with Rows and
Columns, and both with the limit. Uncompressed pixels must be as many bytes as the header says: fewer are
truncated, more are another picture than the one described.

Which codec reads what is fixed, so that the same file gives the same pixels everywhere: pydicom itself
uncompressed pixels and RLE, Pillow JPEG of 8 bits, GDCM JPEG of 12 bits and JPEG Lossless, CharLS (pyjpegls)
JPEG-LS, OpenJPEG (pylibjpeg) JPEG 2000.

References:
    DICOM PS3.5, 8.1.1 (bits), 8.2 (compression), A.4 (encapsulation); PS3.3, C.7.6.3.1 (pixel description).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data import dicom_codestream, dicom_file, dicom_gdcm
from core.data.image_file import MAX_PIXELS, UnreadableImage, too_large

if TYPE_CHECKING:
    from pydicom import Dataset

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")  # little endian twice, big endian
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
CODECS = {  # transfer syntax: the plugin of pydicom that reads it
    RLE: "pydicom",
    JPEG_BASELINE: "pillow",
    JPEG_EXTENDED: "pillow",
    **dict.fromkeys(("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"), "gdcm"),  # JPEG Lossless, and SV1
    **dict.fromkeys(("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"), "pyjpegls"),
    **dict.fromkeys(("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"), "pylibjpeg"),
}
GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a header says that its pixels are stored."""

    rows: int
    columns: int
    samples: int  # 1 | 3
    allocated: int  # 8 | 16 bits
    stored: int  # 1 to `allocated` bits
    high: int  # the highest of the bits in use, from 0
    signed: bool
    photometric: str
    syntax: str  # UID of the transfer syntax

    @property
    def shift(self) -> int:
        """How many bits lie unused below those in use."""
        return self.high + 1 - self.stored

    @property
    def levels(self) -> np.ndarray:
        """All stored values there can be, `(2 ** stored,)`, ascending."""
        half = 1 << (self.stored - 1) if self.signed else 0
        return np.arange(1 << self.stored, dtype=np.int64) - half


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The frame's stored values, as places among `Form.levels`, and the colour model they are in."""

    places: np.ndarray  # (H, W) or (H, W, 3), uint8 or uint16
    photometric: str
    notes: tuple[str, ...] = ()


def form(dataset: Dataset) -> Form:
    """Read and check how the pixels are stored.

    Raises:
        UnreadableImage: If there are no pixels, too many, more than one frame, or of a form that is refused.
    """
    if "PixelData" not in dataset:
        floating = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        msg = "floating-point pixels" if floating else "no pixels"
        raise UnreadableImage(msg)
    if _number(dataset, "NumberOfFrames", 1) != 1:
        msg = "more than one frame"
        raise UnreadableImage(msg)
    allocated = _number(dataset, "BitsAllocated")
    stored = _number(dataset, "BitsStored", allocated)
    found = Form(
        rows=_number(dataset, "Rows"),
        columns=_number(dataset, "Columns"),
        samples=_number(dataset, "SamplesPerPixel", 1),
        allocated=allocated,
        stored=stored,
        high=_number(dataset, "HighBit", stored - 1),
        signed=_number(dataset, "PixelRepresentation", 0) == 1,
        photometric=str(dataset.get("PhotometricInterpretation", "")).strip().upper(),
        syntax=dicom_file.transfer_syntax(dataset),
    )
    reason = _unwanted(found)
    if reason is not None:
        raise UnreadableImage(reason)
    if found.rows * found.columns > MAX_PIXELS:
        raise too_large()
    return found


def frame(dataset: Dataset, stored_as: Form) -> Frame:
    """Read the frame's stored values.

    Raises:
        UnreadableImage: If the transfer syntax is not supported, or the pixels are damaged or not those described.
    """
    syntax = stored_as.syntax or _guessed_syntax(dataset)
    encapsulated = bool(dataset["PixelData"].is_undefined_length)
    if syntax in NATIVE:
        if encapsulated:
            msg = "compressed pixels under an uncompressed transfer syntax"
            raise UnreadableImage(msg)
        _check_length(dataset, stored_as)
        values, photometric = _by_pydicom(dataset, syntax, "")
        return Frame(places=_places(values, stored_as), photometric=photometric)
    if syntax not in CODECS:
        from pydicom.uid import UID

        name = UID(syntax).name
        msg = f"transfer syntax {name}" if name != syntax else "an unknown transfer syntax"
        raise UnreadableImage(msg)
    if not encapsulated:
        msg = "uncompressed pixels under a compressed transfer syntax"
        raise UnreadableImage(msg)
    if syntax == RLE:
        values, photometric = _by_pydicom(dataset, syntax, CODECS[syntax])
        return Frame(places=_places(values, stored_as), photometric=photometric)
    return _compressed(dataset, stored_as)


def _compressed(dataset: Dataset, stored_as: Form) -> Frame:
    from pydicom.encaps import get_frame

    try:
        content = bytes(get_frame(dataset.PixelData, 0, number_of_frames=1))
    except Exception as error:  # whatever is wrong with the fragments
        raise dicom_file.broken(error) from None
    picture = dicom_codestream.read(content)
    told = (stored_as.rows, stored_as.columns, stored_as.samples)
    if (picture.rows, picture.columns, picture.samples) != told:
        msg = "another size than the header says"
        raise UnreadableImage(msg)
    if picture.bits > stored_as.allocated:
        msg = "more bits than the header says"
        raise UnreadableImage(msg)
    if CODECS[stored_as.syntax] == "gdcm" or (stored_as.syntax == JPEG_EXTENDED and picture.bits > 8):
        values, photometric = dicom_gdcm.decode(content, picture, stored_as.syntax), stored_as.photometric
    else:
        values, photometric = _by_pydicom(dataset, stored_as.syntax, CODECS[stored_as.syntax])
    top = 1 << (stored_as.high + 1)
    if not -(top >> 1) <= int(values.min()) <= int(values.max()) < top:
        msg = "values beyond their bits"
        raise UnreadableImage(msg)
    notes = ("fewer bits than the header says",) if picture.bits < stored_as.stored else ()
    return Frame(places=_places(values, stored_as), photometric=photometric, notes=notes)


def _by_pydicom(dataset: Dataset, syntax: str, plugin: str) -> tuple[np.ndarray, str]:
    from pydicom.pixels import get_decoder

    as_stored: dict[str, Any] = {"correct_unused_bits": False}  # otherwise bits in use above `stored - 1` are lost
    try:
        values, told = get_decoder(syntax).as_array(dataset, index=0, raw=True, decoding_plugin=plugin, **as_stored)
    except Exception as error:  # whatever a codec raises
        raise dicom_file.broken(error) from None
    return values, str(told["photometric_interpretation"])


def _places(values: np.ndarray, stored_as: Form) -> np.ndarray:
    """Return the bits in use, moved down, as places among all values there can be in ascending order."""
    words = values.astype(np.dtype(f"u{stored_as.allocated // 8}"))  # the low bits, also of signed values
    words >>= stored_as.shift
    words &= (1 << stored_as.stored) - 1
    if stored_as.signed:
        words ^= 1 << (stored_as.stored - 1)
    return words


def _check_length(dataset: Dataset, stored_as: Form) -> None:
    found = len(dataset.PixelData)
    values = stored_as.rows * stored_as.columns * stored_as.samples
    if stored_as.photometric == "YBR_FULL_422":
        values = values // 3 * 2  # two pixels share their colour
    expected = values * stored_as.allocated // 8
    if found < expected:
        msg = "truncated"
        raise UnreadableImage(msg)
    if found > expected + expected % 2:
        msg = "another size than the header says"
        raise UnreadableImage(msg)


def _guessed_syntax(dataset: Dataset) -> str:
    """Name how the elements were read where the file does not; such files are older than compression."""
    implicit, little = dataset.original_encoding
    return NATIVE[0] if implicit else NATIVE[1] if little else NATIVE[2]


def _unwanted(found: Form) -> str | None:
    grey = found.photometric in (*GREY, PALETTE)
    in_order = 1 <= found.stored <= found.allocated and found.stored - 1 <= found.high < found.allocated
    reasons = {
        "no size": found.rows < 1 or found.columns < 1,
        f"{found.allocated} bits allocated": found.allocated not in (8, 16),
        "bits that contradict each other": not in_order,
        "an unknown colour model": not grey and found.photometric not in COLOUR,
        "colour that the header calls grey": grey and found.samples != 1,
        "grey that the header calls colour": not grey and found.samples != 3,
        "signed colour": not grey and found.signed,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _number(dataset: Dataset, keyword: str, absent: int = 0) -> int:
    try:
        value: Any = dataset.get(keyword)
        return absent if value is None or value == "" else int(value)
    except Exception:
        msg = "damaged"
        raise UnreadableImage(msg) from None
