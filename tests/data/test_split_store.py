from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.base import files, schema
from core.base.errors import InputError
from core.data import split_store
from tests.splitting import make_split


@pytest.fixture
def table(workspace) -> pd.DataFrame:
    """The radiographs of data set `set`, written to the workspace: 40 patients with three films, half of them ill."""
    patient = np.repeat([f"p{i:02d}" for i in range(40)], 3)
    label = np.tile([1, 0, 0, 0, 0, 0], 20)
    frame = pd.DataFrame(
        {
            "image_id": [f"{p}_{i}.png" for i, p in enumerate(patient)],
            "patient_id": patient,
            "label": label,
            "findings": np.where(label == 1, "Pneumothorax", "No Finding"),
            "view": "PA",
            "sha256": [f"{i:064x}" for i in range(120)],
            "source": "phantom",
        }
    )
    frame = schema.checked(frame, schema.RADIOGRAPHS)
    files.write_parquet(workspace.radiographs("set"), frame)
    return frame


def test_what_is_saved_is_what_is_loaded(workspace, table):
    split_store.create(workspace, "set", "p0", "patient", seed=3)

    pd.testing.assert_frame_equal(split_store.load(workspace, "set", "p0"), make_split(table, "patient", seed=3))
    assert split_store.split_names(workspace, "set") == ["p0"]


def test_the_certificate_counts_films_patients_and_prevalence_by_part_and_fold(workspace, table):
    made = split_store.create(workspace, "set", "p0", "patient")

    assert made == split_store.certificate(workspace, "set", "p0")
    assert (made["kind"], made["seed"], made["options"], made["left_out"]) == ("patient", 0, {}, {})
    train = made["parts"]["train"]
    assert {name: train[name] for name in ("films", "patients", "positive_films", "positive_patients")} == {
        "films": 60,
        "patients": 20,
        "positive_films": 10,
        "positive_patients": 10,
    }
    prevalence = train["prevalence"]
    assert prevalence["value"] == 1 / 6
    assert 0 < prevalence["low"] < 1 / 6 < prevalence["high"] < 0.4
    assert {name: fold["patients"] for name, fold in made["parts"]["val"]["folds"].items()} == {"certify": 6, "tune": 6}
    assert made["audit"]["passed"]


def test_an_empty_part_has_no_prevalence(workspace, table):
    made = split_store.create(workspace, "set", "o", "official", train_list=table["image_id"])

    assert made["parts"]["test"] == {
        "films": 0,
        "patients": 0,
        "positive_films": 0,
        "positive_patients": 0,
        "prevalence": None,
    }


def test_the_lists_name_every_film_and_end_in_a_newline(workspace, table):
    split_store.create(workspace, "set", "p0", "patient")
    split_store.create(workspace, "set", "ab", "domain")

    patient, domain = workspace.splits("set") / "p0", workspace.splits("set") / "ab"
    assert sorted(path.name for path in patient.iterdir()) == ["test.txt", "train.txt", "val.txt"]
    assert sorted(path.name for path in domain.iterdir()) == ["train_A.txt", "train_B.txt", "val_A.txt", "val_B.txt"]
    texts = [path.read_text() for path in patient.iterdir()]
    assert all(text.endswith("\n") for text in texts)
    assert sorted("".join(texts).splitlines()) == sorted(table["image_id"])
    split = split_store.load(workspace, "set", "ab")
    listed = (domain / "val_B.txt").read_text().splitlines()
    assert listed == split.loc[(split["part"] == "val") & (split["domain"] == "B"), "image_id"].tolist()


def test_a_split_that_is_made_again_as_another_kind_leaves_no_list_behind(workspace, table):
    split_store.create(workspace, "set", "s", "domain")

    split_store.create(workspace, "set", "s", "patient")

    assert sorted(path.name for path in (workspace.splits("set") / "s").iterdir()) == [
        "test.txt",
        "train.txt",
        "val.txt",
    ]


def test_unknown_names_are_answered_with_those_there_are(workspace, table):
    with pytest.raises(InputError, match="found none named 'x'; there is none yet; make one with `split`"):
        split_store.load(workspace, "set", "x")
    split_store.create(workspace, "set", "p0", "patient")
    with pytest.raises(InputError, match="found none named 'x'; choose from p0"):
        split_store.load(workspace, "set", "x")
    with pytest.raises(InputError, match="indexed data set, found none named 'y'; choose from set"):
        split_store.certificate(workspace, "y", "p0")
    with pytest.raises(InputError, match="split name of 1 to 80 letters"):
        split_store.create(workspace, "set", "../out", "patient")


def test_a_sound_split_may_be_trained_on_whatever_the_order_of_the_table(workspace, table):
    made = split_store.create(workspace, "set", "p0", "patient")
    files.write_parquet(workspace.radiographs("set"), table.iloc[::-1].assign(age_years=50.0))

    assert split_store.require_sound(workspace, "set", "p0") == made


def test_lists_that_leak_are_written_and_then_refused_with_the_patients_named(workspace, table):
    images = table["image_id"]

    made = split_store.create(workspace, "set", "o", "official", train_list=images[1:], test_list=images[:1])

    assert not made["audit"]["passed"]
    assert len(split_store.load(workspace, "set", "o")) == len(table)
    with pytest.raises(InputError, match=r"without leaks, found in 'o': 1 patient in two parts: p00\. Make another"):
        split_store.require_sound(workspace, "set", "o")


def test_an_image_in_two_lists_is_refused(workspace, table):
    alone = table["image_id"][table["patient_id"] == "p00"]

    split_store.create(workspace, "set", "o", "official", train_list=table["image_id"], test_list=alone)

    with pytest.raises(InputError, match=r"3 images in two of the given lists: p00_0\.png, p00_1\.png, p00_2\.png"):
        split_store.require_sound(workspace, "set", "o")


@pytest.mark.parametrize("column", ["label", "patient_id", "sha256"])
def test_a_data_set_that_has_changed_since_is_refused(workspace, table, column):
    split_store.create(workspace, "set", "p0", "patient")
    changed = table.copy()
    changed.loc[0, column] = {"label": 0, "patient_id": "p99", "sha256": "f" * 64}[column]
    files.write_parquet(workspace.radiographs("set"), changed)

    with pytest.raises(InputError, match=r"found it changed since .*; run `split` again"):
        split_store.require_sound(workspace, "set", "p0")


def test_a_table_that_is_not_the_audited_one_is_refused(workspace, table):
    split_store.create(workspace, "set", "p0", "patient")
    files.write_parquet(workspace.split("set", "p0"), make_split(table, "patient", seed=9))

    with pytest.raises(InputError, match="table of split 'p0' as it was audited, found another"):
        split_store.require_sound(workspace, "set", "p0")


def test_thumbnails_are_asked_for_by_image_and_look_alikes_stand_in_the_certificate(workspace, table):
    pictures = np.random.default_rng(0).integers(0, 256, (120, 64, 64)).astype(np.uint8)
    split = make_split(table, "patient")
    train, val = split.index[split["part"] == "train"][0], split.index[split["part"] == "val"][0]
    pictures[val] = pictures[train]
    by_image = dict(zip(split["image_id"], pictures, strict=True))

    made = split_store.create(
        workspace, "set", "p0", "patient", strict=True, thumbnails=lambda ids: np.stack([by_image[i] for i in ids])
    )

    assert not made["audit"]["passed"]
    assert made["audit"]["checked_look_alikes"]
    assert json.dumps(made, allow_nan=False)
