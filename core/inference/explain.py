"""What moved a classifier on one film: its heat map, and whether to trust it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from core.base.errors import InputError
from core.data import lung_field, pixels, radiographs
from core.data.pixel_cache import fit_square, read_film
from core.evaluation import map_measures
from core.inference import heat_maps, mc_dropout, measured, randomisation, trust
from core.inference.own_calls import cuts, own_calls
from core.models import cards, checkpoint, members, registry
from core.vision import device as devices
from core.vision import transforms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.base.paths import Workspace
    from core.inference.trust import Answer, Shown, Target
    from core.models.checkpoint import Checkpoint

    Loader = Callable[[str], Checkpoint]

TITLES = {"grad-cam": "Grad-CAM", "grad-cam++": "Grad-CAM++", "hires-cam": "HiResCAM", "eigen-cam": "Eigen-CAM"}
COMPARED = ("grad-cam", *measured.COMPARED)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A classifier's heat map of one film, with what was measured of it."""

    checkpoint_id: str  # of the classifier: a member's for an ensemble
    weights_sha256: str
    title: str
    model: str
    weight: float | None  # of a member, else None
    image_id: str
    image_sha256: str  # of the decoded pixels
    target: Target  # evidence for or against a pneumothorax
    probability: float
    cut: float | None  # the classifier's own operating point that its call was made at
    method: str
    heat_map: np.ndarray  # (h, w) float32, at least 0
    grid: tuple[int, int]  # h, w
    verdict: Shown
    reasons: list[str]
    agreement: float | None  # across methods, mean pairwise Spearman correlation, in [-1, 1]
    lung_share: float | None  # share of the map inside the lung field
    lung_area: float | None  # share of the film that the lung field takes
    lung_from: str | None  # truth | measured
    randomisation: float | None  # mean absolute Spearman correlation with untrained networks' maps

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"heat_map": self.heat_map.tolist(), "grid": list(self.grid)}


def explanations(
    workspace: Workspace,
    checkpoint_id: str,
    radiograph: Mapping[str, Any] | pd.Series,
    *,
    method: str = "grad-cam",
    target: Target | None = None,
    dataset: str | None = None,
    cut: float | None = None,
    loaded: Loader | None = None,
) -> list[Explanation]:
    """Return what moved a checkpoint on one film: one map for a classifier, one a member for an ensemble.

    Args:
        workspace: Where the checkpoints lie.
        checkpoint_id: The checkpoint.
        radiograph: A row of the radiographs table: image_id, path, sha256, source, and where known
            lung_path and parent_image_id.
        method: One of `heat_maps.METHODS`.
        target: Evidence for or against a pneumothorax; None for the side of each classifier's own
            call at its cut, and for "for" where it has no cut.
        dataset: The film's data set, whose films serve for the check of the checkpoint's maps.
        cut: Of the checkpoint, such as that of a worklist; None: the one in force. Members have theirs.
        loaded: Gives checkpoints that are kept in memory, in eval mode; they are not changed.

    Raises:
        InputError: If the checkpoint does not exist or did not learn from this kind of image, a
            member is no longer the one that was fused, or the film's file is gone or changed.
    """
    card = cards.read_card(workspace, checkpoint_id)
    weights: dict[str, float | None]
    row = _row(workspace, radiograph, dataset)
    cards.refuse_other_kinds(card, row)
    film = _film(radiograph)
    if card["model"] == registry.ENSEMBLE:
        members.of(workspace, card)  # refuses members that have changed
        weights = {member["checkpoint_id"]: float(member["weight"]) for member in card["members"]}
    else:
        weights = {checkpoint_id: None}
    load = loaded or _loader(workspace)
    at = cuts(workspace, card, cut=cut)
    return [
        _explained(
            *(workspace, load(name), film, row),
            weight=weight,
            cut=at[name],
            method=method,
            target=target,
            dataset=dataset,
        )
        for name, weight in weights.items()
    ]


def uncertainty_map(
    workspace: Workspace,
    checkpoint_id: str,
    radiograph: Mapping[str, Any] | pd.Series,
    *,
    passes: int = mc_dropout.PASSES,
    dataset: str | None = None,
    cut: float | None = None,
    loaded: Loader | None = None,
) -> np.ndarray:
    """Return how much a classifier's heat map of one film varies over passes with dropout.

    Args:
        workspace: Where the checkpoint lies.
        checkpoint_id: A classifier of its own.
        radiograph: A row of the radiographs table, as in `explanations`.
        passes: From 2 to 1000.
        dataset: The film's data set.
        cut: As in `explanations`.
        loaded: As in `explanations`.

    Returns:
        The standard deviation over the passes at each place of the grid, `(h, w)`, of the Grad-CAM
        for the side of the classifier's own call, not scaled.

    Raises:
        InputError: As in `explanations`, for an ensemble, or without active dropout.
    """
    cards.refuse_other_kinds(cards.read_card(workspace, checkpoint_id), _row(workspace, radiograph, dataset))
    one = (loaded or _loader(workspace))(checkpoint_id)
    film = _film(radiograph)
    image = transforms.normalise(fit_square(film, size=one.spec.size)[None], one.spec)
    with torch.inference_mode():
        logits = one.classifier(image.to(next(one.classifier.parameters()).device))
    own = cuts(workspace, one.card, cut=cut)[one.checkpoint_id]
    sign = float(own_calls(one.card, logits.cpu().numpy(), cut=own).signs[0])
    key = pixels.sha256_of_pixels(film)
    return heat_maps.over_passes(one.classifier, image, key=key, passes=passes, sign=sign).std(axis=0, ddof=1)


