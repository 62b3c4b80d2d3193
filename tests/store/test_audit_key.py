"""The key of the audit chain: made once, private, outside the workspace; never made anew for what an old one wrote."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

from core.base.errors import InputError
from core.base.paths import Workspace
from core.store import audit_key
from core.store.ledger import Ledger
from core.store.verification import verify
from tests.store.filled import add_read, fill

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


@pytest.fixture
def path(workspace):
    return audit_key.key_file(workspace)


@posix
def test_it_is_made_at_first_use_for_its_owner_alone(workspace, path):
    assert not path.exists()

    Ledger(workspace)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(audit_key.read(path)) == 32
    assert not list(workspace.root.rglob("*.key"))


def test_every_key_is_another_one(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()

    assert audit_key.read_or_make(tmp_path / "a" / "k") != audit_key.read_or_make(tmp_path / "b" / "k")


def test_two_that_make_it_at_once_have_one_key(tmp_path):
    path, keys = tmp_path / "keys" / "audit.key", []

    def make():
        with audit_key.locked(path):
            keys.append(audit_key.read_or_make(path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_without_a_setting_it_lies_in_the_users_configuration_folder(workspace, monkeypatch, tmp_path):
    monkeypatch.delenv("PLEURASCOPE_AUDIT_KEY_FILE")
    monkeypatch.setenv("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME", str(tmp_path / "settings"))

    assert audit_key.key_file(Workspace()) == tmp_path / "settings" / "pleurascope" / "audit.key"


@posix
def test_without_an_xdg_folder_it_lies_in_the_home_folder(workspace, monkeypatch, tmp_path):
    monkeypatch.delenv("PLEURASCOPE_AUDIT_KEY_FILE")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))

    assert audit_key.key_file(Workspace()) == tmp_path / "ada" / ".config" / "pleurascope" / "audit.key"


@posix
def test_a_home_folder_is_taken_as_it_is_typed(workspace, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLEURASCOPE_AUDIT_KEY_FILE", "~/mine/k")

    assert audit_key.key_file(Workspace()) == tmp_path / "mine" / "k"


@pytest.mark.parametrize("inside", ["audit.key", "deep/down/audit.key", "../workspace/audit.key"])
def test_inside_the_workspace_it_is_refused(workspace, monkeypatch, inside):
    monkeypatch.setenv("PLEURASCOPE_AUDIT_KEY_FILE", str(workspace.root / inside))

    with pytest.raises(InputError, match=r"PLEURASCOPE_AUDIT_KEY_FILE outside the workspace .*, found it inside; name"):
        Ledger(Workspace())

    assert not list(workspace.root.rglob("audit.key"))


def test_beside_a_database_that_lies_elsewhere_it_is_refused(workspace, monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", f"sqlite:///{tmp_path}/data/own.sqlite")
    monkeypatch.setenv("PLEURASCOPE_AUDIT_KEY_FILE", str(tmp_path / "data" / "audit.key"))

    with pytest.raises(InputError, match=r"in another folder than the database, found both in .*data; name another"):
        Ledger(Workspace())

    assert not list((tmp_path / "data").iterdir())
    monkeypatch.setenv("PLEURASCOPE_AUDIT_KEY_FILE", str(tmp_path / "data" / "own" / "audit.key"))
    fill(Workspace())


def test_a_url_that_cannot_be_used_is_told_as_such(workspace, monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", "no URL")

    with pytest.raises(InputError, match="Expected PLEURASCOPE_DATABASE_URL to be an SQLAlchemy URL"):
        Ledger(Workspace())


@posix
def test_one_that_others_can_read_is_refused_with_the_way_out(workspace, path):
    fill(workspace)
    path.chmod(0o644)

    with pytest.raises(InputError, match=r"found mode 0644 at .*; run `chmod 600 .*`, and think about who"):
        verify(workspace)


def test_a_lost_key_is_never_made_anew_where_entries_are(workspace, path):
    ledger = fill(workspace)
    path.unlink()

    with pytest.raises(InputError, match="found none; put back your copy of it, since a new key cannot speak for"):
        add_read(ledger, "another")
    with pytest.raises(InputError, match="found none; put back your copy"):
        verify(workspace)

    assert not path.exists()


def test_another_key_is_told_from_a_changed_store(workspace, path):
    ledger = fill(workspace)
    path.write_text("0" * 64)

    for action in (lambda: verify(workspace), lambda: add_read(ledger, "another")):
        with pytest.raises(InputError, match=r"that this store was written with, found another one at .*; put back"):
            action()


def test_a_store_from_elsewhere_is_one_fault_not_one_an_entry(workspace, path):
    fill(workspace)
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    audit_key.read_or_make(path)

    (fault,) = [fault for fault in verify(workspace).faults if fault.table == "audit"]

    assert fault.row is None
    assert "no entry was written with the key that is here" in fault.sentence


@pytest.mark.parametrize("content", ["", "short", "g" * 64, "é" * 64, "0" * 65])
def test_a_file_that_is_no_key_is_refused(workspace, path, content):
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(
        InputError, match=r"an audit key of 64 hexadecimal digits at .*, found something else; put back"
    ):
        Ledger(workspace)


def test_a_folder_in_its_place_is_refused(workspace, path):
    path.mkdir(parents=True)

    with pytest.raises(InputError, match=r"found that it cannot be read .*; make it readable"):
        Ledger(workspace)


def test_a_file_in_its_folders_place_is_refused(workspace, path):
    path.parent.write_text("a file")

    with pytest.raises(InputError, match=r"a folder for the audit key at .*, found that it cannot be used"):
        Ledger(workspace)


def test_a_writer_that_does_not_let_go_is_waited_for_only_so_long(workspace, path, monkeypatch):
    ledger = fill(workspace)
    monkeypatch.setattr(audit_key, "LOCK_SECONDS", 0.05)

    with (
        audit_key.locked(path),
        pytest.raises(InputError, match=r"free within 0.05 s, found another writer at work; try again"),
    ):
        add_read(ledger, "another")


def test_key_and_head_stand_together_and_say_nothing_of_the_key(workspace, path):
    ledger = fill(workspace)

    (head,) = Path(path.parent).glob("*.head.json")

    assert path.read_text().strip() not in head.read_text()
    assert head.name.removesuffix(".head.json") not in path.read_text()
    ledger.engine.dispose()
