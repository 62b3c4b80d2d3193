"""Predictions of films taken in: those of `predict`, made once a film, added without touching what stands."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.data import intake
from core.evaluation import prediction_store
from core.inference import intake_films
from core.inference.predict import predict
from tests.inference import taken_in

PASSES = 4


def ensure(workspace, checkpoint_id, films, **about):
    return intake_films.ensure(workspace, checkpoint_id, films, **{"passes": PASSES} | about)


def tables(workspace, checkpoint_id):
    """Return predictions and signals by film, and the arrays beside them."""
    path = workspace.predictions(checkpoint_id, intake.DATASET)
    read = [
        files.read_parquet(path.with_suffix(ending)).set_index("image_id", drop=False)
        for ending in (".parquet", prediction_store.SIGNALS)
    ]
    beside = [path.with_suffix(ending) for ending in (prediction_store.FEATURES, prediction_store.PASSES)]
    return *read, *(np.load(one) if one.exists() else None for one in beside)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other.loc[one.index, list(one)])


@pytest.mark.parametrize("which", [0, 2], ids=["classifier", "ensemble"])
def test_film_by_film_says_what_predict_says_of_all(workspace, trio, which):
    names = taken_in.phantoms(workspace, range(2))
    for name in names:
        assert ensure(workspace, trio[which], [name]) == 1
    table, signals, features, passes = tables(workspace, trio[which])
    order = [list(table["image_id"]).index(name) for name in names]

    predict(workspace, trio[which], intake.DATASET, passes=PASSES)  # the oracle

    whole, beside, all_features, all_passes = tables(workspace, trio[which])
    assert list(whole["image_id"]) == names
    pd.testing.assert_frame_equal(whole, table.loc[names], rtol=1e-6, atol=1e-6)
    pd.testing.assert_frame_equal(beside, signals.loc[names], rtol=1e-5, atol=1e-6)
    if which == 2:
        assert features is passes is None
    else:
        np.testing.assert_allclose(all_features, features[order], rtol=2e-3, atol=1e-3)  # stored in half precision
        np.testing.assert_allclose(all_passes, passes[order], rtol=1e-5, atol=1e-6)
        assert passes.shape == (2, PASSES)


def test_what_stands_is_not_computed_again_and_not_touched(workspace, trio, monkeypatch):
    first = taken_in.phantoms(workspace, range(2))
    ensure(workspace, trio[2], first)
    before = {name: tables(workspace, name) for name in trio}

    assert ensure(workspace, trio[2], first) == 0
    later = taken_in.phantoms(workspace, range(2, 5))
    assert ensure(workspace, trio[2], [*first, *later]) == 3

    for name in trio:
        table, signals, features, passes = tables(workspace, name)
        assert sorted(table["image_id"]) == sorted([*first, *later])
        same(before[name][0], table)
        same(before[name][1], signals)
        for array, then in ((features, before[name][2]), (passes, before[name][3])):
            assert (array is None and then is None) or np.array_equal(array[:2], then)
    assert not list((workspace.cache / "intake").iterdir())


def test_a_real_film_is_refused_and_does_not_stand_in_the_way_of_phantoms(workspace, trio, tmp_path):
    real = taken_in.real(workspace, tmp_path)
    phantom = taken_in.phantoms(workspace, range(1))

    with pytest.raises(InputError, match="found 1 real of 2; use a checkpoint trained on real radiographs"):
        ensure(workspace, trio[2], [real, *phantom])
    assert not workspace.predictions(trio[2], intake.DATASET).exists()

    assert ensure(workspace, trio[2], phantom) == 1
    assert list(tables(workspace, trio[2])[0]["image_id"]) == phantom


def test_only_what_no_longer_holds_is_computed_again(workspace, trio):
    names = taken_in.phantoms(workspace, range(3))
    ensure(workspace, trio[0], names)
    path = workspace.predictions(trio[0], intake.DATASET)
    table = files.read_parquet(path)
    stale = table.assign(image_sha256=["0" * 64, *table["image_sha256"][1:]], probability=[0.5, 0.5, 0.5])
    files.write_parquet(path, stale)

    assert ensure(workspace, trio[0], names) == 1

    now = tables(workspace, trio[0])[0]
    assert now.loc[table["image_id"][0], "probability"] == table["probability"][0]
    assert list(now.loc[table["image_id"][1:], "probability"]) == [0.5, 0.5]  # they still held


@pytest.mark.parametrize("ending", [prediction_store.PASSES, prediction_store.SIGNALS])
def test_after_a_kill_between_two_files_all_rows_are_made_anew(workspace, trio, ending):
    names = taken_in.phantoms(workspace, range(3))
    ensure(workspace, trio[0], names[:2])
    path = workspace.predictions(trio[0], intake.DATASET)
    right = tables(workspace, trio[0])[0]
    if ending == prediction_store.SIGNALS:
        files.write_parquet(path.with_suffix(ending), files.read_parquet(path.with_suffix(ending)).iloc[:1])
    else:
        array = np.load(path.with_suffix(ending))
        np.save(path.with_suffix(ending), np.concatenate([array, array[:1]]))

    assert ensure(workspace, trio[0], names[2:]) == 3

    table, signals, features, passes = tables(workspace, trio[0])
    assert len(table) == len(signals) == len(features) == len(passes) == 3
    pd.testing.assert_frame_equal(right, table.loc[right.index], rtol=1e-6, atol=1e-6)


def test_a_table_of_other_passes_is_made_anew_as_a_whole(workspace, trio):
    names = taken_in.phantoms(workspace, range(2))
    ensure(workspace, trio[0], names[:1], passes=0)
    assert tables(workspace, trio[0])[3] is None

    assert ensure(workspace, trio[0], names[1:]) == 2

    assert tables(workspace, trio[0])[3].shape == (2, PASSES)


def test_films_that_are_gone_are_said_and_leave_the_table_with_the_next_ones(workspace, trio):
    names = taken_in.phantoms(workspace, range(3))
    ensure(workspace, trio[0], names[:2])
    radiographs = files.read_parquet(workspace.radiographs(intake.DATASET))
    files.write_parquet(workspace.radiographs(intake.DATASET), radiographs[radiographs["image_id"] != names[0]])

    with pytest.raises(InputError, match="found that 1 of 2 are gone"):
        ensure(workspace, trio[0], names[:2])
    assert ensure(workspace, trio[0], names[1:]) == 1

    table, signals, features, passes = tables(workspace, trio[0])
    assert sorted(table["image_id"]) == sorted(signals["image_id"]) == sorted(names[1:])
    assert len(features) == len(passes) == 2


def test_two_sessions_at_once_lose_nothing(workspace, trio):
    names = taken_in.phantoms(workspace, range(3))
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda part: ensure(workspace, trio[2], part), [names[:2], names[1:]]))

    assert sum(made) == 3
    for name in trio:
        table, signals, *_ = tables(workspace, name)
        assert sorted(table["image_id"]) == sorted(signals["image_id"]) == sorted(names)


def test_what_a_killed_process_left_is_cleared(workspace, trio):
    left = workspace.cache / "intake" / trio[0] / "predictions"
    left.mkdir(parents=True)
    (left / "old.parquet").write_bytes(b"x")

    ensure(workspace, trio[0], taken_in.phantoms(workspace, range(1)))

    assert not left.exists()
    shutil.rmtree(workspace.cache)  # all of it can be made again


def test_a_film_that_is_erased_while_it_is_looked_at_leaves_no_row(workspace, trio, monkeypatch):
    first, erased, later = taken_in.phantoms(workspace, range(3))
    ensure(workspace, trio[0], [first])

    def slow(view, *arguments, **about):
        made = predict(view, *arguments, **about)
        table = files.read_parquet(workspace.radiographs(intake.DATASET))
        files.write_parquet(workspace.radiographs(intake.DATASET), table[table["image_id"] != erased])
        return made

    monkeypatch.setattr(intake_films, "predict", slow)
    ensure(workspace, trio[0], [erased, later])

    table, signals, features, passes = tables(workspace, trio[0])
    assert list(table["image_id"]) == list(signals["image_id"]) == [first, later]
    assert len(features) == len(passes) == 2
