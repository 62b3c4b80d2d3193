from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import InputError
from core.triage import decision, words
from core.triage.decision import Policy
from core.triage.evidence import Evidence
from core.triage.policy import NOT_SUSPECTED, zones
from tests.triage.films import CARD, CUT, made

SCOPE = {"dataset": "made", "truth": "report", **{key: CARD[key] for key in ("checkpoint_id", "weights_sha256")}}


def limited(val: Evidence, *, max_missed: float, **options) -> Policy:
    """Return the policy by a limit at a confidence of 90 %."""
    chosen = decision.choose(val.fold("tune"), draws=0)
    folds = (val.fold("tune"), val.fold("certify"))
    return decision.by_limit(chosen, *folds, max_missed=max_missed, confidence=0.9, **options)


def test_the_signal_that_finds_the_errors_is_chosen_on_tune_and_measured_as_it_is_elsewhere():
    val, test = made(count=600), made(count=400, seed=1, part="test")

    chosen = decision.choose(val.fold("tune"), draws=100)
    measured = chosen.measured_on(test, draws=100)

    best = {row.signal: row.error_auroc.value for row in measured.rows}
    assert chosen.signal in ("pass_spread", "predictive_entropy", "mutual_information", "combination")
    assert measured.winner == chosen.signal
    assert best[chosen.signal] > 0.6
    assert chosen.bench.films == len(val.fold("tune").films)


def test_a_budget_is_never_exceeded_and_nothing_above_the_cut_counts_against_it():
    val = made(count=600)
    chosen = decision.choose(val.fold("tune"), draws=0)

    policy = decision.by_budget(chosen, val, share=0.2)

    zone = zones(val.probabilities, policy.values(val), cut=CUT, threshold=policy.threshold)
    assert 0.18 * 600 < (zone == "unsure").sum() <= 0.2 * 600
    assert ((zone == "suspected") == (val.probabilities >= CUT)).all()


def test_too_few_positives_are_an_answer_that_leaves_everything_unsure():
    val = made(count=40)

    policy = limited(val, max_missed=0.05)

    assert (policy.certificate.certified, policy.threshold, policy.certificate.positives_needed) == (False, None, 45)
    zone = zones(val.probabilities, policy.values(val), cut=CUT, threshold=policy.threshold)
    assert NOT_SUSPECTED not in set(zone)
    assert words.limit(policy, SCOPE).startswith("Limit on missed cases: 5 % (90 %), not certified. A limit of 5 %")


def test_what_was_refused_is_not_certified_however_many_positives_there_are():
    val = made(count=2000)

    allowed = limited(val, max_missed=0.4)
    refused = limited(val, max_missed=0.4, refused="It may have seen these films.")

    assert allowed.certificate.certified
    assert allowed.threshold is not None
    assert not refused.certificate.certified
    assert refused.threshold is None
    assert words.limit(refused, SCOPE).endswith("not certified. It may have seen these films.")


def test_a_certificate_speaks_of_its_own_data_label_and_checkpoint_only():
    val = made(count=2000)
    policy = limited(val, max_missed=0.4)

    assert "certified on" in words.limit(policy, SCOPE)
    for name, said in (("dataset", "data set"), ("truth", "label"), ("checkpoint_id", "checkpoint")):
        elsewhere = words.limit(policy, SCOPE | {name: "another"})
        assert elsewhere == f"Limit on missed cases: 40 % (90 %), not certified for this {said}."
    assert "guarantee" not in words.limit(policy, SCOPE)


def test_a_policy_comes_back_from_json_as_it_was():
    val = made(count=2000)
    chosen = decision.choose(val.fold("tune"), draws=0)

    for policy in (limited(val, max_missed=0.4), decision.by_budget(chosen, val, share=0.1)):
        read = Policy.from_dict(json.loads(json.dumps(policy.to_dict(), allow_nan=False)))

        assert read == policy
        np.testing.assert_array_equal(read.values(val), policy.values(val))


def test_tune_without_a_label_is_refused():
    val = made(count=8).fold("tune")
    unlabelled = replace(val, films=val.films.assign(label=None))

    with pytest.raises(InputError, match="Expected labelled films in the fold tune of made/patient, found none"):
        decision.choose(unlabelled)
