"""The cells of published tables: rows with their numbers, ages, sexes, labels, whole numbers."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import zlib
from pathlib import Path
from typing import NamedTuple

from core.base.errors import InputError

OLDEST = 120  # years; beyond that an age is an error of the table
PNEUMOTHORAX = "Pneumothorax"
NO_FINDING = "No Finding"

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([YMWD]?)", re.IGNORECASE)
_IN_A_YEAR = {"": 1.0, "Y": 1.0, "M": 12.0, "W": 52.1775, "D": 365.2425}
_SEXES = {"m": "M", "male": "M", "f": "F", "female": "F"}
_GZIP = b"\x1f\x8b"


class CsvTable(NamedTuple):
    """The text cells of a CSV file."""

    header: list[str]
    rows: list[tuple[int, list[str]]]  # the line in the file, counted from 1, and the cells


def read_csv(path: Path) -> CsvTable:
    """Read a CSV file, plain or compressed with gzip, as text; empty lines are skipped.

    Raises:
        InputError: If there is no such file, or it is not UTF-8 text with commas and a header.
    """
    if not path.is_file():
        found = "a folder" if path.is_dir() else "none"
        msg = f"Expected a CSV file at {path}, found {found}; check the path."
        raise InputError(msg)
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except (UnicodeDecodeError, csv.Error, zlib.error, EOFError, OSError) as error:
        reason = "bytes that are no text" if isinstance(error, UnicodeDecodeError) else str(error)
        msg = f"Expected a CSV file in UTF-8, plain or gzip, found {reason} in {path.name}; save it again as CSV."
        raise InputError(msg) from error
    if not rows:
        msg = f"Expected a CSV file with a header and rows, found an empty one: {path.name}; check the path."
        raise InputError(msg)
    return CsvTable(rows[0][1], rows[1:])


def age_years(cell: str) -> float | None:
    """Read an age: years, or a number with Y, M, W or D as DICOM writes it.

    Returns:
        The age in years; NaN for one that cannot be right or is not understood; None for none.

    Examples:
        >>> age_years("058Y"), age_years("006M"), age_years("41"), age_years("412"), age_years("")
        (58.0, 0.5, 41.0, nan, None)
    """
    if not cell:
        return None
    match = _AGE.fullmatch(cell)
    years = float(match[1]) / _IN_A_YEAR[match[2].upper()] if match else math.nan
    return years if years <= OLDEST else math.nan


def sex(cell: str) -> str | None:
    """Read a sex as M or F; anything else is unknown.

    Examples:
        >>> sex("female"), sex("M"), sex("O")
        ('F', 'M', None)
    """
    return _SEXES.get(cell.lower())


def whole(cell: str) -> int | None:
    """Read a whole number that is not negative; anything else is unknown.

    Examples:
        >>> whole("012"), whole("3.0"), whole("x")
        (12, 3, None)
    """
    match = re.fullmatch(r"(\d{1,18})(?:\.0*)?", cell)  # more digits fit into no table
    return int(match[1]) if match else None


def positive_number(cell: str) -> float | None:
    """Read a finite number above zero; anything else is unknown.

    Examples:
        >>> positive_number("0.143"), positive_number("0"), positive_number("nan")
        (0.143, None, None)
    """
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


def pneumothorax_among(findings: str) -> int | None:
    """Read the label from findings such as `Effusion|Pneumothorax`; none given is unknown.

    Examples:
        >>> pneumothorax_among("Effusion|Pneumothorax"), pneumothorax_among("No Finding"), pneumothorax_among("")
        (1, 0, None)
    """
    if not findings:
        return None
    return int(PNEUMOTHORAX.lower() in {finding.strip().lower() for finding in findings.split("|")})
