"""How much each member of an ensemble counts: against a grid, scikit-learn, and what must hold for any members."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.metrics import log_loss, precision_recall_curve, roc_auc_score

from core.evaluation.fusion import FUSIONS, compared, fuse, weights

many = settings(deadline=None, max_examples=25)
seeds, counts = st.integers(0, 10_000), st.integers(1, 5)


def judged(seed: int, *, members: int, films: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities of members of different worth, labels, and weights of the films."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(films) < 0.3).astype(int)
    labels[:2] = 0, 1
    worth = rng.uniform(0, 2.5, members)
    return special.expit(labels[:, None] * worth + rng.normal(size=(films, members)) - 1), labels, rng.random(films)


def on_the_simplex(members: int, steps: int) -> list[np.ndarray]:
    shares = itertools.product(range(steps + 1), repeat=members - 1)
    return [np.array([*share, steps - sum(share)]) / steps for share in shares if sum(share) <= steps]


@pytest.mark.parametrize(("members", "steps"), [(2, 400), (3, 60)])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weighted", [False, True])
def test_no_weights_of_a_grid_have_a_lower_log_loss(members, steps, seed, weighted):
    probabilities, labels, film_weights = judged(seed, members=members)
    film_weights = film_weights if weighted else None

    found = weights(probabilities, labels, fusion="log-loss", film_weights=film_weights)

    grid = np.array([*on_the_simplex(members, steps), found])
    fused = probabilities @ grid.T
    losses = -np.average(np.log(np.where(labels[:, None] == 1, fused, 1 - fused)), axis=0, weights=film_weights)
    assert losses[-1] == pytest.approx(log_loss(labels, fuse(probabilities, found), sample_weight=film_weights))
    assert losses[-1] <= losses.min() + 1e-9
    assert found == pytest.approx(grid[losses[:-1].argmin()], abs=2 / steps)


@many
@given(seeds, counts, st.sampled_from(FUSIONS))
def test_weights_are_shares_and_follow_their_members(seed, members, fusion):
    probabilities, labels, film_weights = judged(seed, members=members)
    order = np.random.default_rng(seed).permutation(members)

    found = weights(probabilities, labels, fusion=fusion, film_weights=film_weights)
    moved = weights(probabilities[:, order], labels, fusion=fusion, film_weights=film_weights)

    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert moved == pytest.approx(found[order], abs=1e-3)


@many
@given(seeds, counts)
def test_the_log_loss_is_not_above_that_of_any_member_or_other_fusion(seed, members):
    probabilities, labels, film_weights = judged(seed, members=members)

    found = compared(probabilities, labels, film_weights=film_weights)

    others = [found["equal"], found["f1"], *found["members"]]
    assert found["log-loss"]["log_loss"] <= min(other["log_loss"] for other in others) + 1e-6


@many
@given(seeds, counts)
def test_no_step_towards_any_member_lowers_the_log_loss(seed, members):
    probabilities, labels, film_weights = judged(seed, members=members)

    found = weights(probabilities, labels, fusion="log-loss", film_weights=film_weights)

    given_to_the_label = np.where(labels[:, None] == 1, probabilities, 1 - probabilities)
    gained = np.average(given_to_the_label / fuse(given_to_the_label, found)[:, None], axis=0, weights=film_weights)
    assert (gained <= 1 + 1e-6).all()
    assert (found * (1 - gained) <= 1e-6).all()  # and those that count reach 1


@many
@given(seeds)
def test_a_film_counts_as_if_it_stood_there_so_often(seed):
    probabilities, labels, _ = judged(seed, members=3)
    often = np.random.default_rng(seed).integers(0, 4, labels.size)
    often[:2] = 1
    rows = np.repeat(np.arange(labels.size), often)

    for fusion in FUSIONS:
        found = weights(probabilities, labels, fusion=fusion, film_weights=often)
        repeated = weights(probabilities[rows], labels[rows], fusion=fusion)
        assert found == pytest.approx(repeated, abs=1e-3)


def test_a_member_that_knows_only_the_prevalence_counts_for_nothing():
    """The other is calibrated, so mixing in the mean can only blunt it."""
    rng = np.random.default_rng(0)
    true = rng.beta(0.5, 1.5, 5000)
    labels = (rng.random(5000) < true).astype(int)

    found = weights(np.column_stack([true, np.full(5000, 0.25)]), labels, fusion="log-loss")

    assert found == pytest.approx([1, 0], abs=0.05)


def test_a_member_that_is_wrong_counts_for_nothing():
    probabilities, labels, _ = judged(0, members=2)

    found = weights(np.column_stack([probabilities, 1 - probabilities]), labels, fusion="log-loss")

    assert found[2:] == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_identical_members_share_alike(fusion):
    probabilities, labels, _ = judged(0, members=1)

    found = weights(np.repeat(probabilities, 4, axis=1), labels, fusion=fusion)

    assert found == pytest.approx(np.full(4, 0.25))


def test_members_that_hardly_differ_still_reach_the_lowest_log_loss():
    probabilities, labels, _ = judged(2, members=1, films=20_000)
    near = special.expit(special.logit(probabilities) + 1e-3 * np.random.default_rng(0).normal(size=(20_000, 5)))

    assert weights(near, labels, fusion="log-loss").sum() == pytest.approx(1)  # or it would have been refused


def test_probabilities_of_0_and_1_that_are_wrong_stay_finite():
    probabilities = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    labels = np.array([1, 1, 0, 0])

    found = compared(probabilities, labels)

    assert found["log-loss"]["weights"] == pytest.approx([0.5, 0.5])
    json.dumps(found, allow_nan=False)


@many
@given(seeds, st.sampled_from([None, 5]))
def test_f1_weights_are_the_best_f1_of_scikit_learn_divided_by_their_sum(seed, steps):
    probabilities, labels, film_weights = judged(seed, members=3)
    if steps:
        probabilities = np.round(probabilities * steps) / steps  # many films tied

    found = weights(probabilities, labels, fusion="f1", film_weights=film_weights)

    best = []
    for one in probabilities.T:
        precision, recall, _ = precision_recall_curve(labels, one, sample_weight=film_weights)
        both = precision + recall
        best.append(np.max(2 * precision * recall / np.where(both > 0, both, 1)))
    assert found == pytest.approx(np.array(best) / sum(best))


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("labels", [[0, 0], [1, 1], []])
def test_films_of_one_class_or_none_tell_no_member_from_another(fusion, labels):
    probabilities = np.tile([0.1, 0.9, 0.5, 0.2], (len(labels), 1))

    assert weights(probabilities, np.array(labels), fusion=fusion).tolist() == [0.25] * 4


def test_the_comparison_measures_every_fusion_and_every_member():
    probabilities, labels, film_weights = judged(0, members=3)

    found = compared(probabilities, labels, film_weights=film_weights)

    assert list(found) == [*FUSIONS, "members"]
    fused = {name: fuse(probabilities, np.array(found[name]["weights"])) for name in FUSIONS}
    rows = [*((found[name], one) for name, one in fused.items()), *zip(found["members"], probabilities.T, strict=True)]
    for row, one in rows:
        assert row["log_loss"] == pytest.approx(log_loss(labels, one, sample_weight=film_weights))
        assert row["auroc"] == pytest.approx(roc_auc_score(labels, one))


def test_the_comparison_has_no_number_where_there_is_none():
    one_class = compared(np.array([[0.2, 0.4]]), np.array([0]))
    nothing = compared(np.empty((0, 2)), np.array([]))

    assert one_class["members"][0] == {"log_loss": pytest.approx(-np.log(0.8)), "auroc": None}
    assert nothing["equal"] == {"weights": [0.5, 0.5], "log_loss": None, "auroc": None}


def test_the_weighted_mean_is_not_clipped():
    assert fuse(np.array([[0.0, 0.0], [1.0, 0.5]]), np.array([0.25, 0.75])).tolist() == [0, 0.625]


def test_an_unknown_fusion_lists_the_choices():
    with pytest.raises(ValueError, match="among log-loss, f1, equal, got 'best'"):
        weights(np.ones((1, 1)), np.array([1]), fusion="best")
