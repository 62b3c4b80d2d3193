"""What a classifier says of a film once its chest drain is painted over: did it learn the drain instead of the air?

The drain and a narrow margin are filled from what lies around them, and the same checkpoint is asked
again. Painting alone moves a probability too, so the control is the same region painted over on the
other side of the film, where no drain is. Only what painting the drain does beyond its control speaks
of the drain.

The stored pixels are painted, not the network's input. On 110 phantoms with a drain (92 with air, seed
11), whose films without it can be rendered as well, painting at 256 px and then shrinking to 64 px left
0.28 of the drain's pattern (slope of what was left against the drain's own change); shrinking first left
0.58, since a pixel then mixes the drain with what is beside it. Films stored at 64 px keep 0.92: there
painting disturbs as much as the drain does. Films are brought to 8 bits first: of 16, the darkest and
the brightest pixel decide what the others mean, and the drain may be the brightest.

On the same films, what painting did to the probability of the demo's quick CNN went with what leaving the
drain out when rendering did (correlation 0.97 without air, 0.44 with air), what its control did much less
(0.30 and -0.05). So a change of some films may be chance; a mean over many, beyond the control's, is not.

References:
    Oakden-Rayner, Dunnmon, Carneiro, Re, "Hidden stratification causes clinically meaningful failures
    in machine learning for medical imaging", CHIL 2020.
    Telea, "An image inpainting technique based on the fast marching method", Journal of Graphics Tools 9 (1), 2004.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from core.base import progress
from core.base.errors import InputError
from core.data import pixels
from core.data.pixel_cache import fit_square, read_film
from core.evaluation import calibration
from core.vision import transforms

if TYPE_CHECKING:
    import pandas as pd

    from core.models.checkpoint import Checkpoint

MASKED, CONTROL = COLUMNS = ("drain_masked_probability", "drain_control_probability")  # of the signals table
BATCH = 32  # films; each is looked at twice
MARGIN = 256  # one pixel of margin for so many of the film's longer side
REACH = 2  # margins around a pixel from which it is filled


def probabilities(found: Checkpoint, rows: pd.DataFrame, *, device: torch.device) -> dict[str, np.ndarray]:
    """Return what a checkpoint says of films with their drains painted over, and of their controls.

    Args:
        found: The checkpoint.
        rows: The films' rows of the radiographs table, `drain_path` among them where drains are known.
        device: Where to compute.

    Returns:
        The columns `COLUMNS`, each `(N,)`, calibrated, in [0, 1]; NaN where no mask says where a
        drain lies, and for the control also where the drain's mirror image meets the drain.

    Raises:
        InputError: If a film or a mask is not there any more as it was indexed.
        Cancelled: If a stop was asked for.
    """
    columns = {name: np.full(len(rows), np.nan) for name in COLUMNS}
    drained = np.flatnonzero(_has_mask(rows))
    if not len(drained):
        return columns
    classifier = found.classifier.to(device).eval()
    starts = range(0, len(drained), BATCH)
    for start in progress.track(starts, "Painting drains over", total=len(drained), unit="films", weight=BATCH):
        own = drained[start : start + BATCH]
        told = [(at, name, image) for at in own for name, image in _painted(rows.iloc[at], found.spec.size).items()]
        if not told:
            continue
        images = transforms.normalise(np.stack([image for *_, image in told]), found.spec).to(device)
        with torch.inference_mode():
            logits = classifier(images).double().cpu().numpy()
        for (at, name, _), probability in zip(told, calibration.probabilities(found.card, logits), strict=True):
            columns[name][at] = probability
    return columns


def are_known(signals: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Tell whether a signals table holds what is said of each film whose drain is known, row by row."""
    return bool(signals[MASKED].notna().to_numpy()[_has_mask(rows)].all())


def paint_over(film: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Fill a region of a film from what lies around it.

    Args:
        film: Pixels `(H, W)` uint8.
        region: `(H, W)` bool; outside it the film stays as it is.
    """
    reach = REACH * _margin(film)
    filled: np.ndarray = cv2.inpaint(film, region.astype(np.uint8), reach, cv2.INPAINT_TELEA)
    return filled


def grown(drain: np.ndarray) -> np.ndarray:
    """Return a drain `(H, W)` bool with the margin at which its blurred edge ends."""
    margin = _margin(drain)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return cv2.dilate(drain.astype(np.uint8), around) > 0


def _margin(picture: np.ndarray) -> int:
    return max(1, round(max(picture.shape) / MARGIN))


def _has_mask(rows: pd.DataFrame) -> np.ndarray:
    return rows["drain_path"].notna().to_numpy() if "drain_path" in rows else np.zeros(len(rows), bool)


def _painted(row: pd.Series, size: int) -> dict[str, np.ndarray]:
    """Return a film painted over, `(size, size)` uint8 by column; nothing where its mask is empty."""
    film = pixels.to_uint8(read_film(row["image_id"], row["path"], row["sha256"]))
    region = grown(_drain(row, film.shape))
    mirrored = region[:, ::-1]
    places = {MASKED: region} | ({} if (region & mirrored).any() else {CONTROL: mirrored})
    return {name: fit_square(paint_over(film, place), size=size) for name, place in places.items() if place.any()}


def _drain(row: pd.Series, shape: tuple[int, ...]) -> np.ndarray:
    """Read where a film's drain lies, `(H, W)` bool.

    Raises:
        InputError: If the mask is gone, damaged or of another size than the film.
    """
    try:
        drain = pixels.read_pixels(Path(row["drain_path"])) > 0
    except pixels.UnreadableImage as error:
        msg = (
            f"Expected the drain's mask of {row['image_id']!r} where it was indexed, found: {error.reason}; "
            "run index again."
        )
        raise InputError(msg) from error
    if drain.shape != shape:
        msg = (
            f"Expected the drain's mask of {row['image_id']!r} in the film's size {shape[1]} x {shape[0]}, found "
            f"{drain.shape[1]} x {drain.shape[0]}; make it anew and run index again."
        )
        raise InputError(msg)
    return drain
