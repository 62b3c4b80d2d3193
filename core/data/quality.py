"""How well a radiograph was taken: graded by its parts, measured on its pixels, and after a known fault.

A grade and its parts lie in [0, 1], 1 faultless. A part is 1 less its fault, and a fault is 1 where
the phantoms (`core.phantom.film`) call a film spoilt; lengths are those of a field of 350 mm:

- exposure: a mid-tone 36 grey levels off mid-grey;
- contrast: lung and soft tissue 45 % less apart than the usual 84 grey levels, or 90 % more;
- sharpness: a blur of 1.6 mm, as standard deviation, above the least of 0.15 mm;
- noise: 2.9 units above the least of 0.25; a unit is 0.87 grey levels on a film of 256 px;
- rotation and cropping: a tilt of 8 degrees, a chest 45 mm off the middle, an eighth of a side cut off.

The anchors of `measure` were fitted to 168 phantom films of seed 0, each rendered at 256 and at 768 px and
shrunk to 64, 128 and 256. Spearman's correlation with the truth on films of seed 1, 327 rendered at
256 px and, after the stroke, 164 of them at 768 px:

| films shrunk to   | 64 px       | 128 px      | 256 px      |
|-------------------|-------------|-------------|-------------|
| exposure          | 0.88 / 0.89 | 0.88 / 0.89 | 0.88 / 0.88 |
| contrast          | 0.85 / 0.89 | 0.86 / 0.89 | 0.86 / 0.89 |
| sharpness         | 0.19 / 0.20 | 0.72 / 0.72 | 0.85 / 0.94 |
| noise             | 0.37 / -.01 | 0.78 / 0.47 | 0.88 / 0.72 |
| rotation_cropping | 0.77 / 0.74 | 0.78 / 0.74 | 0.78 / 0.74 |

So at 64 px only strong blur and noise are told. Exposure and contrast are those of the stored grey levels: on
real films they tell of an archive's windowing too, and a vivid film may count as too hard.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

PARTS = ("exposure", "contrast", "sharpness", "noise", "rotation_cropping")
GRADE = "quality_grade"
COLUMNS = (GRADE, *PARTS)
SMALLEST = 32  # pixels of a side; on smaller films nothing is measured
CLEAR = 0.25  # a fault above this tells something of a part that was unknown

_FIELD = 350.0  # mm of a film's side
_MIDDLE, _EXPOSURE = 128.0, 36.0  # grey levels: the right mid-tone, and how far off it spoils a film
_SPAN, _CONTRAST = 84.0, 0.45  # grey levels from lung to soft tissue; share less that spoils a film
_BLUR, _LEAST_BLUR = 1.6, 0.15  # mm
_NOISE, _LEAST_NOISE, _NOISE_LEVELS = 2.9, 0.25, 0.87  # units, units, grey levels of a unit at 256 px
_TILT, _OFF_CENTRE, _CUT = 8.0, 45 / _FIELD, 0.125  # degrees, share of the side, share of the side
# The change of each kind, in the units of `after`, that makes a fault of 1.
SPOILT = {"brightness": _EXPOSURE / 255, "contrast": _CONTRAST, "blur": _BLUR / _FIELD, "degrees": _TILT}
SPOILT["noise"] = _NOISE * _NOISE_LEVELS / 255

_LUNGS, _LUNG_ROWS = ((0.15, 0.38), (0.62, 0.85)), (0.25, 0.6)  # shares of the side where lung mostly lies
_ABDOMEN, _ABDOMEN_ROWS = (0.25, 0.75), (0.6, 0.95)
_MARGIN = 0.15  # share of the side left out at each edge, where markers and borders lie
_MIDDLE_ADDED, _SPAN_RATIO = 4.5, 1.034  # from the tones measured there to those the phantoms were given

# Lines of regression, fitted at these sizes and interpolated between: where a size tells little of the
# truth, they stay near that of the usual film instead of spreading over the whole range.
_SIZES = np.log2([64, 128, 256])
_NOISE_LINES = ((0.27, 1.02), (-0.26, 1.66), (0.14, 1.11))  # units = first + second * grey levels
_BLUR_LINES = ((-0.12, -0.93), (-0.93, -1.92), (-0.22, -1.09))  # mm = first + second * log ratio of bands
_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6  # keeps the spread of white noise
_QUIET = 0.701  # the tenth percentile of 5 x 5 means of such noise, to their mean
_BANDS = (0.6, 1.0, 1.7)  # pixels: standard deviations whose differences are the fine and the coarse band
_NOISE_IN_BANDS = (0.0869, 0.0252)  # share of white noise's variance that is in each
_NOISIER = 1.5  # variance of a film's noise, to that where it is quietest

_AXIS_SIDE, _AXIS_BLUR, _AXIS_EVENING = 64, 0.77, 3.2  # pixels
_AXIS_ROWS, _AXIS_COLUMNS, _AXIS_REACH = (3, 61), (10, 54), 10  # of 64 pixels; reach to either side
_SYMMETRIC = 0.25  # least correlation of a chest with its mirror image; white noise reaches 0.16
_BLACK, _LETTERS = 10, 0.1  # grey level of a black border at most; share of a row in it that letters may fill


def grade(parts: np.ndarray) -> np.ndarray:
    """Grade films by their parts, shape `(N,)` in [0, 1]: the mean of the worst part and the average.

    One bad part spoils a film, hence the worst counts twice. Unknown parts (NaN) are left out; a
    film of which no part is known has no grade (NaN).

    Args:
        parts: The parts in the order of `PARTS`, shape `(N, 5)` or `(5,)`, in [0, 1] or NaN.

    Raises:
        ValueError: If there are not five parts.

    Examples:
        >>> grade(np.array([[1.0, 1.0, 0.5, 1.0, 1.0], [0.4, np.nan, np.nan, np.nan, 0.8]]))
        array([0.7, 0.5])
    """
    parts = np.atleast_2d(np.asarray(parts, np.float64))
    if parts.ndim != 2 or parts.shape[1] != len(PARTS):
        msg = f"Expected parts (N, {len(PARTS)}), got {parts.shape}"
        raise ValueError(msg)
    known = ~np.isnan(parts)
    count = known.sum(axis=1)
    average = np.where(known, parts, 0).sum(axis=1) / np.maximum(count, 1)
    worst = np.where(known, parts, np.inf).min(axis=1)
    return np.where(count > 0, 0.5 * np.where(count > 0, worst, 0) + 0.5 * average, np.nan)


def measure(films: np.ndarray) -> np.ndarray:
    """Measure quality on the pixels of upright frontal films, shape `(N, 6)` in the order of `COLUMNS`.

    Black borders are left aside first; what they take counts as cropping.

    - Exposure and contrast: the tone of lung (first quartile of two fields where lung mostly lies) and of soft
      tissue (third quartile of the abdomen), their middle and their difference.
    - Noise: the response to a difference of two Laplacians (Immerkær), not averaged over the film but taken where
      it is quietest, since there least structure mixes in; relative to the film's contrast.
    - Sharpness: the energy of a fine band against that of a coarser one, both less their noise.
    - Rotation and cropping: the worst of borders and of the tilt and place of the axis about which the chest is
      most like its mirror image. A chest turned about its own length, or too high or low, is not seen.

    A part is NaN where it cannot be measured: all of them on films below 32 px, of one grey, or cut to less than
    half; sharpness where noise drowns the fine structure; rotation and cropping where nothing is symmetric.

    Args:
        films: Pixels, shape `(N, H, H)` `uint8`.

    Raises:
        ValueError: If the films are no squares of `uint8`.

    References:
        Immerkær, "Fast Noise Variance Estimation", Computer Vision and Image Understanding 64(2), 1996.
    """
    if films.ndim != 3 or films.shape[1] != films.shape[2] or films.dtype != np.uint8:
        msg = f"Expected films (N, H, H) of uint8, got {films.shape} of {films.dtype}"
        raise ValueError(msg)
    parts = np.array([_parts(film) for film in films]).reshape(-1, len(PARTS))
    return np.column_stack([grade(parts), parts])


def after(
    targets: np.ndarray,
    *,
    brightness: np.ndarray,
    contrast: np.ndarray,
    blur: np.ndarray,
    noise: np.ndarray,
    degrees: np.ndarray,
    shift: np.ndarray,
) -> np.ndarray:
    """Tell the quality of films that were changed by known amounts, shape `(N, 6)`.

    A part becomes at most 1 less the fault that was added; faults of one kind do not add up, nor undo each
    other. An unknown part stays unknown after a slight fault. A clear one, above 0.25, bounds it from above, and
    the bound is taken for its value: the fault was made, only what was there before is not known. The grade
    is worked out anew where a part has changed, and never rises.

    Args:
        targets: Quality before, in the order of `COLUMNS`, shape `(N, 6)`, in [0, 1] or NaN.
        brightness: Added to every pixel, a share of the grey range, shape `(N,)`.
        contrast: Factor about mid-grey, shape `(N,)`.
        blur: Standard deviation of a Gaussian, a share of the side, shape `(N,)`.
        noise: Standard deviation of added white noise, a share of the grey range, shape `(N,)`.
        degrees: Rotation in the film's plane, shape `(N,)`.
        shift: The larger of the shifts along and across, a share of the side, shape `(N,)`.

    Raises:
        ValueError: If there are not six columns.

    Examples:
        >>> still = {"contrast": [1.0], "blur": [0.0], "noise": [0.0], "degrees": [0.0], "shift": [0.0]}
        >>> unchanged = {name: np.array(value) for name, value in still.items()}
        >>> after(np.ones((1, 6)), brightness=np.array([18 / 255]), **unchanged)
        array([[0.7, 0.5, 1. , 1. , 1. , 1. ]])
    """
    targets = np.asarray(targets, np.float64)
    if targets.ndim != 2 or targets.shape[1] != len(COLUMNS):
        msg = f"Expected targets (N, {len(COLUMNS)}), got {targets.shape}"
        raise ValueError(msg)
    faults = np.column_stack(
        [
            np.abs(brightness) / SPOILT["brightness"],
            _contrast_fault(np.asarray(contrast)),
            np.asarray(blur) / SPOILT["blur"],
            np.asarray(noise) / SPOILT["noise"],
            np.maximum(np.abs(degrees) / SPOILT["degrees"], np.abs(shift) / _OFF_CENTRE),
        ]
    )  # (N, 5)
    left = np.clip(1 - faults, 0, 1)
    before = targets[:, 1:]
    bounded = np.where(faults > CLEAR, left, np.nan)
    parts = np.where(np.isnan(before), bounded, np.minimum(before, left))
    changed = ((parts != before) & ~np.isnan(parts)).any(axis=1)
    whole = np.where(changed, np.fmin(targets[:, 0], grade(parts)), targets[:, 0])
    return np.column_stack([whole, parts])


def _parts(film: np.ndarray) -> np.ndarray:
    """Return the parts of one film `(5,)`."""
    side = len(film)
    cut, inside = _borders(film)
    if side < SMALLEST or min(inside.shape) < side / 2 or _centre(inside).min() == _centre(inside).max():
        return np.full(len(PARTS), np.nan)
    lung, soft = _tones(inside)
    contrast = (soft - lung) / _SPAN_RATIO / _SPAN
    grey = inside.astype(np.float32)
    noise = _noise(grey)
    relative = noise / max(contrast, 1 - _CONTRAST)  # flatter ones are spoilt anyhow
    faults = [
        abs((lung + soft) / 2 + _MIDDLE_ADDED - _MIDDLE) / _EXPOSURE,
        float(_contrast_fault(np.array(contrast))),
        (_at(side, _BLUR_LINES, _fineness(grey, noise)) - _LEAST_BLUR) / _BLUR,
        (_at(side, _NOISE_LINES, relative) - _LEAST_NOISE) / _NOISE,
        float(np.maximum(_misplaced(film), cut / _CUT)),  # NaN goes on
    ]
    return 1 - np.clip(faults, 0, 1)


def _contrast_fault(contrast: np.ndarray) -> np.ndarray:
    """Return how far contrast, 1 usual, is off: too flat counts twice as much as too hard."""
    return np.maximum(1 - contrast, 0.5 * (contrast - 1)) / _CONTRAST


def _borders(film: np.ndarray) -> tuple[float, np.ndarray]:
    """Return how much of the side the widest black border takes, and what lies inside the borders."""
    first, last = [], []
    for axis in (1, 0):
        bright = np.flatnonzero((film > _BLACK).mean(axis=axis) > _LETTERS)
        first.append(int(bright[0]) if len(bright) else 0)
        last.append(int(bright[-1]) + 1 if len(bright) else 0)
    widest = max(*first, *(len(film) - end for end in last))
    return widest / len(film), film[first[0] : last[0], first[1] : last[1]]


def _tones(inside: np.ndarray) -> tuple[float, float]:
    """Return the grey levels of lung and soft tissue."""
    height, width = inside.shape

    def field(rows: tuple[float, float], columns: tuple[float, float]) -> np.ndarray:
        (top, below), (left, right) = rows, columns
        return inside[round(top * height) : round(below * height), round(left * width) : round(right * width)].ravel()

    lungs = np.concatenate([field(_LUNG_ROWS, columns) for columns in _LUNGS])
    return float(np.percentile(lungs, 25)), float(np.percentile(field(_ABDOMEN_ROWS, _ABDOMEN), 75))


def _centre(image: np.ndarray) -> np.ndarray:
    down, across = (round(_MARGIN * length) for length in image.shape)
    return image[down:-down, across:-across]


def _noise(grey: np.ndarray) -> float:
    """Return the standard deviation of the noise where it is quietest, in grey levels."""
    response = _centre(cv2.blur(np.abs(cv2.filter2D(grey, -1, _LAPLACIANS)), (5, 5)))
    response = response[response > 0]  # where grey levels ran out, at black or white, noise is hidden
    if not len(response):
        return 0.0
    quiet = float(np.percentile(response, 10)) / _QUIET
    return quiet * float(np.sqrt(np.pi / 2))  # from the mean absolute value of a normal variable


def _fineness(grey: np.ndarray, noise: float) -> float:
    """Return the logarithm of the energy in the fine band to that in the coarse one; NaN if it is mostly noise."""
    blurred = [cv2.GaussianBlur(grey, (0, 0), spread) for spread in _BANDS]
    energies = [float(np.square(_centre(a - b)).mean()) for a, b in pairwise(blurred)]
    noises = [share * _NOISIER * noise**2 for share in _NOISE_IN_BANDS]
    if any(part >= 0.75 * energy for part, energy in zip(noises, energies, strict=True)):
        return np.nan
    return float(np.log(energies[0] - noises[0]) - np.log(energies[1] - noises[1]))


def _at(side: int, lines: tuple[tuple[float, float], ...], value: float) -> float:
    """Apply the line that was fitted for films of this size."""
    first, second = (np.interp(np.log2(side), _SIZES, column) for column in zip(*lines, strict=True))
    return float(first + second * value)


def _misplaced(film: np.ndarray) -> float:
    """Return the fault of a chest that is tilted or beside the middle; NaN if it has no axis."""
    small = cv2.resize(film, (_AXIS_SIDE, _AXIS_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    # Only edges: evenly grey fields are alike under any tilt.
    edges = cv2.GaussianBlur(small, (0, 0), _AXIS_BLUR) - cv2.GaussianBlur(small, (0, 0), _AXIS_EVENING)
    likeness = {angle: _mirrored(edges, angle) for angle in range(-12, 13, 3)}
    best = max(likeness, key=likeness.__getitem__)
    likeness |= {angle: _mirrored(edges, angle) for angle in (best - 1, best + 1)}
    best = max(likeness, key=likeness.__getitem__)
    correlation, place = likeness[best]
    if not correlation >= _SYMMETRIC:
        return np.nan
    return max(abs(best) / _TILT, abs(place) / _OFF_CENTRE)


def _mirrored(edges: np.ndarray, angle: int) -> tuple[float, float]:
    """Compare an image with its mirror image about an axis tilted by so many degrees.

    Returns:
        The best correlation, and how far from the middle the axis then lies, a share of the side.
    """
    middle = (_AXIS_SIDE - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), 2 * angle, 1.0)
    mirror = cv2.warpAffine(np.ascontiguousarray(edges[:, ::-1]), turn, (_AXIS_SIDE, _AXIS_SIDE))
    rows = slice(*_AXIS_ROWS)
    strip = mirror[rows, slice(*_AXIS_COLUMNS)]
    found = cv2.matchTemplate(edges[rows], strip, cv2.TM_CCOEFF_NORMED)[0]  # (2 * reach + 1,)
    at = int(found.argmax())
    return float(found[at]), (at - _AXIS_REACH) / 2 / _AXIS_SIDE
