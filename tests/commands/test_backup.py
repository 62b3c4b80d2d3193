"""`backup` as it is typed: a copy that verifies, made while the program writes."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.store import audit_key, backup
from core.store.verification import accept, verify
from tests.store.filled import add_proposal, add_read, fill, insert_read, put, read_keys


@pytest.fixture
def checkpoints(workspace):
    for name in ("cnn-a", "vit-b"):
        folder = workspace.checkpoints / name
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(json.dumps({"checkpoint_id": name}))
        (folder / "config.json").write_text("{}")
        (folder / "weights.safetensors").write_bytes(b"heavy")
    (workspace.checkpoints / "cnn-a" / "model_card.md").write_text("# cnn-a")
    return workspace


def test_a_backup_holds_the_database_and_the_cards(checkpoints, done, tmp_path):
    fill(checkpoints)

    summary, made = done("backup", str(tmp_path / "kept"))

    database, cards = Path(made["backup"]), Path(made["cards"])
    assert re.fullmatch(r"pleurascope-\d{8}T\d{6}\.\d{6}Z\.sqlite", database.name)
    assert made["checkpoints"] == 2
    assert sorted(str(path.relative_to(cards)) for path in cards.rglob("*.*")) == [
        *("cnn-a/card.json", "cnn-a/config.json", "cnn-a/model_card.md"),
        *("vit-b/card.json", "vit-b/config.json"),
    ]
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == sorted([database.name, cards.name])
    first, second = summary.splitlines()
    assert first.startswith(f"Backup of the database: {database} (0.")
    assert first.endswith("MB); cards of 2 checkpoints.")
    assert "not in it: the audit key" in second
    assert "keep your own copy" in second


def test_a_backup_holds_the_operating_points_that_were_set_later(workspace, done, tmp_path):
    ledger = fill(workspace)
    add_proposal(ledger, "p0", decision="activated")

    _, made = done("backup", str(tmp_path / "kept"))

    with closing(sqlite3.connect(made["backup"])) as connection:
        rows = "SELECT name, threshold, decision, decided_by FROM proposals JOIN decisions USING (proposal_id)"
        assert connection.execute(rows).fetchall() == [("night shift p0", 0.35, "activated", "Grace")]


def test_the_key_is_neither_told_nor_copied(workspace, done, tmp_path):
    fill(workspace)
    path = audit_key.key_file(workspace)

    summary, made = done("backup", str(tmp_path / "kept"))

    key = path.read_text().strip()
    assert str(path) in summary
    assert key not in summary + json.dumps(made)
    assert not any(key.encode() in file.read_bytes() for file in (tmp_path / "kept").rglob("*.*"))
    assert not any(bytes.fromhex(key) in file.read_bytes() for file in (tmp_path / "kept").rglob("*.*"))


def test_put_in_the_place_of_the_database_it_verifies(workspace, done, tmp_path):
    fill(workspace).engine.dispose()
    _, made = done("backup", str(tmp_path / "kept"))

    put(workspace, Path(made["backup"]))

    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])


def test_reads_made_since_are_told_as_missing_until_the_gap_is_accepted(workspace, done, tmp_path):
    ledger = fill(workspace)
    _, made = done("backup", str(tmp_path / "kept"))
    add_read(ledger, "since")
    ledger.engine.dispose()
    put(workspace, Path(made["backup"]))

    (fault,) = verify(workspace).faults
    assert fault.sentence.startswith("Entry 10 is missing in the audit: cut off, or an old database was put back")

    accept(workspace, "Ada", "the disk failed")
    assert verify(workspace).faults == []


def test_while_somebody_writes_it_holds_what_was_saved(workspace, done, tmp_path):
    ledger, stop = fill(workspace), threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            add_read(ledger, f"busy{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    saved = read_keys(workspace)
    _, made = done("backup", str(tmp_path / "kept"))
    stop.set()
    writer.join()

    with closing(sqlite3.connect(made["backup"])) as connection:
        assert saved <= {key for (key,) in connection.execute("SELECT key FROM reads")}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (reads, entries) = connection.execute(
            "SELECT (SELECT count(*) FROM reads), (SELECT count(*) FROM audit WHERE row_table = 'reads')"
        ).fetchone()
    assert reads == entries
    assert verify(workspace).faults == []


def test_an_empty_workspace_gives_an_empty_database(workspace, done, tmp_path):
    _, made = done("backup", str(tmp_path / "kept"))

    assert made["cards"] is None
    with closing(sqlite3.connect(made["backup"])) as connection:
        assert connection.execute("SELECT count(*) FROM reads").fetchone() == (0,)


def test_two_backups_stand_side_by_side(workspace, done, tmp_path):
    for _ in range(2):
        done("backup", str(tmp_path / "kept"))

    assert len(list((tmp_path / "kept").glob("*.sqlite"))) == 2


def test_no_folder_is_asked_for(workspace, refused):
    assert refused("backup").startswith("Expected DIR for `python -m core backup`, found none")


def test_a_file_in_the_folders_place_is_refused(workspace, refused, tmp_path):
    (tmp_path / "taken").write_text("")

    for place in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        told = refused("backup", str(place))
        assert told.startswith(f"The system refused {place}: ")
        assert told.endswith("; choose another place.")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is unwritable here")
def test_a_folder_that_cannot_be_written_is_refused(workspace, refused, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)

    assert refused("backup", str(tmp_path / "locked")).endswith("Permission denied; choose another place.")


def test_postgresql_is_left_to_its_own_program(workspace, refused, tmp_path, monkeypatch):
    postgresql = SimpleNamespace(dialect=SimpleNamespace(name="postgresql"), dispose=lambda: None)
    monkeypatch.setattr(backup, "open_database", lambda _workspace: postgresql)

    told = refused("backup", str(tmp_path / "kept"))

    assert told.startswith("Expected a SQLite database, found postgresql; back it up with its own pg_dump")
    assert not (tmp_path / "kept").exists()


def test_a_damaged_database_is_refused_and_leaves_no_backup(workspace, refused, tmp_path):
    ledger = fill(workspace, count=0)
    with ledger.writing() as page:
        for number in range(200):
            insert_read(page.connection, f"k{number}")
    ledger.engine.dispose()
    path = workspace.root / "pleurascope.sqlite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\x07" * (len(content) - len(content) // 2)
    path.write_bytes(content)

    assert refused("backup", str(tmp_path / "kept")).startswith(
        f"Expected a database that can be copied to {tmp_path / 'kept'}, found that it cannot ("
    )
    assert not list((tmp_path / "kept").glob("*.sqlite"))
