"""The form asks for every option of a training, within the bounds of its config, and changes none unasked."""

import json
import os

import pytest

from app.training_kinds import CLASSIFIER, TITLES
from core.data import split_store
from core.models.registry import CLASSIFIERS, ENSEMBLE
from core.training.config import ONLY_FOR, TrainConfig
from tests.app.training_seen import opened_form, refusals, widgets


def trained(workspace, name, *, model="cnn", split="patient"):
    """Put a checkpoint's card where cards are, and empty files for the rest of it."""
    folder = workspace.checkpoint(name)
    folder.mkdir(parents=True)
    card = {"checkpoint_id": name, "created_at": f"2026-01-01 {name}", "model": model, "title": TITLES[model]}
    card |= {"input": {"size": 64}, "dataset": "films", "split": split, "split_sha256": "f" * 64, "labels": "report"}
    (folder / "card.json").write_text(json.dumps(card))
    for file in ("weights.safetensors", "config.json", "history.parquet"):
        (folder / file).touch()


def test_without_a_split_the_form_says_what_comes_first(workspace):
    at = opened_form()

    assert "No data set with images and a split yet" in at.info[0].value
    assert widgets(at) == {}
    assert at.session_state["wanted"] is None


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_every_option_of_a_classifier_has_one_widget_with_its_help(films, model):
    found = widgets(opened_form(model=model))

    own = {name: field for name, field in CLASSIFIER.fields.items() if ONLY_FOR.get(name, model) == model}
    assert set(found) == set(own)
    described = {name: field.description for name, field in own.items() if name != "model"}
    assert {name: found[name].help for name in described} == described
    assert all(info.summary in found["model"].help for info in CLASSIFIERS.values())


def test_the_useful_options_come_first_and_the_rest_is_folded_by_group(films):
    at = opened_form()

    order = [
        node.key.removeprefix("training.") for node in at.sidebar if getattr(node, "key", None) in at.session_state
    ]
    assert order[:10] == ["model", "dataset", "split", "labels", *CLASSIFIER.first]
    assert [group.label for group in at.sidebar.expander] == list(CLASSIFIER.folded)
    folded = {
        widget.key for group in at.sidebar.expander for kind in (group.number_input, group.checkbox) for widget in kind
    }
    assert not folded & {f"training.{name}" for name in CLASSIFIER.first}


def test_numbers_keep_the_bounds_of_the_config(films):
    found = widgets(opened_form())

    assert (found["epochs"].min, found["epochs"].max) == (1, 1000)
    assert (found["image_size"].min, found["image_size"].max, found["image_size"].step) == (32, 1024, 16)
    assert (found["learning_rate"].min, found["learning_rate"].max) == (0, 1)
    assert found["clip_norm"].max is None


def test_only_data_sets_with_a_split_are_offered(films):
    found = widgets(opened_form())

    assert found["dataset"].options == ["films"]
    assert found["split"].options == ["patient"]
    assert found["labels"].options == ["report"]
    assert found["model"].options == list(TITLES.values())


def test_nothing_is_handed_over_before_the_button_is_pressed(films):
    at = opened_form()
    at.number_input(key="training.epochs").set_value(3).run()

    assert at.session_state["wanted"] is None


def test_an_untouched_form_is_the_config_s_default(films):
    at = opened_form()

    at.button(key="training.start").click().run()

    wanted = at.session_state["wanted"]
    assert wanted.training == TrainConfig.from_dict({"dataset": "films", "split": "patient"})
    assert (wanted.title, wanted.arguments) == ("Train Simple CNN, 224 px, on films/patient", ["train"])


def test_what_was_chosen_is_handed_over_in_its_type(films):
    at = opened_form()
    at.number_input(key="training.epochs").set_value(3)
    at.number_input(key="training.noise").set_value(0.0)
    at.checkbox(key="training.horizontal_flip").set_value(True)
    at.selectbox(key="training.imbalance").set_value("loss-weight")

    at.button(key="training.start").click().run()

    chosen = at.session_state["wanted"].training.to_dict()
    assert (chosen["epochs"], chosen["noise"]) == (3, 0.0)
    assert isinstance(chosen["epochs"], int)
    assert chosen["horizontal_flip"] is True
    assert chosen["imbalance"] == "loss-weight"


