"""Files that others wrote, which come with pydicom: our pictures against pydicom's pixels and its windowing."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_modality_lut, apply_windowing, pixel_array

from core.data import pixels
from core.data.image_file import UnreadableImage

PLACE = Path(pydicom.__file__).parent / "data" / "test_files"
GREY = (
    "CT_small.dcm", "JPEG2000.dcm", "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "MR_small.dcm",
    "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm", "J2K_pixelrep_mismatch.dcm", "image_dfl.dcm",
)  # fmt: skip
COLOUR = (
    "SC_jpeg_no_color_transform.dcm", "SC_jpeg_no_color_transform_2.dcm", "SC_rgb_rle.dcm", "SC_rgb_rle_16bit.dcm",
    "SC_rgb_gdcm_KY.dcm", "SC_rgb_jls_lossy_line.dcm", "SC_rgb_jls_lossy_sample.dcm", "SC_rgb_small_odd.dcm",
    "SC_rgb_small_odd_big_endian.dcm", "SC_rgb_jpeg_app14_dcmd.dcm",
)  # fmt: skip
REFUSED = {
    "MR_truncated.dcm": "truncated",
    "MR_small_padded.dcm": "another size than the header says",
    "rtdose_1frame.dcm": "32 bits allocated",
    "rtdose.dcm": "more than one frame",
    "liver_1frame.dcm": "1 bits allocated",
    "test-SR.dcm": "no pixels",
    "SC_rgb_jpeg_gdcm.dcm": "colour in JPEG Lossless or of 12 bits",
}


def shipped(name: str) -> Path:
    path = PLACE / name
    if not path.exists():
        pytest.skip(f"this pydicom comes without {name}")
    return path


def with_pydicom(path: Path) -> tuple[np.ndarray, pydicom.Dataset]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        return pixel_array(dataset), dataset


@pytest.mark.parametrize("name", GREY)
def test_a_grey_file_is_what_pydicom_makes_of_it(name):
    path = shipped(name)
    stored, dataset = with_pydicom(path)
    low = -(1 << (dataset.BitsStored - 1)) if dataset.PixelRepresentation else 0
    ends = np.array([[low, low + (1 << dataset.BitsStored) - 1]])
    shown = apply_windowing(apply_modality_lut(stored, dataset), dataset).astype(float)
    darkest, brightest = apply_modality_lut(ends, dataset)[0].astype(float)  # the range pydicom's windows fill

    found = pixels.decode(path).pixels

    top = 255 if dataset.BitsStored <= 8 else 65535
    expected = (shown - darkest) / (brightest - darkest) * top
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("name", COLOUR)
def test_a_colour_file_is_the_luminance_of_what_pydicom_makes_of_it(name):
    path = shipped(name)
    colours, _ = with_pydicom(path)

    found = pixels.decode(path)

    assert np.abs(found.pixels - colours @ [0.299, 0.587, 0.114]).max() <= 0.51
    assert found.notes == ("colour read as luminance",)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_for_its_reason(name):
    with pytest.raises(UnreadableImage) as refused:
        pixels.decode(shipped(name))
    assert refused.value.reason == REFUSED[name]


@pytest.mark.parametrize(("name", "shape"), [("JPGExtended.dcm", (1024, 256)), ("JPEG-lossy.dcm", (1024, 256))])
def test_jpeg_of_12_bits_which_pydicom_does_not_read(name, shape):
    found = pixels.decode(shipped(name)).pixels

    assert (found.shape, found.dtype) == (shape, np.uint16)
    assert found.max() > 0


def test_the_wrapping_of_a_jpeg_2000_file_is_passed_over():
    path = shipped("GDCMJ2K_TextGBR.dcm")
    colours, _ = with_pydicom(path)

    assert np.abs(pixels.decode(path).pixels - colours @ [0.299, 0.587, 0.114]).max() <= 0.51
