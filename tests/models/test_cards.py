from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.base.paths import ROOT
from core.models import cards

PHANTOMS = {"kinds": {"phantom": 60, "real": 40}}
REAL = {"kinds": {"real": 50, "synthetic": 50}}


def films(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["image_id", "source", "parent_image_id"])


def write_checkpoint(workspace, name: str, *, created_at: str, without: str | None = None) -> None:
    folder = workspace.checkpoint(name)
    folder.mkdir(parents=True)
    for file in cards.ALL_FILES:
        if file != without:
            (folder / file).write_bytes(b"")
    files.write_json(folder / cards.CARD, {"created_at": created_at})
    if without == cards.CARD:
        (folder / cards.CARD).unlink()


def test_lists_complete_checkpoints_newest_first(workspace):
    assert cards.checkpoint_ids(workspace) == []
    write_checkpoint(workspace, "old", created_at="2026-01-01T00:00:00+00:00")
    write_checkpoint(workspace, "new", created_at="2026-02-01T00:00:00+00:00")
    write_checkpoint(workspace, "no-weights", created_at="2026-03-01T00:00:00+00:00", without=cards.WEIGHTS)
    write_checkpoint(workspace, "no-card", created_at="2026-03-01T00:00:00+00:00", without=cards.CARD)
    (workspace.checkpoints / ".new.x.part").mkdir()
    (workspace.checkpoints / ".new.x.part" / cards.CARD).write_text("{")
    (workspace.checkpoints / "README.md").write_text("what lies here")

    assert cards.checkpoint_ids(workspace) == ["new", "old"]


def test_an_unknown_checkpoint_names_those_there_are(workspace):
    with pytest.raises(InputError, match="found none named 'x'; there is none yet; make one with `train`"):
        cards.read_card(workspace, "x")
    write_checkpoint(workspace, "old", created_at="2026-01-01T00:00:00+00:00")
    with pytest.raises(InputError, match="found none named 'x'; choose from old"):
        cards.read_history(workspace, "x")


def test_a_checkpoint_that_learnt_from_phantoms_refuses_real_films():
    cards.refuse_other_kinds(PHANTOMS, films(("a", "phantom", None), ("b", "synthetic", "a")))
    with pytest.raises(
        InputError, match=r"learnt from \(phantom\), found 1 real of 2; use a checkpoint trained on real radiographs"
    ):
        cards.refuse_other_kinds(PHANTOMS, films(("a", "phantom", None), ("b", "real", None)))


def test_half_and_half_is_not_by_more_than_half():
    cards.refuse_other_kinds(REAL, films(("a", "real", None)))


def test_a_synthetic_child_counts_as_its_parents_kind():
    for rows in (
        films(("b", "synthetic", "elsewhere")),
        films(("b", "synthetic", None)),
        films(("b", "synthetic", "a")).assign(parent_source="real"),
    ):
        with pytest.raises(InputError, match="found 1 real of 1"):
            cards.refuse_other_kinds(PHANTOMS, rows)
    cards.refuse_other_kinds(PHANTOMS, films(("b", "synthetic", "a")).assign(parent_source="phantom"))


@pytest.mark.parametrize(
    "module", ["core.models.registry", "core.models.cards", "core.training.config", "core.vision.ranges"]
)
def test_pages_can_import_it_without_torch(module):
    code = f"import {module}, sys; print(*{{'torch', 'timm', 'torchvision', 'sklearn'}} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


@pytest.mark.parametrize("content", [[], {}, "a card", {"task": "translation"}])
def test_a_card_that_is_none_is_told_in_one_sentence(workspace, content):
    write_checkpoint(workspace, "broken", created_at="2026-01-01T00:00:00+00:00")
    files.write_json(workspace.checkpoint("broken") / cards.CARD, content)

    with pytest.raises(InputError, match=r"found something else; restore the folder or remove it\.$"):
        cards.checkpoint_ids(workspace)


def test_a_card_of_another_shape_is_not_read(workspace):
    write_checkpoint(workspace, "broken", created_at="2026-01-01T00:00:00+00:00")
    files.write_json(workspace.checkpoint("broken") / cards.CARD, ["a card"])

    with pytest.raises(InputError, match=r"found something else; restore the folder or remove it\.$"):
        cards.read_card(workspace, "broken")
