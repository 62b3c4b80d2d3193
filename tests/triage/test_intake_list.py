"""Films taken in, as a worklist: read like any other, unchanged by what is taken in later; and what is refused."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.data import intake as door
from core.inference import intake_films
from core.inference.predict import predict
from core.models import cards
from core.review import agreement, export, label_set, reading_list, reads
from core.review import intake as review
from core.review.read_store import Reads
from core.triage import cases, evidence, intake_list
from core.triage.policy import zones
from core.triage.worklists import Worklists
from tests.inference import explained, taken_in
from tests.review import listed
from tests.training import studies

PASSES = 4


@pytest.fixture(scope="module")
def made(made_to_explain, tmp_path_factory):
    """A folder with three films taken in by Ada, and a classifier that has looked at them and at its own val."""
    folder = tmp_path_factory.mktemp("taken")
    shutil.copytree(made_to_explain[0], folder, dirs_exist_ok=True)
    checkpoint_id = made_to_explain[1][0]
    with explained.entered(folder) as workspace:
        predict(workspace, checkpoint_id, studies.DATASET, split=studies.SPLIT, part="val", passes=PASSES)
        films = taken_in.phantoms(workspace, range(3))
        intake_films.ensure(workspace, checkpoint_id, films, passes=PASSES)
    return folder, checkpoint_id, films


@pytest.fixture
def ready(made, workspace, tmp_path, monkeypatch):
    """The test's own copy of it: workspace, card, films."""
    folder, checkpoint_id, films = made
    studies.use_tiny_classifier(monkeypatch)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return workspace, cards.read_card(workspace, checkpoint_id), list(films)


def send(workspace, card, films, **about):
    values = {"name": "brought", "readers": (), "blinded": False, "by": "Ada"} | about
    return review.send(Worklists(workspace), workspace, card, films, **values)


def test_it_is_a_list_of_just_these_films_at_the_cut_in_force(ready):
    workspace, card, films = ready

    made = send(workspace, card, films[:2], readers=("Grace",))

    assert Worklists(workspace).get("brought") == made
    assert (made.dataset, made.split, made.part, made.truth) == ("intake", "all", "all", "report")
    assert made.films == tuple(sorted(films[:2]))
    assert made.cut == evidence.in_force(workspace, card).threshold.value
    assert (made.read_mode, made.readers, made.created_by) == ("open", ("Grace",), "Ada")
    assert made.policy["random_share"] == 0
    assert made.policy["budget"] == 0.2


def test_a_films_zone_is_the_one_that_val_sets_whatever_stands_beside_it(ready):
    workspace, card, films = ready
    val = evidence.load(workspace, card, studies.DATASET, studies.SPLIT, "val", truth=card["labels"])
    policy = intake_list.policy(val)
    below = val.probabilities < val.cut
    unsure = zones(val.probabilities, policy.values(val), cut=val.cut, threshold=policy.threshold) == "unsure"
    assert unsure.sum() <= 0.2 * len(below)

    def zone(names):
        known = evidence.load(workspace, card, "intake", None, None, films=names)
        return cases.cases(known, policy).set_index("image_id")["zone"].to_dict()

    together = zone(films)
    assert {name: zone([name])[name] for name in films} == together


def test_a_later_intake_changes_nothing_in_the_list(ready):
    workspace, card, films = ready
    made = send(workspace, card, films[:2])
    before = reading_list.load(workspace, made)

    later = taken_in.phantoms(workspace, range(3, 6), by="Grace")
    after_intake = reading_list.load(workspace, made)
    intake_films.ensure(workspace, card["checkpoint_id"], later, passes=PASSES)
    after = reading_list.load(workspace, made)

    for one in (after_intake, after):
        assert (one.listed, one.names) == (before.listed, before.names)
        pd.testing.assert_frame_equal(one.films, before.films)
    assert set(after.listed) == set(films[:2])
    assert after.predicted == (*films, *later)  # beside which the passes lie


