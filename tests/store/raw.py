"""The database without the program, on either system: what an intruder, or a backup put back, comes by."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.string import TextLoader

from core.base.paths import Workspace
from core.store.engine import database_file
from tests.store import servers

only_sqlite = pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("workspace", ["postgresql"], indirect=True)


def database(workspace: Workspace) -> Path:
    """Return the file of a SQLite database."""
    return workspace.root / "pleurascope.sqlite"


def on_postgresql(workspace: Workspace) -> bool:
    """Tell on which of the two systems the store is."""
    return database_file(workspace.database_url) is None


def system(workspace: Workspace) -> str:
    """Return the name of the system that the store is on."""
    return "postgresql" if on_postgresql(workspace) else "sqlite"


class Raw:
    """The database without the program: statements as SQLite's module takes them; JSON is read as its text."""

    def __init__(self, workspace: Workspace) -> None:
        self._connection: Any
        self.dialect = system(workspace)
        if self.dialect == "postgresql":
            self._connection = psycopg.connect(servers.plain(workspace.database_url))
            self._connection.adapters.register_loader("json", TextLoader)
            return
        self._connection = sqlite3.connect(database(workspace))
        self._connection.execute("PRAGMA synchronous = OFF")  # nobody waits for this disk

    def execute(self, statement: str, values: tuple[object, ...] = ()) -> Any:
        """Run a statement."""
        if self.dialect == "postgresql":
            statement = statement.replace("?", "%s")
        return self._connection.execute(statement, values) if values else self._connection.execute(statement)

    def script(self, statements: Iterable[str]) -> None:
        """Run statements and commit."""
        for statement in statements:
            self.execute(statement)
        self.commit()

    def commit(self) -> None:
        """Commit."""
        self._connection.commit()

    def rollback(self) -> None:
        """Take back what is not committed."""
        self._connection.rollback()

    def copied_out(self, table: str) -> bytes:
        """Return a table's content as PostgreSQL's COPY writes it."""
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
            return b"".join(copy)

    def copied_in(self, table: str, content: bytes) -> None:
        """Put back what `copied_out` gave."""
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            copy.write(content)

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


@contextmanager
def raw(workspace: Workspace) -> Iterator[Raw]:
    """Open the database without the program."""
    with closing(Raw(workspace)) as connection:
        yield connection
