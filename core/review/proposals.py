"""Operating points that one reader proposes and another activates.

A proposal is chosen on the fold `tune` and nowhere else. It counts once a reader of another name has
activated it; open worklists keep the point they began with. Nothing is overwritten.
"""

from __future__ import annotations

import math
import re
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from core.base.errors import InputError
from core.evaluation import operating_point, points_in_force
from core.evaluation.points_in_force import ACTIVATED, DECLINED, WITHDRAWN
from core.review import once, rights, tune_figures
from core.review.once import checked_key, checked_reason, insert_once
from core.review.proposal_store import CARD, Decision, Proposal, decided, one, with_key
from core.store.tables import decisions, proposals

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.store.ledger import Ledger, Page

ACTIONS = {word: f"operating point {word}" for word in ("proposed", ACTIVATED, DECLINED, WITHDRAWN)}
LONGEST_NAME, LONGEST_REASON = 36, once.LONGEST_REASON  # characters
AT_TRAINING = "as at training"  # the name of a proposal to go back to the card's point


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a proposer's form hands over."""

    key: str
    """Made by the form: the same proposal sent twice has the same one."""
    reader: str
    name: str
    reason: str
    threshold: float
    """On the calibrated probability, in [0, 1]."""
    dataset: str
    split: str
    part: str
    fold: str | None
    truth: str
    """Source of the labels it was chosen by."""
    figures: Mapping[str, float | None]
    """What the form showed of it, by name; what is measured here counts in its stead."""


def propose(workspace: Workspace, ledger: Ledger, card: Mapping[str, Any], given: Given) -> Proposal:
    """File an operating point for another reader to activate; sent again under its key it is the one that was filed.

    Args:
        workspace: Where the predictions are.
        ledger: Of the store.
        card: The checkpoint's card.
        given: What the form handed over.

    Raises:
        InputError: If it was not chosen on `tune`, the checkpoint may have learnt from those films, the
            threshold is out of range, predictions or labels are missing, or name, reason or reader are.
    """
    place = {"dataset": given.dataset, "split": given.split}
    tune_figures.check_place(workspace, card, **place, part=given.part, fold=given.fold)
    if not (math.isfinite(given.threshold) and 0 <= given.threshold <= 1):
        msg = f"Expected a threshold from 0 to 1, found {given.threshold}; choose one on the page Thresholds."
        raise InputError(msg, field="threshold")
    found = tune_figures.measured(workspace, card, **place, truth=given.truth, threshold=given.threshold)
    shown = {
        str(name): value if value is None or isinstance(value, int) else float(value)
        for name, value in given.figures.items()
    }
    about = asdict(found) | {"figures": shown | found.figures}
    return _file(ledger, card, given, origin=tune_figures.TUNE, **about)


def propose_card(ledger: Ledger, card: Mapping[str, Any], *, key: str, reader: str, reason: str) -> Proposal:
    """File the operating point that was chosen at training, to go back to it.

    Raises:
        InputError: If the card has none, or the reader or the reason is missing.
    """
    point = operating_point.of_card(card)
    if point is None:
        msg = "Expected an operating point on the checkpoint's card, found none; propose one on the page Thresholds."
        raise InputError(msg)
    own = card["operating_points"][operating_point.IN_FORCE]
    figures = {name: own[name] for name in ("sensitivity", "specificity") if name in own}
    given = Given(
        key=key,
        reader=reader,
        name=AT_TRAINING,
        reason=reason,
        threshold=point.value,
        dataset=point.dataset,
        split=point.split,
        part="val",
        fold=point.fold,
        truth=card["labels"],
        figures=figures,
    )
    counts = {"films": point.films, "positive_films": point.positive_films, "figures": figures}
    return _file(ledger, card, given, origin=CARD, split_sha256=card["split_sha256"], **counts)


def activate(
    ledger: Ledger, card: Mapping[str, Any], proposal_id: int, *, key: str, reader: str, known: int | None
) -> Decision:
    """Put a proposal in force, by a reader of another name than its proposer's.

    Args:
        ledger: Of the store.
        card: The checkpoint's card.
        proposal_id: Which one.
        key: Made by the form, as a proposal's.
        reader: Who activates.
        known: The decision by which the reader saw the point in force stand; None: the card's own.

    Raises:
        InputError: If it is decided already, the reader proposed it or lacks the right, the checkpoint has
            other weights by now, or another point was put in force meanwhile; nothing is changed then.
    """

    def check(page: Page, proposal: Proposal, name: str) -> None:
        rights.require(name, rights.ACTIVATE)
        if rights.same_reader(name, proposal.proposed_by):
            msg = (
                f"Expected another reader to activate this, found {name}, who proposed it; ask a second reader to look "
                "at its figures."
            )
            raise InputError(msg)
        if proposal.weights_sha256 != card["weights_sha256"]:
            msg = (
                f"Expected the checkpoint {proposal.checkpoint_id} as it was when this was proposed, found other "
                "weights; propose a point for these."
            )
            raise InputError(msg)
        stands = points_in_force.latest(page.connection, card)
        if (None if stands is None else stands.decision_id) != known:
            said = "the point chosen at training" if stands is None else stands.said
            msg = f"Not activated: the operating point was changed meanwhile ({said}); look again before you activate."
            raise InputError(msg)

    return _decide(ledger, card, proposal_id, ACTIVATED, key=key, reader=reader, reason=None, check=check)


