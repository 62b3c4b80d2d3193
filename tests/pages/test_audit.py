"""The Audit page, driven as a person would, without a browser."""

from __future__ import annotations

import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import state
from core.base.paths import ROOT
from core.review import audit_log
from core.review.read_store import Reads
from core.store.ledger import Ledger
from tests.app import listed
from tests.review import proposed
from tests.review.answered import answer, read, save
from tests.store import filled

PAGE = str(ROOT / "pages" / "audit.py")
ABSENT, PRESENT_LEFT = answer(0, 0), answer(0, 4, comment="a comment of Grace's")


def opened(reader="Ada"):
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).switch_page(PAGE)
    if reader is not None:
        at.session_state[state.READER.name] = reader
    at.run()
    assert not at.exception
    assert at.title[0].value == "Audit"
    return at


def text(at) -> str:
    """Everything a person can read on the page, but its tables."""
    said = [*at.subheader, *at.caption, *at.markdown, *at.info, *at.error, *at.warning]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(element.value) for element in said] + html)


def entries(at):
    return at.dataframe[0].value


@pytest.fixture
def made(workspace):
    """Two worklists, one read of Ada's in each, and one of Grace's in the one that both are to read."""
    listed.make(workspace, films=12)
    listed.save(workspace)
    listed.save(workspace, name="pair", readers=("Ada", "Grace"), created_at=1_767_225_700.0)
    save(
        workspace,
        read("Ada", ABSENT),
        read("Grace", PRESENT_LEFT, worklist="pair"),
        read("Ada", ABSENT, stage=1, worklist="pair", image="000001.png"),
    )
    return workspace


@pytest.fixture
def downloads(monkeypatch):
    """What each download would give, by its label."""
    found = {}

    def button(label, data, **about):
        found[label] = (data, about)
        return False

    monkeypatch.setattr(st, "download_button", button)
    return found


def test_an_empty_store_says_so_and_exports_a_header(workspace, downloads):
    at = opened()

    assert re.search(r'ps-lead">1 entry, the last on \d{4}-\d\d-\d\d at ', text(at))
    assert "No read yet: a file holds its header only." in text(at)
    assert downloads["Reads as CSV"][0]().decode().startswith("read_id,worklist,")
    assert len(downloads["Labels as CSV"][0]().decode().splitlines()) == 1


def test_entries_stand_newest_first_with_names_marked_self_declared(made):
    at = opened()

    table = entries(at)
    assert list(table) == ["Entry", "When", "Who (self-declared)", "What", "About", "Row"]
    assert table["Entry"].tolist() == list(range(len(table), 0, -1))
    newest = table.iloc[0]
    assert newest[["Who (self-declared)", "What", "Row"]].tolist() == ["Ada", "first answer", "reads 3"]
    assert newest["About"] == "worklist pair, case 0a1b2c, stage 1, role reader, seconds 12.5"
    assert "Names are self-declared: on this machine nobody checks them." in text(at)
    assert f'ps-lead">{len(table)} entries, the last on ' in text(at)


def test_no_answer_stands_on_the_page(made):
    at = opened()

    assert "Grace" in entries(at)["Who (self-declared)"].tolist()
    assert "comment" not in entries(at).to_string()
    assert "grade" not in entries(at).to_string()


@pytest.mark.parametrize(
    ("search", "rows"),
    [("grace", 1), ("ada first", 2), ("PAIR 0a1b", 2), ("%", 0), ("Grace nowhere", 0)],
)
def test_every_word_of_a_search_must_be_found(made, search, rows):
    at = opened()

    at.text_input(key="audit.search").set_value(search).run()

    if rows:
        assert len(entries(at)) == rows
    else:
        assert not at.dataframe
        assert "No entry fits; search for fewer words." in text(at)


def test_letters_beyond_ascii_are_found(made):
    with Ledger(made).writing() as page:
        page.record("export", actor="Émilie", about={"file": "rhône.csv"})
    at = opened()

    for word in ("Émilie", "rhône"):
        at.text_input(key="audit.search").set_value(word).run()
        assert len(entries(at)) == 1


def test_the_second_page_goes_on_where_the_first_ended(made):
    with Ledger(made).writing() as page:
        for number in range(60):
            page.record("export", actor="Ada", about={"file": f"{number}.csv"})
    at = opened()
    total = audit_log.search(Reads(made).ledger.engine).total
    assert entries(at)["Entry"].tolist() == list(range(total, total - 50, -1))

    at.get("pagination")[0].set_value(2).run()

    assert entries(at)["Entry"].tolist() == list(range(total - 50, 0, -1))
    assert f"51 to {total} of {total} entries, the newest first." in text(at)


def test_a_sound_store_verifies(made):
    at = opened()
    assert "Sound" not in text(at)

    at.button(key="audit.verify").click().run()

    assert re.search(r"Sound: \d+ entries and \d+ rows stand as they were written\.", at.info[0].value)
    assert not at.error


def test_a_changed_read_is_named(made):
    with filled.past_the_program(made) as database:
        database.execute("UPDATE reads SET seconds = 1 WHERE read_id = 2")
    at = opened()

    at.button(key="audit.verify").click().run()

    assert not at.exception
    assert at.error[0].value.startswith("Changed past the program: ")
    assert "<li>Row 2 of reads was changed" in text(at)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET about = '{'",
        "UPDATE audit SET about = x'ff00'",
        "UPDATE audit SET about = CAST(x'ff00' AS TEXT)",
        "UPDATE audit SET actor = x'ff00', about = '[]'",
        "UPDATE audit SET created_at = 'never'",
        "UPDATE audit SET created_at = 9e999",
        "UPDATE reads SET answer = '{}'",
        "UPDATE reads SET answer = '{'",
    ],
)
def test_whatever_was_changed_the_store_can_be_verified(made, downloads, statement):
    with filled.past_the_program(made) as database:
        database.execute(statement)
    at = opened()

    at.button(key="audit.verify").click().run()

    assert not at.exception
    assert at.error[0].value.startswith("Changed past the program: ")
    broken_reads = "reads" in statement
    assert bool(downloads) != broken_reads
    assert any(warning.value.startswith("Reads cannot be exported") for warning in at.warning) == broken_reads


