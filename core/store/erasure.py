"""One patient's rows emptied of all that tells of the patient, in one transaction with the entries that allow it.

A row of what only grows is never deleted: its place, its key, who wrote it and when stay, or the chain could not tell
an erasure from a theft. What told of the film is replaced by a mark. The entry of each erased row names the digest
that it had and seals the one that it has, so `review verify` accepts this change of this row and no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Table, select, update

from core.base.errors import PleuraScopeError
from core.store import chain
from core.store.growing import contents, digest, lifted
from core.store.tables import ERASED, jobs, origin_reads, reads, worklists

if TYPE_CHECKING:
    from core.store.chain import Entry
    from core.store.ledger import Ledger

PATIENT = "patient erased"  # the action of the entry that speaks of the whole; `ERASED` is that of each row's
SEEN_KEPT = ("read_mode", "checkpoint_id", "weights_sha256", "dataset", "split", "part", "cut", "others")
TELLING = 8  # characters from which on a patient's id is looked for in texts, where a short one is any number
_OF_PAIR = tuple(f"{one}_{what}" for one in ("film", "made") for what in ("id", "sha256", "patient"))

Row = tuple[str, str]  # a table's name and a row's key


@dataclass(frozen=True, kw_only=True)
class Films:
    """Whose rows are meant: the films of one patient, and the images that were made from them."""

    patient: str
    images: Mapping[str, frozenset[str]]
    """Image ids by data set."""

    @property
    def every(self) -> frozenset[str]:
        """All image ids."""
        return frozenset().union(*self.images.values())

    def scrubbed(self, told: str) -> str:
        """Return a text with the mark in the place of each image id, and of a patient id that is no mere number."""
        names = self.every | ({self.patient} if len(self.patient) >= TELLING else set())
        if not names:
            return told
        # The longest first: the name of a translation begins with that of its film.
        either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        return re.sub(rf"(?<![\w.~-])(?:{either})(?![\w~-])", ERASED, told)


@dataclass(kw_only=True)
class Concerned:
    """The rows that tell of a patient, with what is to stand in them."""

    rows: list[tuple[Table, Any, dict[str, Any]]] = field(default_factory=list)
    """Of what only grows: table, primary key, new values."""
    jobs: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each table."""
        named = [table.name for table, _, _ in self.rows]
        return {table.name: named.count(table.name) for table in (reads, origin_reads, worklists)} | {
            "jobs": len(self.jobs)
        }


def concerned(connection: Connection, films: Films) -> Concerned:
    """Find the rows that tell of a patient, and that are not erased yet."""
    found = Concerned()
    lists = connection.execute(
        select(worklists.c.worklist_id, worklists.c.name, worklists.c.dataset, worklists.c.films).order_by(
            worklists.c.worklist_id
        )
    )
    of_list = {}
    for row in lists.all():
        own = films.images.get(row.dataset, frozenset())
        of_list[row.name] = own
        if row.films and own & set(row.films):
            kept = [one for one in row.films if one not in own]
            found.rows.append((worklists, row.worklist_id, {"films": kept}))
    every = select(reads.c.read_id, reads.c.worklist, reads.c.image_id, reads.c.seen).order_by(reads.c.read_id)
    for read in connection.execute(every).all():
        if read.image_id in of_list.get(read.worklist, ()):
            seen = {name: read.seen[name] for name in SEEN_KEPT if name in read.seen}
            mark = {"image_id": ERASED, "image_sha256": ERASED, "answer": {ERASED: True}, "seen": seen}
            found.rows.append((reads, read.read_id, mark))
    for pair in connection.execute(select(origin_reads).order_by(origin_reads.c.origin_read_id)).all():
        images = films.images.get(pair.dataset, frozenset()) | films.images.get(pair.synthetic, frozenset())
        if {pair.film_id, pair.made_id} & images:
            found.rows.append((origin_reads, pair.origin_read_id, dict.fromkeys(_OF_PAIR, ERASED)))
    texts = (jobs.c.title, jobs.c.arguments, jobs.c.config, jobs.c.made, jobs.c.message)
    for job in connection.execute(select(jobs.c.job_id, *texts)).mappings():
        told = {name: value for name, value in job.items() if name != "job_id"}
        plain = {name: _scrubbed(value, films) for name, value in told.items()}
        if plain != told:
            found.jobs.append((job["job_id"], {name: plain[name] for name in told if plain[name] != told[name]}))
    return found


def erase(ledger: Ledger, films: Films, *, actor: str, about: Mapping[str, Any]) -> Concerned:
    """Empty the rows that tell of a patient, and enter it in the audit; all of it or nothing.

    Args:
        ledger: Of the store.
        films: Whose rows.
        actor: Who erases.
        about: What the entries tell, such as the reason; it must not tell whose films these were.

    Returns:
        The rows that were emptied.

    Raises:
        InputError: If the store does not end where it was left.
        PleuraScopeError: If the database did not take a change; nothing is changed then.
    """
    with ledger.writing() as page:
        connection = page.connection
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is replaced is overwritten with zeros
        found = concerned(connection, films)
        page.record(PATIENT, actor=actor, about={**about, **found.counts})
        with lifted(connection, sorted({table.name for table, _, _ in found.rows})):
            for table, key, values in found.rows:
                ((_, before),) = contents(connection, table, key)
                (identity,) = table.primary_key.columns
                connection.execute(update(table).where(identity == key).values(**values))
                ((_, after),) = contents(connection, table, key)
                if digest(after) == digest(before):  # a trigger that is not ours can do that
                    msg = f"Nothing was erased: {table.name} did not take the change; run `review verify`."
                    raise PleuraScopeError(msg)
                page.record(ERASED, actor=actor, about={**about, "was": digest(before)}, row=(table, key))
        for job_id, values in found.jobs:
            connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(**values))
    _forget_log(ledger.engine)
    return found


def broken(ours: Iterable[Entry]) -> Iterator[tuple[Row, str]]:
    """Yield the rows that were changed between two of their entries otherwise than by an erasure, with a sentence.

    Args:
        ours: Entries that the program wrote, in their order.
    """
    sealed: dict[Row, Entry] = {}
    for entry in ours:
        if entry["row_table"] is None:
            continue
        row = (str(entry["row_table"]), str(entry["row_key"]))
        before = sealed.get(row)
        sealed[row] = entry
        if before is None:
            continue
        was = chain.about(entry).get("was") if entry["action"] == ERASED else entry["row_digest"]
        if was != before["row_digest"]:
            between = f"after entry {before['entry_id']} had sealed it and before entry {entry['entry_id']} erased it"
            yield row, f"Row {row[1]} of {row[0]} was changed {between}."


def said(entry: Entry) -> str:
    """Say what an entry of a whole erasure tells."""
    about = chain.about(entry)
    films = "1 film" if about["films"] == 1 else f"{about['films']} films"
    answers = about[reads.name] + about[origin_reads.name]
    many = "1 read" if answers == 1 else f"{answers} reads"
    return (
        f"Entry {entry['entry_id']}: {entry['actor']} erased one patient of {about['dataset']} ({films}, {many}): "
        f"{about['reason']}"
    )


def _scrubbed(value: Any, films: Films) -> Any:  # noqa: ANN401 (whatever JSON holds)
    if isinstance(value, str):
        return films.scrubbed(value)
    return None if value is None else json.loads(films.scrubbed(json.dumps(value, ensure_ascii=False)))


def _forget_log(engine: Engine) -> None:
    """Empty SQLite's log of writes, in which the rows stand as they were; PostgreSQL's own vacuum does its part."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        connection.close()
