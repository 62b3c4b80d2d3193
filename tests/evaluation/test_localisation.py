"""Maps against regions: hand-worked cases, scikit-learn as the oracle, and intervals by patient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from core.base import files
from core.base.statistics import clustered_proportion
from core.evaluation import intervals, localisation, report_store
from core.evaluation.localisation import NO_REGION, SIDE, TOLERANCE, Met, average_precision, maximum, meet
from core.evaluation.map_measures import enlarged

CARD = {"checkpoint_id": "cnn-tiny-20260101-0a1b2c3d", "weights_sha256": "0a"}


def region(rows: slice, columns: slice) -> np.ndarray:
    inside = np.zeros((SIDE, SIDE), bool)
    inside[rows, columns] = True
    return inside


def spot(row: int, column: int) -> np.ndarray:
    heat_map = np.zeros((SIDE, SIDE), np.float32)
    heat_map[row, column] = 3.0
    return heat_map


@given(
    values=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=40).filter(
        lambda pairs: any(inside for _, inside in pairs)
    )
)
@settings(deadline=None)
def test_average_precision_is_scikit_learns(values):
    heat_map, inside = (np.array(column) for column in zip(*values, strict=True))

    assert average_precision(heat_map, inside) == pytest.approx(average_precision_score(inside, heat_map))


def test_average_precision_of_a_real_map_is_scikit_learns():
    generator = np.random.default_rng(0)
    large, inside = (
        enlarged(generator.random((7, 7)).clip(0.5) - 0.5, (SIDE, SIDE)),
        region(slice(30, 90), slice(20, 60)),
    )

    found = meet(large, inside)

    assert found.auprc == pytest.approx(average_precision_score(inside.ravel(), large.ravel()))
    assert found.area == pytest.approx(60 * 40 / SIDE**2)


@pytest.mark.parametrize(
    ("row", "column", "pointing", "hit"),
    [
        (100, 100, True, True),
        (109, 119, True, True),  # the last pixel inside
        (100 - TOLERANCE, 110, True, False),
        (100 - TOLERANCE - 1, 110, False, False),
        (100 - 9, 100 - 12, True, False),  # 15 pixels away, as 3, 4, 5
        (100 - 10, 100 - 12, False, False),
    ],
)
def test_a_maximum_counts_inside_the_region_or_within_the_tolerance_of_it(row, column, pointing, hit):
    found = meet(spot(row, column), region(slice(100, 110), slice(100, 120)))

    assert (found.pointing, found.hit, found.empty) == (pointing, hit, False)


def test_chance_is_the_share_of_the_film_that_counts():
    inside = region(slice(100, 110), slice(100, 120))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(
        np.maximum(0, np.maximum(100 - rows, rows - 109)), np.maximum(0, np.maximum(100 - columns, columns - 119))
    )

    found = meet(spot(0, 0), inside)

    assert found.area_with_tolerance == pytest.approx((away <= TOLERANCE).mean())


def test_a_map_of_zeros_misses_and_is_told_apart():
    everywhere = np.ones((SIDE, SIDE), bool)
    part = region(slice(0, 56), slice(0, SIDE))

    found = meet(np.zeros((SIDE, SIDE), np.float32), everywhere)

    assert (found.pointing, found.hit, found.empty) == (False, False, True)
    assert meet(np.zeros((SIDE, SIDE), np.float32), part).auprc == pytest.approx(0.25)
    assert meet(np.ones((SIDE, SIDE), np.float32), part).auprc == pytest.approx(0.25)


@pytest.mark.parametrize(("cell", "middle"), [((0, 0), 7.5), ((6, 6), 215.5), ((3, 3), 111.5)])
def test_of_a_flat_top_the_middle_is_taken(cell, middle):
    coarse = np.zeros((7, 7))
    coarse[cell] = 1

    found = maximum(enlarged(coarse, (SIDE, SIDE)))

    assert np.abs(np.array(found) - middle).max() <= 1


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_turning_map_and_region_over_changes_nothing(seed):
    generator = np.random.default_rng(seed)
    coarse = generator.random((6, 6)) ** 3
    inside = region(slice(20, 80), slice(30, 60))
    plain, turned = (
        meet(enlarged(one, (SIDE, SIDE)), other)
        for one, other in ((coarse, inside), (coarse[:, ::-1], inside[:, ::-1]))
    )

    assert turned.hit == plain.hit
    assert turned.auprc == pytest.approx(plain.auprc, rel=1e-3)


@pytest.mark.parametrize("bad", [np.zeros((SIDE, SIDE), bool), np.ones((4, 4), bool)])
def test_a_region_that_is_empty_or_of_another_shape_is_refused(bad):
    with pytest.raises(ValueError, match="a map and a region of one shape, the region not empty"):
        meet(spot(0, 0), bad)


def met(hit: bool, auprc: float) -> Met:
    return Met(pointing=hit, hit=hit, auprc=auprc, area=auprc / 2, area_with_tolerance=0.2, empty=False)


def test_a_summary_has_means_over_films_and_intervals_by_patient():
    generator = np.random.default_rng(1)
    patients = np.repeat(np.arange(20), 3).astype(str)
    films = [met(bool(generator.random() < 0.4), float(generator.random())) for _ in patients]
    values = np.array([one.auprc for one in films])

    found = localisation.summary(films, patients)

    share = clustered_proportion(np.array([one.hit for one in films]), patients)
    assert (found["hit"].value, found["hit"].low, found["hit"].high) == pytest.approx(share)
    assert found["auprc"].value == pytest.approx(values.mean())
    by_patient = values.reshape(20, 3)
    weights = np.concatenate(list(intervals.patient_weights(20, 60, draws=1000, seed=5)))  # other draws
    slow = np.quantile((weights @ by_patient.sum(axis=1)) / (weights @ np.full(20, 3)), [0.025, 0.975])
    assert (found["auprc"].low, found["auprc"].high) == pytest.approx(slow, abs=0.02)


def test_few_patients_give_means_without_intervals():
    found = localisation.summary([met(True, 0.5), met(False, 0.1)], np.array(["a", "b"]))

    assert found["auprc"].value == pytest.approx(0.3)
    assert found["auprc"].low is None
    assert found["auprc"].reason == "no interval: fewer than 5 patients"


def test_without_films_every_measure_is_null_with_the_reason():
    found = localisation.summary([], np.array([]))

    assert set(found) == set(localisation.NAMES)
    assert {(one.value, one.reason) for one in found.values()} == {(None, NO_REGION)}


def test_a_report_lies_apart_from_evaluation_reports_and_speaks_of_its_weights(workspace):
    place = localisation.path(workspace, CARD["checkpoint_id"], "tiny", "patient", "test", method="grad-cam")
    files.write_json(place, {"weights_sha256": "0a", "part": "test"})

    found = localisation.read(workspace, CARD, "tiny", "patient", "test")

    assert found == {"weights_sha256": "0a", "part": "test"}
    assert report_store.report_ids(workspace) == []
    assert localisation.read(workspace, CARD | {"weights_sha256": "ff"}, "tiny", "patient", "test") is None
    assert localisation.read(workspace, CARD, "tiny", "patient", "val") is None
