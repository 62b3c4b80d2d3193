"""Tiny SIIM-ACR sets: DICOM files without compression, and the table beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CLASS = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture, as the published files are


def write_film(path: Path, uid: str, *, shape: tuple[int, int] = (3, 4), seed: int = 0, **elements: Any) -> np.ndarray:
    """Write a film of 8 bits; elements are given by keyword, None leaves one out."""
    film = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    known = {
        "SOPClassUID": CLASS,
        "SOPInstanceUID": uid,
        "StudyInstanceUID": f"{uid}.1",
        "Modality": "CR",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "PatientID": f"name of {uid}",
        "PatientSex": "F",
        "PatientAge": "054Y",
        "PixelSpacing": [0.168, 0.168],
        "PhotometricInterpretation": "MONOCHROME2",
        "SamplesPerPixel": 1,
        "Rows": shape[0],
        "Columns": shape[1],
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
    }
    dataset = pydicom.Dataset()
    for keyword, value in (known | elements).items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.PixelData = film.tobytes() + bytes(film.size % 2)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CLASS
    dataset.file_meta.MediaStorageSOPInstanceUID = uid
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return film


def table(folder: Path, *rows: tuple[str, str], header: str = "ImageId, EncodedPixels") -> Path:
    """Write a table of UIDs and cells."""
    path = folder / "train-rle.csv"
    path.write_text("\n".join([header, *(f"{uid},{cell}" for uid, cell in rows)]) + "\n", encoding="utf-8")
    return path
