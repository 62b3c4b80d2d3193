"""Pseudonyms: the same for the same patient, another for another, leading nowhere without the key or the look-up."""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base import identity, secret
from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.base.paths import Workspace

FORM = re.compile(r"[piu][0-9a-f]{24}")


@pytest.fixture
def lookup(workspace, tmp_path, monkeypatch):
    """The look-up file, asked for."""
    path = tmp_path / "apart" / "lookup.csv"
    monkeypatch.setenv("PLEURASCOPE_LOOKUP_FILE", str(path))
    return path


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_patient_keeps_the_pseudonym_and_others_have_others(workspace):
    names = Pseudonyms(workspace)

    first = names.patient("MRN-1", "north")

    assert FORM.fullmatch(first)
    assert Pseudonyms(workspace).patient(" MRN-1 ", "north\t") == first
    assert len({first, names.patient("MRN-1"), names.patient("MRN-2", "north"), names.patient("mrn-1", "north")}) == 4


def test_it_is_the_keyed_hash_of_its_parts_with_their_lengths(workspace):
    found = Pseudonyms(workspace).patient("é7", "b")

    key = bytes.fromhex(identity.key_file(workspace).read_text().strip())
    message = b"patient" + b"\x00\x00\x00\x03" + "é7".encode() + b"\x00\x00\x00\x01b"
    assert found == "p" + hmac.new(key, message, hashlib.sha256).hexdigest()[:24]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.text(), st.text()), min_size=2, max_size=2))
def test_two_patients_share_a_pseudonym_only_where_they_are_one(workspace, parts):
    names = Pseudonyms(workspace)

    one, other = (names.patient(*part) for part in parts)

    same = [tuple(text.strip() for text in part) for part in parts]
    assert (one == other) == (same[0] == same[1])


def test_letters_may_not_wander_from_the_patient_to_the_issuer(workspace):
    names = Pseudonyms(workspace)

    assert names.patient("12", "3") != names.patient("1", "23") != names.patient("123", "")


def test_an_image_is_its_bytes_and_its_uid(workspace):
    names = Pseudonyms(workspace)

    first = names.image(b"pixels", "1.2.3")

    assert FORM.fullmatch(first)
    assert names.image(b"pixels", "1.2.3") == first
    assert len({first, names.image(b"pixels"), names.image(b"pixelt", "1.2.3"), names.image(b"pixels", "1.2.4")}) == 4


def test_an_unknown_patient_is_no_known_one_of_the_same_word(workspace):
    names = Pseudonyms(workspace)

    assert names.unknown_patient("7")[1:] != names.patient("7")[1:]
    assert names.unknown_patient("7") == names.unknown_patient("7")


def test_another_key_gives_everybody_another_pseudonym(workspace):
    before = Pseudonyms(workspace).patient("MRN-1")

    identity.key_file(workspace).unlink()
    (workspace.root / identity.MARK).unlink()

    assert Pseudonyms(workspace).patient("MRN-1") != before


@pytest.mark.parametrize("how", ["lost", "another"])
def test_a_workspace_takes_no_other_key_than_the_one_of_its_pseudonyms(workspace, monkeypatch, tmp_path, how):
    before = Pseudonyms(workspace).patient("MRN-1")
    path = identity.key_file(workspace)
    kept = path.read_bytes()
    if how == "lost":
        path.unlink()
    else:
        path.write_text("ab" * 32 + "\n")

    with pytest.raises(InputError, match="put back your copy of it"):
        Pseudonyms(workspace)
    assert path.exists() == (how == "another")  # none was made

    path.write_bytes(kept)
    path.chmod(0o600)
    assert Pseudonyms(workspace).patient("MRN-1") == before


def test_the_mark_of_the_key_does_not_tell_it(workspace):
    Pseudonyms(workspace)

    key = identity.key_file(workspace).read_text().strip()
    mark = (workspace.root / identity.MARK).read_text().strip()
    assert key not in mark
    assert mark not in (hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(bytes.fromhex(key)).hexdigest())


def test_the_key_lies_beside_the_audit_key_for_its_owner_alone(workspace):
    Pseudonyms(workspace)

    path = identity.key_file(workspace)
    assert path.parent == workspace.audit_key_file.parent.resolve()
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}\n", path.read_text())


