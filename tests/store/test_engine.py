"""The database: opened at the newest migration, refused when it is newer than the code."""

import threading

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from core.base.errors import InputError
from core.jobs.queue import JobQueue
from core.store.engine import MIGRATIONS, migrate, open_database
from core.store.tables import metadata


def test_a_new_database_has_the_tables_that_the_code_knows(workspace):
    engine = open_database(workspace)

    inspector = inspect(engine)
    for table in metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}


def test_it_keeps_a_write_ahead_log_and_waits_for_the_disk(workspace):
    with open_database(workspace).connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_opening_twice_changes_nothing(workspace):
    with open_database(workspace).begin() as connection:
        connection.execute(text("CREATE TABLE notes (words TEXT)"))

    assert inspect(open_database(workspace)).has_table("notes")


def moved(engine, direction, revision):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        direction(config, revision)


def test_a_database_from_before_the_worklists_gains_them_and_keeps_its_jobs(workspace):
    job = JobQueue(workspace).file("Train CNN", ["train", "cnn"])
    engine = open_database(workspace)
    moved(engine, command.downgrade, "0001")
    assert not inspect(engine).has_table("worklists")

    migrate(engine)

    assert inspect(engine).has_table("worklists")
    assert JobQueue(workspace).get(job.job_id) == job


def test_two_worklists_cannot_have_one_name(workspace):
    constraints = inspect(open_database(workspace)).get_unique_constraints("worklists")

    assert [constraint["column_names"] for constraint in constraints] == [["name"]]


def test_a_newer_database_is_refused(workspace):
    with open_database(workspace).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(InputError, match="found 9999; update PleuraScope"):
        open_database(workspace)


def test_many_processes_may_open_it_at_once(workspace):
    failures = []

    def opened():
        try:
            open_database(workspace).dispose()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=opened) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
