"""The program on PostgreSQL by URL: commands as they are typed, the queue, reads, and a backup's full way back."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import create_engine

from core.__main__ import main
from core.base.errors import InputError
from core.jobs.queue import JobQueue
from core.review.read_store import Reads
from core.store import engine as engines
from core.store.engine import open_database
from core.store.ledger import Ledger
from core.store.verification import accept, verify
from core.triage.worklists import Worklists
from tests.store import servers
from tests.store.filled import add_read, add_worklist, fill, read_keys
from tests.store.raw import only_postgresql, raw

pytestmark = only_postgresql


@pytest.fixture
def done(capsys):
    """Run a command with `--json` that must succeed and return its object."""

    def run(*words):
        status = main([*words, "--json"])
        told, complaint = capsys.readouterr()
        assert status == 0, complaint
        return json.loads(told.splitlines()[-1])

    return run


def test_a_journey_of_commands(workspace, done, tmp_path, capsys):
    data = tmp_path / "phantoms"
    done("phantom", str(data), "--patients", "12", "--size", "32")
    csv = str(data / "Data_Entry_2017_v2020.csv")
    done("index", "nih", "--csv", csv, "--images", str(data / "images"), "--name", "phantoms")
    assert done("split", "phantoms", "--kind", "patient", "--name", "patient")["split"] == "patient"
    assert done("jobs", "list")["jobs"] == []
    assert done("review", "verify")["faults"] == []

    assert main(["backup", str(tmp_path / "kept")]) == 2

    assert capsys.readouterr().err.startswith(
        "Expected a SQLite database, found postgresql; back it up with its own pg_dump"
    )
    assert not list(workspace.root.glob("*.sqlite*"))


def test_no_job_is_claimed_or_filed_twice(workspace):
    queue = JobQueue(workspace)
    for number in range(20):
        queue.file(f"job {number}", ["split", str(number)], by="Ada")

    with ThreadPoolExecutor(6) as threads:
        claimed = [job.job_id for job in threads.map(lambda _: queue.claim(device_free=True), range(20))]
        filed = [
            job.job_id for job in threads.map(lambda _: queue.file("same", ["split", "same"], by="Ada"), range(12))
        ]

    assert sorted(claimed) == list(range(1, 21))
    assert len(set(filed)) == 1


def test_a_title_of_many_long_names_fits(workspace):
    title = " and ".join("c" * 80 for _ in range(9))

    assert JobQueue(workspace).file(title, ["compare"], by="Ada").title.startswith("c" * 80)


def test_reads_and_worklists_are_found_by_those_who_opened_before(workspace):
    ledger = Ledger(workspace)
    add_worklist(ledger, "monday")
    lists, reads = Worklists(workspace), Reads(workspace)
    assert [one.name for one in lists.all()] == ["monday"]

    for number in range(3):
        add_read(ledger, f"k{number}")
        assert len(reads.of_worklist("monday")) == number + 1


def test_a_server_that_was_started_again_is_found_by_whoever_was_connected(workspace):
    queue = JobQueue(workspace)
    queue.file("before", ["split"], by="Ada")
    with raw(workspace) as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()"
        connection.execute(f"{others} AND datname = current_database()")

    assert queue.file("after", ["split", "again"], by="Ada").job_id == 2


def test_a_writer_that_does_not_let_go_is_waited_for_only_so_long(workspace, monkeypatch):
    ledger = fill(workspace)
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 100)

    with open_database(workspace).begin(), pytest.raises(InputError, match=r"cannot be written .canceling statement"):
        add_read(ledger, "waits")

    add_read(ledger, "next")
    assert verify(workspace).faults == []


def test_a_server_that_is_not_there_is_told_in_one_sentence(workspace, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", f"postgresql://ada:secret@/pleurascope?host={tmp_path}")

    assert main(["jobs", "list"]) == 2

    told = capsys.readouterr().err
    assert told.startswith("Expected a database that can be opened, found that it cannot (")
    assert told.count("\n") == 1
    assert "secret" not in told


@pytest.mark.parametrize("driver", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_way_to_name_postgresql_finds_its_driver(workspace, driver):
    url = workspace.database_url.replace("postgresql://", f"{driver}://", 1)

    made = create_engine(engines.address(url))

    with made.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    made.dispose()


def test_the_url_without_its_driver_installed_is_told_with_the_way_out(workspace, monkeypatch):
    def missing(*_given, **_how):
        msg = "No module named 'psycopg'"
        raise ModuleNotFoundError(msg, name="psycopg")

    monkeypatch.setattr(engines, "create_engine", missing)

    with pytest.raises(InputError, match=r"found none; install what a hospital needs by `python3 app/install.py --ho"):
        open_database(workspace)


def test_a_dump_and_its_way_back_as_the_page_of_documentation_says(workspace, tmp_path):
    ledger = fill(workspace)
    address, dump = servers.plain(workspace.database_url), tmp_path / "pleurascope.dump"
    words = [servers.program("pg_dump"), "--format=custom", f"--file={dump}", address]
    subprocess.run(words, check=True, capture_output=True)
    for number in range(2):
        add_read(ledger, f"since{number}")
    ledger.engine.dispose()

    back = ["--clean", "--if-exists", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={address}"]
    subprocess.run([servers.program("pg_restore"), *back, dump], check=True, capture_output=True)

    assert read_keys(workspace) == {f"k{number}" for number in range(5)}
    (fault,) = verify(workspace).faults
    assert fault.sentence.startswith("Entries 10 to 11 are missing in the audit")
    accept(workspace, "Ada", "the disk failed")
    add_read(Ledger(workspace), "next")
    assert (verify(workspace).faults, len(read_keys(workspace))) == ([], 6)
    with raw(workspace) as connection, pytest.raises(psycopg.errors.RaiseException, match="never changed or deleted"):
        connection.execute("DELETE FROM reads")
