"""Random checks: a few films that are not suspected are read all the same, to learn how many are missed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from core.base.errors import InputError
from core.base.statistics import Interval, clustered_proportion
from core.triage.policy import NOT_SUSPECTED

SHARE = 0.05


def drawn(image_ids: np.ndarray, zone: np.ndarray, *, share: float = SHARE, seed: int) -> np.ndarray:
    """Return which films are read as a random check.

    A keyed hash of the film's id decides, so a film's draw depends neither on the order of the
    films nor on which others there are, and a larger share only adds films.

    Args:
        image_ids: The films' ids, shape `(N,)`.
        zone: Their zones, as `policy.zones` gives them, shape `(N,)`; only films not suspected are drawn.
        share: Chance of each such film to be drawn, in [0, 1].
        seed: Key of the hash.

    Returns:
        Shape `(N,)`, bool.

    Raises:
        InputError: If the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        msg = f"Expected a share of random checks from 0 to 1, found {share}; give another."
        raise InputError(msg, field="share")
    key = hashlib.sha256(f"random check {seed}".encode()).digest()
    chosen = np.asarray(zone) == NOT_SUSPECTED
    limit = share * 2**64  # a hash is a whole number from 0 to 2**64 - 1
    ids = np.asarray(image_ids)
    for row in np.flatnonzero(chosen):
        digest = hashlib.blake2b(str(ids[row]).encode(), key=key, digest_size=8).digest()
        chosen[row] = int.from_bytes(digest) < limit
    return chosen


def missed_so_far(positive: np.ndarray | Sequence[bool], patients: np.ndarray | Sequence[str]) -> Interval | None:
    """Return the share of the random checks read so far that had the finding.

    Every film that is not suspected has the same chance of a random check, so the plain share
    estimates that of all of them; no other read may be counted in.

    Args:
        positive: Whether the reader saw the finding, shape `(R,)`.
        patients: The patient of each film read, shape `(R,)`.

    Returns:
        The share with its 95 % interval by patient; None before the first read.

    Examples:
        >>> none_of_41 = missed_so_far([False] * 41, [f"p{number}" for number in range(41)])
        >>> f"{none_of_41.value:.1%} ({none_of_41.low:.1%} to {none_of_41.high:.1%})"
        '0.0% (0.0% to 8.6%)'
    """
    return clustered_proportion(np.asarray(positive, dtype=bool), np.asarray(patients, dtype=str))
