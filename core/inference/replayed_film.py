"""One read held against what is here now: the film, the weights, the calibration, the cut, and the probability."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from core.base import files
from core.base.errors import InputError
from core.data import pixels, radiographs
from core.evaluation import calibration, points_in_force, prediction_store
from core.inference import recomputed
from core.inference.measured import BATCH
from core.models import cards, checkpoint, registry
from core.triage.policy import SUSPECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.base.paths import Workspace
    from core.models.checkpoint import Checkpoint
    from core.review.read_store import Read

TOLERANCE = 1e-6  # on a probability; what a film alone misses by more is computed in a batch as it was then
BATCH_THEN = "batch"  # beside the columns of a row: of how many films the batch was in which it was predicted
SPREAD = {
    "probability_mean": "mean",
    "probability_std": "std",
    "predictive_entropy": "predictive_entropy",
    "mutual_information": "mutual_information",
}
GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing as it was then and as it is now, in plain values."""

    what: str
    before: Any
    now: Any
    same: bool

    @property
    def sentence(self) -> str:
        """What a person reads."""
        if self.same:
            return f"{self.what}: as it was, {_plain(self.now)}"
        return f"{self.what}: was {_plain(self.before)}, is {_plain(self.now)}"


@dataclass(kw_only=True)
class Replayed:
    """What was held against what is here, and what a person should know besides."""

    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def check(self, what: str, before: object, now: object, *, same: bool | None = None) -> None:
        """Hold two plain values against each other."""
        self.checks.append(Check(what=what, before=before, now=now, same=before == now if same is None else same))


def replay(
    workspace: Workspace, read: Read, *, cut: float | None, load: Callable[[Workspace, str], Checkpoint]
) -> Replayed:
    """Hold a read against what is here now.

    Args:
        workspace: Where film, checkpoint and predictions lie.
        read: The read, with what its reader had seen.
        cut: That its worklist keeps; None if the worklist is gone.
        load: Reads a checkpoint.
    """
    found, seen = Replayed(), read.seen
    film = _film(workspace, read, found)
    found.check("Cut of the worklist", seen["cut"], GONE if cut is None else cut)
    card = _weights(workspace, seen, found)
    if card is None:
        return found
    row = _row(workspace, read, card, found)
    before = seen["probability"] if seen["probability"] is not None else _value(row, "probability")
    if before is None:
        found.notes.append("No probability was shown before this answer, and no predictions table keeps one.")
    if film is None:
        found.check("Probability", before, "not computed, for want of the film", same=False)
        return found
    passes = _passes(workspace, read, row, found)
    try:
        said = recomputed.said(workspace, card, film, passes=passes, load=load)
        together = BATCH if row is None else row[BATCH_THEN]
        if before is not None and abs(said.probability - before) > TOLERANCE and together > 1:
            said = recomputed.said(workspace, card, film, passes=passes, batch=together, load=load)
    except InputError as error:
        found.check("Probability", before, f"not computed: {error}", same=False)
        return found
    if before is not None:
        found.check("Probability", before, said.probability, same=abs(said.probability - before) <= TOLERANCE)
    if seen["zone"] is not None:
        now = said.probability >= seen["cut"]
        words = seen["zone"] if (seen["zone"] == SUSPECTED) == now else SUSPECTED if now else "below the cut"
        found.check("Zone", seen["zone"], words)
    for column, name in SPREAD.items():
        stored = _value(row, column)
        if stored is not None and said.spread is not None:
            value = float(getattr(said.spread, name)[0])
            found.check(_title(column, passes), stored, value, same=abs(value - stored) <= TOLERANCE)
    _notes(workspace, card, read, found)
    return found


def _film(workspace: Workspace, read: Read, found: Replayed) -> np.ndarray | None:
    """Return the film's pixels as its file holds them now; None if it cannot be read."""
    what = "Film's pixels, SHA-256"
    try:
        table = radiographs.load(workspace, read.seen["dataset"])
    except InputError:
        found.check(what, read.image_sha256, f"gone or damaged with the data set {read.seen['dataset']}")
        return None
    own = table[table["image_id"] == read.image_id]
    if own.empty or pd.isna(own["path"].iloc[0]):
        found.check(what, read.image_sha256, "gone from the data set")
        return None
    try:
        film = pixels.decode(Path(own["path"].iloc[0])).pixels
    except pixels.UnreadableImage as error:
        found.check(what, read.image_sha256, f"a file that cannot be read ({error.reason})")
        return None
    found.check(what, read.image_sha256, pixels.sha256_of_pixels(film))
    return film


