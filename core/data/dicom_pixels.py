"""From a DICOM file to one grey channel, in the sense of MONOCHROME2: the higher, the brighter.

The rules:

- One frame of 8 or 16 bits allocated, 1 to 16 stored, signed or not, wherever the bits in use lie; bits outside
  them are no part of the picture.
- Stored values pass the modality LUT (or slope and intercept), then the VOI LUT, else the window, of several the
  first; without any of these, all values that could be stored are shown, from the lowest black to the highest white.
- The output is `uint8` where at most 8 bits are stored and no LUT has entries of more than 8 bits; otherwise it is
  `uint16`. Either way it fills the whole range: 0 is the lower end of the window (or of the LUT's entries, or of
  all values that could be stored), 255 or 65,535 the upper end. It follows from the file alone and never from which
  values happen to occur in it, so a film's picture does not change with what stands at its edge.
- MONOCHROME1 is inverted, last of all. Where the presentation LUT shape says otherwise, that is noted.
- Pixels of the padding value (or range) lie outside the film and become black.
- Colour and palettes become luminance (ITU-R BT.601): Y itself where luminance is what is stored. LUTs and windows
  are not defined for them.
- Contradictions are refused, not guessed away; whatever else goes wrong is an `UnreadableImage` of a few words.

References:
    DICOM PS3.3, C.7.6.3 (image pixel), C.11.1, C.11.2 (LUTs), C.7.5.1.1.2 (padding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.data import dicom_file, dicom_frame, dicom_luts
from core.data.image_file import UnreadableImage
from core.data.pixels import DecodedImage

if TYPE_CHECKING:
    from pydicom import Dataset

    from core.data.dicom_frame import Form, Frame

COLOUR = "colour read as luminance"


def decode(content: bytes) -> DecodedImage:
    """Read the picture of a DICOM file and which rules had to be applied.

    Raises:
        UnreadableImage: If it is no DICOM file, damaged, too large, or of a form that is refused.
    """
    dataset = dicom_file.read(content)
    try:
        stored_as = dicom_frame.form(dataset)
        frame = dicom_frame.frame(dataset, stored_as)
        if stored_as.samples == 3:
            found, notes = _from_colour(frame, stored_as)
        elif stored_as.photometric == dicom_frame.PALETTE:
            found, notes = _from_palette(dataset, frame, stored_as)
        else:
            found, notes = _from_grey(dataset, frame, stored_as)
    except UnreadableImage:
        raise
    except Exception as error:  # a value of a damaged file may be anything
        raise dicom_file.broken(error) from None
    return DecodedImage(pixels=found, source="real", notes=(*frame.notes, *notes))


def _from_grey(dataset: Dataset, frame: Frame, stored_as: Form) -> tuple[np.ndarray, list[str]]:
    values, modality_bits, modality_notes = dicom_luts.modality(dataset, stored_as.levels)
    bright, voi_bits, voi_notes = dicom_luts.brightness(dataset, values)
    deep = max(stored_as.stored, modality_bits, voi_bits) > 8
    shown = _spread(bright, deep=deep)
    notes = [*modality_notes, *voi_notes]
    inverse = stored_as.photometric == "MONOCHROME1"
    if inverse:
        shown = np.iinfo(shown.dtype).max - shown
        notes.append("MONOCHROME1 inverted")
    shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
    if shape in ("IDENTITY", "INVERSE") and (shape == "INVERSE") != inverse:
        notes.append("the presentation LUT shape contradicts the photometric interpretation")
    padding = _padding(dataset, stored_as)
    if padding is not None and np.any((frame.places >= padding.start) & (frame.places < padding.stop)):
        shown[padding.start : padding.stop] = 0
        notes.append("padding laid on black")
    return shown[frame.places], notes


def _from_palette(dataset: Dataset, frame: Frame, stored_as: Form) -> tuple[np.ndarray, list[str]]:
    grey, colour = dicom_luts.luminance_of_palette(dataset, stored_as.levels)
    return grey[frame.places], [COLOUR] if colour else []


def _from_colour(frame: Frame, stored_as: Form) -> tuple[np.ndarray, list[str]]:
    one, two, three = np.moveaxis(frame.places, -1, 0)
    if frame.photometric.startswith("YBR"):
        neutral = 1 << (stored_as.stored - 1)
        grey, colour = one, bool(np.any(two != neutral) or np.any(three != neutral))
    else:
        grey = dicom_luts.luminance(one, two, three)
        colour = not (np.array_equal(one, two) and np.array_equal(two, three))
    whole = _spread(np.arange(1 << stored_as.stored) / ((1 << stored_as.stored) - 1), deep=stored_as.stored > 8)
    return whole[grey], [COLOUR] if colour else []


def _spread(bright: np.ndarray, *, deep: bool) -> np.ndarray:
    whole = np.uint16 if deep else np.uint8
    return np.rint(bright * np.iinfo(whole).max).astype(whole)


def _padding(dataset: Dataset, stored_as: Form) -> range | None:
    """Return which places among all values are padding; a value that cannot be stored is nowhere."""
    ends = [dataset.get(name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    numbers = [_as_stored(int(end), stored_as) for end in ends if end not in (None, "")]
    if ends[0] in (None, "") or not numbers:
        return None
    low, high = min(numbers), max(numbers)
    first = int(stored_as.levels[0])
    return range(max(low - first, 0), max(min(high - first + 1, len(stored_as.levels)), 0))


def _as_stored(value: int, stored_as: Form) -> int:
    """Read 16 bits as the pixels are read, whichever of the two types the file gave them."""
    value &= 0xFFFF
    return value - (1 << 16) if stored_as.signed and value >= 1 << 15 else value
