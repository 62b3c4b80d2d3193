"""Tables for a spreadsheet: no cell of a CSV file is ever taken for a formula, whatever text it holds."""

from __future__ import annotations

import io
import re

import pandas as pd

# What runs in a spreadsheet begins so, whatever stands before the first letter or digit; the wide forms too.
_RUNS = re.compile(r"[\W_]*?[=+\-@\t\r＝＋－＠]")
_RUNS_INSIDE = re.compile(r"([;,\t\r\n](?:[^\w;,\t\r\n]|_)*?)(?=[=+\-@\t＝＋－＠])")  # after what parts cells elsewhere


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: with an apostrophe before what would run.

    Also after a comma, a semicolon, a tab or a line's end, where a program that parts cells there begins another.

    Examples:
        >>> harmless("=HYPERLINK(1)"), harmless("  @now"), harmless("12 mm - apical"), harmless("apical; =1")
        ("'=HYPERLINK(1)", "'  @now", '12 mm - apical', "apical; '=1")
    """
    inside = _RUNS_INSIDE.sub(r"\1'", text)
    return f"'{inside}" if _RUNS.match(inside) else inside


def csv_text(frame: pd.DataFrame) -> str:
    r"""Return a table as CSV without its index, every text and every header harmless; lines end as RFC 4180 has it.

    Examples:
        >>> csv_text(pd.DataFrame({"film": ["=1", "a,b"], "share": [-0.5, None]}))
        'film,share\r\n\'=1,-0.5\r\n"a,b",\r\n'
    """
    told = frame.rename(columns=lambda name: harmless(str(name)))
    texts = [name for name in told if not pd.api.types.is_numeric_dtype(told[name])]
    told = told.assign(**{name: told[name].map(_cell) for name in texts})
    content = io.StringIO(newline="")
    told.to_csv(content, index=False, lineterminator="\r\n")
    return content.getvalue()


def _cell(value: object) -> object:
    return harmless(value) if isinstance(value, str) else value
