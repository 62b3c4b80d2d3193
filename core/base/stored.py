"""Files of plain values read back as what they should hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from core.base import files
from core.base.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

Kind = TypeVar("Kind", bound=BaseModel)


def read(path: Path, kind: type[Kind], *, cure: str) -> Kind:
    """Read a JSON file as what it should hold.

    Args:
        path: The file.
        kind: What it should hold.
        cure: What to do where it holds something else, as in "remove the file and measure again".

    Raises:
        InputError: If it is damaged, or holds what another version wrote.
    """
    content = files.read_json(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its content"
        msg = (
            f"Expected what this version writes in {path.parent.name}/{path.name}, found {place}: "
            f"{first['msg'].lower()}; {cure}."
        )
        raise InputError(msg) from None
