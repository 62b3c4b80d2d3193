"""The sidebar form of a training, made from the fields of its config: the same bounds, the same help.

Every change is checked at once. A reason why something cannot work stands under the field at
fault, and the button starts nothing before it is gone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from app import resources, training_checks, training_estimate
from core.base.config import is_group
from core.base.errors import InputError
from core.commands.arguments import flat_fields
from core.evaluation.fusion import FUSIONS
from core.models import cards
from core.models.registry import CLASSIFIERS, ENSEMBLE, TITLES, WEIGHTS
from core.training.config import ONLY_FOR, TrainConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from app.training_checks import Wanted

FIELDS = flat_fields(TrainConfig)
DATA = ("dataset", "split", "labels")
FIRST = ("image_size", "epochs", "batch_size", "learning_rate", "weights", "seed")  # after the data and the model
GROUP_TITLES = {
    "architecture": "Classifier",
    "optimisation": "Learning",
    "augmentation": "Random changes of films",
    "execution": "This machine",
}
LABELS = {
    "dataset": "Data set",
    "model": "Classifier",
    "checkpoints": "Members",
    "vit_size": "Transformer size",
    "weights": "Starting weights",
    "drop_rate": "Dropout",
    "head_only": "Learn the head only",
    "warmup_share": "Warm-up",
    "clip_norm": "Longest gradient",
    "ema_decay": "Running average of the weights",
    "rotation_degrees": "Rotation",
    "shift_share": "Shift",
    "scale_share": "Change of size",
    "horizontal_flip": "Mirror films",
    "quality_share": "Films that teach quality",
    "save_every_steps": "Steps between two saves",
    "compile": "Compile the network",
}
FUSION_HELP = '"log-loss" weighs the members as fits the fold tune best, "f1" by their best F1, "equal" all alike.'


def draw() -> Wanted | None:
    """Draw the form in the sidebar; return the job when its start was clicked and nothing is in the way."""
    with st.sidebar:
        st.subheader("Train a classifier")
        names = [name for name in resources.dataset_names() if _can_be_learnt(name)]
        if not names:
            st.info("No data set with images and a split yet. The study being made brings one; see the overview.")
            return None
        _settle(names)
        fused = _value("model") == ENSEMBLE
        wanted, problem = _checked(fused=fused)
        _draw_choices(names, problem, fused=fused)
        if fused:
            _draw_ensemble(problem)
        else:
            _draw_options(problem)
        with st.container(key="training-begin", gap="xsmall"):  # stays in sight, however long the form is
            if wanted is not None and wanted.training is not None:
                training_estimate.draw(wanted.training)
            elif problem is not None:
                at_a_field = problem.field in _places(fused=fused)
                st.markdown(f":small[Not yet: see {label(str(problem.field))}.]" if at_a_field else _red(problem))
            action = "Make the ensemble" if fused else "Start training"
            clicked = st.button(action, type="primary", width="stretch", key="training.start", disabled=wanted is None)
    return wanted if clicked else None


def fill(config: dict[str, Any]) -> None:
    """Put a training's options into the form, to be changed and started again."""
    try:
        options = TrainConfig.from_dict(config).to_dict()
    except InputError as error:  # filed by an older version
        st.toast(str(error))
        return
    for name, value in options.items():
        st.session_state[_key(name)] = value
    st.toast("The form in the sidebar holds its options; change them and start.")


def label(name: str) -> str:
    """Return what an option is called on the page.

    Examples:
        >>> label("batch_size"), label("ema_decay")
        ('Batch size', 'Running average of the weights')
    """
    return LABELS.get(name, name.replace("_", " ").capitalize())


def _settle(names: list[str]) -> None:
    """Give every field a value before anything is drawn, and replace a choice that is no longer offered."""
    for name, field in FIELDS.items():
        if not field.is_required():
            st.session_state.setdefault(_key(name), field.default)
    st.session_state.setdefault(_key("fusion"), FUSIONS[0])
    _settle_choice("model", list(TITLES))
    _settle_choice("dataset", names)
    _settle_choice("split", resources.trainable_splits(_value("dataset")))
    _settle_choice("labels", resources.truth_names(_value("dataset")))
    chosen = st.session_state.setdefault(_key("checkpoints"), [])
    if left := set(chosen) - set(_members_offered()):  # of another split, or gone
        st.session_state[_key("checkpoints")] = [name for name in chosen if name not in left]


def _settle_choice(name: str, offered: list[str]) -> None:
    if st.session_state.get(_key(name)) not in offered:
        st.session_state[_key(name)] = offered[0]


def _checked(*, fused: bool) -> tuple[Wanted | None, InputError | None]:
    """Return the job that the fields ask for, or why it cannot work."""
    model = _value("model")
    options = {name: _value(name) for name in FIELDS if ONLY_FOR.get(name, model) == model}
    try:
        if fused:
            place = (options["dataset"], options["split"])
            return training_checks.wanted_ensemble(*place, _value("checkpoints"), fusion=_value("fusion")), None
        return training_checks.wanted_training(options), None
    except InputError as error:
        return None, error


def _can_be_learnt(dataset: str) -> bool:
    return resources.has_images(dataset) and bool(resources.trainable_splits(dataset))


