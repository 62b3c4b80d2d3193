"""The base of every configuration: checked, frozen, and clear about a wrong name."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from core.base.errors import InputError


class Config(BaseModel):
    """A frozen set of options; the same class makes the flags, the sidebar form and the job file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build the config from plain values, nested groups given flat.

        Raises:
            InputError: If a name is unknown or a value out of its range, with one sentence.
        """
        try:
            return cls.model_validate(cls._nested(values))
        except ValidationError as error:
            raise InputError(sentence(error), field=_place(error)) from None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values with the nested groups flattened, ready for JSON."""
        flat: dict[str, Any] = {}
        for name, value in self.model_dump(mode="json").items():
            flat.update(value if isinstance(getattr(self, name), Config) else {name: value})
        return flat

    @classmethod
    def _nested(cls, values: dict[str, Any]) -> dict[str, Any]:
        groups = {name: field.annotation for name, field in cls.model_fields.items() if is_group(field.annotation)}
        needed = [name for name in groups if cls.model_fields[name].is_required()]
        homes = {inner: name for name, group in groups.items() for inner in group.model_fields}  # type: ignore[union-attr]
        nested: dict[str, Any] = {name: {} for name in needed}  # so that what they lack is named, not they
        for name, value in values.items():
            if name in homes:
                nested.setdefault(homes[name], {})[name] = value
            elif name in cls.model_fields and name not in groups:
                nested[name] = value
            else:
                known = [*homes, *(field for field in cls.model_fields if field not in groups)]
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}."
                msg = f"Expected a field of {cls.__name__}, found {name!r}; {hint}"
                raise InputError(msg, field=name)
        return nested


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:  # the home of a user who does not exist
        msg = f"{error}"
        raise ValueError(msg) from None


GivenPath = Annotated[Path, AfterValidator(_expanded)]  # a path as a person types it, `~` included


def is_group(annotation: Any) -> bool:  # noqa: ANN401 (any annotation)
    """Tell whether a field's type is a nested group of options."""
    return isinstance(annotation, type) and issubclass(annotation, Config)


def sentence(error: ValidationError) -> str:
    """Say in one sentence what the first problem of a validation is."""
    first = error.errors()[0]
    reason = str(first["msg"]).removeprefix("Value error, ")
    found = "" if first["type"] == "missing" else f", found {first['input']!r}"
    return f"Option {_place(error)!r}: {reason[:1].lower()}{reason[1:]}{found}; correct it and try again."


def _place(error: ValidationError) -> str:
    first = error.errors()[0]
    named = [place for place in first["loc"] if isinstance(place, str)]  # a number is a place in a list of values
    return named[-1] if named else error.title
