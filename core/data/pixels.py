"""From an image file to one grey channel: the only place that decides how a file is read.

Every command, page and benchmark reads pixels through here, so that a file means the same
everywhere. The rules:

- PNG, JPEG and DICOM only, told by their content and not by their name; one frame. The rules of DICOM stand
  in `dicom_pixels`; those that follow are of PNG and JPEG, but for the two limits.
- A file larger than 256 MB or an image of more than 25 megapixels is refused from its header.
- Every chunk of a PNG must match its checksum. Pillow alone skips the checksums of the pixel
  data: of 368 possible one-bit errors in a small PNG, 7 gave wrong pixels without a word.
- 1, 2, 4 and 8 bits of grey become `uint8` over the full range 0 to 255; 16 bits stay `uint16`,
  unscaled. 16 bits of colour or with transparency are refused: Pillow would drop the lower
  eight, and a 12-bit film would turn black. CMYK is refused.
- Colour and palettes become luminance (ITU-R BT.601), which returns a grey image stored as
  RGB exactly.
- Transparency is ignored where it is the same all over, since broken writers store 0 there;
  where it varies, the image is laid on black, which is what surrounds a film. A single colour
  declared transparent is ignored.
- An EXIF orientation is obeyed. Colour profiles and gamma are not: they speak of monitors.
- Whatever else goes wrong is an `UnreadableImage` with a reason of a few words.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, ImageOps

from core.data.image_file import (
    MAX_BYTES,
    MAX_PIXELS,
    UnreadableImage,
    bytes_of,
    file_too_large,
    too_large,
)

SOURCE_KEY = "PleuraScope"  # the PNG text chunk that says what kind of image it is

Source = Literal["real", "phantom", "synthetic"]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UPRIGHT = 1  # the EXIF orientation of an image stored as it is to be seen
_BROKEN = (  # what Pillow raises on damaged input, beside its own exceptions
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, struct.error, zlib.error,
)  # fmt: skip

# For the whole process, since a filter set around one call would not hold in other threads.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


OTHER_PIXELS = "other pixels than were indexed"  # a reason of `UnreadableImage`


@dataclass(frozen=True, kw_only=True)
class DecodedImage:
    """What one image file holds."""

    pixels: np.ndarray  # (H, W), uint8 or uint16
    source: Source
    notes: tuple[str, ...] = ()  # rules that changed what the file says, such as "colour read as luminance"


def decode(path: Path) -> DecodedImage:
    """Read a file's pixels, its kind, and which rules had to be applied.

    Raises:
        UnreadableImage: If the file is missing, damaged, too large, or of a form that is refused.
    """
    return decode_bytes(bytes_of(path))


def decode_bytes(content: bytes) -> DecodedImage:
    """Read a file's pixels, its kind and the rules applied from the file's content.

    Raises:
        UnreadableImage: If it is empty, damaged, too large, or of a form that is refused.
    """
    from core.data import dicom_file, dicom_pixels

    if not content:
        msg = "empty file"
        raise UnreadableImage(msg)
    if len(content) > MAX_BYTES:
        raise file_too_large()
    if dicom_file.is_dicom(content[: dicom_file.HEAD]):
        return dicom_pixels.decode(content)
    is_png = content.startswith(_PNG_SIGNATURE)
    if is_png:
        _check_png(content)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise too_large()
            if getattr(image, "n_frames", 1) > 1:
                msg = "more than one frame"
                raise UnreadableImage(msg)
            image.load()
            source = _source(getattr(image, "text", {}))
            notes: list[str] = []
            pixels = _grey(_upright(image, notes), notes)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large() from None
    except Image.UnidentifiedImageError:
        msg = "damaged" if is_png else "not a PNG, JPEG or DICOM image"
        raise UnreadableImage(msg) from None
    except _BROKEN as error:
        msg = "truncated" if "truncated" in str(error).lower() else "damaged"
        raise UnreadableImage(msg) from error
    return DecodedImage(pixels=pixels, source=source, notes=tuple(notes))


def read_pixels(path: Path) -> np.ndarray:
    """Read a file as one grey channel, shape `(H, W)`, `uint8` or `uint16`.

    Raises:
        UnreadableImage: If the file is missing, damaged, too large, or of a form that is refused.
    """
    return decode(path).pixels


def read_indexed(path: Path, sha256: str) -> np.ndarray:
    """Read the pixels `(H, W)` that `index` saw in a file.

    Raises:
        UnreadableImage: If the file cannot be read, or holds another picture by now.
    """
    found = read_pixels(path)
    if sha256_of_pixels(found) != sha256:
        raise UnreadableImage(OTHER_PIXELS)
    return found


def read_source(path: Path) -> Source:
    """Read which kind of image a file says it is; one that says nothing is real.

    Raises:
        UnreadableImage: If the file cannot be read, or names a kind that does not exist.
    """
    return decode(path).source


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    """Bring pixels to 8 bits, shape `(H, W)`.

    `uint8` is returned as it is. `uint16` is scaled linearly from the darkest to the brightest
    pixel of this image: how many of the sixteen bits are in use, and from where, differs from
    one archive to the next, and a 12-bit film divided by 256 would be black.

    Raises:
        ValueError: If the pixels are neither `uint8` nor `uint16`, or not one channel.

    Examples:
        >>> to_uint8(np.array([[0, 2048, 4095]], dtype=np.uint16))
        array([[  0, 128, 255]], dtype=uint8)
    """
    if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16):
        msg = f"Expected pixels (H, W) of uint8 or uint16, got {pixels.shape} of {pixels.dtype}"
        raise ValueError(msg)
    if pixels.dtype == np.uint8:
        return pixels
    darkest, brightest = int(pixels.min()), int(pixels.max())
    if darkest == brightest:
        return np.zeros(pixels.shape, np.uint8)
    levels = np.rint(np.arange(brightest - darkest + 1) * (255 / (brightest - darkest))).astype(np.uint8)
    return levels[pixels - darkest]


def sha256_of_pixels(pixels: np.ndarray) -> str:
    """Return the SHA-256 of an image's depth, shape and pixels as 64 hexadecimal digits.

    Two files with the same picture have the same hash, however they were compressed; the same
    bytes in another shape or depth have another one.
    """
    height, width = pixels.shape
    digest = hashlib.sha256(f"{pixels.dtype.name} {height}x{width} ".encode())
    digest.update(np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).data)
    return digest.hexdigest()


def _check_png(content: bytes) -> None:
    """Refuse a PNG with a wrong checksum, without its end, or of a form that Pillow would cut down."""
    place = len(_PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        if place + 12 > len(content):
            msg = "truncated"
            raise UnreadableImage(msg)
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            msg = "truncated"
            raise UnreadableImage(msg)
        if zlib.crc32(memoryview(content)[place + 4 : end]) != struct.unpack_from(">I", content, end)[0]:
            msg = "damaged"
            raise UnreadableImage(msg)
        if kind == b"IHDR" and length == 13:
            width, height, depth, colour_type = struct.unpack_from(">IIBB", content, place + 8)
            if width * height > MAX_PIXELS:
                raise too_large()
            if depth == 16 and colour_type != 0:
                msg = "16 bits with colour or transparency"
                raise UnreadableImage(msg)
        place = end + 4


def _source(text: dict[str, str]) -> Source:
    match str(text.get(SOURCE_KEY, "real")).strip().lower():
        case "real":
            return "real"
        case "phantom":
            return "phantom"
        case "synthetic":
            return "synthetic"
        case _:
            msg = "unknown kind of image"
            raise UnreadableImage(msg)


def _upright(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.getexif().get(ExifTags.Base.Orientation, _UPRIGHT) == _UPRIGHT:
        return image
    notes.append("turned by its EXIF orientation")
    return ImageOps.exif_transpose(image)


def _grey(image: Image.Image, notes: list[str]) -> np.ndarray:
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return np.asarray(image).astype(np.uint16)  # native byte order
    if image.mode == "I":
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > np.iinfo(np.uint16).max:
            msg = "more than 16 bits"
            raise UnreadableImage(msg)
        return wide.astype(np.uint16)
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    if image.mode not in ("LA", "RGB", "RGBA"):
        msg = f"unexpected colour mode {image.mode}"
        raise UnreadableImage(msg)
    if image.mode != "LA" and _has_colour(image):
        notes.append("colour read as luminance")
    grey = np.array(image.convert("L"))
    if image.mode != "RGB":
        alpha = np.asarray(image.getchannel("A"))
        if alpha.min() != alpha.max():
            notes.append("transparent parts laid on black")
            return np.rint(grey * (alpha / np.float32(255))).astype(np.uint8)
    return grey


def _has_colour(image: Image.Image) -> bool:
    red, green, blue = np.moveaxis(np.asarray(image)[..., :3], -1, 0)
    return not (np.array_equal(red, green) and np.array_equal(green, blue))
