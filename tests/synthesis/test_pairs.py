from __future__ import annotations

import pytest
import torch

from core.base import files
from core.base.errors import InputError
from core.data import radiographs, split_store
from core.synthesis import pairs, train
from tests.synthesis import domains


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return domains.made_once(tmp_path_factory.mktemp("domains"))


@pytest.fixture
def study(made, workspace):
    """A workspace of the test's own with films of forty patients and their domain split."""
    return domains.copied(made, workspace)


def test_a_split_of_another_kind_is_refused(study):
    split_store.create(study, domains.DATASET, "patient", "patient")

    with pytest.raises(
        InputError, match="Expected a split of kind 'domain', found 'patient' of kind 'patient'"
    ) as told:
        train.train(study, domains.config(split="patient"))

    assert told.value.field == "split"


def test_a_leaky_split_is_refused(study):
    table = split_store.load(study, domains.DATASET, domains.SPLIT)
    table.loc[table.index[0], "part"] = "val" if table["part"].iloc[0] == "train" else "train"
    split_store.save(study, domains.DATASET, "leaky", table, kind="domain", seed=0)

    with pytest.raises(InputError, match="Expected a split without leaks"):
        train.train(study, domains.config(split="leaky"))


def test_a_table_without_images_is_refused(study):
    path = study.radiographs(domains.DATASET)
    files.write_parquet(path, files.read_parquet(path).assign(path=None, sha256=None))

    with pytest.raises(InputError, match="is a table only"):
        train.train(study, domains.config())


def test_a_domain_without_films_is_refused(study):
    table = split_store.load(study, domains.DATASET, domains.SPLIT)
    split_store.save(study, domains.DATASET, "half", table[table["domain"] == "A"], kind="domain", seed=0)

    with pytest.raises(
        InputError, match=r"and with a pneumothorax \(B\) in train of split 'half', found \d+ and 0 that"
    ):
        train.train(study, domains.config(split="half"))


def test_synthetic_images_are_left_out(study):
    path = study.radiographs(domains.DATASET)
    table = files.read_parquet(path)
    split = split_store.load(study, domains.DATASET, domains.SPLIT)
    made = split.loc[split["part"] == "train", "image_id"].iloc[:3]
    files.write_parquet(path, table.assign(source=table["source"].mask(table["image_id"].isin(made), "synthetic")))
    split_store.save(study, domains.DATASET, domains.SPLIT, split, kind="domain", seed=0)

    found = pairs.prepare(study, domains.config())

    assert found.left_out == 3
    assert not set(found.table["image_id"]) & set(made)
    assert radiographs.sources(found.rows("train")).keys() == {"real"}


def test_batches_follow_from_their_number_alone(study):
    found = pairs.prepare(study, domains.config())
    both = (found.films("train", "A"), found.films("train", "B"))

    def batches(start: int, stop: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        device = torch.device("cpu")
        endless = pairs.streams(both, batch_size=4, seed=3, start=start, device=device)
        return [next(endless) for _ in range(start, stop)]

    whole, rest = batches(0, 30), batches(17, 30)

    assert all(
        torch.equal(one, other) for w, r in zip(whole[17:], rest, strict=True) for one, other in zip(w, r, strict=True)
    )
    assert {len(of_a) for of_a, _ in whole} <= {3, 4}
    assert not torch.equal(whole[0][0], whole[0][1][: len(whole[0][0])])
    assert max(one.abs().max() for pair in whole for one in pair) <= 1
