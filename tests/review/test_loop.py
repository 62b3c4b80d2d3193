"""From reads to labels that may be learnt: what changes, what never does, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base import files, schema
from core.base.errors import InputError
from core.data import truth
from core.review import loop
from tests.review.answered import answer, read, table

PRESENT, ABSENT, UNSURE = answer(0, 4), answer(0, 0), answer(0, 2)
FILMS = [f"film {number}" for number in range(8)]
PARTS = ["train", "train", "train", "val", "val", "test", "test", "train"]
LABELS = [0, 1, None, 1, 0, 0, 1, 0]


@pytest.fixture
def there(workspace):
    """Eight films of as many patients with labels of the report, one of them unknown, and a split."""
    write(workspace)
    return workspace


def write(workspace):
    rows = pd.DataFrame({"image_id": FILMS, "patient_id": FILMS, "label": pd.array(LABELS, dtype="Int64")})
    films = rows.assign(sha256="0b" * 32, source="phantom", path=FILMS, follow_up=0)
    files.write_parquet(workspace.radiographs("made"), schema.checked(films, schema.RADIOGRAPHS))
    known = rows[["image_id", "label"]].assign(truth="report", side=None)
    known.loc[1, "side"] = "left"
    others = known.assign(truth="phantom", label=1)
    both = pd.concat([known, others], ignore_index=True)
    files.write_parquet(workspace.truth("made"), schema.checked(both, schema.TRUTH))
    split = rows.assign(part=PARTS)
    files.write_parquet(workspace.split("made", "patient"), schema.checked(split, schema.SPLIT))
    files.write_json(workspace.split("made", "patient").with_suffix(".json"), {"kind": "patient"})


def found(workspace, reads):
    return loop.new_labels(workspace, reads, dataset="made", split="patient", before="report")


def labels(new):
    return new.rows.set_index("image_id")["label"]


def refused(workspace, reads):
    with pytest.raises(InputError) as told:
        loop.refuse_nothing_new(found(workspace, reads), reads, dataset="made")
    return str(told.value)


def test_labels_of_train_and_val_are_replaced_and_counted(there):
    reads = table(
        read("Ada", PRESENT, image="film 0"),
        read("Ada", ABSENT, image="film 1"),
        read("Ada", PRESENT, image="film 2"),
        read("Ada", PRESENT, image="film 3"),
        read("Ada", UNSURE, image="film 4"),
        read("Ada", PRESENT, image="film 5"),
        read("Ada", ABSENT, image="film 7", stage=1),
    )

    new = found(there, reads)

    own = new.replaced
    assert (own.films, own.to_present, own.to_absent, own.newly_labelled, own.confirmed) == (4, 1, 1, 1, 1)
    assert (own.undecided, own.pending, own.test_films, own.left_out) == (1, 1, 1, {})
    assert new.changed == 3
    assert labels(new)[FILMS].tolist() == [1, 0, 1, 1, 0, 0, 1, 0]
    assert new.test.to_dict() == {"film 5": 1.0}
    assert own.before == "report"
    assert own.after == new.rows["truth"].unique()[0]
    assert own.after.startswith("reads-")
    sides = new.rows.set_index("image_id")["side"]
    assert sides["film 0"] == "left"
    assert sides[["film 1", "film 5"]].isna().all()  # of the reader who sees none; and of test what was there


def test_keeping_the_labels_leaves_the_other_sources_as_they_are_and_can_be_done_again(there):
    new = found(there, table(read("Ada", PRESENT, image="film 0")))
    before = truth.load(there, "made")

    loop.keep(there, "made", new)
    loop.keep(there, "made", new)

    after = truth.load(there, "made")
    pd.testing.assert_frame_equal(after[after["truth"] != new.replaced.after], before, check_index_type=False)
    assert len(after) == len(before) + len(FILMS)
    assert truth.labels(there, "made", new.replaced.after)["film 0"] == 1


CALLS = st.lists(st.tuples(st.sampled_from(FILMS), st.sampled_from([1, 0, None])), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(CALLS)
def test_whatever_is_read_test_keeps_its_labels_and_nobody_changes_part(there, calls):
    meaning = {1: PRESENT, 0: ABSENT, None: UNSURE}
    reads = table(*(read("Ada", meaning[said], image=image) for image, said in calls))
    new = found(there, reads)

    last = dict(calls)
    for image, part, old in zip(FILMS, PARTS, LABELS, strict=True):
        said = last.get(image)
        now = labels(new)[image]
        wanted = old if said is None or part == "test" else said
        assert (pd.isna(now) and wanted is None) or now == wanted
    assert sorted(new.rows["image_id"]) == FILMS
    assert set(new.test.index) == {name for name in ("film 5", "film 6") if last.get(name) is not None}


def test_the_name_follows_from_the_labels_alone(there):
    ada = [read("Ada", PRESENT, image="film 0"), read("Ada", ABSENT, image="film 1")]
    grace = [read("Grace", ABSENT, image="film 1"), read("Grace", PRESENT, image="film 0")]

    assert found(there, table(*ada)).replaced.after == found(there, table(*grace)).replaced.after
    assert found(there, table(*ada)).replaced.after != found(there, table(*ada[:1])).replaced.after


def test_films_that_are_gone_or_other_by_now_count_nowhere(there):
    split = files.read_parquet(there.split("made", "patient"))
    files.write_parquet(there.split("made", "patient"), split[split["image_id"] != "film 2"])
    reads = table(
        read("Ada", PRESENT, image="film 0", image_sha256="0c" * 32),
        read("Ada", PRESENT, image="film 2"),
        read("Ada", PRESENT, image="nobody's"),
    )

    new = found(there, reads)

    assert new.replaced.left_out == {loop.NO_PART: 1, loop.GONE: 1, loop.OTHER_PIXELS: 1}
    assert new.replaced.films == 0
    assert "3 films no longer as they were read" in refused(there, reads)


def test_a_reader_s_film_that_the_labels_did_not_know_at_all_is_added(there):
    rows = truth.load(there, "made").query("not (truth == 'report' and image_id == 'film 7')")
    files.write_parquet(there.truth("made"), rows)

    new = found(there, table(read("Ada", PRESENT, image="film 7")))

    assert new.replaced.newly_labelled == 1
    assert labels(new)["film 7"] == 1


@pytest.mark.parametrize(
    ("reads", "told"),
    [
        ([], "no read of a film of 'made'; read a worklist of its part train or val"),
        ([read("Ada", PRESENT, image="film 5")], "1 read, which decide 1 film of test only: these measure"),
        ([read("Ada", ABSENT, image="film 0")], "found that they call 1 film what 'report' does; read further"),
        ([read("Ada", UNSURE, image="film 0")], "1 film of train and val on which readers disagree or could not"),
        ([read("Ada", PRESENT, image="film 0", stage=1)], "waiting for a reader: 1 case"),
    ],
)
def test_reads_that_change_nothing_are_refused_with_the_reason(there, reads, told):
    assert told in refused(there, table(*reads))


def test_films_whose_readers_had_seen_the_counterfactual_are_counted(there):
    told = read("Ada", PRESENT, image="film 0")
    told = replace(told, seen=told.seen | {"counterfactual": {"synthetic": "made"}})

    assert found(there, table(told, read("Ada", ABSENT, image="film 1"))).replaced.seen_counterfactual == 1


def test_readers_who_disagree_change_nothing(there):
    both = [read("Ada", PRESENT, image="film 0"), read("Grace", ABSENT, image="film 0")]
    reads = table(*both, readers=("Ada", "Grace"))

    assert found(there, reads).replaced.undecided == 1
    assert "disagree or could not tell" in refused(there, reads)


def test_reads_of_practice_and_of_other_data_sets_teach_nothing(there):
    for about in ({"purpose": "practice"}, {"dataset": "another"}):
        assert "no read of a film of 'made'" in refused(there, table(read("Ada", PRESENT, image="film 0"), **about))


def test_the_reference_is_the_nearest_to_the_truth_that_knows_both_classes(there):
    assert loop.reference(there, "made", "patient") == "report"  # the phantom's label is 1 for all here

    rows = truth.load(there, "made")
    rows.loc[(rows["truth"] == "phantom") & (rows["image_id"] == "film 5"), "label"] = 0
    files.write_parquet(there.truth("made"), rows)
    assert loop.reference(there, "made", "patient") == "phantom"


def test_without_both_classes_in_test_there_is_no_reference(there):
    rows = truth.load(there, "made").assign(label=1)
    files.write_parquet(there.truth("made"), rows)

    with pytest.raises(InputError, match="with and without a pneumothorax, found none in split 'patient'"):
        loop.reference(there, "made", "patient")