def test_an_option_of_another_kind_of_classifier_stays_behind_when_the_kind_is_changed(films):
    at = opened_form(model="vit")
    at.selectbox(key="training.vit_size").set_value("small").run()

    at.selectbox(key="training.model").set_value("cnn").run()
    at.button(key="training.start").click().run()

    assert at.session_state["wanted"].training.architecture.vit_size == "tiny"


def test_a_split_by_domain_is_not_for_classifiers(films):
    split_store.create(films, "films", "ab", "domain")

    assert opened_form().selectbox(key="training.split").options == ["patient"]


@pytest.mark.parametrize(
    ("changed", "field", "told"),
    [
        ({"learning_rate": 0.0}, "learning_rate", "Must be greater than 0, found 0.0"),
        ({"drop_rate": 1.0}, "drop_rate", "Must be less than 1, found 1.0"),
        ({"weights": "none", "head_only": True}, "head_only", "A head alone learns nothing on a backbone without"),
        ({"weights": "nowhere.safetensors"}, "weights", "or the name of a .safetensors file, found no file"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_at_its_field_and_cannot_be_started(films, changed, field, told):
    at = opened_form(**changed)

    assert list(refusals(at)) == [field]
    assert told in refusals(at)[field].replace("\\", "")
    assert at.button(key="training.start").disabled
    assert "Not yet: see " in at.sidebar.markdown[-1].value
    assert not any("epochs" in caption.value for caption in at.caption)  # no estimate of what cannot be


def test_a_reason_in_a_folded_group_opens_it(films):
    at = opened_form(clip_norm=0.0)

    assert [group.label for group in at.sidebar.expander if group.proto.expanded] == ["Learning"]


def test_a_file_of_weights_that_exists_is_taken(films, tmp_path):
    (tmp_path / "own.safetensors").touch()
    at = opened_form(weights=str(tmp_path / "own.safetensors"))

    at.button(key="training.start").click().run()

    assert at.session_state["wanted"].training.architecture.weights == str(tmp_path / "own.safetensors")


def test_a_split_that_changed_is_refused_under_the_split_and_works_again_when_it_is_made_again(films):
    path = films.split("films", "patient")
    sound = path.read_bytes()
    split_store.create(films, "films", "other", "patient", seed=1)
    path.write_bytes(films.split("films", "other").read_bytes())

    at = opened_form(split="patient")
    assert "found another; run `split` again" in refusals(at)["split"]

    path.write_bytes(sound)
    os.utime(path, ns=(0, 0))
    assert refusals(at.run()) == {}


def test_a_train_part_of_one_class_is_refused(films):
    table = split_store.load(films, "films", "patient")
    kept = table[(table["part"] != "train") | (table["label"] == 1)]
    lists = {f"{part}_list": kept.loc[kept["part"] == part, "image_id"] for part in ("train", "val", "test")}
    split_store.create(films, "films", "one", "official", **lists)

    assert "Expected films with and without pneumothorax in train" in refusals(opened_form(split="one"))["split"]


def test_an_ensemble_is_made_of_the_chosen_members(films):
    for name in ("cnn-1", "vit-2", "elsewhere-3"):
        trained(films, name, split="other" if name == "elsewhere-3" else "patient")
    trained(films, "ensemble-4", model=ENSEMBLE)
    at = opened_form(model=ENSEMBLE)
    assert set(widgets(at)) == {"dataset", "split", "model", "checkpoints", "fusion"}
    assert len(widgets(at)["checkpoints"].options) == 2
    assert "Expected two or more different checkpoints" in refusals(at)["checkpoints"]
    assert at.button(key="training.start").disabled

    at.multiselect(key="training.checkpoints").set_value(["vit-2", "cnn-1"])
    at.selectbox(key="training.fusion").set_value("f1").run()
    at.button(key="training.start").click().run()

    wanted = at.session_state["wanted"]
    place = ["--dataset", "films", "--split", "patient"]
    assert wanted.arguments == ["ensemble", "vit-2", "cnn-1", *place, "--fusion", "f1"]
    assert wanted.training is None


def test_without_members_an_ensemble_says_what_comes_first(films):
    at = opened_form(model=ENSEMBLE)

    assert "train the members first" in at.caption[-1].value
