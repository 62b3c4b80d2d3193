"""`train` for every kind of network: the right options for each, from words or a file, and the time each takes."""

from __future__ import annotations

import json

import pytest

from core.commands import train
from core.data import synthetic
from core.models import cards
from core.models.registry import CLASSIFIERS
from core.synthesis.config import CycleGanConfig, OriginConfig
from core.training import estimate
from core.training.config import TrainConfig
from core.training.estimate import Speed
from tests.inference import explained
from tests.synthesis import generated

PAIR = {"model": "cyclegan", "dataset": "tiny", "split": "domain", "image_size": 32, "width": 4, "blocks": 6}
ORIGIN = {"model": "real-vs-synthetic", "synthetic": "ptx", "epochs": 3}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The tiny study with a generator and two synthetic data sets."""
    folder = tmp_path_factory.mktemp("generated")
    return folder, generated.make(folder, sets=True)


@pytest.fixture
def there(made_once, workspace):
    """A workspace with the films, their generator and its images."""
    explained.copied(made_once[0], workspace)
    return workspace


def written(tmp_path, options):
    path = tmp_path / "job.json"
    path.write_text(json.dumps(options))
    return path


def words_of(options):
    model, *rest = options.items()
    return [model[1], *(word for name, value in rest for word in (f"--{name.replace('_', '-')}", str(value)))]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (PAIR, CycleGanConfig),
        (ORIGIN, OriginConfig),
        ({"model": "vit", "dataset": "tiny", "split": "patient", "vit_size": "small"}, TrainConfig),
    ],
)
def test_a_network_has_its_own_options_by_words_and_by_file(options, kind, tmp_path):
    by_words = train._config(words_of(options))
    by_file = train._config(["--job", str(written(tmp_path, options))])

    assert isinstance(by_words, kind)
    assert by_words == by_file == kind.from_dict(options)


@pytest.mark.parametrize("options", [PAIR, ORIGIN])
def test_what_a_config_says_of_itself_is_a_job_file(options, tmp_path):
    config = train._config(words_of(options))

    assert train._config(["--job", str(written(tmp_path, config.to_dict()))]) == config


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gan"], f"expected one of {', '.join(CLASSIFIERS)}, cyclegan, real-vs-synthetic, found 'gan'"),
        (["cyclegan", "--dataset", "tiny", "--split", "patient", "--epochs", "3"], "found '--epochs'"),
        (["cyclegan", "--dataset", "tiny"], "Expected --split"),
        (["cyclegan", "--dataset", "tiny", "--split", "nope"], "found none named 'nope'; choose from domain, patient."),
        (["cyclegan", "--dataset", "tiny", "--split", "patient"], "domain"),
        (["cyclegan", "--dataset", "tiny", "--split", "domain", "--blocks", "7"], "Option 'blocks'"),
        (["real-vs-synthetic"], "Expected --synthetic"),
        (["real-vs-synthetic", "--synthetic", "nope"], "found none named 'nope'; choose from nf, ptx."),
        (["real-vs-synthetic", "--synthetic", "ptx", "--steps", "3"], "found '--steps'"),
        (["cnn", "--dataset", "tiny", "--split", "patient", "--blocks", "6"], "found '--blocks'"),
    ],
)
def test_each_kind_says_what_it_needs(words, told, there, refused):
    assert told in refused("train", *words)


def test_a_file_of_an_unknown_network_is_refused(there, refused, tmp_path):
    told = refused("train", "--job", str(written(tmp_path, PAIR | {"model": "gan"})))

    assert "cyclegan, real-vs-synthetic, found 'gan'" in told


@pytest.mark.parametrize(
    ("model", "own", "others"),
    [("cyclegan", "--pool-size", "--epochs"), ("real-vs-synthetic", "--synthetic", "--dropout")],
)
def test_help_lists_the_options_of_the_kind(model, own, others, capsys):
    with pytest.raises(SystemExit) as ended:
        train.run([model, "--help"])

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert own in told
    assert others not in told


def test_a_cyclegan_is_trained_and_its_card_returned(there, made_once, done, monkeypatch):
    from core.synthesis import train as of_pairs

    asked = []
    card = {"training_s": 90.4, "parts": {"train": {"A": 1200, "B": 300}}, "notes": ["few steps"]}
    card |= {
        "training": {"weights": "started from scratch"},
        "checkpoint_id": "gan",
        "dataset": "tiny",
        "split": "domain",
    }
    monkeypatch.setattr(of_pairs, "train", lambda _workspace, config: (asked.append(config), "gan")[1])
    monkeypatch.setattr(cards, "read_card", lambda _workspace, _name, *, task: card | {"task": task})

    summary, made = done("train", *words_of(PAIR))

    assert asked == [CycleGanConfig.from_dict(PAIR)]
    assert summary.splitlines() == [
        "Checkpoint gan, trained in 90 s.",
        "  weights: started from scratch",
        "  learnt from: 1,200 films without finding, 300 with a pneumothorax",
        "  note: few steps",
    ]
    assert (made["checkpoint_id"], made["card"]["task"]) == ("gan", cards.TRANSLATION)


def test_a_real_vs_synthetic_classifier_is_trained_and_its_card_returned(there, done, monkeypatch):
    from core.synthesis import origin

    card = {"training_s": 5, "checkpoint_id": "told", "dataset": "tiny", "split": "domain"}
    monkeypatch.setattr(origin, "train", lambda _workspace, config: config.synthetic)
    monkeypatch.setattr(cards, "read_card", lambda _workspace, name, *, task: card | {"task": task, "of": name})

    summary, made = done("train", *words_of(ORIGIN))

    assert summary == "Checkpoint told, trained in 5 s."
    assert (made["card"]["of"], made["card"]["task"]) == ("ptx", cards.ORIGIN)


def test_the_time_of_a_cyclegan_is_counted_in_steps_that_are_measured_once(there, done, monkeypatch):
    from core.synthesis import probe

    asked = []
    monkeypatch.setattr(probe, "measure", lambda config: (asked.append(config), 2.5)[1])
    words = ("train", *words_of(PAIR), "--batch-size", "8", "--estimate")

    summary, made = done(*words, "--steps", "1000")
    longer = done(*words, "--steps", "2000")[1]

    assert len(asked) == 1  # more steps are as quick
    assert summary == "About 7 min here: 2.5 steps a second."
    assert made["learnt_per_s"] == 2 * 8 * 2.5
    assert made["estimate_s"] == pytest.approx(estimate.START_S + 400)
    assert longer["estimate_s"] - made["estimate_s"] == pytest.approx(400)
    done(*words, "--width", "8")
    assert len(asked) == 2  # a wider one is not


def test_the_time_of_a_real_vs_synthetic_classifier_is_the_simple_cnns_at_the_images_size(there, done, monkeypatch):
    from core.training import probe

    asked = []
    speed = Speed(learnt_per_s=10.0, read_per_s=40.0, device="cpu", measured_at="2026-11-24T10:00:00+00:00")
    monkeypatch.setattr(probe, "measure", lambda config: (asked.append(config), speed)[1])

    made = done("train", *words_of(ORIGIN), "--estimate")[1]

    (config,) = asked
    assert (config.architecture.model, config.architecture.image_size) == ("cnn", generated.SIZE)
    images = synthetic.card(there, "ptx").images
    seen = images["val"]
    assert made["estimate_s"] == pytest.approx(
        estimate.START_S + 3 * (2 * images["train"] / 10 + seen / 40) + (2 * images["train"] + 2 * seen) / 40
    )
    alike = TrainConfig.from_dict(
        {"dataset": "tiny", "split": "patient", "image_size": generated.SIZE, "batch_size": 32}
    )
    assert estimate.known(there, alike) == speed


def test_the_time_of_a_set_that_is_not_there_is_refused(there, refused):
    assert "found none named 'nope'" in refused("train", "real-vs-synthetic", "--synthetic", "nope", "--estimate")


def test_the_time_of_what_could_not_be_trained_is_refused_at_once(there, refused, monkeypatch):
    from core.synthesis import probe

    monkeypatch.setattr(probe, "measure", lambda _config: pytest.fail("measured in vain"))

    told = refused("train", "cyclegan", "--dataset", "tiny", "--split", "patient", "--estimate")

    assert told.startswith("Expected a split of kind 'domain', found 'patient'")
