"""The form asks for every option of a training, within the bounds of its config, and changes none unasked."""

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.training_form import CHOSEN_ABOVE
from core.commands.arguments import flat_fields
from core.data import indexing, split_store
from core.data.formats import nih
from core.models.registry import CLASSIFIERS
from core.training.config import TrainConfig

FIELDS = {name: field for name, field in flat_fields(TrainConfig).items() if name not in CHOSEN_ABOVE}


def page():
    import streamlit

    from app import training_form

    streamlit.session_state["chosen"] = training_form.draw()


def opened():
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    return at


@pytest.fixture
def films(workspace, tmp_path):
    """A data set with one split, and one without."""
    csv = tmp_path / "table.csv"
    rows = [f"{number}.png,{'Pneumothorax' if number % 2 else 'No Finding'},{number}" for number in range(20)]
    csv.write_text("\n".join(["Image Index,Finding Labels,Patient ID", *rows]))
    (tmp_path / "images").mkdir()
    for number in range(20):
        Image.new("L", (32, 32), 10 * number).save(tmp_path / "images" / f"{number}.png")
    for name in ("films", "alone"):
        indexing.index(workspace, name, nih.read(csv), images=tmp_path / "images", csv=csv)
    split_store.create(workspace, "films", "patient", "patient")
    return workspace


def widgets(at):
    found = [*at.selectbox, *at.number_input, *at.checkbox]
    return {widget.key.removeprefix("training."): widget for widget in found}


def test_without_a_split_the_form_says_what_comes_first(workspace):
    at = opened()

    assert "No data set with images and a split yet" in at.info[0].value
    assert widgets(at) == {}
    assert at.session_state["chosen"] is None


def test_every_option_has_one_widget_with_its_help(films):
    found = widgets(opened())

    assert set(found) == {*FIELDS, *CHOSEN_ABOVE}
    described = {name: field.description for name, field in FIELDS.items() if name != "model"}
    assert {name: found[name].help for name in described} == described
    assert all(info.summary in found["model"].help for info in CLASSIFIERS.values())


def test_numbers_keep_the_bounds_of_the_config(films):
    found = widgets(opened())

    assert (found["epochs"].min, found["epochs"].max) == (1, 1000)
    assert (found["image_size"].min, found["image_size"].max, found["image_size"].step) == (32, 1024, 16)
    assert (found["learning_rate"].min, found["learning_rate"].max) == (0, 1)
    assert found["clip_norm"].max is None


def test_only_data_sets_with_a_split_are_offered(films):
    at = opened()

    assert at.selectbox(key="training.dataset").options == ["films"]
    assert at.selectbox(key="training.split").options == ["patient"]
    assert at.selectbox(key="training.labels").options == ["report"]
    assert len(at.selectbox(key="training.model").options) == len(CLASSIFIERS)


def test_nothing_is_handed_over_before_the_button_is_pressed(films):
    at = opened()
    at.number_input(key="training.epochs").set_value(3).run()

    assert at.session_state["chosen"] is None


def test_an_untouched_form_is_the_config_s_default(films):
    at = opened()

    at.button(key="training.start").click().run()

    expected = TrainConfig.from_dict({"dataset": "films", "split": "patient"})
    assert TrainConfig.from_dict(at.session_state["chosen"]) == expected


def test_what_was_chosen_is_handed_over_in_its_type(films):
    at = opened()
    at.number_input(key="training.epochs").set_value(3)
    at.number_input(key="training.noise").set_value(0.0)
    at.checkbox(key="training.horizontal_flip").set_value(True)
    at.selectbox(key="training.imbalance").set_value("loss-weight")

    at.button(key="training.start").click().run()

    chosen = at.session_state["chosen"]
    assert (chosen["epochs"], chosen["noise"]) == (3, 0.0)
    assert isinstance(chosen["epochs"], int)
    assert chosen["horizontal_flip"] is True
    assert chosen["imbalance"] == "loss-weight"
    TrainConfig.from_dict(chosen)


def test_a_split_by_domain_is_not_for_classifiers(films):
    split_store.create(films, "films", "ab", "domain")

    assert opened().selectbox(key="training.split").options == ["patient"]
