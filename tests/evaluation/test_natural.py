"""A threshold in natural numbers, at its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation import natural


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            (100, 0.05, 0.92, 0.874),
            "Of 100 films a day, 5 have a pneumothorax: 4.6 found, 0.4 missed, 12 false alarms; "
            "about 1 alarm in 4 is right.",
        ),
        (
            (100, 0.05, 0.0, 1.0),
            "Of 100 films a day, 5 have a pneumothorax: none found, 5 missed, no false alarms; there are no alarms.",
        ),
        (
            (100, 0.05, 0.6, 1.0),
            "Of 100 films a day, 5 have a pneumothorax: 3 found, 2 missed, no false alarms; every alarm is right.",
        ),
        (
            (100, 0.01, 1.0, 0.99),
            "Of 100 films a day, 1 has a pneumothorax: 1 found, none missed, 1 false alarm; "
            "about 1 alarm in 2 is right.",
        ),
        (
            (20, 0.001, 0.9, 0.9),
            "Of 20 films a day, 0.02 have a pneumothorax: 0.02 found, almost none missed, 2 false alarms; "
            "about 1 alarm in 110 is right.",
        ),
        (
            (25_000, 0.1, 0.9, 0.98),
            "Of 25,000 films a day, 2,500 have a pneumothorax: 2,250 found, 250 missed, 450 false alarms; "
            "about 4 alarms in 5 are right.",
        ),
        (
            (1, 0.5, 1.0, 0.0),
            "Of 1 film a day, 0.5 have a pneumothorax: 0.5 found, none missed, 0.5 false alarms; "
            "about 1 alarm in 2 is right.",
        ),
        (
            (100, 0.5, 0.99, 0.99),
            "Of 100 films a day, 50 have a pneumothorax: 50 found, 0.5 missed, 0.5 false alarms; "
            "nearly every alarm is right.",
        ),
        (
            (100, 1e-7, 1.0, 0.0),
            "Of 100 films a day, almost none have a pneumothorax: almost none found, none missed, 100 false alarms; "
            "hardly any alarm is right.",
        ),
    ],
)
def test_the_sentence(asked, expected):
    films, prevalence, sensitivity, specificity = asked

    said = natural.sentence(films=films, prevalence=prevalence, sensitivity=sensitivity, specificity=specificity)

    assert said == expected


@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_it_is_always_one_plain_sentence(films, prevalence, sensitivity, specificity):
    said = natural.sentence(films=films, prevalence=prevalence, sensitivity=sensitivity, specificity=specificity)

    assert said.endswith(".")
    assert not {"nan", "inf", "e-", "-0"} & set(said.split())
    assert "0.0 " not in said


@given(st.floats(0.3, 0.95))
def test_the_share_that_is_right_is_told_within_a_tenth(share):
    words = natural.right_words(share, 1 - share).split()

    assert int(words[1]) / int(words[4]) == pytest.approx(share, abs=0.1)
