"""`loop`: training again with the labels of readers, and the simulation; what is refused, and what goes on."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pytest

from core.base import files, progress
from core.base.errors import InputError
from core.data import radiographs, split_store, truth
from core.evaluation import loop_store
from core.inference import loop_simulated
from core.models import cards
from core.review.answer import Answer
from core.training import engine
from core.training.config import TrainConfig
from tests.app import listed
from tests.inference import explained
from tests.review import answered
from tests.training import studies

PRESENT, ABSENT = answered.answer(0, 4), answered.answer(0, 0)
TOY = ("--simulate", "--seeds", "2", "--reads", "6", "900", "--known-share", "0.5")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """Films of 40 patients with a tiny classifier that learnt them, whose labels in train are wrong for some."""
    folder = tmp_path_factory.mktemp("looped")
    with explained.entered(folder) as workspace, pytest.MonkeyPatch.context() as patch:
        studies.use_tiny_classifier(patch)
        studies.make(workspace, folder, patients=40, source="phantom", hard=True)
        table = truth.load(workspace, "tiny")
        files.write_parquet(workspace.truth("tiny"), pd.concat([table, table.assign(truth="phantom")]))
        engine.train(workspace, TrainConfig.from_dict(studies.OPTIONS))
    return folder


@pytest.fixture
def there(made_once, workspace, monkeypatch):
    """A workspace of the test's own with all that."""
    explained.copied(made_once, workspace)
    studies.use_tiny_classifier(monkeypatch)
    return workspace


@pytest.fixture
def checkpoint(there):
    """The name of the classifier."""
    (name,) = cards.checkpoint_ids(there)
    return name


def films_of(workspace, part):
    split = split_store.load(workspace, "tiny", "patient")
    return split.loc[split["part"] == part, "image_id"].tolist()


def read(workspace, checkpoint, calls: dict[str, Answer]) -> None:
    """Save what a reader says of films, in a worklist that is made first."""
    films = radiographs.load(workspace, "tiny").set_index("image_id")
    about = {"checkpoint_id": checkpoint, "dataset": "tiny", "part": "train"}
    with contextlib.suppress(InputError):  # it is there
        listed.save(workspace, **about)
    own = [
        answered.read("Ada", said, image=name, image_sha256=films.loc[name, "sha256"]) for name, said in calls.items()
    ]
    answered.save(workspace, *own)


def turned(workspace, names) -> dict[str, Answer]:
    """Return for each film the opposite of its label."""
    labels = truth.labels(workspace, "tiny")
    return {name: ABSENT if labels[name] else PRESENT for name in names}


def test_the_whole_of_it(checkpoint, queue, works, done, monkeypatch):
    there = queue.workspace
    train, test = films_of(there, "train"), films_of(there, "test")
    read(there, checkpoint, turned(there, [*train[:6], *test[:4]]))

    summary, made = done("loop", checkpoint, "--truth", "phantom")

    report = loop_store.load(there, made["report_id"])
    assert made["report"] == report.to_dict()
    assert report.report_id == f"loop-{checkpoint}"
    found = report.before_after
    assert (found.labels.films, found.labels.to_present + found.labels.to_absent) == (6, 6)
    assert found.labels.test_films == found.by_reads_films == 4
    assert (report.films, report.truth, report.part) == (len(test), "phantom", "test")
    assert summary.startswith("Trained again with 6 changed labels.")
    before, after = (cards.read_config(there, name) for name in (checkpoint, found.after))
    assert {name for name in before if before[name] != after[name]} == {"labels"}
    own = cards.read_card(there, found.after)
    assert own["split_sha256"] == cards.read_card(there, checkpoint)["split_sha256"]
    learnt = truth.labels(there, "tiny", after["labels"])
    report_labels = truth.labels(there, "tiny")
    assert (learnt[train[:6]] == 1 - report_labels[train[:6]]).all()
    assert (learnt[test] == report_labels[test]).all()  # what was read of test teaches nothing
    assert found.measures[0].metric == "auroc"
    assert found.measures[0].difference.value == pytest.approx(
        found.measures[0].after.value - found.measures[0].before.value
    )
    (parent,) = [job for job in queue.newest(limit=99) if job.parent_id is None]
    assert [job.arguments[0] for job in queue.children(parent.job_id)] == ["train", "predict", "predict"]

    monkeypatch.delenv(progress.JOB_DIR)
    works.clear()
    again = done("loop", checkpoint, "--truth", "phantom")[1]["report"]
    assert [words[0] for words in works] == ["loop"]  # all steps were found done
    assert again["before_after"] == made["report"]["before_after"]

    monkeypatch.delenv(progress.JOB_DIR)
    works.clear()
    read(there, checkpoint, turned(there, train[6:8]))
    done("loop", checkpoint, "--truth", "phantom")
    assert [words[0] for words in works] == ["loop", "train", "predict"]  # further reads, another training


