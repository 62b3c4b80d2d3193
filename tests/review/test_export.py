"""Exports of reads: what they hold and what they must not, in every format, and that spreadsheets run nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.base import spreadsheet
from core.base.errors import InputError
from core.review import audit_log, export, label_set
from core.review.read_store import Reads
from core.review.reads import read_table
from core.store.verification import verify
from tests.app import listed
from tests.review.answered import answer, read, save, table

PRESENT_LEFT, ABSENT = answer(0, 4), answer(1, 0)
RUNS = "=+-@\t\r＝＋－＠"


def parsed(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def exported(frame, suffix=".csv") -> bytes:
    return export.encoded(frame, suffix)


@pytest.fixture
def made(workspace):
    """A worklist with five reads of it."""
    listed.make(workspace, films=12)
    listed.save(workspace)
    rich = answer(0, 3, left_apex_mm=12.5, left_drain=False, quality="limited", comment="Étage supérieur")
    save(
        workspace,
        read("Ada", PRESENT_LEFT, stage=1),
        read("Ada", rich, supersedes=1),
        read("Grace", ABSENT, stage=1),
        read("Grace", ABSENT),
        read("Ada", ABSENT, image="000001.png"),
    )
    return workspace


# What an export of reads holds


def test_a_row_a_read_in_their_order_with_what_its_reader_had_seen(made):
    frame = export.of_reads(read_table(made))

    assert list(frame) == list(export.COLUMNS)
    assert frame["read_id"].tolist() == [1, 2, 3, 4, 5]
    first, second = (frame.iloc[at].dropna().to_dict() for at in (0, 1))
    assert {name: second[name] for name in ("reader", "stage", "image_id", "dataset", "source", "patient_id")} == {
        "reader": "Ada",
        "stage": 2,
        "image_id": "000000.png",
        "dataset": "made",
        "source": "phantom",
        "patient_id": "p00000",
    }
    sides = {name: value for name, value in second.items() if name.startswith(("left", "right"))}
    assert sides == {
        "right_grade": 0,
        "right_called": "absent",
        "left_grade": 3,
        "left_called": "present",
        "left_apex_mm": 12.5,
        "left_drain": False,
    }
    assert (second["called"], second["quality"], second["comment"]) == ("present", "limited", "Étage supérieur")
    assert (second["seen_zone"], second["seen_probability"], second["supersedes"]) == ("suspected", 0.75, 1)
    assert second["created_at"] == label_set.utc(read_table(made)["created_at"][1])
    assert "seen_probability" not in first
    assert (first["seen_reasons"], first["seen_heat_map"]) == ("[]", False)


def test_neither_paths_nor_random_checks_nor_the_table_s_own_zones_are_exported(made):
    text = "".join(exported(export.of_reads(read_table(made)), suffix).decode() for suffix in (".csv", ".json"))

    assert not re.search(r"random.?check|secret-folder|/", text.replace("+00:00", ""))
    assert not {"zone", "probability", "key", "path", "random_check"} & set(export.COLUMNS)


def test_practice_rounds_are_left_out():
    assert export.of_reads(table(read("Ada", ABSENT), purpose="practice")).empty


@pytest.mark.parametrize("what", ["reads", "labels"])
def test_every_format_holds_the_same(made, what):
    frame, _, _ = export.export(read_table(made), what, ".csv")

    rows = parsed(exported(frame))
    records = json.loads(exported(frame, ".json"))
    back = pd.read_parquet(io.BytesIO(exported(frame, ".parquet")))

    assert list(back) == list(rows[0]) == list(records[0]) == list(frame)
    pd.testing.assert_frame_equal(back.astype(frame.dtypes), frame)
    for row, record, kept in zip(rows, records, frame.to_dict("records"), strict=True):
        for name, value in kept.items():
            if pd.isna(value):
                assert (row[name], record[name]) == ("", None)
            elif name in export.NESTED:
                assert json.loads(row[name]) == json.loads(value) == record[name]
            else:
                assert row[name] == (str(value).lower() if isinstance(value, bool) else str(value))
                assert record[name] == value


# What a spreadsheet would run


@settings(deadline=None)
@given(
    texts=some.lists(some.text() | some.from_regex(r'[\s"\'(]*[=+\-@\t\r].*', fullmatch=True), min_size=1),
    numbers=some.lists(some.floats(allow_nan=False, allow_infinity=False), min_size=1),
)
def test_no_cell_of_a_csv_begins_with_what_a_spreadsheet_runs_but_for_numbers(texts, numbers):
    size = min(len(texts), len(numbers))
    frame = pd.DataFrame({"text": pd.Series(texts[:size], dtype=object), "number": numbers[:size]})

    rows = parsed(exported(frame))

    assert len(rows) == size
    for row, text, number in zip(rows, texts[:size], numbers[:size], strict=True):
        assert float(row["number"]) == number
        assert row["text"].replace("'", "") == text.replace("'", "")  # nothing but apostrophes comes in
        assert not row["text"].startswith(tuple(RUNS))
        assert not row["text"].lstrip(' \n\v\f\xa0"(').startswith(tuple(RUNS))


hostile = some.lists(some.sampled_from([*'=+-@＝;,\t\r\n" _(x7', "é"]), max_size=12).map("".join)


@settings(deadline=None)
@given(rows=some.lists(some.tuples(hostile, some.integers(-9, 9), hostile), min_size=1, max_size=4))
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_NONE])
def test_nor_does_one_where_cells_are_parted_elsewhere(separator, quoting, rows):
    content = exported(pd.DataFrame(rows, columns=["first", "number", "second"])).decode()

    for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator, quoting=quoting):
        for cell in row:
            begins = cell.lstrip(' \t\r\n"_(')  # what a spreadsheet may pass over
            assert not begins.startswith(tuple(RUNS)) or re.fullmatch(r"-?\d+", begins), (cell, content)


def test_a_comment_that_runs_behind_a_separator_stays_readable(made):
    save(made, read("Ada", answer(0, 0, comment='apical; =HYPERLINK("e";"y"), -5 mm\n@now')))

    comment = parsed(exported(export.of_reads(read_table(made))))[-1]["comment"]

    assert comment == 'apical; \'=HYPERLINK("e";"y"), \'-5 mm\n\'@now'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("x;=HYPERLINK(1)", "x;'=HYPERLINK(1)"),
        ("x\t=1", "x\t'=1"),
        ("x, -1", "x, '-1"),
        ("x\n@now", "x\n'@now"),
        ('x;"=1"', 'x;"\'=1"'),
        ("x;\t=1", "x;'\t'=1"),
        (";=1", "';'=1"),
        ("x; y-1, z=2", "x; y-1, z=2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-5 mm", "'-5 mm"),
        ('"=1', "'\"=1"),
        ("'=1", "''=1"),
        ("\t12", "'\t12"),
        (" \n+1", "' \n'+1"),
        ("＝1", "'＝1"),
        ("5 mm - 7 mm", "5 mm - 7 mm"),
        ('[{"kind": "ellipse"}]', '[{"kind": "ellipse"}]'),
        ("", ""),
    ],
)
def test_an_apostrophe_stands_before_what_would_run_and_before_nothing_else(text, expected):
    assert spreadsheet.harmless(text) == expected


def test_a_comment_that_would_run_is_harmless_in_a_csv_and_as_it_was_typed_elsewhere(made):
    save(made, read("Ada", answer(0, 0, comment='=HYPERLINK("x")')))
    frame = export.of_reads(read_table(made))

    assert parsed(exported(frame))[-1]["comment"] == '\'=HYPERLINK("x")'
    assert json.loads(exported(frame, ".json"))[-1]["comment"] == '=HYPERLINK("x")'


# Files, their audit entries, provenance


@pytest.mark.parametrize("suffix", export.SUFFIXES)
@pytest.mark.parametrize("what", ["reads", "labels"])
def test_an_empty_store_exports_a_header_and_verifies(workspace, tmp_path, what, suffix):
    out = tmp_path / f"{what}{suffix}"

    made = export.to_file(workspace, out, what=what, worklist=None, actor="Ada")

    assert made.rows == 0
    columns = list(export.COLUMNS if what == "reads" else label_set.COLUMNS)
    content = out.read_bytes()
    if suffix == ".json":
        assert json.loads(content) == []
    else:
        table = pd.read_csv(out) if suffix == ".csv" else pd.read_parquet(out)
        assert (list(table), len(table)) == (columns, 0)
    assert verify(workspace).faults == []


def test_an_export_is_an_entry_of_the_audit(made, tmp_path):
    done = export.to_file(made, tmp_path / "own.csv", what="reads", worklist="first", actor="Ada")

    entry = audit_log.search(Reads(made).ledger.engine).entries[0]
    assert (entry.action, entry.actor) == ("export", "Ada")
    about = {"file": "own.csv", "what": "reads", "rows": 5, "worklist": "first", "sha256": done.sha256}
    assert entry.about == about
    assert verify(made).faults == []


def test_beside_a_label_set_lies_where_it_comes_from(made, tmp_path):
    out = tmp_path / "labels.csv"

    done = export.to_file(made, out, what="labels", worklist=None, actor="command line")

    told = json.loads((tmp_path / "labels.csv.provenance.json").read_text())
    newest = audit_log.search(Reads(made).ledger.engine).entries[0]
    assert told["audit"]["entry_id"] == newest.entry_id
    assert re.fullmatch("[0-9a-f]{64}", told["audit"]["hash"])
    assert re.fullmatch("[0-9a-f]{32}", told["store_id"])
    assert told["sha256"] == done.sha256 == newest.about["sha256"]
    assert told["rule"] == label_set.RULE
    told = {name: told[name] for name in told if name not in ("audit", "store_id", "sha256", "rule", "made_at")}
    assert told == {
        "file": "labels.csv",
        "datasets": ["made"],
        "worklists": ["first"],
        "checkpoints": [listed.CHECKPOINT],
        "kinds_of_image": ["phantom"],
        "readers_self_declared": ["Ada", "Grace"],
        "reads": 5,
        "last_read_id": 5,
        "films": 2,
        "present": 0,
        "absent": 1,
        "without_label": 1,
        "decided_by": {"disagreement": 1, "one reader": 1},
        "cases_waiting_for_readers": 0,
    }


def test_another_format_is_refused_and_nothing_is_written(made, tmp_path):
    with pytest.raises(InputError, match=r"Expected a file that ends in .csv, .parquet or .json, found 'own.xlsx'"):
        export.to_file(made, tmp_path / "own.xlsx", what="reads", worklist=None, actor="Ada")

    assert not list(tmp_path.glob("own*"))


def test_where_the_audit_cannot_be_written_there_is_no_file(made, tmp_path):
    key = Path(Reads(made).ledger.key_file)
    key.unlink()

    with pytest.raises(InputError, match="Expected the audit key"):
        export.to_file(made, tmp_path / "own.csv", what="reads", worklist=None, actor="Ada")

    assert not list(tmp_path.glob("own*"))


# What is left out for a reader

PAIR = {"readers": ("Ada", "Grace"), "read_mode": "open"}


def withheld(reader, frame) -> list[str]:
    return frame.loc[export.withheld_from(reader, frame), "image_id"].tolist()


def test_an_open_worklist_of_anybody_withholds_nothing():
    assert withheld("Grace", table(read("Ada", ABSENT, stage=1), read("Ada", ABSENT))) == []


@pytest.mark.parametrize("reader", ["Ada", "Grace", "Edith", None])
def test_of_several_readers_a_case_is_withheld_from_everybody_until_it_is_settled(reader):
    waiting = [read("Ada", ABSENT, image="a")]
    differing = [read("Ada", ABSENT, image="b"), read("Grace", PRESENT_LEFT, image="b")]
    settled = [read("Ada", ABSENT, image="c"), read("Grace", ABSENT, image="c")]

    assert withheld(reader, table(*waiting, *differing, *settled, **PAIR)) == ["a", "b", "b"]


def test_adjudication_opens_a_case():
    reads = [read("Ada", ABSENT), read("Grace", PRESENT_LEFT), read("Edith", ABSENT, role="adjudicator")]

    assert withheld("Ada", table(*reads, **PAIR)) == []


def test_in_a_blinded_worklist_a_case_is_withheld_from_who_has_begun_it():
    reads = [read("Ada", ABSENT), read("Grace", PRESENT_LEFT, stage=1)]

    assert withheld("Grace", table(*reads, read_mode="blinded")) == ["000000.png"] * 2
    assert withheld("Ada", table(*reads, read_mode="blinded")) == []


def test_nothing_read_withholds_nothing():
    assert withheld("Ada", table()) == []
