from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from core.review import coefficients
from core.review.coefficients import cohen, of_pair, of_readers

# Fleiss 1971, table 1: six psychiatrists call each of thirty patients one of five things.
DIAGNOSES = """
0 0 0 6 0 | 0 3 0 0 3 | 0 1 4 0 1 | 0 0 0 0 6 | 0 3 0 3 0 | 2 0 4 0 0 | 0 0 4 0 2 | 2 0 3 1 0 | 2 0 0 4 0 | 0 0 0 0 6
1 0 0 5 0 | 1 1 0 4 0 | 0 3 3 0 0 | 1 0 0 5 0 | 0 2 0 3 1 | 0 0 5 0 1 | 3 0 0 1 2 | 5 1 0 0 0 | 0 2 0 4 0 | 1 0 2 0 3
0 0 0 0 6 | 0 1 0 5 0 | 0 2 0 1 3 | 2 0 0 4 0 | 1 0 0 4 1 | 0 5 0 1 0 | 4 0 0 0 2 | 0 2 0 4 0 | 1 0 5 0 0 | 0 0 0 0 6
"""
# The worked example of textbooks: fourteen readers, ten units, five categories; kappa 0.210.
TEXTBOOK = [
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]
# The table `cont3x3abstractors` of Gwet's package irrCAC: kappa 0.7964094, AC1 0.8493305.
ABSTRACTORS = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])


def numbered(count: int, *, a_patient: int = 1) -> np.ndarray:
    return np.array([f"p{number // a_patient}" for number in range(count)])


def of_table(joint: np.ndarray, **values):
    first, second = (np.repeat(index.ravel(), joint.ravel()) for index in np.indices(joint.shape))
    return of_pair(first, second, numbered(first.size), categories=len(joint), **values)


def two_readers(count: int, categories: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, categories, count)
    return first, np.where(rng.random(count) < 0.6, first, rng.integers(0, categories, count))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("quadratic", [False, True])
def test_cohens_kappa_is_that_of_scikit_learn(seed, quadratic):
    first, second = two_readers(60, 5, seed=seed)

    found = of_pair(first, second, numbered(60), categories=5, quadratic=quadratic)

    expected = cohen_kappa_score(first, second, labels=range(5), weights="quadratic" if quadratic else None)
    assert found.kappa.value == pytest.approx(expected, abs=1e-12)


def test_a_category_that_nobody_gave_changes_no_kappa():
    assert cohen(np.array([[20, 5, 0], [10, 15, 0], [0, 0, 0]])) == cohen(np.array([[20, 5], [10, 15]]))


def test_fleiss_kappa_is_that_of_his_paper():
    counts = np.array([row.split() for row in DIAGNOSES.replace("|", "\n").strip().splitlines()], dtype=int)

    found = of_readers(counts, numbered(30))

    assert found.kappa.value == pytest.approx(0.430, abs=5e-4)


def test_fleiss_kappa_is_that_of_the_textbooks():
    assert of_readers(np.array(TEXTBOOK), numbered(10)).kappa.value == pytest.approx(0.210, abs=5e-4)


def test_ac1_of_two_readers_is_that_of_gwets_own_package():
    found = of_table(ABSTRACTORS)

    assert found.kappa.value == pytest.approx(0.7964094, abs=5e-8)
    assert found.ac1.value == pytest.approx(0.8493305, abs=5e-8)


def test_ac1_by_hand():
    # Both say 0 of 8, they differ on 2. Shares 0.9 and 0.1, so chance agrees on (0.09 + 0.09) / 1 = 0.18.
    found = of_table(np.array([[8, 1], [1, 0]]))

    assert found.ac1.value == pytest.approx((0.8 - 0.18) / (1 - 0.18))
    assert found.kappa.value == pytest.approx((0.8 - 0.82) / (1 - 0.82))  # the paradox that AC1 is there for


def test_ac1_counts_the_categories_that_could_be_answered():
    # The same answers on a scale of three: chance agrees on 0.18 / 2 = 0.09.
    found = of_table(np.array([[8, 1, 0], [1, 0, 0], [0, 0, 0]]))

    assert found.ac1.value == pytest.approx((0.8 - 0.09) / (1 - 0.09))