def _loader(workspace: Workspace) -> Loader:
    def load(checkpoint_id: str) -> Checkpoint:
        found = checkpoint.load(workspace, checkpoint_id)
        found.classifier.to(devices.chosen())
        return found

    return load


def _row(workspace: Workspace, radiograph: Mapping[str, Any] | pd.Series, dataset: str | None) -> pd.DataFrame:
    """Return the film as a table of one row that says what the rule on kinds asks for."""
    row = pd.DataFrame([{"parent_image_id": None, "lung_path": None, **dict(radiograph)}])
    parent = row["parent_image_id"][0]
    if dataset is not None and isinstance(parent, str) and "parent_source" not in row:
        table = radiographs.load(workspace, dataset)
        row["parent_source"] = row["parent_image_id"].map(table.set_index("image_id")["source"])
    return row


def _film(radiograph: Mapping[str, Any] | pd.Series) -> np.ndarray:
    """Return a film's pixels `(H, W)`, those that were indexed."""
    name, path, sha256 = (radiograph[key] for key in ("image_id", "path", "sha256"))
    if pd.isna(path) or pd.isna(sha256):
        msg = f"Expected a radiograph with an image, found none for {name!r}; index its data set with --images."
        raise InputError(msg)
    return read_film(name, path, sha256)


def _explained(
    workspace: Workspace,
    one: Checkpoint,
    film: np.ndarray,
    row: pd.DataFrame,
    *,
    weight: float | None,
    cut: float | None,
    method: str,
    target: Target | None,
    dataset: str | None,
) -> Explanation:
    square = fit_square(film, size=one.spec.size)[None]  # (1, H, H)
    seen = heat_maps.see(one.classifier, transforms.normalise(square, one.spec))
    call = own_calls(one.card, seen.logits.cpu().numpy(), cut=cut)
    aim: Target = target or ("for" if call.signs[0] > 0 else "against")
    signs = np.array([1.0 if aim == "for" else -1.0])
    others = COMPARED if method in COMPARED else measured.COMPARED  # HiResCAM stands in for Grad-CAM
    compared = (method, *(name for name in others if name != method))
    maps = [heat_maps.heat_maps(seen, name, signs=signs) for name in compared]
    grid = (int(maps[0].shape[1]), int(maps[0].shape[2]))
    agreement = _number(map_measures.agreement(maps)[0])
    lungs = lung_field.of_films(row["lung_path"], square, size=measured.LUNG_SIDE)
    share = _number(map_measures.lung_share(maps[0], lungs.masks)[0])
    area = None if lungs.places[0] is None else float(lungs.masks[0].mean())
    checked = _checked(workspace, one, dataset)
    judged = trust.judge(
        grid=grid,
        empty=not maps[0].any(),
        target=aim,
        methods=[TITLES[name] for name in compared],
        agreement=agreement,
        lung_share=trust.Answer(share, lungs.failures[0] or ""),
        lung_area=area,
        randomisation=checked,
    )
    return Explanation(
        checkpoint_id=one.checkpoint_id,
        weights_sha256=one.card["weights_sha256"],
        title=one.card["title"],
        model=one.card["model"],
        weight=weight,
        image_id=str(row["image_id"][0]),
        image_sha256=str(row["sha256"][0]),
        target=aim,
        probability=float(call.probabilities[0]),
        cut=call.cut,
        method=method,
        heat_map=maps[0][0],
        grid=grid,
        verdict=judged.verdict,
        reasons=judged.reasons,
        agreement=agreement,
        lung_share=share,
        lung_area=area,
        lung_from=lungs.places[0],
        randomisation=checked.value,
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _checked(workspace: Workspace, one: Checkpoint, dataset: str | None) -> Answer:
    """Return the check of a checkpoint's maps: the one that is kept, else made on films of the data set."""
    check = randomisation.read(workspace, one.card)
    if check is None and dataset is None:
        return trust.Answer(None, "it wants the films of a data set")
    if check is None:
        try:
            check = randomisation.of(workspace, one, randomisation.films(workspace, one, str(dataset)))
        except InputError as error:  # about other films than the one that is asked for
            return trust.Answer(None, str(error).rstrip("."))
    if check.correlation is None:
        return trust.Answer(None, f"only {check.pairs} pairs of maps could be compared on {check.films} films")
    return trust.Answer(check.correlation)
