"""Whether the generator of a synthetic data set is still the one that made it; free of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.errors import InputError
from core.models import cards

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.synthetic import SyntheticCard


def refuse_another(workspace: Workspace, made: SyntheticCard) -> None:
    """Refuse a set whose generator's checkpoint, where it is still here, is not the one that made it.

    Of a generator that is gone the set's own card says which patients it saw.

    Raises:
        InputError: If the generator has other weights, or names other patients.
    """
    if not (workspace.checkpoint(made.generator_id) / cards.CARD).exists():
        return
    generator = cards.read_card(workspace, made.generator_id, task=cards.TRANSLATION)
    if generator["weights_sha256"] != made.generator_sha256 or set(generator["patients"]) != set(made.patients):
        msg = (
            f"Expected the generator {made.generator_id} as it was when {made.name!r} was made, found another; "
            "translate again under another name."
        )
        raise InputError(msg, field="synthetic")
