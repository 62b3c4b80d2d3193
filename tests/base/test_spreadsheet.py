"""No cell of a CSV file runs in a spreadsheet, and no CSV leaves this program by another way."""

from __future__ import annotations

import ast
import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.base.paths import ROOT
from core.base.spreadsheet import csv_text, harmless

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1", ' "=1', "a;=1", "a\n=1"]
OTHERS = {  # write tables that no spreadsheet is given, or ids that must come back as they were
    *("core/training/material.py", "core/synthesis/pairs.py", "core/synthesis/origin_films.py"),  # digests
    *("core/synthesis/translate.py", "core/phantom/cohort.py", "core/base/identity.py"),
    *("core/review/loop.py", "core/data/erasing.py", "core/data/erasing_texts.py"),  # a digest; ids that must come back
    *("core/review/export.py", "core/base/spreadsheet.py"),  # they make them harmless
}


def read(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text_in_a_cell_and_in_a_header(text):
    rows = read(csv_text(pd.DataFrame({text: [text, "plain"]})))

    assert rows == [[harmless(text)], [harmless(text)], ["plain"]]
    assert rows[0][0] != text


@given(some.lists(some.text(max_size=8), min_size=1, max_size=3))
def test_no_cell_begins_as_a_formula_does(texts):
    for row in read(csv_text(pd.DataFrame({"a": texts, "b": 1})))[1:]:
        assert not row[0].lstrip(" \"'").startswith(("=", "+", "-", "@", "\t", "\r")) or row[0].startswith("'")


def test_numbers_stay_numbers():
    assert csv_text(pd.DataFrame({"a": [-1.5, None], "b": [-2, 3], "c": [True, False]})) == (
        "a,b,c\r\n-1.5,-2,True\r\n,3,False\r\n"
    )


def writers(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            whole = f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else node.attr
            if node.attr == "to_csv" or whole in ("csv.writer", "csv.DictWriter"):
                yield whole


def test_every_other_csv_goes_through_here():
    found = {
        str(path.relative_to(ROOT))
        for folder in ("core", "app", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if any(writers(path))
    }

    assert found - OTHERS == set()