def test_ac1_of_three_readers_by_hand():
    # Units (3, 0), (2, 1), (0, 3), (3, 0): pairs agree on 1, 1/3, 1, 1, mean 5/6; shares 8/12 and 4/12,
    # so chance agrees on 2 * (2/3 * 1/3) = 4/9 for AC1, and on 4/9 + 1/9 = 5/9 for kappa.
    found = of_readers(np.array([[3, 0], [2, 1], [0, 3], [3, 0]]), numbered(4))

    assert found.ac1.value == pytest.approx((5 / 6 - 4 / 9) / (5 / 9))
    assert found.kappa.value == pytest.approx((5 / 6 - 5 / 9) / (4 / 9))


def test_two_readers_as_a_pair_and_as_a_panel_have_one_ac1():
    first, second = two_readers(40, 3)
    counts = np.eye(3)[first] + np.eye(3)[second]

    pair, panel = of_pair(first, second, numbered(40), categories=3), of_readers(counts, numbered(40))

    assert panel.ac1.value == pytest.approx(pair.ac1.value)
    assert (panel.ac1.low, panel.ac1.high) == pytest.approx((pair.ac1.low, pair.ac1.high))


def test_the_interval_is_that_of_drawing_patients_one_by_one(monkeypatch):
    first, second = two_readers(60, 3)
    patients = numbered(60, a_patient=3)
    monkeypatch.setattr(coefficients, "DRAWS", 200)

    found = of_pair(first, second, patients, categories=3)

    known = np.unique(patients)
    rng = np.random.default_rng(coefficients.SEED)
    drawn = rng.integers(known.size, size=(200, known.size))  # the same draws, film by film
    rows = [np.concatenate([np.flatnonzero(patients == known[p]) for p in draw]) for draw in drawn]
    slow = [cohen_kappa_score(first[r], second[r], labels=range(3)) for r in rows]
    assert (found.kappa.low, found.kappa.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])), abs=1e-9)


def test_films_of_few_patients_know_less():
    first, second = two_readers(90, 3)
    order = np.argsort(first == second, kind="stable")  # agreement comes by patient
    apart = of_pair(first[order], second[order], numbered(90), categories=3).kappa
    together = of_pair(first[order], second[order], numbered(90, a_patient=9), categories=3).kappa

    assert together.value == apart.value
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_a_seed_gives_the_same_interval_each_time():
    first, second = two_readers(40, 3)

    assert of_pair(first, second, numbered(40), categories=3) == of_pair(first, second, numbered(40), categories=3)


def test_below_five_patients_there_is_no_interval():
    first, second = two_readers(40, 3)

    found = of_pair(first, second, numbered(40, a_patient=10), categories=3)

    assert found.kappa.value is not None
    assert (found.kappa.low, found.kappa.high) == (None, None)
    assert found.kappa.reason == "no interval: fewer than 5 patients"


def test_full_agreement_has_no_interval_that_a_bootstrap_could_know():
    first, _ = two_readers(40, 3)

    found = of_pair(first, first, numbered(40), categories=3)

    assert (found.kappa.value, found.ac1.value) == (1, 1)
    assert found.kappa.reason == "no interval: too few patients to see it vary"


def test_one_answer_throughout_has_no_kappa_but_an_ac1():
    nothing = np.zeros(20, int)

    for found in (
        of_pair(nothing, nothing, numbered(20), categories=3),
        of_readers(np.array([[2, 0, 0]] * 20), numbered(20)),
    ):
        assert found.kappa.value is None
        assert found.kappa.reason == "all answers are one and the same"
        assert found.ac1.value == 1


def test_without_units_there_is_nothing_to_say():
    nothing = np.zeros(0, int)

    for found in (
        of_pair(nothing, nothing, nothing, categories=3),
        of_readers(np.zeros((0, 3)), nothing),
    ):
        assert (found.kappa.value, found.ac1.value) == (None, None)
        assert found.ac1.reason == "nothing that all of them could read"
