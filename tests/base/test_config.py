"""A config is checked, frozen, flat from outside, and says in one sentence what is wrong with it."""

import json
import math
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, field_validator

from core.base.config import Config, is_group
from core.base.errors import InputError


class Inner(Config):
    """A group."""

    epochs: int = Field(default=20, ge=1, le=1000)
    rate: float = Field(default=0.1, gt=0)


class Outer(Config):
    """A whole config."""

    name: str
    kind: Literal["a", "b"] = "a"
    inner: Inner = Inner()

    @field_validator("name")
    @classmethod
    def _no_shouting(cls, name: str) -> str:
        if name.isupper():
            msg = "expected small letters"
            raise ValueError(msg)
        return name


@given(st.builds(dict, name=st.text().filter(lambda text: not text.isupper()), epochs=st.integers(1, 1000)))
@settings(deadline=None, max_examples=50)
def test_the_way_through_flat_values_and_json_changes_nothing(values):
    config = Outer.from_dict(values)

    assert config.to_dict() == {"name": values["name"], "kind": "a", "epochs": values["epochs"], "rate": 0.1}
    assert Outer.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_nothing_of_it_can_be_changed():
    config = Outer(name="x")

    with pytest.raises(ValidationError, match="frozen"):
        config.name = "y"
    with pytest.raises(ValidationError, match="frozen"):
        config.inner.epochs = 3


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Option 'name': field required; correct it and try again."),
        ({"name": "x", "epochs": 0}, "Option 'epochs': input should be greater than or equal to 1, found 0"),
        ({"name": "x", "epochs": 1.5}, "Option 'epochs': input should be a valid integer.*found 1.5"),
        ({"name": "x", "epochs": None}, "Option 'epochs': input should be a valid integer, found None"),
        ({"name": "x", "epochs": "ä\nb"}, r"Option 'epochs': input should be a valid integer.*found 'ä\\nb'"),
        ({"name": ["x"]}, "Option 'name': input should be a valid string, found"),
        ({"name": "x", "kind": "c"}, "Option 'kind': input should be 'a' or 'b', found 'c'"),
        ({"name": "LOUD"}, "Option 'name': expected small letters, found 'LOUD'; correct it"),
        ({"name": "x", "epoch": 3}, r"Expected a field of Outer, found 'epoch'; did you mean 'epochs'\?"),
        ({"name": "x", "": 3}, "found ''; choose from epochs, rate, name, kind."),
        ({"name": "x", "a\nb": 3}, r"found 'a\\nb'"),
        ({"name": "x", "inner": {"epochs": 3}}, "Expected a field of Outer, found 'inner'; choose from epochs"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_option(values, told):
    with pytest.raises(InputError, match=told) as caught:
        Outer.from_dict(values)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rate", [math.nan, math.inf, -math.inf, "nan", "inf"])
def test_a_number_that_no_file_can_hold_is_refused(rate):
    with pytest.raises(InputError, match="Option 'rate': input should be"):
        Outer.from_dict({"name": "x", "rate": rate})


def test_a_wrong_default_is_found_too():
    class Wrong(Config):
        epochs: int = Field(default=0, ge=1)

    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Wrong()


def test_a_group_is_told_from_a_plain_field():
    assert is_group(Inner)
    assert not any(map(is_group, (int, Literal["a"], int | None, tuple[str, ...], None)))


def test_a_wrong_value_in_a_list_is_told_by_its_option():
    class Doses(Config):
        doses: tuple[float, ...]

    with pytest.raises(InputError, match=r"^Option 'doses': ") as told:
        Doses.from_dict({"doses": [0, "much"]})
    assert told.value.field == "doses"
