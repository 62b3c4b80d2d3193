from __future__ import annotations

import pytest

from core.data import radiographs, synthetic
from tests.inference import explained
from tests.synthesis import generated


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The tiny study, with the name of its generator."""
    folder = tmp_path_factory.mktemp("generated")
    return folder, generated.make(folder)


@pytest.fixture
def words(made_once, workspace, monkeypatch):
    """The words of the command, in a workspace with the films and their generator."""
    explained.copied(made_once[0], workspace)
    generated.use_painter(monkeypatch)
    return [
        "translate",
        made_once[1],
        "--dataset",
        "tiny",
        "--split",
        "domain",
        "--direction",
        "b-to-a",
        "--name",
        "nf",
    ]


def test_it_tells_what_it_made(workspace, words, done):
    summary, made = done(*words)

    assert made["dataset"] == "nf"
    assert made["parents"] == "tiny"
    assert made["checkpoint_id"] == words[1]
    assert sum(made["images"].values()) == len(radiographs.load(workspace, "nf"))
    assert "Synthetic data set 'nf' made" in summary
    assert "pneumothorax to No Finding, 32 px" in summary
    assert "There is no classifier of pneumothorax yet" in summary


def test_asked_again_it_says_that_it_is_there(words, done):
    done(*words)

    summary, made = done(*words)

    assert "is there already" in summary
    assert made["dataset"] == "nf"


def test_one_part_is_translated_alone(workspace, words, done):
    _, made = done(*words, "--part", "train")

    assert list(made["images"]) == ["train"]
    assert synthetic.card(workspace, "nf").part == "train"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--split": "other"}, "found none named 'other'"),
        ({"--direction": "up"}, "Option 'direction': input should be 'a-to-b' or 'b-to-a', found 'up'"),
        ({"--name": "tiny"}, "found a data set of films named 'tiny'; choose another --name"),
        ({"--part": "test"}, "Option 'part'"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(words, refused, changed, sentence):
    for flag, value in changed.items():
        if flag in words:
            words[words.index(flag) + 1] = value
        else:
            words += [flag, value]

    assert sentence in refused(*words)


def test_no_films_are_indexed_over_a_synthetic_set(workspace, words, done, refused, tmp_path):
    done(*words)
    images = radiographs.load(workspace, "nf")

    told = refused("index", "folder", "--images", str(tmp_path), "--name", "nf")

    assert told.startswith("Expected a name that is not a synthetic data set's, found 'nf'")
    assert radiographs.load(workspace, "nf").equals(images)


def test_a_synthetic_set_is_not_divided_into_parts_of_its_own(workspace, words, done, refused):
    done(*words)

    told = refused("split", "nf", "--kind", "patient", "--name", "own")

    assert told.startswith("Expected a data set of films to divide, found 'nf'")
