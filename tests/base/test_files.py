"""Files appear whole or not at all, whatever happens while they are made."""

import hashlib
import math
import os
import stat
import time

import pandas as pd
import pytest

from core.base import files


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_with_its_folders(tmp_path):
    path = tmp_path / "new" / "deeper" / "note.txt"

    files.write_text(path, "Größe × 2\n")

    assert path.read_bytes() == "Größe × 2\n".encode()
    assert left_in(path.parent) == ["note.txt"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_failed_writer_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    with pytest.raises(ZeroDivisionError), files.written_aside(path) as aside:
        aside.write_text("half of the new")
        assert path.read_text() == "old"
        _ = 1 / 0

    assert path.read_text() == "old"
    assert left_in(tmp_path) == ["table.csv"]


def test_an_interrupted_writer_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), files.written_aside(tmp_path / "table.csv"):
        raise KeyboardInterrupt

    assert left_in(tmp_path) == []


def test_a_folder_is_never_replaced_by_a_file(tmp_path):
    taken = tmp_path / "taken"
    (taken / "inner").mkdir(parents=True)

    with pytest.raises(IsADirectoryError):
        files.write_text(taken, "text")

    assert left_in(tmp_path) == ["taken"]
    assert left_in(taken) == ["inner"]


def test_the_temporary_file_is_hidden_and_lies_beside_its_goal(tmp_path):
    with files.written_aside(tmp_path / "table.csv") as aside:
        assert aside.parent == tmp_path
        assert aside.name.startswith(".table.csv.")


def test_a_folder_appears_whole(tmp_path):
    path = tmp_path / "checkpoints" / "one"

    with files.folder_written_aside(path) as aside:
        (aside / "weights").write_bytes(b"w")
        (aside / "card").write_bytes(b"c")
        assert not path.exists()

    assert left_in(path) == ["card", "weights"]
    assert left_in(path.parent) == ["one"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


def test_a_failed_folder_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), files.folder_written_aside(tmp_path / "one") as aside:
        (aside / "weights").write_bytes(b"w")
        _ = 1 / 0

    assert left_in(tmp_path) == []


def test_a_folder_that_holds_something_is_kept(tmp_path):
    path = tmp_path / "one"
    path.mkdir()
    (path / "weights").write_bytes(b"first")

    with pytest.raises(OSError, match="not empty"), files.folder_written_aside(path) as aside:
        (aside / "weights").write_bytes(b"second")

    assert (path / "weights").read_bytes() == b"first"
    assert left_in(tmp_path) == ["one"]


def test_an_empty_folder_may_be_taken(tmp_path):
    path = tmp_path / "one"
    path.mkdir()

    with files.folder_written_aside(path) as aside:
        (aside / "weights").write_bytes(b"w")

    assert left_in(path) == ["weights"]


@pytest.mark.parametrize("content", [{}, [], {"a": [1, None, "π\n"], "b": {"c": 0.1}}, "x" * 100_000, None])
def test_json_comes_back_as_it_was(tmp_path, content):
    files.write_json(tmp_path / "a.json", content)

    assert files.read_json(tmp_path / "a.json") == content


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_without_a_word_for_a_number_is_refused_and_the_old_file_kept(tmp_path, number):
    path = tmp_path / "a.json"
    files.write_json(path, {"auroc": 0.9})

    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"deep": [{"auroc": number}]})

    assert files.read_json(path) == {"auroc": 0.9}
    assert left_in(tmp_path) == ["a.json"]


def test_json_is_readable_by_people(tmp_path):
    files.write_json(tmp_path / "a.json", {"b": "ä", "a": 1})

    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "b": "ä",\n  "a": 1\n}\n'


def test_a_table_is_written_without_its_index(tmp_path):
    frame = pd.DataFrame({"image_id": ["a", "b"], "label": pd.array([1, None], dtype="Int64")}, index=[7, 3])

    files.write_parquet(tmp_path / "t.parquet", frame)

    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), frame.reset_index(drop=True))


@pytest.mark.parametrize("content", [b"", b"a", b"\x00" * 300_000])
def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)

    assert files.sha256_of_file(path) == hashlib.sha256(content).hexdigest()


def test_what_was_left_aside_is_found_once_it_rests(tmp_path):
    killed, folder, at_work = (tmp_path / "deep" / f".{name}.abcdefgh.part" for name in ("a.json", "b", "c.json"))
    folder.mkdir(parents=True)
    for path in (killed, at_work, folder / "inner"):
        path.write_text("half")
    for path in (killed, folder):
        os.utime(path, (time.time() - 61,) * 2)

    assert files.left_aside(tmp_path) == [killed, folder]

    for path in (killed, folder, tmp_path / "gone"):
        files.remove(path)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == [at_work.name]


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")

    files.remove(tmp_path / "link")

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
