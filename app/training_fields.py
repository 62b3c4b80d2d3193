"""The widgets of the training form, each made from a field of a config: its bounds, its help, and its refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from app.plain import plain
from app.training_kinds import label
from core.models.registry import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from app.training_kinds import Kind
    from core.base.errors import InputError

NONE = ""  # stands in a widget for a choice that is left out


def value(kind: Kind, name: str) -> Any:  # noqa: ANN401 (whatever the field holds)
    """Return what a field of the form holds."""
    return st.session_state[kind.key(name)]


def options(kind: Kind, names: Sequence[str]) -> dict[str, Any]:
    """Return what these fields hold as the config takes it."""
    found = {name: value(kind, name) for name in names}
    return {name: None if is_optional(kind.fields[name]) and one == NONE else one for name, one in found.items()}


def hold(kind: Kind, chosen: Mapping[str, Any]) -> None:
    """Put options into the form, as `options` returns them."""
    for name, one in chosen.items():
        st.session_state[kind.key(name)] = NONE if one is None else one


def settle(kind: Kind) -> None:
    """Give every field that has a usual value that one, unless it holds one already."""
    for name, field in kind.fields.items():
        if not field.is_required():
            st.session_state.setdefault(kind.key(name), NONE if field.default is None else field.default)


def settle_choice(kind: Kind, name: str, offered: Sequence[str]) -> None:
    """Replace a choice that is no longer offered by the first one."""
    if st.session_state.get(kind.key(name)) not in offered:
        st.session_state[kind.key(name)] = offered[0]


def is_optional(field: FieldInfo) -> bool:
    """Tell whether a field may be left out altogether."""
    return NoneType in get_args(field.annotation)


def draw(kind: Kind, name: str, problem: InputError | None, *, disabled: bool = False) -> None:
    """Draw the widget that fits a field's type and bounds, and under it what is wrong with its value.

    Args:
        kind: Of training.
        name: Of a field that is a number, a switch or one of a few words.
        problem: Why the training cannot work.
        disabled: Whether it asks nothing, as another choice stands.
    """
    field = kind.fields[name]
    choices = get_args(field.annotation)
    with place(name, problem):
        if name == "weights":
            own = [value(kind, name)] if value(kind, name) not in WEIGHTS else []
            select(kind, name, [*WEIGHTS, *own], accept_new_options=True)
        elif choices:
            select(kind, name, list(choices), disabled=disabled)
        elif field.annotation is bool:
            st.checkbox(label(name), key=kind.key(name), persist_state="session", help=field.description)
        else:
            _draw_number(kind, name, disabled=disabled)


def select(kind: Kind, name: str, offered: Sequence[Any], **widget: Any) -> None:  # noqa: ANN401 (as the widget has it)
    """Draw a choice among words or numbers."""
    about = {"help": kind.fields[name].description} if name in kind.fields else {}
    st.selectbox(label(name), offered, key=kind.key(name), persist_state="session", **(about | widget))


@contextmanager
def place(name: str, problem: InputError | None) -> Iterator[None]:
    """Hold a field and, under it, what is wrong with it: a reason that comes or goes moves no other field."""
    with st.container(gap="xxsmall"):
        yield
        if problem is not None and problem.field == name:
            st.markdown(red(problem))


def red(problem: InputError) -> str:
    """Return the reason alone, in red: the field stands above it, and what to do with it is plain."""
    text = str(problem).removeprefix(f"Option {problem.field!r}: ").removesuffix("; correct it and try again.")
    text = text.replace("input should be", "must be")  # pydantic's own words
    return f":small[:red[{plain(text[:1].upper() + text[1:])}]]"


def _draw_number(kind: Kind, name: str, *, disabled: bool) -> None:
    field = kind.fields[name]
    number = int if field.annotation is int else float
    low, high, step = _bounds(field)
    st.number_input(
        label(name),
        min_value=None if low is None else number(low),
        max_value=None if high is None else number(high),
        step=number(step) if step else (1 if number is int else float(field.default or 0.1) / 10),
        format="%d" if number is int else "%g",
        key=kind.key(name),
        persist_state="session",
        help=field.description,
        disabled=disabled,
    )


def _bounds(field: FieldInfo) -> tuple[float | None, float | None, float | None]:
    """Return a number's least and greatest value and its step, where the config gives them.

    A bound that is itself excluded is offered all the same; the config then says why it is refused.
    """
    found: dict[str, Any] = {}
    for rule in field.metadata:
        found |= {name: getattr(rule, name) for name in ("ge", "gt", "le", "lt", "multiple_of") if hasattr(rule, name)}
    return found.get("ge", found.get("gt")), found.get("le", found.get("lt")), found.get("multiple_of")
