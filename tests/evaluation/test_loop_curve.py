"""The gain by the number of reads: against paired DeLong, least squares, and films of known order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.evaluation import delong
from core.evaluation.aligned import Aligned
from core.evaluation.differences import auroc_differences
from core.evaluation.loop_curve import Learnt, curve, sentence
from core.evaluation.loop_report import NONE, RANDOM, UNSURE
from core.evaluation.measures import FEW
from core.evaluation.seeds import NOTHING_VARIES

RISING = (0.5, 0.65, 1.1, 0.65, 1.1)
PLAN = [(NONE, 0), (UNSURE, 50), (UNSURE, 200), (RANDOM, 50), (RANDOM, 200)]


def aligned(strengths, *, patients=120, seeds=3, jitter=0.3, seed=0):
    """Films whose logits know the label as well as an arm's strength says; two films a patient."""
    chance = np.random.default_rng(seed)
    owner = np.repeat(np.arange(patients), 2)
    labels = (owner % 3 == 0).astype(float)
    base = chance.normal(size=labels.size)
    said = {
        f"{strategy}-{reads}-{number}": base + strength * labels + jitter * chance.normal(size=labels.size)
        for (strategy, reads), strength in zip(PLAN, strengths, strict=True)
        for number in range(seeds)
    }
    films = pd.DataFrame({"image_id": np.arange(labels.size).astype(str), "patient_id": owner.astype(str)})
    films = films.assign(label=labels, findings="", source="phantom")
    chances = {name: 1 / (1 + np.exp(-logits)) for name, logits in said.items()}
    return Aligned(films, chances, owner, 0), arms(seeds)


def arms(seeds):
    return [
        Learnt(
            strategy=strategy,
            reads=reads,
            wrong=0.0,
            classifiers=tuple(f"{strategy}-{reads}-{number}" for number in range(seeds)),
        )
        for strategy, reads in PLAN
    ]


def test_slopes_are_those_of_least_squares_over_the_arms_means():
    films, plan = aligned([0.5, 0.9, 1.5, 0.7, 1.1])

    found = curve(films, plan)

    means = {(arm.strategy, arm.reads): np.mean(arm.auroc_of_seeds) for arm in found.arms}
    for strategy in (UNSURE, RANDOM):
        values = [means[NONE, 0], means[strategy, 50], means[strategy, 200]]
        slope = np.polyfit([0, 0.5, 2], values, 1)[0]
        assert found.per_100[strategy].value == pytest.approx(slope)
    by_hand = found.per_100[UNSURE].value - found.per_100[RANDOM].value
    assert found.per_100_difference.value == pytest.approx(by_hand)
    assert [arm.gain.value for arm in found.arms] == pytest.approx(
        [means[arm.strategy, arm.reads] - means[NONE, 0] for arm in found.arms]
    )
    assert found.arms[1].against_random.value == pytest.approx(means[UNSURE, 50] - means[RANDOM, 50])
    assert found.arms[3].against_random is None


def test_seeds_that_agree_wholly_leave_paired_delong():
    films, plan = aligned([0.5, 0.9, 1.5, 0.7, 1.1], seeds=1)
    for name in list(films.probabilities):
        films.probabilities[f"{name[:-1]}1"] = films.probabilities[name]
    plan = arms(2)

    found = curve(films, plan)

    pairs = {(one.first, one.second): one for one in auroc_differences(films)}
    by_delong = pairs[f"{UNSURE}-50-0", f"{RANDOM}-50-0"]
    against = found.arms[1].against_random
    assert (against.low, against.high) == pytest.approx((by_delong.low, by_delong.high))
    assert against.p == pytest.approx(by_delong.p_value)


def test_the_interval_of_an_arm_s_mean_is_for_these_seeds():
    films, plan = aligned([0.5, 0.9, 1.5, 0.7, 1.1])

    arm = curve(films, plan).arms[1]

    names = plan[1].classifiers
    every = np.array([films.probabilities[name] for name in names])
    aurocs, covariance = delong.covariance(films.of(names[0]), every)  # 40 of 120 patients have the finding
    half = stats.t.ppf(0.975, 39) * np.sqrt(covariance.mean())
    assert (arm.auroc.low, arm.auroc.high) == pytest.approx((aurocs.mean() - half, aurocs.mean() + half))


def test_a_gain_that_is_there_is_found_and_one_that_is_not_is_no_evidence():
    rising, plan = aligned([0.3, 0.9, 2.2, 0.6, 1.3])
    flat, _ = aligned([0.8] * 5)

    said = sentence(curve(rising, plan))
    assert said.startswith("100 reads, unsure films first, raise the AUROC by 0.")
    assert "Unsure films first brings more than films at random: +0." in said
    said = sentence(curve(flat, plan))
    assert said.count("No evidence that") == 3


def test_harm_is_said_too():
    falling, plan = aligned([2.2, 1.2, 0.3, 1.9, 1.6])

    said = sentence(curve(falling, plan))

    assert said.startswith("100 reads, unsure films first, lower the AUROC by 0.")
    assert "Unsure films first brings less than films at random: -0." in said


def test_arms_that_learnt_the_same_do_not_differ():
    films, plan = aligned([0.5, 0.9, 1.5, 0.7, 1.1])
    for number in range(3):
        films.probabilities[f"{UNSURE}-200-{number}"] = films.probabilities[f"{RANDOM}-200-{number}"]

    against = curve(films, plan).arms[2].against_random

    assert (against.value, against.low, against.reason) == (0.0, None, NOTHING_VARIES)


def test_too_few_patients_leave_values_without_intervals():
    films, plan = aligned([0.5, 0.9, 1.5, 0.7, 1.1], patients=12)

    found = curve(films, plan)

    assert found.per_100[UNSURE].reason == FEW
    assert found.arms[0].auroc.value is not None
    assert "not tested" in sentence(found)


@pytest.mark.parametrize("change", ["one seed", "other numbers"])
def test_arms_that_cannot_be_compared_are_refused(change):
    films, plan = aligned([0.5, 0.9, 1.5, 0.7, 1.1])
    plan = arms(1) if change == "one seed" else [*plan[:-1], arms(2)[-1]]

    with pytest.raises(ValueError, match="as many seeds each"):
        curve(films, plan)


@pytest.mark.slow
def test_the_interval_of_the_slope_covers():
    """Strengths that vary from seed to seed, and patients that vary: the slope of a very large study lies within."""
    many, chance = 200, np.random.default_rng(0)
    inside = 0
    truth = curve(*aligned(RISING, patients=20_000, seeds=2, seed=1)).per_100[UNSURE].value
    for number in range(many):
        films, plan = aligned(RISING, patients=90, seeds=4, jitter=1e-9, seed=number)
        labels = films.films["label"].to_numpy()
        for name, values in films.probabilities.items():  # one seed learnt more than another
            logits = np.log(values / (1 - values)) + chance.normal(0, 0.25) * labels
            films.probabilities[name] = 1 / (1 + np.exp(-logits))
        found = curve(films, plan).per_100[UNSURE]
        inside += found.low <= truth <= found.high

    assert 0.92 <= inside / many <= 0.995
