"""Flags made from a config, and the one sentence for each mistake."""

import pytest
from pydantic import Field

from core.base.config import Config
from core.base.errors import InputError
from core.commands.arguments import parse


class Recipe(Config):
    """A nested group."""

    epochs: int = Field(20, ge=1, le=500, description="Passes over the training part.")
    horizontal_flip: bool = Field(False, description="Mirror half of the films.")


class Arguments(Config):
    """Train something."""

    model: str = Field(description="What to train.")
    others: tuple[str, ...] = ()
    dataset: str
    recipe: Recipe = Recipe()


def read(*words):
    return parse(Arguments, list(words), prog="train", positional=("model", "others"))


def test_flags_are_flat_and_values_are_checked_by_the_config():
    arguments = read("cnn", "a", "b", "--dataset", "d", "--epochs", "3", "--horizontal-flip")

    assert arguments.model == "cnn"
    assert arguments.others == ("a", "b")
    assert arguments.recipe == Recipe(epochs=3, horizontal_flip=True)


def test_a_config_survives_the_way_through_plain_values():
    arguments = read("cnn", "--dataset", "d", "--epochs", "3")

    assert Arguments.from_dict(arguments.to_dict()) == arguments


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["cnn"], "Expected --dataset for `train`, found none"),
        (["--dataset", "d"], "Expected MODEL for `train`, found none"),
        (["cnn", "--dataset", "d", "--epoch", "3"], "found '--epoch'; did you mean --epochs"),
        (["cnn", "--dataset", "d", "--epochs", "0"], "Option 'epochs': input should be greater than or equal to 1"),
        (["cnn", "--dataset", "d", "--epochs", "many"], "Option 'epochs': input should be a valid integer.*'many'"),
        (["cnn", "--dataset"], "expected one argument"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(words, told):
    with pytest.raises(InputError, match=told) as caught:
        read(*words)

    assert "\n" not in str(caught.value)


def test_a_wrong_name_in_a_job_file_is_answered_with_the_near_one():
    with pytest.raises(InputError, match=r"found 'epoch'; did you mean 'epochs'\?"):
        Arguments.from_dict({"model": "cnn", "dataset": "d", "epoch": 3})
