from __future__ import annotations

import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from core.base.errors import Cancelled, InputError, PleuraScopeError
from core.data import split_store
from core.models import cards
from core.synthesis import generators, learning, train
from core.synthesis.cyclegan import CycleGan
from core.synthesis.following import Following
from tests.synthesis import domains
from tests.training import studies


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return domains.made_once(tmp_path_factory.mktemp("domains"))


@pytest.fixture
def study(made, workspace):
    """A workspace of the test's own with films of forty patients and their domain split."""
    return domains.copied(made, workspace)


@pytest.fixture
def job(tmp_path, monkeypatch):
    folder = tmp_path / "job"
    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(folder))
    folder.mkdir()
    return folder


def test_a_training_leaves_a_whole_checkpoint(study, job, monkeypatch):
    domains.has_a_reader(monkeypatch)

    name = train.train(study, domains.config())

    card = cards.read_card(study, name, task=cards.TRANSLATION)
    table = split_store.load(study, domains.DATASET, domains.SPLIT)
    of_train = table[table["part"] == "train"]
    assert (card["task"], card["model"], card["title"]) == ("translation", "cyclegan", "CycleGAN")
    assert card["patients"] == sorted(set(of_train["patient_id"]))
    assert card["parts"]["train"] == {
        "A": int((of_train["domain"] == "A").sum()),
        "B": int((of_train["domain"] == "B").sum()),
        "patients": of_train["patient_id"].nunique(),
    }
    assert card["input"] == {"size": 32, "mean": 0.5, "std": 0.5}
    assert card["kinds"] == {"real": len(of_train)}
    assert (card["classifier_id"], card["classifier_reason"]) == ("reader", None)
    assert card["split_sha256"] == split_store.certificate(study, domains.DATASET, domains.SPLIT)["table_sha256"]
    assert card["training"]["steps"] == 6
    assert name in cards.checkpoint_ids(study, task=cards.TRANSLATION)
    assert cards.checkpoint_ids(study) == []
    assert {"sample-000003.png", "sample-000006.png", "samples.json"} < {
        path.name for path in study.checkpoint(name).iterdir()
    }
    history = cards.read_history(study, name)
    assert history["step"].tolist() == [3, 6]
    assert history.drop(columns=["origin_auroc_a_to_b", "origin_auroc_b_to_a"]).notna().all(axis=None)
    assert any("No AUROC of translations against films was followed: val has" in note for note in card["notes"])
    live = [json.loads(line) for line in (job / "history.jsonl").read_text().splitlines()]
    assert pd.DataFrame(live).astype(history.dtypes).equals(history)
    assert json.loads((job / "progress.json").read_text())["stage"] == "Keeping the generators"


def test_the_model_card_says_what_it_is_not_for(study):
    name = train.train(study, domains.config(steps=1))

    text = (study.checkpoint(name) / cards.MODEL_CARD).read_text()

    assert "Research use only. Not a medical device." in text
    assert "invented by a network: it may add or remove disease" in text
    assert "Cohen et al. 2018" in text
    assert "no diagnosis" in text.lower()
    card = cards.read_card(study, name, task=cards.TRANSLATION)
    assert f"films of {len(card['patients'])} patients" in text
    assert card["classifier_reason"] in text


def test_the_kept_generators_translate_as_they_did_in_training(study, monkeypatch):
    last = []
    draw = learning.Run._look

    def noting(run):
        draw(run)
        last.append({name: one.clone() for name, one in run.gan.kept.state_dict().items()})

    monkeypatch.setattr(learning.Run, "_look", noting)
    name = train.train(study, domains.config())

    loaded = generators.load(study, name)

    both = {f"a_to_b.{key}": one for key, one in loaded.a_to_b.state_dict().items()}
    both |= {f"b_to_a.{key}": one for key, one in loaded.b_to_a.state_dict().items()}
    assert all(torch.equal(one, last[-1][key]) for key, one in both.items())
    assert loaded.size == 32


def test_the_same_seed_makes_the_same_generators_and_another_seed_others(study):
    again = [train.train(study, domains.config(steps=2)), train.train(study, domains.config(steps=2))]
    other = train.train(study, domains.config(steps=2, seed=5))

    assert again[0] == again[1]  # named by the weights
    assert other != again[0]


def test_how_it_is_followed_does_not_change_the_weights(study):
    one = train.train(study, domains.config(steps=4))
    other = train.train(study, domains.config(steps=4, sample_every_steps=1, save_every_steps=1))

    assert one[-8:] == other[-8:]


