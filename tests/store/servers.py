"""A PostgreSQL server for tests: one that is named, or one that is started in a folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

NAMED = "PLEURASCOPE_TEST_POSTGRESQL"
REQUIRED = "REQUIRE_POSTGRESQL"
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/opt/postgresql*/bin", "/usr/pgsql-*/bin")
# Nobody keeps what tests write, so nobody waits for the disk.
OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c autovacuum=off -c max_connections=100"


@contextmanager
def server() -> Iterator[URL]:
    """Give the URL of a server on which databases may be made; skip the test where there is none."""
    if named := os.environ.get(NAMED):
        yield make_url(named).set(drivername="postgresql")
        return
    programs = _programs()
    if programs is None:
        why = f"no PostgreSQL: {NAMED} names no server, and its programs (Debian: postgresql) are not installed"
        if os.environ.get(REQUIRED):
            pytest.fail(why)
        pytest.skip(why)
    # Not in pytest's folder: its path may be too long for a socket, and the server's own user cannot enter it.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data, user = folder / "data", "pleurascope"
        _run(programs / "initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", f"{OPTIONS} -k {folder}", "start")
        watch = _ended_with_these_tests(folder)
        try:
            yield URL.create("postgresql", username=user, database="postgres", query={"host": str(folder)})
        finally:
            watch.kill()
            watch.wait()
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server: URL) -> Iterator[str]:
    """Make an empty database and give its URL; it is dropped afterwards, whoever is still connected."""
    name = sql.Identifier(f"t{uuid.uuid4().hex}")
    with psycopg.connect(plain(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield server.set(database=name.as_string().strip('"')).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def plain(url: str | URL) -> str:
    """Return a URL as PostgreSQL's own programs take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def program(name: str) -> Path:
    """Return one of PostgreSQL's programs; skip the test where it is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip(f"{name} is not installed here")
    return programs / name


def _programs() -> Path | None:
    """Return the folder of the newest server's programs."""
    found = [folder for place in PLACES for folder in Path("/").glob(place[1:]) if (folder / "initdb").exists()]
    return max(found, key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))], default=None)


def _ended_with_these_tests(folder: Path) -> subprocess.Popen[bytes]:
    """Watch this process, and end the server of a folder when it is killed and cannot do so itself."""
    script = 'while kill -0 "$1"; do sleep 1; done; kill -QUIT "$(head -n 1 "$2/data/postmaster.pid")"; rm -rf "$2"'
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(["sh", "-c", script, "sh", str(os.getpid()), str(folder)], start_new_session=True, **quiet)


def _run(*words: str | Path) -> None:
    command = [str(word) for word in words]
    if os.geteuid() == 0:  # the server refuses to be root's
        command = ["runuser", "-u", "postgres", "--", *command]
    # To a file: a pipe would stay open in the server that pg_ctl leaves behind.
    with tempfile.TemporaryFile() as told:
        done = subprocess.run(command, stdout=told, stderr=told, cwd="/", check=False)
        told.seek(0)
        assert done.returncode == 0, told.read().decode()