def _weights(workspace: Workspace, seen: dict[str, Any], found: Replayed) -> dict[str, Any] | None:
    """Hash the files of the weights, a member's too, and return the card; None if the checkpoint is gone."""
    name, before = seen["checkpoint_id"], seen["weights_sha256"]
    try:
        card = cards.read_card(workspace, name)
    except InputError:
        found.check("Weights, SHA-256", before, f"gone or damaged with the checkpoint {name}")
        return None
    found.check("Weights, SHA-256", before, _hash(workspace, name))
    for member in card["members"] if card["model"] == registry.ENSEMBLE else ():
        own = member["checkpoint_id"]
        found.check(f"Weights of the member {own}, SHA-256", member["weights_sha256"], _hash(workspace, own))
    return card


def _hash(workspace: Workspace, checkpoint_id: str) -> str:
    path = workspace.checkpoint(checkpoint_id) / cards.WEIGHTS
    return files.sha256_of_file(path) if path.exists() else GONE


def _row(workspace: Workspace, read: Read, card: dict[str, Any], found: Replayed) -> dict[Any, Any] | None:
    """Return the film's row of the predictions that the read was given with, and hold the calibration against them."""
    path = _predictions(workspace, read)
    try:
        table = files.read_parquet(path) if path.exists() else None
        what = "gone" if table is None else "of other weights"
    except InputError:
        table, what = None, "damaged"
    if table is None or set(table["weights_sha256"]) != {read.seen["weights_sha256"]}:
        found.notes.append(f"The predictions table is {what}: calibration and spread cannot be compared with it.")
        return None
    known = table[np.isfinite(table["logit"]) & table["probability"].between(0, 1, inclusive="neither")]
    if len(known) > 1:
        now = {name: card["calibration"][name] for name in ("a", "b")}
        moved = np.abs(calibration.probabilities(card, known["logit"].to_numpy()) - known["probability"]).max()
        before = now if moved <= TOLERANCE else _calibration(known)
        found.check("Calibration", before, now, same=bool(moved <= TOLERANCE))
    own = table[table["image_id"] == read.image_id]
    if own.empty:
        found.notes.append("The predictions table no longer has the film.")
        return None
    first = int(own.index[0]) // BATCH * BATCH
    row = own.iloc[0].to_dict() | {BATCH_THEN: min(BATCH, len(table) - first)}
    shown = read.seen["probability"]
    if shown is not None:
        found.check("Predictions table", shown, row["probability"], same=abs(row["probability"] - shown) <= TOLERANCE)
    return row


def _calibration(known: pd.DataFrame) -> dict[str, float]:
    """Return a and b of `sigmoid(a * logit + b)` by which a predictions table was made."""
    slope, offset = np.polyfit(known["logit"], special.logit(known["probability"]), 1)
    return {"a": float(slope), "b": float(offset)}


def _passes(workspace: Workspace, read: Read, row: dict[Any, Any] | None, found: Replayed) -> int:
    """Return how many passes with dropout the predictions have; 0 where none lie beside them."""
    beside = _predictions(workspace, read).with_suffix(prediction_store.PASSES)
    if row is None or _value(row, "probability_std") is None or not beside.exists():
        return 0
    try:
        return int(np.load(beside, mmap_mode="r", allow_pickle=False).shape[1])
    except (ValueError, OSError, EOFError, IndexError):
        found.notes.append("The passes beside the predictions table are damaged: the spread cannot be compared.")
        return 0


def _predictions(workspace: Workspace, read: Read) -> Path:
    seen = read.seen
    return workspace.predictions(seen["checkpoint_id"], seen["dataset"], seen["split"], seen["part"])


def _notes(workspace: Workspace, card: dict[str, Any], read: Read, found: Replayed) -> None:
    then, now = card.get("versions", {}), checkpoint.versions()
    other = [f"{name} {then[name]}, now {now[name]}" for name in then if name in now and then[name] != now[name]]
    if other:
        found.notes.append(f"The checkpoint was made with {'; '.join(other)}.")
    point = points_in_force.in_force(workspace, card)
    if point is not None and point.value != read.seen["cut"]:
        found.notes.append(f"The checkpoint's cut in force is {point.value:.6g} by now; the worklist keeps its own.")


def _value(row: dict[Any, Any] | None, column: str) -> float | None:
    value = None if row is None else row.get(column)
    return None if value is None or pd.isna(value) else float(value)


def _title(column: str, passes: int) -> str:
    over = f"over {passes} passes, seed 0" if passes else "between members"
    return f"{column.replace('_', ' ').capitalize()} {over}"


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    if isinstance(value, str) and len(value) == 64:  # a hash
        return f"{value[:12]}…"
    return "not known" if value is None else str(value)
