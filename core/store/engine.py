"""Opens the database: SQLite in WAL mode in the workspace, or whatever the URL names, at its newest migration."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import NullPool

from core.base.errors import InputError
from core.base.paths import Workspace
from core.store.copying import back_up_before

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 20_000  # how long a writer waits for another one


def open_database(workspace: Workspace) -> Engine:
    """Return an engine on the workspace's database, migrated to the newest version.

    Raises:
        InputError: If its URL cannot be used, or it was written by a newer PleuraScope.
    """
    workspace.root.mkdir(parents=True, exist_ok=True)
    try:
        engine = create_engine(workspace.database_url)
    except (ArgumentError, ModuleNotFoundError) as error:  # also a driver that is not installed
        raise InputError(_unusable(error)) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    with FileLock(workspace.root / "migration.lock"):
        try:
            migrate(engine)
        except DatabaseError as error:
            msg = f"Expected a database that can be opened, found that it cannot ({error.orig}); choose another."
            raise InputError(msg) from None
    return engine


def as_it_stands(workspace: Workspace) -> Engine | None:
    """Return an engine that only reads the workspace's database; None where there is none: none is made or migrated.

    It keeps no connection open, so what is put in the database's place is seen.
    """
    file = database_file(workspace.database_url)
    if file is not None and not file.exists():
        return None
    return _reading(workspace.database_url)


@lru_cache(maxsize=8)
def _reading(url: str) -> Engine:
    try:
        engine = create_engine(url, poolclass=NullPool, execution_options={"writes": False})
    except (ArgumentError, ModuleNotFoundError) as error:
        raise InputError(_unusable(error)) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _wait_for_writers)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def database_file(url: str | URL) -> Path | None:
    """Return the file of a SQLite database, by its full path from wherever it is named; None where there is none.

    Examples:
        >>> database_file("postgresql://db/pleurascope") is database_file("sqlite://") is None
        True
        >>> database_file("sqlite:///own.sqlite") == Path.cwd() / "own.sqlite"
        True
    """
    try:
        made = make_url(url)
    except ArgumentError:  # who opens it says what is wrong
        return None
    if made.get_backend_name() != "sqlite" or made.database in (None, "", ":memory:"):
        return None
    return Path(str(made.database)).resolve()


def migrate(engine: Engine) -> None:
    """Bring the database to the newest migration, all of it or nothing; one that holds something is backed up first.

    Raises:
        InputError: If it stands at a migration that this version does not know, or cannot be backed up.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        stands_at = MigrationContext.configure(connection).get_current_revision()
        if stands_at == scripts.get_current_head():
            return
        if stands_at is not None and stands_at not in {script.revision for script in scripts.walk_revisions()}:
            msg = (
                f"Expected a database at migration {scripts.get_current_head()} or older, found {stands_at}; "
                "update PleuraScope or choose another workspace."
            )
            raise InputError(msg)
        if stands_at is not None:
            # While this transaction holds the write lock, so nothing is written between the backup and the change.
            back_up_before(engine, str(scripts.get_current_head()))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _unusable(error: Exception) -> str:
    return f"Expected PLEURASCOPE_DATABASE_URL to be an SQLAlchemy URL, found one that cannot be used ({error})."


def _wait_for_writers(connection: Any, _record: object) -> None:  # noqa: ANN401 (a DBAPI connection)
    # The driver's own transaction handling would commit before DDL; SQLAlchemy's begin event replaces it.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _configure_sqlite(connection: Any, record: object) -> None:  # noqa: ANN401 (a DBAPI connection)
    _wait_for_writers(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once: a reader that later writes would fail instead of waiting.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes", True) else "BEGIN")