@pytest.mark.parametrize("spoil", ["readable by others", "no key", "empty"])
def test_a_key_that_cannot_be_trusted_is_refused_and_left_as_it_is(workspace, spoil):
    Pseudonyms(workspace)
    path = identity.key_file(workspace)
    if spoil == "readable by others":
        path.chmod(0o644)
    else:
        path.write_text("no key\n" if spoil == "no key" else "")
    before = path.read_bytes()

    with pytest.raises(InputError, match="identity key") as told:
        Pseudonyms(workspace)

    assert path.read_bytes() == before
    assert path.read_text().strip() not in str(told.value) or not path.read_text().strip() or spoil == "no key"


def test_a_key_or_a_look_up_in_the_workspace_is_refused(workspace, monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_LOOKUP_FILE", str(workspace.root / "lookup.csv"))
    with pytest.raises(InputError, match="PLEURASCOPE_LOOKUP_FILE outside the workspace"):
        Pseudonyms(Workspace())
    monkeypatch.delenv("PLEURASCOPE_LOOKUP_FILE")
    monkeypatch.setenv("PLEURASCOPE_AUDIT_KEY_FILE", str(workspace.root / "keys" / "audit.key"))
    with pytest.raises(InputError, match="PLEURASCOPE_AUDIT_KEY_FILE outside the workspace"):
        Pseudonyms(Workspace())


def test_without_being_asked_no_way_back_is_kept(workspace, tmp_path):
    before = set(tmp_path.rglob("*"))
    names = Pseudonyms(workspace)
    names.patient("MARKER-1")
    names.keep_lookup()

    made = [path for path in set(tmp_path.rglob("*")) - before if path.is_file()]
    assert not any(b"MARKER-1" in path.read_bytes() for path in made)


def test_asked_for_it_has_each_patient_once_and_nobody_else_reads_it(lookup):
    names = Pseudonyms(Workspace())
    ours = [names.patient("MRN-1", "north"), names.patient('a "quoted", name\nof two lines')]
    names.unknown_patient("7")
    names.keep_lookup()
    again = Pseudonyms(Workspace())
    again.patient("MRN-1", "north")
    third = again.patient("MRN-3")
    again.keep_lookup()

    assert rows(lookup) == [
        ["pseudonym", "patient", "issuer"],
        [ours[0], "MRN-1", "north"],
        [ours[1], 'a "quoted", name\nof two lines', ""],
        [third, "MRN-3", ""],
    ]
    assert lookup.stat().st_mode & 0o777 == 0o600


def test_a_look_up_that_others_can_read_is_refused_before_anything_is_made(lookup, workspace):
    lookup.parent.mkdir()
    lookup.write_text("pseudonym,patient,issuer\n")
    lookup.chmod(0o644)

    with pytest.raises(InputError, match="found mode 0644"):
        Pseudonyms(Workspace())

    assert not identity.key_file(workspace).exists()


def test_a_line_that_was_cut_short_takes_no_other_with_it(lookup):
    names = Pseudonyms(Workspace())
    first = names.patient("MRN-1")
    names.keep_lookup()
    with lookup.open("a") as file:
        file.write("pcut")
    names.patient("MRN-2")
    names.keep_lookup()

    assert [first, "MRN-1", ""] in rows(lookup)
    assert [names.patient("MRN-2"), "MRN-2", ""] in rows(lookup)


def test_many_writers_lose_no_line(lookup):
    def write(number: int) -> None:
        names = Pseudonyms(Workspace())
        names.patient(f"MRN-{number}")
        names.patient("everybody's")
        names.keep_lookup()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    patients = [row[1] for row in rows(lookup)[1:]]
    assert sorted(patients) == sorted([*(f"MRN-{number}" for number in range(8)), "everybody's"])


def test_a_look_up_that_cannot_be_written_is_told_in_a_sentence(lookup):
    lookup.mkdir(parents=True)
    names = Pseudonyms(Workspace())
    names.patient("MRN-1")

    with pytest.raises(InputError, match="Expected a look-up file that can be written"):
        names.keep_lookup()


def test_a_key_is_made_once_whoever_comes_first(workspace):
    found = []
    threads = [threading.Thread(target=lambda: found.append(Pseudonyms(workspace).patient("MRN-1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_missing_key_is_told_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="found none; put it back"):
        secret.read(tmp_path / "gone.key", what="audit key", lost="put it back.")
