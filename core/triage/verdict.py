"""What the bench says in a sentence: whether a signal finds wrong calls better than the plain distance to the cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.evaluation.report import Measure
from core.triage import signals

if TYPE_CHECKING:
    from core.triage.bench import Row

BETTER = "finds wrong calls better than the distance to the cut"


def verdict(rows: Mapping[str, Row], best: str, *, plain: str, chosen: bool) -> str:
    """Say whether the best signal beats the plain one, by how much, and how well that is known.

    Args:
        rows: The bench's rows by signal, the plain one's and the best one's among them.
        best: The signal to speak of.
        plain: The distance to the cut, known for every film.
        chosen: Whether the best one was chosen elsewhere; one picked on these films flatters itself.
    """
    films, errors = rows[plain].films, rows[plain].errors
    if errors in (0, films):
        return f"Of {films:,} calls {errors:,} are wrong, so no signal can be told from another."
    if best == plain:
        why = "it was chosen on tune" if chosen else "none that nearly all films have is above its error AUROC"
        return f"No evidence that a signal {BETTER}: {why}, {_words(rows[plain].error_auroc)}."
    row, name = rows[best], f'"{signals.title(best)}"'
    if row.gain.value is None:
        return f"Nothing is known of {name}, chosen on tune: {row.gain.reason}."
    origin = "chosen on tune" if chosen else f"picked on these films among {len(rows)}, so look at it on others"
    difference = f"error AUROC {_words(row.error_auroc)}, {_words(row.gain, sign='+')} against it"
    if row.gain.low is None or row.gain.low <= 0:
        return f"No evidence that {name}, {origin}, {BETTER}: {difference}."
    return f"The signal {name}, {origin}, {BETTER}: {difference}."


def _words(measure: Measure, *, sign: str = "") -> str:
    if measure.low is None or measure.high is None:
        return f"{measure.value:{sign}.3f}, {measure.reason}"
    return f"{measure.value:{sign}.3f} (95 % interval {measure.low:{sign}.3f} to {measure.high:{sign}.3f})"