def decline(
    ledger: Ledger, card: Mapping[str, Any], proposal_id: int, *, key: str, reader: str, reason: str
) -> Decision:
    """Decline a proposal with a reason, by anybody who might activate proposals.

    Raises:
        InputError: If it is decided already, there is no reason, or the reader lacks the right.
    """
    said = checked_reason(reason)

    def check(_page: Page, _proposal: Proposal, name: str) -> None:
        rights.require(name, rights.ACTIVATE)

    return _decide(ledger, card, proposal_id, DECLINED, key=key, reader=reader, reason=said, check=check)


def withdraw(ledger: Ledger, card: Mapping[str, Any], proposal_id: int, *, key: str, reader: str) -> Decision:
    """Take a proposal back, by its proposer.

    Raises:
        InputError: If it is decided already, or somebody else proposed it.
    """

    def check(_page: Page, proposal: Proposal, name: str) -> None:
        rights.require(name, rights.PROPOSE)
        if not rights.same_reader(name, proposal.proposed_by):
            msg = f"Expected {proposal.proposed_by}, who proposed this, to withdraw it, found {name}; decline it."
            raise InputError(msg)

    return _decide(ledger, card, proposal_id, WITHDRAWN, key=key, reader=reader, reason=None, check=check)


def _file(ledger: Ledger, card: Mapping[str, Any], given: Given, **about: Any) -> Proposal:  # noqa: ANN401 (columns)
    reader = rights.checked_reader(given.reader)
    rights.require(reader, rights.PROPOSE)
    if any(value is not None and not math.isfinite(value) for value in about["figures"].values()):
        msg = "Expected figures that are numbers, found one that is none; reload the page."
        raise InputError(msg)
    values = {
        "key": checked_key(given.key),
        **{name: card[name] for name in ("checkpoint_id", "weights_sha256")},
        **{name: getattr(given, name) for name in ("dataset", "split", "truth", "threshold")},
        "name": _checked_name(given.name),
        "reason": checked_reason(given.reason),
        "proposed_by": reader,
        **about,
    }
    with ledger.writing() as page:
        before = with_key(page.connection, given.key)
        if before is not None:
            if {name: getattr(before, name) for name in values} != values:
                msg = "Expected a new key for a new proposal, found one that another proposal has; reload the page."
                raise InputError(msg)
            return before
        proposal_id = insert_once(page, proposals, values | {"created_at": time.time()})
        filed = one(page.connection, proposal_id)
        page.record(ACTIONS["proposed"], actor=reader, about=_about(filed), row=(proposals, proposal_id))
    return filed


def _decide(
    ledger: Ledger,
    card: Mapping[str, Any],
    proposal_id: int,
    decision: str,
    *,
    key: str,
    reader: str,
    reason: str | None,
    check: Any,  # noqa: ANN401 (a function of the page, the proposal and the reader's name)
) -> Decision:
    name = rights.checked_reader(reader)
    checked_key(key)
    with ledger.writing() as page:
        proposal = one(page.connection, proposal_id)
        if proposal.checkpoint_id != card["checkpoint_id"]:
            msg = f"Expected a proposal for {card['checkpoint_id']}, found one for {proposal.checkpoint_id}; reload."
            raise InputError(msg)
        before = proposal.decision
        if before is not None:
            if (before.key, before.decision, before.decided_by) == (key, decision, name):
                return before
            msg = f"Expected a proposal that waits, found '{proposal.name}' {decided(before)}; reload the page."
            raise InputError(msg)
        check(page, proposal, name)
        values = {"key": key, "proposal_id": proposal_id, "decision": decision, "reason": reason, "decided_by": name}
        decision_id = insert_once(page, decisions, values | {"created_at": time.time()})
        about = _about(proposal) | {"reason": reason, "proposed_by": proposal.proposed_by}
        page.record(ACTIONS[decision], actor=name, about=about, row=(decisions, decision_id))
        made = one(page.connection, proposal_id).decision
    assert made is not None  # noqa: S101 (it was just inserted)
    return made


def _about(proposal: Proposal) -> dict[str, Any]:
    return {
        "checkpoint": proposal.checkpoint_id,
        "name": proposal.name,
        "cut": proposal.threshold,
        "reason": proposal.reason,
    }


def _checked_name(name: str) -> str:
    # It stands within sentences that pages take as Markdown, so it holds nothing that Markdown reads.
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not re.fullmatch(rf"[^\W_][\w .,'’%()/+=-]{{0,{LONGEST_NAME - 1}}}", plain):
        msg = (
            f"Expected a name of 1 to {LONGEST_NAME} letters, digits, spaces or . , ' % ( ) / + = - that begins with a "
            f"letter or digit, found {plain[:LONGEST_NAME]!r}; type another."
        )
        raise InputError(msg, field="name")
    return plain
