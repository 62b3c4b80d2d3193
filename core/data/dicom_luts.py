"""What stored values mean and how bright they are to be shown: modality LUT, VOI LUT and windows, palettes.

All of it is worked out once for every value there can be (at most 65,536), not pixel by pixel.

References:
    DICOM PS3.3, C.11.1 (modality LUT), C.11.2 (VOI LUT: LINEAR C.11.2.1.2.1, SIGMOID C.11.2.1.3.1, LINEAR_EXACT
    C.11.2.1.3.2), C.7.6.3.1.5 and C.7.6.3.1.6 (palettes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.image_file import UnreadableImage

if TYPE_CHECKING:
    from pydicom import Dataset

_COLOURS = ("Red", "Green", "Blue")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A look-up table: what lies before its first value is read as that, what lies behind as its last."""

    first: int
    bits: int  # of its entries
    entries: np.ndarray  # (N,), int64

    def at(self, values: np.ndarray) -> np.ndarray:
        """Return the entries of whole numbers, in their shape."""
        return self.entries[np.clip(values - self.first, 0, len(self.entries) - 1)]


def modality(dataset: Dataset, levels: np.ndarray) -> tuple[np.ndarray, int, list[str]]:
    """Apply the modality LUT, or slope and intercept, to all stored values.

    Returns:
        The values `(N,)`, float64; how many bits a LUT's entries have, 0 without one; and notes.

    Raises:
        UnreadableImage: If the LUT or the slope is of no use.
    """
    items = dataset.get("ModalityLUTSequence")
    if items:
        table = _table(items[0], dataset, signed=bool(levels[0] < 0))
        return table.at(levels).astype(np.float64), table.bits, []
    slope, intercept = _real(dataset, "RescaleSlope", 1.0), _real(dataset, "RescaleIntercept", 0.0)
    if slope is None or intercept is None or slope == 0:
        msg = "a rescale slope or intercept of no use"
        raise UnreadableImage(msg)
    return levels * slope + intercept, 0, []


def brightness(dataset: Dataset, values: np.ndarray) -> tuple[np.ndarray, int, list[str]]:
    """Say how bright each value is to be shown: by the VOI LUT, else the window, else the range of the values.

    Returns:
        Brightness `(N,)`, 0 to 1; how many bits a LUT's entries have, 0 without one; and notes.

    Raises:
        UnreadableImage: If the LUT or the window is of no use.
    """
    items = dataset.get("VOILUTSequence")
    if items:
        table = _table(items[0], dataset, signed=bool(values.min() < 0 and values.max() < 1 << 15))
        notes = ["the first of several VOI LUTs used"] if len(items) > 1 else []
        if _reals(dataset, "WindowWidth"):
            notes.append("the VOI LUT used, not the window")
        return table.at(np.rint(values).astype(np.int64)) / ((1 << table.bits) - 1), table.bits, notes
    centres, widths = _reals(dataset, "WindowCenter"), _reals(dataset, "WindowWidth")
    if not centres or not widths:
        low, high = values.min(), values.max()
        return (values - low) / (high - low) if high > low else np.zeros_like(values), 0, []
    notes = ["the first of several windows used"] if len(widths) > 1 or len(centres) > 1 else []
    return _windowed(values, centres[0], widths[0], str(dataset.get("VOILUTFunction") or "LINEAR")), 0, notes


def luminance_of_palette(dataset: Dataset, levels: np.ndarray) -> tuple[np.ndarray, bool]:
    """Look all stored values up in the palette, and say whether there is colour in it.

    Returns:
        The luminance `(N,)`, uint8 or uint16, and whether the colours differ anywhere.

    Raises:
        UnreadableImage: If the palette is missing, segmented, or damaged.
    """
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        msg = "a segmented palette"
        raise UnreadableImage(msg)
    tables = [
        _read_table(
            dataset.get(f"{name}PaletteColorLookupTableDescriptor"),
            dataset.get(f"{name}PaletteColorLookupTableData"),
            dataset,
            signed=bool(levels[0] < 0),
        )
        for name in _COLOURS
    ]
    if len({table.bits for table in tables}) != 1 or tables[0].bits not in (8, 16):
        msg = "a damaged palette"
        raise UnreadableImage(msg)
    whole = np.uint8 if tables[0].bits == 8 else np.uint16
    red, green, blue = (table.at(levels).astype(whole) for table in tables)
    return luminance(red, green, blue), not (np.array_equal(red, green) and np.array_equal(green, blue))


