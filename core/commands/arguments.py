"""Flags made from a config model, and every mistake in them told in one sentence.

The standard argument parser reads the words; the config model checks the values. So the
flags, the sidebar form and the job file accept the same things and refuse them alike.
"""

from __future__ import annotations

import argparse
import difflib
from typing import Any, NoReturn, TypeVar, get_args, get_origin

from pydantic.fields import FieldInfo

from core.base.config import Config, is_group
from core.base.errors import InputError

C = TypeVar("C", bound=Config)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        msg = f"{message[:1].upper()}{message[1:]}; `{self.prog} --help` lists what is expected."
        raise InputError(msg)


def parse(config: type[C], words: list[str], *, prog: str, positional: tuple[str, ...] = (), epilog: str = "") -> C:
    """Read a command's words into its config.

    Args:
        config: The config model; nested groups become flat flags.
        words: What was typed after the command's name.
        prog: How the command is called, for its help.
        positional: Names of the fields that are given without a flag, in their order; one whose
            type is a tuple takes the rest.
        epilog: What the help says last.

    Raises:
        InputError: If a word is unknown, missing or out of range.
    """
    parser = _Parser(prog=prog, description=config.__doc__, epilog=epilog, allow_abbrev=False)
    fields = flat_fields(config)
    for name, field in fields.items():
        many = get_origin(field.annotation) is tuple
        options: dict[str, Any] = {"help": _help(field), "default": argparse.SUPPRESS}
        if name in positional:
            nargs = "*" if many else "?"
            parser.add_argument(name, nargs=nargs, metavar=name.upper(), **options)
        elif field.annotation is bool:
            parser.add_argument(_flag(name), action=argparse.BooleanOptionalAction, **options)
        else:
            choices = _choices(field.annotation)
            metavar = "|".join(choices) if choices else name.rsplit("_", 1)[-1].upper()
            parser.add_argument(_flag(name), metavar=metavar, nargs="+" if many else None, **options)
    known, unknown = parser.parse_known_args(words)
    if unknown:
        near = difflib.get_close_matches(unknown[0], [_flag(name) for name in fields if name not in positional], n=1)
        hint = f"did you mean {near[0]}?" if near else f"`{prog} --help` lists what is expected."
        msg = f"Expected only options of `{prog}`, found {unknown[0]!r}; {hint}"
        raise InputError(msg)
    given = {name: value for name, value in vars(known).items() if value not in (None, [])}
    missing = [name for name, field in fields.items() if field.is_required() and name not in given]
    if missing:
        name = missing[0]
        wanted = name.upper() if name in positional else _flag(name)
        msg = f"Expected {wanted} for `{prog}`, found none; `{prog} --help` lists what is expected."
        raise InputError(msg)
    return config.from_dict(given)


def flat_fields(config: type[Config]) -> dict[str, FieldInfo]:
    """Return a config's fields by name, those of nested groups in the place of their group."""
    fields: dict[str, FieldInfo] = {}
    for name, field in config.model_fields.items():
        if is_group(field.annotation):
            fields.update(flat_fields(field.annotation))  # type: ignore[arg-type]
        else:
            fields[name] = field
    return fields


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _choices(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401 (any annotation)
    """Return the words of a `Literal`, also of one that may be None."""
    if get_origin(annotation) is not None and all(isinstance(word, str) for word in get_args(annotation)):
        return get_args(annotation)
    return next((found for inner in get_args(annotation) if (found := _choices(inner))), ())


def _help(field: FieldInfo) -> str:
    text = (field.description or "").replace("%", "%%")
    if field.is_required() or field.default is None or field.default == ():
        return text
    return f"{text} (default: {field.default})"
