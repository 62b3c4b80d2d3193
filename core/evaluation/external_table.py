"""Reading a table of predictions that was made elsewhere: every fault one sentence, with the rows it is in."""

from __future__ import annotations

import csv
import io
import itertools
import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from core.base.errors import InputError
from core.data.formats import fields

COLUMNS = ("image_id", "label", "probability")
MOST_BYTES = 200 * 2**20  # of a table, unpacked; NIH's 112,120 films take 4
MOST_ROWS = 2_000_000
LONGEST_LINE = 2**20  # characters
NAMED = 3  # rows that a sentence names
UNKNOWN = ("", "nan")  # cells of a label that is not known


def read(source: Path | bytes, name: str) -> pd.DataFrame:
    """Read a table of predictions: CSV, plain or gzip, or parquet; further columns are ignored.

    Args:
        source: The file, or what is in it.
        name: Of the file, for the sentences.

    Returns:
        image_id as text, label (1, 0, or null where unknown) and probability, a row a film.

    Raises:
        InputError: At the first fault, with the rows it is in; the header is row 1.
    """
    name = Path(name).name
    if isinstance(source, Path):
        if not source.is_file():
            msg = f"Expected a table of predictions, found no file {name}; check its path."
            raise InputError(msg)
        _refuse_large(source.stat().st_size, name)
        source = source.read_bytes()
    _refuse_large(len(source), name)
    header, rows = _parquet(source, name) if source.startswith(b"PAR1") else _csv(source, name)
    columns = [column.strip().lower() for column in header]
    if any(columns.count(wanted) != 1 for wanted in COLUMNS):
        msg = (
            f"Expected the columns {', '.join(COLUMNS)}, each once, found {', '.join(header)[:200]!r} in {name}; "
            "rename them, and separate columns by commas."
        )
        raise InputError(msg)
    if not rows:
        msg = f"Expected a row a film, found none in {name}; give a table with predictions."
        raise InputError(msg)
    short = [line for line, cells in rows if len(cells) != len(columns)]
    _refuse(short, f"{len(columns)} cells in each row", "another number", name)
    lines = pd.Series([line for line, _ in rows])
    images, labels, shares = (
        pd.Series([cells[columns.index(wanted)] for _, cells in rows], dtype="str") for wanted in COLUMNS
    )
    return _checked(lines, images, labels, shares, name)


def _refuse_large(size: int, name: str) -> None:
    if size > MOST_BYTES:
        msg = (
            f"Expected a table of at most {MOST_BYTES >> 20} MB, found a larger one: {name}; leave out further columns."
        )
        raise InputError(msg)


def _csv(content: bytes, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and the cells of each row with its line in the file."""
    try:
        if content.startswith(b"\x1f\x8b"):
            content = _unpacked(content, name)
        reader = csv.reader(_lines(content.decode("utf-8-sig")), strict=True)
        filled = ((reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row)))
        rows = list(itertools.islice(filled, MOST_ROWS + 2))  # the header, and one too many
    except (UnicodeDecodeError, csv.Error, zlib.error) as error:
        reason = "bytes that are no text" if isinstance(error, UnicodeDecodeError) else str(error)
        msg = f"Expected a CSV file in UTF-8, plain or gzip, or parquet, found {reason} in {name}; save it again."
        raise InputError(msg) from None
    return (rows[0][1], rows[1:]) if rows else ([], [])


def _unpacked(content: bytes, name: str) -> bytes:
    """Return what gzip members that follow each other hold; a small file may unpack to a huge one."""
    unpacked = b""
    while content:
        opened = zlib.decompressobj(wbits=31)
        unpacked += opened.decompress(content, MOST_BYTES + 1 - len(unpacked))
        _refuse_large(len(unpacked), name)
        if not opened.eof:
            msg = "an incomplete file"
            raise zlib.error(msg)
        content = opened.unused_data
    return unpacked


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends; one that is too long is no row of a table."""
    for line in io.StringIO(text, newline=""):
        if len(line) > LONGEST_LINE:
            msg = f"a line of more than {LONGEST_LINE:,} characters"
            raise csv.Error(msg)
        yield line


def _parquet(content: bytes, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the columns that are wanted, as far as they are there, and their cells as text, numbered as in a CSV."""
    from pyarrow import ArrowException, parquet

    try:
        opened = parquet.ParquetFile(io.BytesIO(content))
        if opened.metadata.num_rows > MOST_ROWS:
            msg = f"Expected at most {MOST_ROWS:,} rows, found {opened.metadata.num_rows:,} in {name}; give fewer."
            raise InputError(msg)
        there = [column for column in opened.schema_arrow.names if column.strip().lower() in COLUMNS]
        if sorted(column.strip().lower() for column in there) != sorted(COLUMNS):
            return opened.schema_arrow.names, []
        columns = [opened.read(columns=[column]).column(0).to_pylist() for column in there]
        ids = columns[[column.strip().lower() for column in there].index("image_id")]
    except (ArrowException, OSError, UnicodeDecodeError, OverflowError) as error:  # the last two: of a cell
        msg = f"Expected a parquet file, found a damaged one ({error}): {name}; save it again."
        raise InputError(msg) from None
    if any(isinstance(value, float) for value in ids):  # whole numbers that a null has turned into fractions
        msg = f"Expected image_id as text in {name}, found numbers with a decimal point; save it as text."
        raise InputError(msg)
    cells = [["" if value is None else str(value).strip() for value in column] for column in columns]
    return there, [(number, list(row)) for number, row in enumerate(zip(*cells, strict=True), start=2)]


def _checked(lines: pd.Series, images: pd.Series, labels: pd.Series, shares: pd.Series, name: str) -> pd.DataFrame:
    """Return the columns in their types, or refuse the table at its first fault."""
    if len(lines) > MOST_ROWS:
        msg = f"Expected at most {MOST_ROWS:,} rows, found {len(lines):,} in {name}; give fewer."
        raise InputError(msg)
    _refuse(lines[images == ""], "an image_id in each row", "none", name)
    twice = images.duplicated(keep=False)
    if twice.any():
        same = images == images[twice].iloc[0]
        _refuse(lines[same], "each image_id once", f"{images[twice].iloc[0][:80]!r}", name)
    unknown = labels.str.lower().isin(UNKNOWN)
    known = labels.map({cell: math.nan if (value := fields.whole(cell)) is None else value for cell in labels.unique()})
    wrong = ~unknown & ~known.isin([0, 1])
    _refuse(lines[wrong], "labels of 0 or 1, or empty where unknown", _first(labels, wrong), name)
    numbers = pd.to_numeric(shares, errors="coerce").astype("float64")
    wrong = ~numbers.between(0, 1)  # NaN is not, nor is what is no number
    _refuse(lines[wrong], "probabilities from 0 to 1", _first(shares, wrong), name)
    return pd.DataFrame({"image_id": images, "label": known.astype("Int64"), "probability": numbers})


def _first(cells: pd.Series, wrong: pd.Series) -> str:
    return f"{cells[wrong].iloc[0][:40]!r}" if wrong.any() else ""


def _refuse(lines: Sequence[int] | pd.Series, expected: str, found: str, name: str) -> None:
    """Refuse a table that has a fault in these lines; none, no fault."""
    count = len(lines)
    if not count:
        return
    numbers = ", ".join(f"{line}" for line in list(lines)[:NAMED])
    more = f" and {count - NAMED:,} more" if count > NAMED else ""
    rows = "row" if count == 1 else "rows"
    msg = f"Expected {expected}, found {found} in {rows} {numbers}{more} of {name}; correct the table."
    raise InputError(msg)