def test_it_is_read_counted_exported_and_made_into_labels(ready):
    workspace, card, films = ready
    reading = reading_list.load(workspace, send(workspace, card, films))
    store = Reads(workspace)
    for name in reading.order("Grace"):
        listed.answered(store, reading, name, "Grace", listed.LEFT if name == films[0] else listed.NONE)

    table = reads.read_table(workspace)
    view = reads.case_view("Grace", films[0], reads=store, reading=reading, workspace=workspace, more=True)

    assert f"{PASSES} passes" in view.model["line"]
    assert view.facts
    assert set(table["split"]) == {"all"}
    assert table["probability"].notna().all()
    assert not table["random_check"].any()
    assert agreement.study(table, None).cases == len(films)
    labels, undecided = label_set.label_set(table)
    assert undecided == 0
    assert dict(zip(labels["image_id"], labels["label"], strict=True)) == {
        name: int(name == films[0]) for name in films
    }
    assert len(export.of_reads(table)) == len(table)


def test_a_list_says_that_it_cannot_be_read_when_its_films_are_gone(ready):
    workspace, card, films = ready
    made = send(workspace, card, films)
    table = files.read_parquet(workspace.radiographs(door.DATASET))
    files.write_parquet(workspace.radiographs(door.DATASET), table[table["image_id"] != films[0]])

    with pytest.raises(InputError, match="for 3 films of intake as they are now, found that 1 lack them"):
        reading_list.load(workspace, made)


def test_films_that_nobody_predicted_are_not_sent(ready):
    workspace, card, films = ready
    later = taken_in.phantoms(workspace, range(3, 4))

    with pytest.raises(InputError, match="found that 1 lack them; choose this classifier on the page Intake"):
        send(workspace, card, [*films, *later])


def test_without_predictions_of_val_there_is_no_rule(ready):
    workspace, card, films = ready
    workspace.predictions(card["checkpoint_id"], studies.DATASET, studies.SPLIT, "val").unlink()

    with pytest.raises(InputError, match="part val, as it is now, found none; run `python -m core predict"):
        send(workspace, card, films)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"films": []}, "found none chosen; choose at least one"),
        ({"by": "Grace"}, "Expected films that Grace took in, found that 3 of 3 are not"),
        ({"name": "../up"}, "Expected a worklist name of 1 to 80"),
        ({"readers": ("=1+1",)}, "Expected a reader's name"),
        ({"blinded": True}, "for a blinded worklist, found nobody named"),
        ({"blinded": True, "readers": ("Grace", "ada")}, "for a blinded worklist, found ada among them"),
    ],
)
def test_what_cannot_be_sent_is_refused(ready, about, sentence):
    workspace, card, films = ready
    values = {"films": films} | about

    with pytest.raises(InputError, match=sentence):
        send(workspace, card, **values)
    assert Worklists(workspace).all() == []


def test_a_blinded_list_for_others_hides_everything_before_their_answer(ready):
    workspace, card, films = ready
    reading = reading_list.load(workspace, send(workspace, card, films, blinded=True, readers=("Grace", "Mary")))

    view = reads.case_view("Grace", films[0], reads=Reads(workspace), reading=reading, workspace=workspace)

    assert (view.image_id, view.zone, view.model) == (None, None, None)
    assert sorted(reading.order("Grace")) == sorted(films)


def test_who_brought_a_film_again_reads_it_blinded_no_more(ready):
    workspace, card, films = ready
    assert taken_in.phantoms(workspace, range(1), by="Zoe") == films[:1]

    with pytest.raises(InputError, match="found Zoe among them"):
        send(workspace, card, films, blinded=True, readers=("Grace", "Zoe"))
    assert send(workspace, card, films[1:], blinded=True, readers=("Grace", "Zoe")).readers == ("Grace", "Zoe")


def test_nobody_lets_another_list_be_made_of_it_by_sending_twice(ready):
    workspace, card, films = ready

    send(workspace, card, films)
    send(workspace, card, films)

    assert [one.name for one in Worklists(workspace).all()] == ["brought"]
    with pytest.raises(InputError, match="Expected a new name for a worklist"):
        send(workspace, card, films[:1])


def test_who_lacks_the_right_takes_nothing_in_and_sends_nothing(ready):
    workspace, card, films = ready

    with pytest.raises(InputError, match="Expected the right to take in films"):
        review.receive(workspace, [b""], by="")
    with pytest.raises(InputError, match="Expected the right to take in films"):
        send(workspace, card, films, by="")


def test_the_predictions_table_without_a_split_still_speaks_of_all_or_is_stale(ready):
    workspace, card, films = ready
    assert len(evidence.load(workspace, card, "intake", None, None).films) == len(films)

    taken_in.phantoms(workspace, range(3, 4))

    with pytest.raises(InputError, match="those of other films"):
        evidence.load(workspace, card, "intake", None, None)
