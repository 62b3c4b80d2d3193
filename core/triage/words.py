"""What is promised about missed cases, in words that hold only for what it was certified on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.triage.certification import Certificate
    from core.triage.decision import Policy


def limit(policy: Policy, scope: Mapping[str, Any]) -> str:
    """Say what limit on missed cases a policy keeps on a data set, for labels and a checkpoint.

    Args:
        policy: The policy.
        scope: `dataset`, `truth`, `checkpoint_id` and `weights_sha256` that it is applied to.
    """
    found = policy.certificate
    if found is None:
        share = 0.0 if policy.budget is None else policy.budget
        return f"No limit on missed cases is certified: {100 * share:.3g} % of the films may be unsure, by budget."
    asked = f"{100 * found.max_missed:.3g} % ({100 * found.confidence:.3g} %)"
    other = [
        name for name in ("dataset", "truth", "checkpoint_id", "weights_sha256") if found.scope[name] != scope[name]
    ]
    if other:
        words = {"dataset": "data set", "truth": "label", "checkpoint_id": "checkpoint", "weights_sha256": "checkpoint"}
        return f"Limit on missed cases: {asked}, not certified for this {words[other[0]]}."
    if not found.certified:
        return f"Limit on missed cases: {asked}, not certified. {found.reason}"
    return (
        f"Limit on missed cases: {asked}, certified on {found.positive_patients:,} positive patients of "
        f"{found.scope['dataset']} val, label {found.scope['truth']}; {missed(found)}"
    )


def missed(found: Certificate) -> str:
    """Say what was seen on the fold `certify` behind a certificate: missed patients, and the false-omission rate."""
    omission = found.false_omission
    rate = (
        "no labelled film was not suspected"
        if omission is None
        else f"{100 * omission.value:.1f} % of the films not suspected had the finding "
        f"({100 * omission.low:.1f} to {100 * omission.high:.1f} %)"
    )
    upper = "" if found.upper is None else f", at most {100 * found.upper:.1f} %"
    return f"{found.missed} of them missed{upper}; {rate}."
