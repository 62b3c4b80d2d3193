"""The sidebar form of a training, made from the fields of its config: the same bounds, the same help."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st
from pydantic.fields import FieldInfo

from app import resources
from core.base.config import Config, is_group
from core.models.registry import CLASSIFIERS
from core.training.config import TrainConfig

GROUP_TITLES = {"architecture": "Classifier", "optimisation": "Learning", "augmentation": "Random changes of films"}
OPEN_GROUP = "architecture"
CHOSEN_ABOVE = ("dataset", "split", "labels")  # they decide what the form may offer, so they stand before it


def draw() -> dict[str, Any] | None:
    """Draw the form in the sidebar; return the chosen options when it was submitted, else None."""
    with st.sidebar:
        st.subheader("Train a classifier")
        chosen = _choose_data()
        if chosen is None:
            return None
        with st.form("training.form", border=False, enter_to_submit=False):  # hours of work start by a click only
            for name, field in TrainConfig.model_fields.items():
                group = field.annotation
                if isinstance(group, type) and is_group(group) and name in GROUP_TITLES:
                    with st.expander(GROUP_TITLES[name], expanded=name == OPEN_GROUP):
                        chosen |= _draw_group(group)
            submitted = st.form_submit_button("Start training", type="primary", width="stretch", key="training.start")
    return chosen if submitted else None


def _choose_data() -> dict[str, Any] | None:
    """Draw the choice of data set, split and labels; None when there is nothing to choose from."""
    names = [
        name for name in resources.dataset_names() if resources.has_images(name) and resources.trainable_splits(name)
    ]
    if not names:
        st.info("No data set with images and a split yet. The study being made brings one; see the overview.")
        return None
    fields = TrainConfig.model_fields["data"].annotation.model_fields  # type: ignore[union-attr]
    dataset = st.selectbox(
        "Data set", names, key="training.dataset", persist_state="session", help=fields["dataset"].description
    )
    splits = resources.trainable_splits(dataset)
    split = st.selectbox(
        "Split", splits, key="training.split", persist_state="session", help=fields["split"].description
    )
    labels = st.selectbox(
        "Labels",
        resources.truth_names(dataset),
        key="training.labels",
        persist_state="session",
        help=fields["labels"].description,
    )
    return {"dataset": dataset, "split": split, "labels": labels}


def _draw_group(group: type[Config]) -> dict[str, Any]:
    return {name: _draw_field(name, field) for name, field in group.model_fields.items() if name not in CHOSEN_ABOVE}


def _draw_field(name: str, field: FieldInfo) -> Any:  # noqa: ANN401 (whatever the field holds)
    """Draw the widget that fits a field's type and bounds, and return its value."""
    label = name.replace("_", " ").capitalize()
    key = f"training.{name}"
    if name == "model":
        return st.selectbox(
            label,
            list(CLASSIFIERS),
            format_func=lambda model: CLASSIFIERS[model].title,
            key=key,
            persist_state="session",
            help="  \n".join(f"{info.title}: {info.summary}" for info in CLASSIFIERS.values()),
        )
    if choices := get_args(field.annotation):
        start = choices.index(field.default)
        return st.selectbox(label, choices, index=start, key=key, persist_state="session", help=field.description)
    if field.annotation is bool:
        return st.checkbox(label, value=field.default, key=key, persist_state="session", help=field.description)
    whole = field.annotation is int
    low, high, step = _bounds(field)
    kind = int if whole else float
    return st.number_input(
        label,
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=kind(field.default),
        step=kind(step) if step else (1 if whole else float(field.default or 0.1) / 10),
        format="%d" if whole else "%g",
        key=key,
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
