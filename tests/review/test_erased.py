"""An erased read is in no view, table or statistic any more, also where reads were known before it was erased."""

from __future__ import annotations

import pytest

from core.review import export, origin_store
from core.review.read_store import Reads
from core.review.reads import read_table
from core.store import erasure
from core.store.erasure import Films
from core.store.ledger import Ledger
from tests.app import listed
from tests.review.answered import answer, read, save
from tests.store.filled import add_origin_read

GONE, STAYS = "000000.png", "000001.png"
ABOUT = {"dataset": "made", "films": 1, "reason": "asked for"}


@pytest.fixture
def made(workspace):
    """Two films with a read each."""
    listed.make(workspace, films=12)
    listed.save(workspace)
    save(workspace, read("Ada", answer(0, 4), image=GONE), read("Ada", answer(0, 0), image=STAYS))
    return workspace


def erase(workspace, images: frozenset[str] = frozenset({GONE})) -> None:
    erasure.erase(Ledger(workspace), Films(patient="p00000", images={"made": images}), actor="Ada", about=ABOUT)


def test_who_knew_the_read_forgets_it(made):
    known = Reads(made)
    assert set(known.of_worklist("first")) == {GONE, STAYS}

    erase(made)

    assert set(known.of_worklist("first")) == {STAYS}
    assert known.of_case("first", GONE) == ()
    assert [one.image_id for one in known.all()] == [STAYS]


def test_reads_that_come_afterwards_are_known_too(made):
    known = Reads(made)
    assert known.last_id() == 2
    erase(made)

    save(made, read("Grace", answer(4, 0), image=STAYS))

    assert [one.reader for one in known.of_case("first", STAYS)] == ["Ada", "Grace"]
    assert known.last_id() == 3


def test_no_table_and_no_export_holds_it(made):
    erase(made)

    table = read_table(made)
    assert table["image_id"].tolist() == [STAYS]
    for what in (export.READS, export.LABELS):
        _, content, told = export.export(table, what, ".csv")
        assert told.rows == 1
        assert b"erased" not in content


def test_an_answer_on_a_pair_is_counted_no_more(made):
    ledger = Ledger(made)
    add_origin_read(ledger, "pair-000")
    assert len(origin_store.every(ledger.engine)) == 1

    erase(made, frozenset({"pair-000-id"}))

    assert origin_store.every(ledger.engine) == []
