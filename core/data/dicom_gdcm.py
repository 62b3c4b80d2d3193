"""JPEG Lossless and JPEG of 12 bits, read by GDCM in a process of its own.

GDCM is the only codec at hand for these that is not under the GPL, and it is not made for damaged files: of 1,000
spoilt pictures five ended the process (3.2.6), and many were filled up with a complaint on the error output and no
error. So each picture is read by a process of its own, and one of which anything is complained is refused.

pydicom has a way to GDCM too, which describes the pixels by what the header says. Where that is fewer bits than a
whole byte, GDCM ends the process even for sound files, and 12 bits of JPEG Extended are not asked of it. Here the
pixels are described by what the picture itself says, in whole bytes.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from core.data.dicom_codestream import Picture
from core.data.image_file import UnreadableImage

SECONDS = 120  # for one picture; the largest takes some seconds
_HARMLESS = b"Invalid SOS parameters for sequential JPEG"  # numbers of which this kind of JPEG makes no use

_READ = """
import sys
import gdcm

rows, columns, depth = map(int, sys.argv[1:4])
fragment = gdcm.Fragment()
fragment.SetByteStringValue(sys.stdin.buffer.read())
fragments = gdcm.SequenceOfFragments.New()
fragments.AddFragment(fragment)
element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
element.SetValue(fragments.__ref__())
image = gdcm.Image()
image.SetNumberOfDimensions(2)
image.SetDimensions((columns, rows, 1))
image.SetDataElement(element)
kind = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(sys.argv[4])))
image.SetPixelFormat(gdcm.PixelFormat(1, depth, depth, depth - 1, 0))
sys.stdout.buffer.write(image.GetBuffer().encode("utf-8", "surrogateescape"))
"""


def decode(content: bytes, picture: Picture, syntax: str) -> np.ndarray:
    """Decompress a picture.

    Args:
        content: The compressed picture.
        picture: What its head says.
        syntax: UID of the transfer syntax.

    Returns:
        Its values, shape `(H, W)`, uint8 or uint16.

    Raises:
        UnreadableImage: If it is damaged, in colour, or takes too long.
    """
    # 12 bits are asked for as such: as 16, they come out the same, with a complaint on the error output.
    depth = 12 if picture.bits == 12 else 8 if picture.bits <= 8 else 16
    shape = (picture.rows, picture.columns)
    if picture.samples != 1:
        msg = "colour in JPEG Lossless or of 12 bits"
        raise UnreadableImage(msg)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _READ, *map(str, (*shape, depth)), syntax],
            input=content, capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        msg = "it takes too long to read"
        raise UnreadableImage(msg) from None
    whole = np.dtype(np.uint8 if depth == 8 else np.uint16)
    complaints = done.stderr.replace(_HARMLESS, b"").strip()
    if done.returncode != 0 or complaints or len(done.stdout) != np.prod(shape) * whole.itemsize:
        msg = "damaged"
        raise UnreadableImage(msg)
    return np.frombuffer(done.stdout, whole).reshape(shape)
