from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.triage import signals
from core.triage.signals import COLUMN, SIGNALS
from tests.triage.films import CARD, CUT, made


def test_every_signal_of_the_list_has_a_column_and_its_direction_is_more_reason_for_a_human():
    found = made(count=40)

    films = found.films
    assert [COLUMN + name for name in SIGNALS if COLUMN + name in films] == [COLUMN + name for name in SIGNALS]
    np.testing.assert_allclose(films["signal.cut_distance"], 1 - (films["probability"] - CUT).abs())
    np.testing.assert_allclose(films["signal.poor_quality"], 1 - films["quality_grade"])
    np.testing.assert_allclose(films["signal.outside_lung"], 1 - films["cam_lung_share"])
    np.testing.assert_allclose(films["signal.heat_map_disagreement"], 1 - films["cam_agreement"])
    np.testing.assert_allclose(films["signal.pass_spread"], films["probability_std"])


def test_a_missing_signal_is_named_with_its_reason_and_not_guessed():
    found = made(count=10, quality_grade=np.nan, drain=None)

    assert found.missing["poor_quality"] == "no grade could be measured on these films"
    assert found.missing["drain"] == "no source of labels records drains"
    assert found.missing["member_spread"] == "one classifier has no members"
    assert found.films["signal.poor_quality"].isna().all()
    assert not {"poor_quality", "drain", "member_spread"} & set(found.table)


def test_the_spread_of_an_ensemble_is_that_of_its_members():
    found = made(count=10, card=CARD | {"members": []})

    np.testing.assert_allclose(found.films["signal.member_spread"], found.films["probability_std"])
    assert next(iter(found.missing.items())) == ("pass_spread", "an ensemble's spread is that between its members")


def test_the_previous_film_is_the_one_before_it_of_the_same_patient():
    films = pd.DataFrame(
        {
            "patient_id": ["a", "b", "a", "a", "c"],
            "follow_up": pd.array([2, 0, 0, 1, None], dtype="Int64"),
            "probability": [0.9, 0.5, 0.1, 0.3, 0.7],
        }
    )

    np.testing.assert_array_equal(signals.previous(films), [0.3, np.nan, np.nan, 0.1, np.nan])
    np.testing.assert_array_equal(signals.priors(films), [2, 0, 0, 1, 0])


@pytest.mark.parametrize(("probability", "share"), [(0.9, 0.6), (0.1, 0.4)])
def test_neighbours_disagree_by_the_share_labelled_against_the_call(probability, share):
    films = made(count=4).films.assign(probability=probability)

    found, _ = signals.assemble(
        films, cut=CUT, ensemble=False, neighbour_labels={"a": 1, "b": 1, "c": 0, "d": 0, "e": 0}
    )

    np.testing.assert_allclose(found["neighbours_disagree"], share)


def test_neighbours_without_a_known_label_do_not_count():
    films = made(count=4).films.assign(probability=0.9)

    found, _ = signals.assemble(films, cut=CUT, ensemble=False, neighbour_labels={"a": 1, "c": 0, "d": 0})
    nothing, missing = signals.assemble(films, cut=CUT, ensemble=False, neighbour_labels={})

    np.testing.assert_allclose(found["neighbours_disagree"], 2 / 3)
    assert np.isnan(nothing["neighbours_disagree"]).all()
    assert "not known any more" in missing["neighbours_disagree"]