@pytest.mark.parametrize(
    ("part", "told"),
    [(None, "no read of a film of 'tiny'"), ("test", "films of test only: these measure and never teach")],
)
def test_without_reads_that_teach_nothing_is_filed(checkpoint, queue, refused, part, told):
    there = queue.workspace
    if part is not None:
        read(there, checkpoint, turned(there, films_of(there, part)[:3]))

    assert told in refused("loop", checkpoint)
    assert queue.newest() == []
    assert truth.truth_names(there, "tiny") == ["report", "phantom"]


def test_a_split_made_anew_since_is_refused(there, checkpoint, refused):
    split_store.create(there, "tiny", "patient", "patient", seed=5)

    for words in ((), TOY):
        assert "found it made anew since" in refused("loop", checkpoint, *words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--dataset", "other"], "Expected the dataset that"),
        (["--split", "domain"], "Expected the split that"),
        (["--truth", "nobody"], "found none named 'nobody'"),
        (["--reads", "5"], "Option 'reads' belongs to --simulate"),
        (["--whole"], "Option 'whole' belongs to --simulate"),
        (["--simulate", "--reads", "0"], "numbers of reads from 1, found 0"),
        (["--simulate", "--error-rate", "0.6"], "error_rate"),
        (["--simulate", "--seeds", "1"], "seeds"),
        (["--simulate", "--known-share", "0"], "known_share"),
        (["--simulate", "--known-share", "0.01"], "raise --known-share"),
    ],
)
def test_it_says_what_it_needs(checkpoint, queue, refused, words, told):
    assert told in refused("loop", checkpoint, *words)
    assert queue.newest() == []


def test_truth_of_one_class_cannot_measure(there, checkpoint, refused):
    table = truth.load(there, "tiny")
    ones = table[table["truth"] == "report"].assign(truth="ones", label=1)
    files.write_parquet(there.truth("tiny"), pd.concat([table, ones]))

    told = refused("loop", checkpoint, "--truth", "ones")

    assert f"by 'ones', found {len(films_of(there, 'test'))} with and 0 without" in told


def test_weights_that_may_know_the_labels_are_refused_in_a_simulation(there, checkpoint, refused):
    path = there.checkpoint(checkpoint) / cards.CONFIG
    files.write_json(path, files.read_json(path) | {"weights": "elsewhere.safetensors"})

    assert "those may know the labels that are to be read" in refused("loop", checkpoint, *TOY)


def test_an_ensemble_is_refused(there, checkpoint, refused):
    path = there.checkpoint(checkpoint) / cards.CARD
    files.write_json(path, files.read_json(path) | {"model": "ensemble"})

    assert "name one of its members" in refused("loop", checkpoint)


# The simulation


def test_a_simulation_tells_the_gain_by_the_number_of_reads(there, checkpoint, done):
    summary, made = done("loop", checkpoint, *TOY, "--error-rate", "0")

    report = loop_store.load(there, made["report_id"])
    assert report.report_id == f"loop-{checkpoint}-simulated"
    found = report.simulated
    assert [(arm.strategy, arm.reads) for arm in found.arms] == [
        ("none", 0),
        *(("unsure first", reads) for reads in (6, found.pool_films)),
        *(("at random", reads) for reads in (6, found.pool_films)),
    ]
    assert all(arm.wrong == 0 for arm in found.arms)
    everything = [arm for arm in found.arms if arm.reads == found.pool_films]
    assert everything[0].auroc_of_seeds == everything[1].auroc_of_seeds  # both read all there is
    assert everything[0].against_random.value == 0
    assert any("more reads were asked for" in note for note in report.notes)
    assert summary.startswith(report.sentence)
    assert len(films_of(there, "test")) == report.films
    assert truth.truth_names(there, "tiny") == ["report", "phantom"]  # nothing of it enters the tables
    assert cards.checkpoint_ids(there) == [checkpoint]


