"""What a killed intake left behind: half-written files, and pictures without a row; the next one removes it."""

from __future__ import annotations

import pandas as pd
import pytest

from core.base import files, schema
from core.base.errors import InputError
from core.data import erasing, intake, radiographs
from tests.data.test_intake import films, one, png

__all__ = ["films"]  # a fixture


class PowerCut(BaseException):
    """Nothing after it runs."""


@pytest.fixture
def left(workspace, films, monkeypatch):
    """A film that was taken in, and a second one whose intake died between its picture and the tables."""
    kept = one(workspace, png(films[0]), anyway=True)

    def dying(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(intake, "_write", dying)
        with pytest.raises(PowerCut):
            one(workspace, png(films[1]), anyway=True)
    folder = workspace.dataset(intake.DATASET)
    (folder / "images" / ".i0.png.abcdefgh.part").write_bytes(b"half a film")
    (folder / ".radiographs.parquet.abcdefgh.part").write_bytes(b"half a table")
    assert len(list((folder / "images").glob("*.png"))) == 2
    return kept.image_id


def held_files(workspace) -> list[str]:
    folder = workspace.dataset(intake.DATASET)
    return sorted(path.name for path in folder.rglob("*") if path.suffix in (".png", ".part"))


def test_the_next_intake_removes_it(workspace, films, left):
    third = one(workspace, png(films[2]), anyway=True)

    assert held_files(workspace) == sorted(f"{name}.png" for name in (left, third.image_id))


def test_an_erasure_removes_it_too(workspace, left):
    patient = radiographs.load(workspace, intake.DATASET)["patient_id"].iloc[0]

    erasing.forget_dataset(workspace, erasing.traces(workspace, intake.DATASET, patient), intake.DATASET)

    assert held_files(workspace) == []


def test_nothing_is_removed_from_another_data_set_of_this_name(workspace, films):
    folder = workspace.dataset(intake.DATASET) / "images"
    files.write_bytes(folder / "theirs.png", b"a film")
    rows = pd.DataFrame({"image_id": ["a"], "patient_id": ["b"], "source": ["real"]})
    files.write_parquet(workspace.radiographs(intake.DATASET), schema.checked(rows, schema.RADIOGRAPHS))

    with pytest.raises(InputError, match="found another one of this name"):
        one(workspace, png(films[0]))

    assert (folder / "theirs.png").exists()