def test_an_entry_that_is_no_json_stands_as_it_is_among_the_others(made):
    with filled.past_the_program(made) as database:
        database.execute("UPDATE audit SET about = '{\"case\": ', created_at = 'never' WHERE entry_id = 2")
    at = opened()

    rows = entries(at).set_index("Entry")
    assert rows.loc[2, ["When", "About"]].tolist() == ["never", '{"case": ']
    assert rows.loc[3, "About"].startswith("worklist pair")


def test_entries_that_cannot_be_read_are_told_in_one_sentence(made):
    with filled.past_the_program(made) as database:
        database.execute("UPDATE audit SET about = CAST(x'ff00' AS TEXT) WHERE entry_id = 2")
    at = opened()

    assert not at.dataframe
    assert at.warning[0].value.startswith("Entries cannot be shown. Expected a store that can be read, found that it ")
    assert at.button(key="audit.verify")


def test_without_the_key_nothing_can_be_verified_and_the_entries_stay(made):
    opened()
    Reads(made).ledger.key_file.unlink()

    at = opened()

    assert at.warning[0].value.startswith("Nothing can be written or verified. Expected the audit key at ")
    assert not [button for button in at.button if button.key == "audit.verify"]
    assert len(entries(at))


def test_a_name_is_asked_for_before_an_export(made, downloads):
    at = opened(reader=None)
    assert not downloads

    at.text_input(key="review.name.text").set_value("Edith")
    at.button[[button.label for button in at.button].index("Go on")].click().run()

    assert list(downloads) == ["Reads as CSV", "Labels as CSV"]
    assert "Each download is entered in the audit under Edith." in text(at)


def test_a_download_leaves_out_what_this_reader_must_not_see_and_is_an_entry(made, downloads):
    at = opened()
    assert "2 reads are left out for you" in text(at)

    content = downloads["Reads as CSV"][0]().decode()

    assert content.count("\n") == 2  # the header, and Ada's read of the worklist that hides nobody
    assert "Grace" not in content
    newest = audit_log.search(Reads(made).ledger.engine).entries[0]
    assert (newest.action, newest.actor, newest.about["rows"]) == ("export", "Ada", 1)
    assert re.fullmatch(r"reads-\d{4}-\d\d-\d\d\.csv", downloads["Reads as CSV"][1]["file_name"])


def test_downloads_are_buttons_whose_files_are_made_when_clicked(made):
    at = opened()

    assert [button.proto.label for button in at.get("download_button")] == ["Reads as CSV", "Labels as CSV"]
    assert all(button.proto.deferred_file_id for button in at.get("download_button"))
    assert not audit_log.search(Reads(made).ledger.engine, "export").entries


def test_operating_points_are_told_in_words_and_their_changes_found(workspace):
    card = proposed.make(workspace)
    proposed.activated(workspace, Ledger(workspace), card)
    at = opened()

    at.text_input(key="audit.search").set_value("operating point").run()

    table = entries(at)
    assert table[["Who (self-declared)", "What", "Row"]].values.tolist() == [
        ["Grace", "operating point activated", "decisions 1"],
        ["Ada", "operating point proposed", "proposals 1"],
    ]
    assert table["About"].iloc[1] == (
        f"checkpoint {listed.CHECKPOINT}, name night shift, cut 0.25, reason Fewer missed at night."
    )
    with filled.past_the_program(workspace) as database:
        database.execute("UPDATE proposals SET threshold = 0.9")
    at.button(key="audit.verify").click().run()
    assert "<li>Row 1 of proposals was changed" in text(at)


def test_the_counterfactual_is_off_and_turned_with_a_reason_and_a_name(workspace):
    at = opened()
    assert "The counterfactual of a case on Review: <b>off</b>, as it is until somebody turns it on." in text(at)

    at.button(key="audit.switch.turn").click().run()
    assert "Expected a reason of 1 to 1000 characters, found none; say it in a sentence." in text(at)
    at.text_input(key="audit.switch.reason").set_value("A course for residents.")
    at.button(key="audit.switch.turn").click().run()

    assert not at.exception
    assert re.search(r"on Review: <b>on</b>, turned on by Ada on \d", text(at))
    assert at.button(key="audit.switch.turn").label == "Turn off as Ada"
    history = next(frame.value for frame in at.dataframe if "Turned" in frame.value)
    assert history[["Who (self-declared)", "Turned", "Why"]].values.tolist() == [
        ["Ada", "on", "A course for residents."]
    ]
    assert entries_of(at)["What"].iloc[0] == "counterfactual turned on"
    at.text_input(key="audit.switch.reason").set_value("It misled.")
    at.button(key="audit.switch.turn").click().run()
    assert "on Review: <b>off</b>, turned off by Ada on " in text(at)


def entries_of(at):
    return next(frame.value for frame in at.dataframe if "Entry" in frame.value)


def test_without_a_name_the_switch_cannot_be_turned(workspace):
    at = opened(reader=None)

    assert "To turn it, say who you are." in text(at)
    assert not [button for button in at.button if button.key == "audit.switch.turn"]
