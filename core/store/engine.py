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
WRITERS = 7_305_822  # the number of our lock among a PostgreSQL database's advisory locks; any will do


def open_database(workspace: Workspace) -> Engine:
    """Return an engine on the workspace's database, migrated to the newest version.

    Raises:
        InputError: If its URL cannot be used, or it was written by a newer PleuraScope.
    """
    workspace.root.mkdir(parents=True, exist_ok=True)
    engine = _made(workspace.database_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
    with FileLock(workspace.root / "migration.lock"):
        try:
            migrate(engine)
        except DatabaseError as error:
            msg = f"Expected a database that can be opened, found that it cannot ({why(error)}); choose another."
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
    engine = _made(url, poolclass=NullPool, execution_options={"writes": False})
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _wait_for_writers)
    return engine


def _made(url: str, **options: Any) -> Engine:  # noqa: ANN401 (SQLAlchemy's own)
    try:
        found = address(url)
        if found.get_backend_name() == "postgresql":
            options["pool_pre_ping"] = True  # a server that was started again has dropped what the pool holds
        engine = create_engine(found, **options)
    except (ArgumentError, ModuleNotFoundError) as error:  # also a driver that is not installed
        raise InputError(_unusable(error)) from None
    begin = {"sqlite": _begin_sqlite, "postgresql": _begin_postgresql}.get(engine.dialect.name)
    if begin is None:
        msg = f"Expected PLEURASCOPE_DATABASE_URL to name SQLite or PostgreSQL, found {engine.dialect.name}."
        raise InputError(msg)
    event.listen(engine, "begin", begin)
    return engine


def address(url: str | URL) -> URL:
    """Return a database's URL with the driver that is used here: of PostgreSQL psycopg 3.

    Raises:
        ArgumentError: If it is no URL.

    Examples:
        >>> str(address("postgresql://db/pleurascope")), str(address("sqlite:///own.sqlite"))
        ('postgresql+psycopg://db/pleurascope', 'sqlite:///own.sqlite')
    """
    made = make_url(url)
    # SQLAlchemy's own choice is psycopg2; "postgres" is how others write it.
    return made.set(drivername="postgresql+psycopg") if made.drivername in ("postgresql", "postgres") else made


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


def why(error: DatabaseError) -> str:
    """Return in one line why the database refused; PostgreSQL adds lines on where and how."""
    return str(error.orig).partition("\n")[0].strip()


def migrate(engine: Engine) -> None:
    """Bring the database to the newest migration, all of it or nothing; one that holds something is backed up first.

    Raises:
        InputError: If it stands at a migration that this version does not know, or cannot be backed up.
    """
    known = known_revisions()
    with engine.begin() as connection:
        stands_at = MigrationContext.configure(connection).get_current_revision()
        if stands_at == known[0]:
            return
        if stands_at is not None and stands_at not in known:
            msg = (
                f"Expected a database at migration {known[0]} or older, found {stands_at}; "
                "update PleuraScope or choose another workspace."
            )
            raise InputError(msg)
        if stands_at is not None:
            # While this transaction holds the write lock, so nothing is written between the backup and the change.
            back_up_before(engine, known[0])
        config = _scripts()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def known_revisions() -> list[str]:
    """Return the migrations that this version knows, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_scripts()).walk_revisions()]


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _unusable(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
        return (
            "Expected the package psycopg for a database on PostgreSQL, found none; install what a hospital needs by "
            "`python3 app/install.py --hospital`."
        )
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


def _begin_postgresql(connection: Connection) -> None:
    # One writer at a time, as in SQLite: what was shown to be right there (no job claimed twice, no migration run
    # twice) is right here. Readers wait for nobody; the lock goes with its transaction, or with its connection.
    if connection.get_execution_options().get("writes", True):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