def _draw_choices(names: list[str], problem: InputError | None, *, fused: bool) -> None:
    """Draw what decides what else may be asked: data set, split, labels, kind of classifier."""
    dataset = _value("dataset")
    offered = {"dataset": names, "split": resources.trainable_splits(dataset), "labels": resources.truth_names(dataset)}
    for name in DATA[:2] if fused else DATA:  # an ensemble has the labels of its members
        with _place(name, problem):
            _select(name, offered[name], help=FIELDS[name].description)
    meanings = [f"{info.title}: {info.summary}" for info in CLASSIFIERS.values()]
    meanings.append(f"{TITLES[ENSEMBLE]}: several trained classifiers, their probabilities weighted and added.")
    with _place("model", problem):
        _select("model", list(TITLES), help="  \n".join(meanings), format_func=TITLES.__getitem__)


def _draw_options(problem: InputError | None) -> None:
    """Draw the options of a training: the useful ones first, the rest folded by group."""
    model = _value("model")
    for name in FIRST:
        _draw_field(name, problem)
    for group_name, title in GROUP_TITLES.items():
        group = TrainConfig.model_fields[group_name].annotation
        assert is_group(group)  # noqa: S101 (its options have a title)
        rest = [name for name in group.model_fields if name not in (*FIRST, "model")]  # type: ignore[union-attr]
        shown = [name for name in rest if ONLY_FOR.get(name, model) == model]
        at_fault = problem is not None and problem.field in shown
        with st.expander(title, expanded=at_fault, key=f"training.group.{group_name}"):
            for name in shown:
                _draw_field(name, problem)


def _draw_ensemble(problem: InputError | None) -> None:
    offered = _members_offered()
    with _place("checkpoints", problem):
        st.multiselect(
            label("checkpoints"),
            list(offered),
            format_func=lambda name: offered.get(name, name),
            key=_key("checkpoints"),
            persist_state="session",
            help="Two or more classifiers that learnt from this split. Image sizes may differ.",
        )
        if len(offered) < 2:
            st.caption(f"{len(offered) or 'No'} classifier of this split is trained so far; train the members first.")
    _select("fusion", list(FUSIONS), help=FUSION_HELP)


def _members_offered() -> dict[str, str]:
    """Return the classifiers that learnt from the chosen split: their ids and short names, the newest first."""
    place = (_value("dataset"), _value("split"))
    return {
        card["checkpoint_id"]: cards.short_name(card)
        for card in resources.checkpoint_cards()
        if (card["dataset"], card["split"]) == place and card["model"] != ENSEMBLE
    }


def _draw_field(name: str, problem: InputError | None) -> None:
    """Draw the widget that fits a field's type and bounds, and under it what is wrong with its value."""
    field = FIELDS[name]
    choices = get_args(field.annotation)
    with _place(name, problem):
        if name == "weights":
            own = [_value(name)] if _value(name) not in WEIGHTS else []
            _select(name, [*WEIGHTS, *own], help=field.description, accept_new_options=True)
        elif choices:
            _select(name, list(choices), help=field.description)
        elif field.annotation is bool:
            st.checkbox(label(name), key=_key(name), persist_state="session", help=field.description)
        else:
            _draw_number(name, field)


def _draw_number(name: str, field: FieldInfo) -> None:
    kind = int if field.annotation is int else float
    low, high, step = _bounds(field)
    st.number_input(
        label(name),
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        step=kind(step) if step else (1 if kind is int else float(field.default or 0.1) / 10),
        format="%d" if kind is int else "%g",
        key=_key(name),
        persist_state="session",
        help=field.description,
    )


def _bounds(field: FieldInfo) -> tuple[float | None, float | None, float | None]:
    """Return a number's least and greatest value and its step, where the config gives them.

    A bound that is itself excluded is offered all the same; the config then says why it is refused.
    """
    found: dict[str, Any] = {}
    for rule in field.metadata:
        found |= {name: getattr(rule, name) for name in ("ge", "gt", "le", "lt", "multiple_of") if hasattr(rule, name)}
    return found.get("ge", found.get("gt")), found.get("le", found.get("lt")), found.get("multiple_of")


def _select(name: str, offered: list[str], **options: Any) -> None:  # noqa: ANN401 (as the widget takes them)
    st.selectbox(label(name), offered, key=_key(name), persist_state="session", **options)


@contextmanager
def _place(name: str, problem: InputError | None) -> Iterator[None]:
    """Hold a field and, under it, what is wrong with it: a reason that comes or goes moves no other field."""
    with st.container(gap="xxsmall"):
        yield
        if problem is not None and problem.field == name:
            st.markdown(_red(problem))


def _red(problem: InputError) -> str:
    """Return the reason alone, in red: the field stands above it, and what to do with it is plain."""
    text = str(problem).removeprefix(f"Option {problem.field!r}: ").removesuffix("; correct it and try again.")
    text = text.replace("input should be", "must be")  # pydantic's own words
    plain = "".join(f"\\{letter}" if letter in "[]*_$" else letter for letter in text)
    return f":small[:red[{plain[:1].upper()}{plain[1:]}]]"


def _places(*, fused: bool) -> set[str]:
    """Return the fields at which a reason can stand."""
    return {"dataset", "split", "model", "checkpoints"} if fused else set(FIELDS)


def _key(name: str) -> str:
    return f"training.{name}"


def _value(name: str) -> Any:  # noqa: ANN401 (whatever the field holds)
    return st.session_state[_key(name)]
