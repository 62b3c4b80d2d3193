"""How reads decide a film, and the label set that `labels import` takes."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from core.data import indexing, labels_import, truth
from core.data.regions import read_boxes
from core.review import export, label_set
from core.review.label_set import decide
from tests.review.answered import FIRST_DAY, answer, read, table

SQUARE = {"kind": "ellipse", "points": [[10, 10], [30, 30]]}
PRESENT_LEFT, ABSENT, UNSURE = answer(0, 4), answer(1, 0), answer(0, 2)


def decided(*reads, readers=()):
    found = decide(reads, readers)
    return found.outcome, found.label, found.side


def rows(frame):
    return frame.set_index("image_id").to_dict("index")


# How a case is decided


def test_one_reader_decides_where_anybody_may_read():
    assert decided(read("Ada", PRESENT_LEFT)) == ("one reader", 1, "left")
    assert decided(read("Ada", ABSENT)) == ("one reader", 0, None)
    assert decided(read("Ada", UNSURE)) == ("one reader", None, None)


def test_the_last_answer_with_the_model_counts():
    reads = [read("Ada", PRESENT_LEFT, stage=1), read("Ada", PRESENT_LEFT), read("Ada", ABSENT)]

    assert decided(*reads) == ("one reader", 0, None)


def test_a_first_answer_alone_decides_nothing():
    assert decided(read("Ada", PRESENT_LEFT, stage=1)) == ("pending", None, None)


def test_named_readers_are_all_waited_for_and_must_call_both_sides_the_same():
    readers = ("Ada", "Grace")
    ada, same, other_side = read("Ada", PRESENT_LEFT), read("Grace", answer(1, 3)), read("Grace", answer(4, 0))

    assert decided(ada, readers=readers) == ("pending", None, None)
    assert decided(ada, same, readers=readers) == ("agreement", 1, "left")
    assert decided(ada, other_side, readers=readers) == ("disagreement", None, None)


def test_the_adjudicator_s_last_answer_decides():
    reads = [
        read("Ada", PRESENT_LEFT),
        read("Grace", ABSENT),
        read("Edith", ABSENT, role="adjudicator"),
        read("Edith", answer(4, 4), role="adjudicator"),
    ]

    assert decided(*reads, readers=("Ada", "Grace")) == ("adjudication", 1, "both")


def test_an_unreadable_film_has_no_label():
    unreadable = answer(None, None, quality="unreadable")

    assert decided(read("Ada", unreadable), read("Grace", unreadable)) == ("agreement", None, None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([answer(4, 0, right_drain=True)], 1),
        ([answer(4, 3, right_drain=False, left_drain=True)], 1),
        ([answer(4, 0, right_drain=False)], 0),
        ([answer(4, 3, right_drain=False)], None),  # not said of the left
        ([answer(4, 0)], None),
        ([answer(0, 0)], None),
        ([answer(4, 0, right_drain=True), answer(4, 0, right_drain=True)], 1),
        ([answer(4, 0, right_drain=True), answer(4, 0, right_drain=False)], None),
    ],
)
def test_a_drain_is_told_where_all_who_decide_say_the_same(given, expected):
    reads = [read(f"Reader {number}", one) for number, one in enumerate(given)]

    assert decide(reads, ()).drain == expected


# The label set


def test_a_label_set_has_a_row_a_decided_film_and_counts_the_cases_that_wait():
    reads = [
        read("Ada", PRESENT_LEFT, image="a"),
        read("Grace", PRESENT_LEFT, image="a", created_at=FIRST_DAY + 3600),
        read("Ada", ABSENT, image="b"),
        read("Grace", PRESENT_LEFT, image="b"),
        read("Ada", ABSENT, image="c"),
    ]

    frame, pending = label_set.label_set(table(*reads, readers=("Ada", "Grace")))

    assert list(frame) == list(label_set.COLUMNS)
    assert pending == 1
    assert frame["image_id"].tolist() == ["a", "b"]
    assert frame.iloc[0].dropna().to_dict() == {
        "image_id": "a",
        "label": 1,
        "side": "left",
        "read_at": "2026-01-01T01:00:00+00:00",
        "dataset": "made",
        "image_sha256": "0b" * 32,
        "readers": 2,
        "decided_by": "agreement",
        "worklist": "first",
        "seen_counterfactual": 0,
    }
    assert frame.loc[1, "decided_by"] == "disagreement"
    assert frame.loc[1, ["label", "side", "drain", "boxes"]].isna().all()


def test_readers_who_had_seen_the_counterfactual_are_counted():
    told = read("Ada", PRESENT_LEFT)
    told = replace(told, seen=told.seen | {"counterfactual": {"synthetic": "made"}})

    frame, _ = label_set.label_set(table(told, read("Grace", PRESENT_LEFT), readers=("Ada", "Grace")))

    assert frame["seen_counterfactual"].tolist() == [1]


def test_what_limits_the_quality_is_told():
    frame, _ = label_set.label_set(table(read("Ada", answer(0, 0, quality="limited"))))

    assert frame["quality_reasons"].tolist() == ["limited"]


def test_regions_become_boxes_in_shares_of_the_film():
    ellipse = {"kind": "ellipse", "points": [[150, 10], [110, 30]]}
    outline = {"kind": "freehand", "points": [[0, 0], [20, 50], [10, 100]]}
    stroke = {"kind": "freehand", "points": [[5, 5], [5, 9]]}
    given = answer(0, 4, regions=[ellipse, outline, stroke])

    frame, _ = label_set.label_set(table(read("Ada", given), width=200, height=100))

    assert read_boxes(frame["boxes"][0]) == [(0.55, 0.1, 0.2, 0.2), (0, 0, 0.1, 1)]


@pytest.mark.parametrize(("given", "size"), [(answer(0, 2), 100), (answer(0, 4), None)])
def test_without_a_finding_or_a_known_size_there_are_no_boxes(given, size):
    marked = given.model_copy(update={"regions": answer(0, 0, regions=[SQUARE]).regions})

    frame, _ = label_set.label_set(table(read("Ada", marked), width=size, height=size))

    assert frame["boxes"].isna().all()


def test_a_film_of_several_worklists_goes_by_adjudication_else_by_what_all_say():
    third = read("Edith", ABSENT, image="a", worklist="second", role="adjudicator")
    reads = [
        *(read("Ada", PRESENT_LEFT, image="a"), third),
        *(read("Ada", ABSENT, image="b"), read("Grace", ABSENT, image="b", worklist="second")),
        *(read("Ada", ABSENT, image="c"), read("Ada", PRESENT_LEFT, image="c", worklist="second")),
    ]

    frame, _ = label_set.label_set(table(*reads))

    found = rows(frame[["image_id", "decided_by", "readers", "worklist"]])
    assert found["a"] == {"decided_by": "adjudication", "readers": 1, "worklist": "second"}
    assert found["b"] == {"decided_by": "agreement", "readers": 2, "worklist": "first second"}
    assert found["c"] == {"decided_by": "disagreement", "readers": 1, "worklist": "first second"}
    assert frame["label"].fillna(-1).tolist() == [0, 0, -1]


def test_practice_rounds_make_no_labels():
    frame, pending = label_set.label_set(table(read("Ada", PRESENT_LEFT), purpose="practice"))

    assert frame.empty
    assert pending == 0


# The way back


@pytest.fixture
def films(workspace):
    names = ["a", "b", "-c", "d", "e", "f"]
    rows = pd.DataFrame({"image_id": names, "patient_id": list("123456"), "label": 0, "source": "phantom"})
    indexing.index(workspace, "made", rows.assign(width=200, height=100))
    path = workspace.radiographs("made")
    pd.read_parquet(path).assign(sha256="0b" * 32).to_parquet(path)
    return workspace


def test_labels_import_takes_an_exported_label_set_as_it_is(films, tmp_path):
    reads = table(
        read("Ada", answer(0, 4, left_drain=True, regions=[SQUARE]), image="a"),
        read("Ada", ABSENT, image="b"),
        read("Ada", PRESENT_LEFT, image="-c"),
        read("Ada", UNSURE, image="d"),
        read("Ada", ABSENT, image="e", image_sha256="0c" * 32),
        read("Ada", ABSENT, image="gone"),
    )
    others = table(read("Ada", ABSENT, image="f"), dataset="another")
    _, content, _ = export.export(pd.concat([reads, others]), "labels", ".csv")
    csv = tmp_path / "labels.csv"
    csv.write_bytes(content)

    report = labels_import.import_labels(films, "made", csv, name="reads-monday")

    labels = truth.labels(films, "made", "reads-monday")
    assert labels.dropna().to_dict() == {"a": 1, "b": 0, "-c": 1}
    assert labels.isna().sum() == 1
    assert {reason: found["examples"] for reason, found in report.left_out.items()} == {
        "image not in the data set": ["gone"],
        "of another data set": ["f"],
        "read on other pixels than the film has": ["e"],
    }
    taken = truth.load(films, "made").query("truth == 'reads-monday'").set_index("image_id")
    assert taken.loc["a", ["side", "drain"]].tolist() == ["left", 1]
    assert json.loads(taken.loc["a", "boxes"]) == [{"x": 0.05, "y": 0.1, "width": 0.1, "height": 0.2}]
    assert taken.loc["a", "read_at"].startswith("2026-01-01T")


def test_a_column_named_dataset_in_a_table_from_elsewhere_means_nothing(films, tmp_path):
    csv = tmp_path / "own.csv"
    csv.write_text("image_id,label,dataset\na,1,NIH\n")

    assert labels_import.import_labels(films, "made", csv, name="own").rows == 1
