"""Is this a frontal chest radiograph? Asked of grey values alone, before any probability is shown.

A picture is brought to 64 x 64 and asked six things: how much more it looks like the mean frontal film upright
than turned by 90, 180 or 270 degrees; how much brighter its middle is than both lungs, and whether by more than on
any film; how much of it one grey takes; what of it in small no mixture of six patterns of films gives; and how far
its fine detail is from a film's. A weighted sum of the six decides (logistic regression, each weight held to the
direction that makes sense), and the reasons name those that stand out. Apart from that, pictures below 48 pixels, of
one grey, or far from a film's proportions are doubted.

Fitted on 427 films of NIH ChestX-ray14 at 64 px (patients with an even number), 323 phantoms (seed 5001) and 40
pictures of each of the 20 kinds of `tests/data/not_radiographs.py` (seeds 1000 to 1039). The limit doubts 2 % of the
fitted films. Measured on other patients and on seeds that were not looked at before (4000 to 4009 of each kind, 11001
of the phantoms), with 95 % Clopper-Pearson intervals, by film; the six measures were chosen among some thirty sets
with the real films of the other patients in sight, so their rate is a little kind:

| what | doubted |
|------|---------|
| 200 drawn pictures, ten of each kind | 199: 99.5 % (97.2 to 100 %); the missed one is an abdomen |
| 573 real films at 64 px | 20: 3.5 % (2.1 to 5.3 %) |
| 300 phantoms, 122 of them with a pneumothorax | 0 (0 to 1.2 %) |
| 200 real films upside down, turned by 180 degrees, on their side, inverted | 200, 199, 200, 200 |
| 200 real films mirrored, and cropped to the middle 62 % of their sides | 7, 69 |
| 100 pieces of three photographs | 100 of 100 |

With one kind at a time left out of the fitting, 19 kinds were still caught by 93 % on average, the lateral chests
never: a lateral film unlike the drawn ones may well pass. What passes is named in `CANNOT_TELL`.
"""

from __future__ import annotations

import cv2
import numpy as np

from core.data.frontal_anchors import MEAN, PATTERNS
from core.data.frontal_anchors import SIDE as TINY
from core.data.pixel_cache import fit_square
from core.data.pixels import to_uint8

CANNOT_TELL = (
    "a lateral film that is unlike the drawn ones it was tried on",
    "a film that is cropped to a part of the chest",
    "a film that is mirrored",
    "a frontal chest film of a child or an animal, or one that is drawn or generated",
)
SMALLEST = 48  # pixels of a side
PROPORTIONS = (0.55, 1.8)  # width by height; detectors are 35 x 43 cm, upright or lying, and films get cut
_SIDE = 64
_ONE_GREY = 2.0  # grey levels: standard deviation
_INNER_GREYS = slice(6, 250)  # black and white margins are usual
_ROWS, _RIGHT, _LEFT, _MIDDLE = slice(16, 38), slice(10, 24), slice(40, 54), slice(28, 36)  # of 64
_BRIGHTEST = 1.6  # standard deviations by which the middle is brighter than the lungs on nearly every film
_DETAIL = -2.02  # logarithm of a usual film's share of fine detail
_WEIGHTS = np.array([-5.268, -1.155, 7.526, 3.327, 3.998, 6.205])
_OFFSET = 15.824

_TURNED, _UPSIDE_DOWN, _EXCHANGED = 0.5, 0.5, -0.5  # correlation with the mean film: turned by 90, by 180, as it is
_FLAT, _ONE_GREY_SHARE, _OTHER, _DETAILED = 0.0, 0.1, -0.9, 0.8  # beyond what 99 % of the fitted films have


def doubts(pixels: np.ndarray) -> tuple[str, ...]:
    """Return reasons why a picture is no frontal chest radiograph; none where none was found.

    Args:
        pixels: Shape `(H, W)`, uint8 or uint16, as films are decoded.

    Raises:
        ValueError: If it is no such picture.

    Examples:
        >>> doubts(np.zeros((64, 64), np.uint8))
        ('it is of one grey',)
    """
    grey = to_uint8(pixels)
    height, width = grey.shape
    if min(height, width) < SMALLEST:
        return (f"it has {width} x {height} pixels, which is too few to tell",)
    if not PROPORTIONS[0] <= width / height <= PROPORTIONS[1]:
        return (f"its width is {width / height:.2g} times its height",)
    film = fit_square(grey, size=_SIDE)
    if film.std() < _ONE_GREY:
        return ("it is of one grey",)
    tiny = _scaled(cv2.resize(film.astype(np.float32), (TINY, TINY), interpolation=cv2.INTER_AREA))
    turned = [float((np.rot90(tiny, turn) * _MEAN).mean()) for turn in range(4)]
    asked = _asked(film, tiny, turned)
    return _named(turned, asked) if asked @ _WEIGHTS + _OFFSET > 0 else ()


def _asked(film: np.ndarray, tiny: np.ndarray, turned: list[float]) -> np.ndarray:
    """Return the six measures of a film `(64, 64)`, in the order of the weights."""
    grey = film.astype(np.float32)
    level = _scaled(grey)
    middle = level[_ROWS, _MIDDLE].mean()
    brighter = min(middle - level[_ROWS, lung].mean() for lung in (_RIGHT, _LEFT))
    most = np.bincount(film.ravel(), minlength=256)[_INNER_GREYS].max() / film.size
    apart = (tiny - MEAN).ravel()
    unexplained = apart - (PATTERNS @ apart) @ PATTERNS
    fine = (grey - cv2.GaussianBlur(grey, (0, 0), 1)).std() / grey.std()
    return np.array(
        [
            turned[0] - max(turned[1:]),
            brighter,
            max(brighter - _BRIGHTEST, 0),
            np.log(most + 0.005),
            np.log((unexplained**2).mean() + 0.02),
            abs(np.log(fine + 0.01) - _DETAIL),
        ]
    )


def _named(turned: list[float], asked: np.ndarray) -> tuple[str, ...]:
    """Say what stands out; the plain sentence where nothing does by itself."""
    _, brighter, too_bright, most, other, detail = asked
    reasons = {
        "light and dark seem to be exchanged": turned[0] < _EXCHANGED,
        "it looks like a chest upside down": turned[2] > max(_UPSIDE_DOWN, turned[0]),
        "it looks like a chest that lies on its side": max(turned[1], turned[3]) > max(_TURNED, turned[0]),
        "no dark lungs beside a brighter middle were found": brighter < _FLAT,
        "the lungs are darker against the middle than on any film": too_bright > 0.3,
        "one grey takes much of it, as in a drawing": np.exp(most) > _ONE_GREY_SHARE,
        "light and dark lie elsewhere than on a frontal film": other > _OTHER,
        "its fine detail is not a film's": detail > _DETAILED,
    }
    found = [reason for reason, holds in reasons.items() if holds]
    whole = [reason for reason in found if reason in list(reasons)[:3]]  # says all: the others follow from it
    return tuple(whole[:1] or found) or ("it does not look like a frontal chest film",)


def _scaled(grey: np.ndarray) -> np.ndarray:
    spread = float(grey.std())
    return (grey.astype(np.float64) - grey.mean()) / (spread if spread > 1e-9 else 1.0)


_MEAN = _scaled(MEAN)
