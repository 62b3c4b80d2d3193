"""`review export|agreement|verify` as it is typed."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from core.__main__ import main
from core.base import files
from core.data import truth
from core.review.reads import read_table
from tests.app import listed
from tests.review.answered import answer, read, save
from tests.store import filled

PRESENT_LEFT, ABSENT = answer(0, 4), answer(1, 0)


@pytest.fixture
def made(workspace):
    """Two worklists of one part, with two reads of the first and one of the second."""
    listed.make(workspace, films=12)
    listed.save(workspace)
    listed.save(workspace, name="second", created_at=1_767_225_700.0)
    sha256 = files.read_parquet(workspace.radiographs("made")).set_index("image_id")["sha256"]
    names = ["000000.png", "000001.png", "000002.png"]
    given = [PRESENT_LEFT, ABSENT, answer(0, 2)]
    lists = ["first", "first", "second"]
    save(
        workspace,
        *(
            read("Ada", one, image=name, worklist=worklist, image_sha256=sha256[name])
            for name, one, worklist in zip(names, given, lists, strict=True)
        ),
    )
    return workspace


# export


def test_reads_are_written_and_what_was_made_is_named(made, done, tmp_path):
    out = tmp_path / "reads.csv"

    summary, told = done("review", "export", "--out", str(out))

    assert summary == "3 reads written to reads.csv."
    assert told | {"sha256": ""} == {"export": str(out), "what": "reads", "rows": 3, "pending": 0, "sha256": ""}
    assert pd.read_csv(out)["called"].tolist() == ["present", "absent", "cannot tell"]


def test_only_one_worklist_s_reads_when_asked(made, done, tmp_path):
    summary, _ = done("review", "export", "--out", str(tmp_path / "one.parquet"), "--worklist", "second")

    assert summary == "1 read written to one.parquet."
    assert pd.read_parquet(tmp_path / "one.parquet")["worklist"].tolist() == ["second"]


def test_a_label_set_goes_from_export_to_training_labels(made, done, tmp_path):
    before = files.read_parquet(made.split("made", "patient"))
    out = tmp_path / "labels.csv"

    summary, told = done("review", "export", "--out", str(out), "--what", "labels")
    assert summary == (
        "Labels of 3 films written to labels.csv, where they come from to labels.csv.provenance.json; "
        "0 cases wait for a reader."
    )
    assert json.loads((tmp_path / "labels.csv.provenance.json").read_text())["sha256"] == told["sha256"]
    _, taken = done("labels", "import", "made", "--csv", str(out), "--name", "reads-monday")

    assert (taken["rows"], taken["left_out"]) == (3, {})
    labels = truth.labels(made, "made", "reads-monday")
    assert labels.dropna().to_dict() == {"000000.png": 1, "000001.png": 0}
    assert labels.isna().to_dict()["000002.png"]
    pd.testing.assert_frame_equal(files.read_parquet(made.split("made", "patient")), before)  # no patient moved


@pytest.mark.parametrize("what", ["reads", "labels"])
def test_an_empty_store_exports_a_header_and_verifies(workspace, done, tmp_path, what):
    out = tmp_path / "none.csv"

    _, told = done("review", "export", "--out", str(out), "--what", what)
    summary, verified = done("review", "verify")

    assert told["rows"] == 0
    assert len(out.read_text().splitlines()) == 1
    assert summary == f"Sound: {verified['entries']} entries, {verified['rows']} rows, 0 reads."
    assert verified["faults"] == verified["notes"] == []


# verify


def test_a_sound_store_ends_with_status_0_and_its_counts(made, done):
    summary, told = done("review", "verify")

    assert summary.startswith("Sound: ")
    assert summary.endswith(", 3 reads.")
    assert sorted(told) == ["entries", "faults", "notes", "rows"]


def test_a_changed_read_is_named_with_status_1(made, capsys):
    with filled.past_the_program(made) as database:
        database.execute("UPDATE reads SET seconds = 1 WHERE read_id = 2")

    status = main(["review", "verify", "--json"])

    *summary, last = capsys.readouterr().out.splitlines()
    assert status == 1
    assert summary[0].startswith("Changed past the program: 1 fault in ")
    (fault,) = json.loads(last)["faults"]
    assert (fault["table"], fault["row"]) == ("reads", "2")
    assert summary[1] == f"  fault: {fault['sentence']}"


def test_a_store_put_back_is_accepted_with_a_reason_that_stays(made, done, tmp_path, capsys):
    old = filled.taken(made, tmp_path / "old.sqlite")
    save(made, read("Ada", ABSENT, image="000003.png"))
    filled.database(made).unlink()  # connections that are still open keep the file they have
    filled.put(made, old)
    assert main(["review", "verify"]) == 1
    assert "cut off, or an old database was put back" in capsys.readouterr().out

    summary, told = done("review", "verify", "--accept", "the disk failed")

    assert summary.startswith("Sound: ")
    assert len(told["notes"]) == 1
    assert told["notes"][0].endswith("the disk failed")
    assert summary.endswith(f"  note: {told['notes'][0]}")


def test_a_store_that_was_removed_is_told_with_status_1_until_a_reason_is_given(made, done, capsys):
    for path in made.root.glob("pleurascope.sqlite*"):
        path.unlink()
    assert main(["review", "verify"]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Changed past the program: 1 fault in 1 entries, 1 rows, 0 reads."
    assert second.startswith("  fault: Another store stood here, with 6 entries (id ")
    assert second.endswith("if that was meant to be, run `python -m core review verify --accept REASON`.")

    summary, told = done("review", "verify", "--accept", "make clean")

    assert summary.startswith("Sound: ")
    assert told["notes"][0].endswith(": make clean")


# agreement


def test_agreement_says_what_is_counted_on_the_cases_read(made, done):
    summary, told = done("review", "agreement")

    assert summary.startswith("Data set made:\n  ")
    assert told["datasets"]["made"]["reads"] == 3


def test_agreement_of_one_worklist(made, done):
    _, told = done("review", "agreement", "--worklist", "second")

    assert told["datasets"]["made"]["reads"] == len(read_table(made, "second")) == 1


def test_agreement_without_a_read_says_so(workspace, done):
    summary, told = done("review", "agreement")

    assert (summary, told) == ("No read yet.", {"datasets": {}})


# Replay


@pytest.fixture
def replayable(made):
    """The reads of `made`, with the calibration on the card by which their predictions come from their logits."""
    path = made.checkpoint(listed.CHECKPOINT) / "card.json"
    files.write_json(path, files.read_json(path) | {"calibration": {"a": 1.0, "b": 0.0}})
    return made


@pytest.mark.usefixtures("replayable")
def test_a_read_whose_film_and_checkpoint_are_not_as_they_were_ends_with_status_1(capsys):
    assert main(["review", "replay", "4", "--json"]) == 1

    told = capsys.readouterr().out.splitlines()
    assert told[0] == "Entry 4, answer with the model, case 0a1b2c: changed."
    (one,) = json.loads(told[-1])["replays"]
    assert not one["same"]
    assert any(sentence.startswith("Film's pixels, SHA-256: was ") for sentence in one["changed"])


@pytest.mark.usefixtures("replayable")
def test_the_newest_reads_are_counted(capsys):
    assert main(["review", "replay"]) == 1

    assert capsys.readouterr().out.splitlines()[-1] == "0 of 3 as they were, 3 changed."


def test_what_is_no_read_is_no_failure(made, done):
    summary, told = done("review", "replay", "1")

    assert summary == "Entry 1, store begun: nothing to compute anew: it begins the chain."
    assert told["changed"] == 0


def test_an_empty_store_has_nothing_to_replay(workspace, done):
    assert done("review", "replay")[0] == "No read yet."


# Structured reports


def test_films_that_did_not_come_as_dicom_have_no_report_and_are_counted(made, done, tmp_path):
    summary, told = done("review", "export", "--what", "sr", "--out", str(tmp_path / "reports"))

    assert (told["files"], sum(told["left_out"].values())) == (0, 3)
    assert summary.startswith("0 structured reports written to reports, for research use")


# Bad words


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Expected ACTION for `python -m core review`, found none"),
        (["forget"], "Option 'action': input should be 'export', 'agreement', 'verify' or 'replay'"),
        (["export"], "Expected --out for `review export`, found none; name a file that ends in .csv"),
        (["export", "--out", "a.xlsx"], "Expected a file that ends in .csv, .parquet or .json, found 'a.xlsx'"),
        (["export", "--out", "a.csv", "--what", "all"], "Option 'what': input should be 'reads', 'labels' or 'sr'"),
        (
            ["export", "--out", "a.csv", "--accept", "so"],
            "Expected only --out, --what, --worklist after `review export`",
        ),
        (
            ["export", "7", "--out", "a.csv"],
            "Expected only --out, --what, --worklist after `review export`, found ENTRY",
        ),
        (["replay", "--out", "a.csv"], "Expected only ENTRY after `review replay`, found --out; leave it out."),
        (["replay", "seven"], "Option 'entry': input should be a valid integer"),
        (["replay", "9"], "Expected the number of an audit entry, 1 to 1, found 9"),
        (["verify", "--out", "a.csv"], "Expected only --accept after `review verify`, found --out; leave it out."),
        (["verify", "--accept", " "], "Expected a name and a reason for accepting the store"),
        (["verify", "--accept", "why"], "Expected a store that does not end where it was left, or stands in the"),
        (["agreement", "--worklist", "gone"], "Expected a worklist, found none named 'gone'"),
        (["export", "--out", "a.csv", "--worklist", "gone"], "Expected a worklist, found none named 'gone'"),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_bad_words_are_refused_in_one_sentence(refused, tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)

    assert refused("review", *words).startswith(sentence)
    assert not list(tmp_path.glob("a.*"))