def luminance(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """Return the luminance of ITU-R BT.601 in the colours' depth; equal colours give their value exactly."""
    # The weights 0.299, 0.587 and 0.114 in 65,536ths, which add up to one, as Pillow takes them for 8 bits.
    total = red.astype(np.uint32) * 19595 + green.astype(np.uint32) * 38470 + blue.astype(np.uint32) * 7471
    return ((total + np.uint32(0x8000)) >> np.uint32(16)).astype(red.dtype)


def _windowed(values: np.ndarray, centre: float, width: float, function: str) -> np.ndarray:
    match function.strip().upper():
        case "LINEAR" if width >= 1:
            if width == 1:
                return (values > centre - 0.5).astype(np.float64)
            return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
        case "LINEAR_EXACT" if width > 0:
            return np.clip((values - centre) / width + 0.5, 0, 1)
        case "SIGMOID" if width > 0:
            return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
        case "LINEAR" | "LINEAR_EXACT" | "SIGMOID":
            msg = "a window without width"
            raise UnreadableImage(msg)
        case _:
            msg = "an unknown VOI LUT function"
            raise UnreadableImage(msg)


def _table(item: Dataset, dataset: Dataset, *, signed: bool) -> Table:
    return _read_table(item.get("LUTDescriptor"), item.get("LUTData"), dataset, signed=signed)


def _read_table(descriptor: Any, data: Any, dataset: Dataset, *, signed: bool) -> Table:  # noqa: ANN401
    """Read a table; of its three numbers, only the second can be negative, whatever type the file gives it."""
    try:
        count, first, bits = (int(number) for number in descriptor)
        count = count & 0xFFFF or 1 << 16
        if signed and first >= 1 << 15:
            first -= 1 << 16
        entries = _entries(data, count, bits, little=dataset.original_encoding[1] is not False)
    except (TypeError, ValueError):
        msg = "a damaged look-up table"
        raise UnreadableImage(msg) from None
    if len(entries) != count or not 1 <= bits <= 16 or int(entries.max()) >> bits:
        msg = "a damaged look-up table"
        raise UnreadableImage(msg)
    return Table(first=first, bits=bits, entries=entries)


def _entries(data: Any, count: int, bits: int, *, little: bool) -> np.ndarray:  # noqa: ANN401
    """Return the entries, which stand as numbers, or as bytes: two a word, or one a word."""
    if not isinstance(data, bytes | bytearray):
        words = np.atleast_1d(np.asarray(data, dtype=np.int64)) & 0xFFFF
        if len(words) == count or bits > 8:
            return words
        data = words.astype("<u2").tobytes()  # entries of 8 bits, two packed in a word
        little = True
    if bits <= 8 and len(data) in (count, count + count % 2):
        packed = np.frombuffer(data, np.uint8)
        if not little and len(data) % 2 == 0:  # OW of big endian: the bytes of each word change places
            packed = packed.reshape(-1, 2)[:, ::-1].ravel()
        return packed[:count].astype(np.int64)
    return np.frombuffer(data, "<u2" if little else ">u2").astype(np.int64)


def _real(dataset: Dataset, keyword: str, absent: float) -> float | None:
    found = _reals(dataset, keyword)
    if found:
        return found[0]
    return absent if dataset.get(keyword) in (None, "") else None


def _reals(dataset: Dataset, keyword: str) -> list[float]:
    try:
        value = dataset.get(keyword)
        several = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
        numbers = [float(number) for number in several if number not in (None, "")]
    except (TypeError, ValueError, OverflowError):
        return []
    return numbers if all(np.isfinite(numbers)) else []
