from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.base.errors import InputError
from core.store.verification import verify
from core.triage.worklists import Worklist, Worklists

MADE = Worklist(
    name="monday",
    checkpoint_id="cnn-made-20260101-0a1b2c3d",
    weights_sha256="0a" * 32,
    dataset="made",
    split="patient",
    part="test",
    truth="report",
    policy={"kind": "budget", "threshold": 0.25, "reference": {"drain": [0.0, 1.0]}},
    cut=0.41,
    cut_from="youden on tune, at training, 2026-01-01",
    read_mode="open",
    readers=("Ada", "Grace"),
    created_at=1.5,
    created_by="command line",
)


def test_a_saved_worklist_comes_back_as_it_was(workspace):
    Worklists(workspace).save(MADE)

    assert Worklists(workspace).get("monday") == MADE


def test_one_for_practice_holds_its_films(workspace):
    practice = replace(MADE, purpose="practice", films=("00000001_000.png", "00000002_000.png"))

    Worklists(workspace).save(practice)

    assert Worklists(workspace).get("monday") == practice


def test_each_has_its_entry_in_the_audit_and_none_a_second(workspace):
    store = Worklists(workspace)
    for _ in range(2):
        store.save(MADE)
    store.save(replace(MADE, name="tuesday"))

    found = verify(workspace)

    assert (found.entries, found.rows, found.faults) == (3, 3, [])  # the store's own row, and two worklists


def test_the_newest_comes_first(workspace):
    store = Worklists(workspace)
    store.save(MADE)
    store.save(replace(MADE, name="tuesday", created_at=2.5))

    assert [one.name for one in store.all()] == ["tuesday", "monday"]


def test_the_same_saved_again_stays_the_one_it_was(workspace):
    store = Worklists(workspace)
    store.save(MADE)

    again = store.save(replace(MADE, created_at=9.0, created_by="another"))

    assert again == MADE
    assert store.all() == [MADE]


def test_another_under_a_taken_name_is_refused_and_changes_nothing(workspace):
    store = Worklists(workspace)
    store.save(MADE)

    with pytest.raises(InputError, match="found 'monday', which another has; choose a new one") as refused:
        store.save(replace(MADE, cut=0.5))

    assert refused.value.field == "worklist"
    assert store.all() == [MADE]


def test_an_unknown_name_lists_those_there_are(workspace):
    store = Worklists(workspace)
    with pytest.raises(InputError, match="there is none yet; make one with `triage --worklist`"):
        store.get("friday")
    store.save(MADE)

    with pytest.raises(InputError, match="found none named 'friday'; choose from monday"):
        store.get("friday")


def test_two_that_save_one_name_at_once_leave_one_worklist(workspace):
    store, refused = Worklists(workspace), []

    def save(cut: float) -> None:
        try:
            store.save(replace(MADE, cut=cut))
        except InputError as error:
            refused.append(error)

    threads = [threading.Thread(target=save, args=(cut / 10,)) for cut in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.all()) == 1
    assert len(refused) == 5