def test_a_stopped_training_goes_on_where_it_was(study, job, monkeypatch):
    update, taken = CycleGan.update, []

    def stopping(self, batches, *, step):
        taken.append(step)
        if step == 4 and len(taken) == 5:
            (job / "stop").touch()
            monkeypatch.setattr("core.base.progress.WRITE_EVERY_S", -1.0)
        return update(self, batches, step=step)

    monkeypatch.setattr(CycleGan, "update", stopping)
    with pytest.raises(Cancelled):
        train.train(study, domains.config(save_every_steps=1000))
    (job / "stop").unlink()
    stopped = train.train(study, domains.config(save_every_steps=1000))
    assert taken == [0, 1, 2, 3, 4, 5]
    assert cards.read_history(study, stopped)["step"].tolist() == [3, 6]
    monkeypatch.delenv("PLEURASCOPE_JOB_DIR")

    assert train.train(study, domains.config())[-8:] == stopped[-8:]


def test_a_training_that_died_goes_on_from_the_last_state(study, monkeypatch):
    options, update, taken = domains.config(steps=4, save_every_steps=1000), CycleGan.update, []

    def dying(self, batches, *, step):
        taken.append(step)
        if len(taken) == 4:
            raise studies.PowerCut
        return update(self, batches, step=step)

    with monkeypatch.context() as patch:
        patch.setattr(CycleGan, "update", dying)
        with pytest.raises(studies.PowerCut):
            train.train(study, options)
        resumed = train.train(study, options)

    assert taken == [0, 1, 2, 3, 3]  # what was looked at is kept
    assert train.train(study, options) == resumed


def test_weights_move_once_for_all_accumulated_batches(study, monkeypatch):
    update, seen = CycleGan.update, []

    def noting(self, batches, *, step):
        seen.append((step, len(batches)))
        return update(self, batches, step=step)

    monkeypatch.setattr(CycleGan, "update", noting)

    name = train.train(study, domains.config(steps=5, accumulate=2))

    assert seen == [(0, 2), (2, 2), (4, 1)]
    assert cards.read_history(study, name)["step"].tolist() == [4, 5]


def test_losses_of_the_history_are_means_over_its_steps(study, monkeypatch):
    update, found = CycleGan.update, []

    def noting(self, batches, *, step):
        found.append(update(self, batches, step=step))
        return found[-1]

    monkeypatch.setattr(CycleGan, "update", noting)

    history = cards.read_history(study, train.train(study, domains.config()))

    means = torch.stack(found).double().reshape(2, 3, -1).mean(dim=1).numpy()
    columns = ["generator_loss", "discriminator_loss", "adversarial_loss", "cycle_loss", "identity_loss"]
    assert np.allclose(history[columns], means, rtol=1e-5)


def test_a_loss_that_is_no_number_ends_the_training_with_advice(study, monkeypatch):
    update = CycleGan.update

    def broken(self, batches, *, step):
        return update(self, batches, step=step) * (math.nan if step == 3 else 1)

    monkeypatch.setattr(CycleGan, "update", broken)

    with pytest.raises(PleuraScopeError, match=r"losses of step 4 are no finite numbers; .*lower learning rate"):
        train.train(study, domains.config())
    assert cards.checkpoint_ids(study, task=cards.TRANSLATION) == []


def test_two_processes_do_not_train_the_same(study, monkeypatch):
    refused = []

    def twice(self):
        with pytest.raises(InputError, match="another process that trains the same") as told:
            train.train(study, domains.config())
        refused.append(told)
        msg = "enough"
        raise Cancelled(msg)

    monkeypatch.setattr(learning.Run, "learn", twice)

    with pytest.raises(Cancelled):
        train.train(study, domains.config())
    assert refused


def test_a_training_that_dies_while_it_looks_goes_on_with_the_look(study, monkeypatch):
    untouched = train.train(study, domains.config(save_every_steps=1))
    rows = cards.read_history(study, untouched).drop(columns=["seconds", "images_per_s"])
    shutil.rmtree(study.checkpoint(untouched))
    measure, looks = Following.measure, []

    def dying(*arguments):
        looks.append(1)
        if len(looks) in (1, 3):  # of step 3, and of the last
            raise studies.PowerCut
        return measure(*arguments)

    monkeypatch.setattr(Following, "measure", dying)
    for _ in range(2):
        with pytest.raises(studies.PowerCut):
            train.train(study, domains.config(save_every_steps=1))

    again = train.train(study, domains.config(save_every_steps=1))

    assert again == untouched
    assert cards.read_history(study, again).drop(columns=["seconds", "images_per_s"]).equals(rows)
