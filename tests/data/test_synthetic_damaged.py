"""A synthetic data set whose files are gone, damaged, or another's: one sentence, before anything is learnt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.data import synthetic
from tests.data.test_synthetic import admitted, write


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda _card: [], "its content: input should be"),
        (lambda card: card | {"later": 1}, "found later: extra inputs"),
        (lambda card: card | {"direction": "up"}, "found direction: string should match"),
        (lambda card: {name: value for name, value in card.items() if name != "patients"}, "found patients: field"),
    ],
)
def test_a_card_that_holds_something_else(workspace, damage, told):
    write(workspace)
    path = workspace.synthetic_card("ptx")
    files.write_json(path, damage(files.read_json(path)))

    with pytest.raises(InputError, match=rf"ptx/synthetic.json, .*{told}.*; remove its folder and translate again\."):
        synthetic.card(workspace, "ptx")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda told: told.drop(columns="cycle_error"), "some of their columns only"),
        (lambda told: pd.concat([told, told]), "damaged .*more than once"),
        (lambda told: told.assign(patient_id=None), "damaged .*12 empty of 12"),
        (lambda told: told.assign(cycle_error="much"), "damaged .*could not convert"),
    ],
)
def test_passports_that_are_not_those_that_were_written(workspace, damage, told):
    write(workspace)
    path = workspace.passports("ptx")
    files.write_parquet(path, damage(files.read_parquet(path)))

    with pytest.raises(InputError, match=rf"Expected the passports of 'ptx'.*found.*{told}.*translate again\."):
        admitted(workspace)


def test_passports_that_are_gone(workspace):
    write(workspace)
    workspace.passports("ptx").unlink()

    with pytest.raises(InputError, match=r"Expected the passports of 'ptx' .* found none; remove its folder"):
        admitted(workspace)


@pytest.mark.parametrize("unknown", [np.nan, pd.NA])
def test_whatever_a_null_looks_like_it_does_not_count_against_an_image(workspace, unknown):
    write(workspace)
    path = workspace.passports("ptx")
    told = files.read_parquet(path)
    measured = told.select_dtypes("number").columns
    files.write_parquet(path, told.assign(**{name: pd.array([unknown] * len(told), "Float64") for name in measured}))

    assert admitted(workspace, share=5).left_out == {"of a parent outside train": 2}


@pytest.mark.parametrize(
    "another",
    [
        lambda rows: rows.drop(columns=["part", "parent_sha256"]),
        lambda rows: rows.assign(source=["real", *rows["source"][1:]]),
    ],
)
def test_a_table_of_films_is_not_learnt_as_synthetic_images(workspace, another):
    write(workspace)
    path = workspace.radiographs("ptx")
    files.write_parquet(path, another(files.read_parquet(path)))

    with pytest.raises(InputError, match=r"Expected synthetic images with their parents in the table of 'ptx', found"):
        admitted(workspace)
