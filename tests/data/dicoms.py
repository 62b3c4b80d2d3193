"""DICOM files that the tests write: every way to store a film, with the values that were stored known."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import write_file_meta_info
from pydicom.pixels import get_encoder
from pydicom.sequence import Sequence

from tests.data import jpegs

PLACE = "1.2.840.10008.1.2"
SYNTAXES = {
    "implicit": PLACE,
    "explicit": f"{PLACE}.1",
    "deflated": f"{PLACE}.1.99",
    "big endian": f"{PLACE}.2",
    "rle": f"{PLACE}.5",
    "jpeg": f"{PLACE}.4.50",
    "jpeg 12": f"{PLACE}.4.51",
    "lossless": f"{PLACE}.4.57",
    "lossless sv1": f"{PLACE}.4.70",
    "jpeg-ls": f"{PLACE}.4.80",
    "jpeg-ls near": f"{PLACE}.4.81",
    "jpeg 2000": f"{PLACE}.4.90",
    "jpeg 2000 lossy": f"{PLACE}.4.91",
}
UID = "1.2.826.0.1.3680043.8.498.7"


def film(
    values: np.ndarray,
    *,
    syntax: str = "explicit",
    stored: int = 8,
    allocated: int | None = None,
    high: int | None = None,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    noise: bool = False,
    preamble: bool = True,
    lie: Mapping[str, Any] | None = None,
    pixels: bytes | None = None,
    change: Callable[[Dataset], None] | None = None,
    **tags: Any,
) -> bytes:
    """Write stored values (H, W) or (H, W, 3) as a DICOM file.

    Args:
        values: What is stored, within the range of `stored` bits.
        syntax: A key of `SYNTAXES`, or the UID of another transfer syntax.
        stored: Bits stored.
        allocated: Bits allocated; the least that hold them if not given.
        high: The high bit; `stored - 1` if not given.
        signed: Whether values are two's complement.
        photometric: Photometric interpretation.
        noise: Whether the bits that are not in use hold noise.
        preamble: Whether the file begins with its preamble and meta information.
        lie: Elements that are changed after the pixels were written.
        pixels: The pixel data, in place of what follows from `values`.
        change: What is done to the data set at last.
        tags: More elements by keyword.
    """
    allocated = allocated or (8 if stored <= 8 else 16)
    high = stored - 1 if high is None else high
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    dataset.SOPInstanceUID = UID
    dataset.Modality = "CR"
    dataset.Rows, dataset.Columns = values.shape[:2]
    dataset.SamplesPerPixel = 1 if values.ndim == 2 else 3
    if values.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, stored, high
    dataset.PixelRepresentation = int(signed)
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    words = values.astype(np.int64) & ((1 << stored) - 1)
    words <<= high + 1 - stored
    if noise:
        used = ((1 << stored) - 1) << (high + 1 - stored)
        words |= np.random.default_rng(3).integers(0, 1 << allocated, words.shape) & ~used
    uid = SYNTAXES.get(syntax, syntax)
    data = pixels if pixels is not None else _pixel_data(words, syntax, dataset)
    dataset.add_new("PixelData", "OW" if allocated == 16 else "OB", data)
    dataset["PixelData"].is_undefined_length = _is_compressed(syntax)
    for keyword, value in (lie or {}).items():
        setattr(dataset, keyword, value)
    if change is not None:
        change(dataset)
    return _written(dataset, uid, preamble=preamble)


def lut(
    entries: list[int], *, first: int = 0, bits: int = 8, count: int | None = None, packed: bool = False
) -> Dataset:
    """Return an item of a LUT sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [(len(entries) if count is None else count) & 0xFFFF, first & 0xFFFF, bits])
    data = bytes(entries) if packed else np.array(entries, "<u2").tobytes()
    item.add_new("LUTData", "OW", data + b"\0" * (len(data) % 2))
    return item


def sequence(*items: Dataset) -> Sequence:
    """Return a sequence of items."""
    return Sequence(items)


def _is_compressed(syntax: str) -> bool:
    return syntax not in ("implicit", "explicit", "deflated", "big endian")


def _pixel_data(words: np.ndarray, syntax: str, dataset: Dataset) -> bytes:
    allocated, stored = dataset.BitsAllocated, dataset.BitsStored
    stacked = words.astype("<u1" if allocated == 8 else "<u2")
    if not _is_compressed(syntax):
        big = syntax == "big endian"
        content = stacked.astype(stacked.dtype.newbyteorder(">" if big else "<")).tobytes()
        if len(content) % 2:
            content += b"\0"
        return content
    return encapsulate([_compressed(stacked, syntax, dataset, stored)])


def _compressed(stacked: np.ndarray, syntax: str, dataset: Dataset, stored: int) -> bytes:
    if syntax == "jpeg":
        out = io.BytesIO()
        mode = {2: None, 3: "RGB" if dataset.PhotometricInterpretation == "RGB" else "YCbCr"}[stacked.ndim]
        keep = {"keep_rgb": True} if mode == "RGB" else {"subsampling": 0} if mode else {}
        image = Image.fromarray(stacked) if mode is None else Image.fromarray(stacked, mode=mode)
        image.save(out, "JPEG", quality=100, **keep)
        return out.getvalue()
    if syntax == "jpeg 12":
        return jpegs.sequential(stacked, bits=stored)
    if syntax in ("lossless", "lossless sv1"):
        return jpegs.lossless(stacked, bits=stored, predictor=4 if syntax == "lossless" else 1)
    signed = bool(dataset.PixelRepresentation)
    whole = stacked
    if signed and syntax in ("jpeg 2000", "jpeg 2000 lossy"):
        shift = dataset.BitsAllocated - stored
        whole = (stacked << shift).view(stacked.dtype.str.replace("u", "i")) >> shift
    options: dict[str, Any] = {}
    if syntax == "jpeg-ls near":
        options["jls_error"] = 2
    if syntax == "jpeg 2000 lossy":
        options["j2k_psnr"] = [80]
    bits = dataset.BitsAllocated if syntax == "rle" else stored
    return get_encoder(SYNTAXES[syntax]).encode(
        np.ascontiguousarray(whole).tobytes(),
        rows=dataset.Rows, columns=dataset.Columns, samples_per_pixel=dataset.SamplesPerPixel,
        bits_allocated=dataset.BitsAllocated, bits_stored=bits, number_of_frames=1,
        pixel_representation=dataset.PixelRepresentation if whole is not stacked else 0,
        photometric_interpretation="MONOCHROME2" if stacked.ndim == 2 else dataset.PhotometricInterpretation,
        planar_configuration=0, encoding_plugin={"rle": "pydicom"}.get(syntax, ""), **options,
    )  # fmt: skip


def _written(dataset: Dataset, uid: str, *, preamble: bool) -> bytes:
    out = io.BytesIO()
    little, implicit = uid != SYNTAXES["big endian"], uid == SYNTAXES["implicit"]
    if not preamble:
        dataset.save_as(out, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
        return out.getvalue()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", UID)
    dataset.preamble = bytes(128)
    if uid == SYNTAXES["deflated"]:  # written by hand, so that a test can spoil what was deflated
        head, body = io.BytesIO(bytes(128) + b"DICM"), io.BytesIO()
        head.seek(0, io.SEEK_END)
        write_file_meta_info(head, dataset.file_meta, enforce_standard=False)
        del dataset.file_meta
        dataset.preamble = None
        dataset.save_as(body, implicit_vr=False, little_endian=True, enforce_file_format=False)
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return head.getvalue() + packer.compress(body.getvalue()) + packer.flush()
    dataset.save_as(out, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
    return out.getvalue()
