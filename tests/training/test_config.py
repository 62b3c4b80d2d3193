from __future__ import annotations

import pytest

from core.base.errors import InputError
from core.training.config import TrainConfig

NEEDED = {"dataset": "nih", "split": "patient"}


def test_flat_values_make_the_nested_config_and_come_back():
    config = TrainConfig.from_dict(NEEDED | {"learning_rate": 0.01, "rotation_degrees": 3, "image_size": 96})

    assert (config.optimisation.learning_rate, config.augmentation.rotation_degrees) == (0.01, 3)
    assert config.architecture.image_size == 96
    assert TrainConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"image_size": 100}, "'image_size': input should be a multiple of 16, found 100"),
        (
            {"model": "resnet"},
            "'model': expected one of cnn, multitask, vit, resnet18, densenet121, efficientnet_b0, found 'resnet'",
        ),
        ({"drop_rate": 0}, "'drop_rate': input should be greater than 0, found 0"),
        ({"learning_rat": 1}, "found 'learning_rat'; did you mean 'learning_rate'?"),
        ({"weights": ""}, "'weights': string should have at least 1 character, found ''"),
        ({"head_only": True, "weights": "none"}, "'head_only': a head alone learns nothing on a backbone without"),
        ({"vit_size": "small"}, "'vit_size' belongs to vit, found it with cnn; leave it out"),
        ({"model": "vit", "quality_share": 0.1}, "'quality_share' belongs to multitask, found it with vit"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(options, sentence):
    with pytest.raises(InputError) as error:
        TrainConfig.from_dict(NEEDED | options)

    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("options", "field"),
    [({"image_size": 100}, "image_size"), ({"vit_size": "base"}, "vit_size"), ({"learning_rat": 1}, "learning_rat")],
)
def test_a_wrong_option_is_named_for_the_form(options, field):
    with pytest.raises(InputError) as error:
        TrainConfig.from_dict(NEEDED | options)

    assert error.value.field == field


def test_an_option_of_one_kind_of_classifier_is_taken_by_it():
    vit = TrainConfig.from_dict(NEEDED | {"model": "vit", "vit_size": "small"})

    assert vit.architecture.vit_size == "small"


def test_every_option_says_what_it_is():
    for group in TrainConfig.model_fields.values():
        fields = group.annotation.model_fields
        assert len(fields) <= 12
        assert [name for name, field in fields.items() if not field.description] == []


def test_the_fingerprint_changes_with_every_option():
    config = TrainConfig.from_dict(NEEDED)

    assert config.fingerprint() == TrainConfig.from_dict(NEEDED).fingerprint()
    assert config.fingerprint() != TrainConfig.from_dict(NEEDED | {"seed": 1}).fingerprint()