@pytest.mark.slow
def test_what_is_known_wrong_is_repaired_where_all_labels_are_known(there, checkpoint, done):
    table = truth.load(there, "tiny")
    wrong = (table["truth"] == "report") & table["image_id"].isin(films_of(there, "train")[:5])
    table.loc[wrong, "label"] = 1 - table.loc[wrong, "label"]
    files.write_parquet(there.truth("tiny"), table)
    films = radiographs.load(there, "tiny")
    films["label"] = films["image_id"].map(truth.labels(there, "tiny")).astype("Int64")
    files.write_parquet(there.radiographs("tiny"), films)
    split_store.create(there, "tiny", "patient", "patient")
    certificate = split_store.certificate(there, "tiny", "patient")
    path = there.checkpoint(checkpoint) / cards.CARD
    files.write_json(path, files.read_json(path) | {"split_sha256": certificate["table_sha256"]})

    words = ("--simulate", "--seeds", "2", "--reads", "10", "--known-share", "1", "--error-rate", "0.5")
    found = done("loop", checkpoint, *words)[1]["report"]["simulated"]

    assert 0 < found["known_wrong"] <= 5
    assert found["pool_films"] == found["known_films"]
    assert found["arms"][1]["wrong"] > 0


def test_a_killed_simulation_goes_on_with_what_was_done(there, checkpoint, done, monkeypatch):
    wanted = loop_simulated.Wanted(
        truth="phantom", known_share=0.5, error_rate=0.1, reads=(6,), seeds=(0, 1), whole=False
    )
    config = TrainConfig.from_dict(cards.read_config(there, checkpoint))
    with monkeypatch.context() as patch:
        studies.die_at_step(patch, 20)
        with pytest.raises(studies.PowerCut):
            loop_simulated.simulate(there, config, wanted)
    learnt = studies.steps_learnt(monkeypatch)

    found = loop_simulated.simulate(there, config, wanted)

    went_on = len(learnt)
    again = loop_simulated.simulate(there, config, wanted)
    assert len(learnt) == went_on  # nothing is done twice
    for name, values in found.probabilities.items():
        np.testing.assert_array_equal(values, again.probabilities[name])
    for path in sorted((there.root / "runs").glob("loop-*/*")):
        path.unlink()
    fresh = loop_simulated.simulate(there, config, wanted)
    assert len(learnt) - went_on > went_on  # all of it from the beginning
    for name, values in found.probabilities.items():
        np.testing.assert_array_equal(values, fresh.probabilities[name])


@pytest.mark.slow
def test_whole_networks_learn_from_the_reads_where_that_is_asked_for(there, checkpoint, done):
    made = done("loop", checkpoint, "--simulate", "--whole", "--seeds", "2", "--reads", "6", "--known-share", "0.5")[1]

    assert made["report_id"] == f"loop-{checkpoint}-simulated-whole"
    assert made["report"]["simulated"]["whole"] is True


def test_both_ways_to_choose_read_other_films_of_those_that_are_not_known(there, checkpoint):
    config = TrainConfig.from_dict(cards.read_config(there, checkpoint))
    wanted = loop_simulated.Wanted(
        truth="phantom", known_share=0.5, error_rate=0.0, reads=(6,), seeds=(0, 1), whole=False
    )

    begun = loop_simulated._Study.of(there, config, wanted).begun(0)

    known = np.flatnonzero(~np.isnan(begun.labels))
    for strategy in ("unsure first", "at random"):
        assert not set(begun.read(strategy, 6)) & set(known)
        assert set(begun.read(strategy, 6)) < set(begun.read(strategy, 12))
    assert set(begun.read("unsure first", 6)) != set(begun.read("at random", 6))
