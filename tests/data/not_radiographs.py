"""Pictures that are no frontal chest radiographs, drawn by simple rules: twenty kinds, each by its seed.

The kinds and how they are drawn were settled before anything in `core.data.frontal` was fitted to them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.phantom.projection import render
from core.phantom.story import PlannedFilm, plan

FITTED, HELD_OUT = range(1000, 1040), range(4000, 4010)  # seeds of each kind: to fit by, and the 200 to measure on
_WORDS = ("the", "of", "film", "right", "left", "report", "patient", "seen", "no", "chest", "with", "a", "lung", "page")


def draw(kind: str, seed: int) -> np.ndarray:
    """Return a picture `(H, W)` uint8 of one of `KINDS`."""
    return KINDS[kind](np.random.default_rng([seed, list(KINDS).index(kind)]))


def phantoms(count: int, seed: int, *, size: int = 96) -> list[np.ndarray]:
    """Return frontal films of phantoms, one a patient, `(size, size)` uint8."""
    first: dict[int, PlannedFilm] = {}
    for film in plan(count, seed):
        first.setdefault(film.patient, film)
    return [render(film.anatomy, film.film, size).pixels for film in first.values()]


def _size(rng: np.random.Generator, *, portrait: float = 0.5) -> tuple[int, int]:
    long, short = int(rng.integers(110, 240)), int(rng.integers(90, 110))
    return (long, short) if rng.random() < portrait else (short, long)


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width]
    return (x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5


def _blob(  # noqa: PLR0917 (a place and two radii)
    grid: tuple[np.ndarray, np.ndarray], x: float, y: float, a: float, b: float, turn: float = 0.0
) -> np.ndarray:
    """Return a soft ellipse, 1 inside and 0 outside."""
    dx, dy = grid[0] - x, grid[1] - y
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    return 1 / (1 + np.exp(np.clip(12 * (np.hypot(u / a, v / b) - 1), -50, 50)))


def _finished(rng: np.random.Generator, picture: np.ndarray, *, noise: float = 4.0) -> np.ndarray:
    blurred = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.7)
    return np.clip(np.rint(blurred + rng.normal(0, noise, picture.shape)), 0, 255).astype(np.uint8)


def _fractal(rng: np.random.Generator, height: int, width: int, slope: float) -> np.ndarray:
    """Return noise whose spectrum falls as 1 / f^slope, as photographs' do; mean 0, standard deviation 1."""
    f = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    f[0, 0] = np.inf
    waves = np.fft.rfft2(rng.normal(size=(height, width))) / f**slope
    made = np.fft.irfft2(waves, (height, width))
    return (made - made.mean()) / made.std()


def _constant(rng: np.random.Generator) -> np.ndarray:
    grey = np.full(_size(rng), float(rng.integers(0, 256)))
    return np.clip(np.rint(grey + rng.normal(0, rng.choice([0, 0.5, 2]), grey.shape)), 0, 255).astype(np.uint8)


def _noise(rng: np.random.Generator) -> np.ndarray:
    shape = _size(rng)
    if rng.random() < 0.5:
        return rng.integers(0, 256, shape, np.uint8)
    grain = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), float(rng.uniform(0.5, 3)))
    return np.clip(127 + 60 * grain / grain.std(), 0, 255).astype(np.uint8)


def _gradient(rng: np.random.Generator) -> np.ndarray:
    x, y = _grid(*_size(rng))
    turn = rng.uniform(0, 2 * np.pi)
    ramp = x * np.cos(turn) + y * np.sin(turn) if rng.random() < 0.5 else np.hypot(x - rng.uniform(-0.3, 0.3), y)
    ramp = (ramp - ramp.min()) / np.ptp(ramp)
    low, high = np.sort(rng.choice(256, 2, replace=False))
    return np.rint(low + (high - low) * ramp ** rng.uniform(0.5, 2)).astype(np.uint8)


def _text_page(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng, portrait=0.8)
    dark = rng.random() < 0.2
    page = Image.new("L", (2 * width, 2 * height), 15 if dark else 245)
    drawing, size, y = ImageDraw.Draw(page), int(rng.integers(9, 18)), 12
    while y < 2 * height - 20:
        if rng.random() < 0.88:
            line = " ".join(rng.choice(_WORDS, int(rng.integers(4, 16))))
            drawing.text((14, y), line, fill=235 if dark else 20, font=ImageFont.load_default(size))
        y += int(1.5 * size)
    return np.asarray(page.resize((width, height), Image.Resampling.BOX))


def _screenshot(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng, portrait=0.1)
    dark = rng.random() < 0.5
    page = Image.new("L", (2 * width, 2 * height), int(rng.integers(20, 60) if dark else rng.integers(200, 250)))
    drawing = ImageDraw.Draw(page)
    drawing.rectangle((0, 0, 2 * width, 18), fill=int(rng.integers(60, 180)))
    drawing.rectangle((0, 18, int(rng.uniform(0.1, 0.3) * 2 * width), 2 * height), fill=int(rng.integers(30, 230)))
    for _ in range(int(rng.integers(4, 10))):
        x, y = int(rng.uniform(0.2, 0.8) * 2 * width), int(rng.uniform(0.1, 0.85) * 2 * height)
        box = (x, y, x + int(rng.integers(30, 140)), y + int(rng.integers(15, 70)))
        drawing.rectangle(box, fill=int(rng.integers(0, 256)), outline=int(rng.integers(0, 256)))
        drawing.text((x + 3, y + 2), str(rng.choice(_WORDS)), fill=int(rng.integers(0, 256)))
    return np.asarray(page.resize((width, height), Image.Resampling.BOX))


def _landscape(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng, portrait=0.2)
    x, y = _grid(height, width)
    picture = rng.uniform(150, 240) - rng.uniform(20, 90) * (y + 0.5)
    for level in np.sort(rng.uniform(-0.2, 0.35, int(rng.integers(1, 4)))):
        ridge = level + 0.07 * np.cumsum(rng.normal(0, 0.12, width))
        ground = rng.uniform(30, 150) + rng.uniform(8, 25) * _fractal(rng, height, width, 1.0)
        picture = np.where(y > ridge[None], ground, picture)
    sun = _blob((x, y), rng.uniform(-0.4, 0.4), -0.35, 0.05, 0.07)
    return _finished(rng, picture + 60 * sun * (rng.random() < 0.5))


def _texture(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng)
    return _finished(rng, 127 + rng.uniform(25, 60) * _fractal(rng, height, width, rng.uniform(0.7, 1.6)), noise=2)


def _objects(rng: np.random.Generator) -> np.ndarray:
    """Draw things that hide one another, as in a photograph of a room."""
    height, width = _size(rng)
    grid = _grid(height, width)
    picture = np.full((height, width), rng.uniform(0, 255))
    for _ in range(int(rng.integers(15, 60))):
        place, size = rng.uniform(-0.5, 0.5, 2), rng.uniform(0.04, 0.3, 2)
        shade = rng.uniform(0, 255) + rng.uniform(-60, 60) * grid[0] + rng.uniform(-60, 60) * grid[1]
        turn = rng.uniform(0, np.pi)
        u = (grid[0] - place[0]) * np.cos(turn) + (grid[1] - place[1]) * np.sin(turn)
        v = (grid[1] - place[1]) * np.cos(turn) - (grid[0] - place[0]) * np.sin(turn)
        box = rng.random() < 0.5
        inside = np.maximum(abs(u) / size[0], abs(v) / size[1]) < 1 if box else np.hypot(u / size[0], v / size[1]) < 1
        picture = np.where(inside, shade, picture)
    return _finished(rng, picture)


def _bone(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, wide: float, bright: float) -> None:
    """Draw a long bone: a shaft with a bright edge and two thicker ends."""
    ends = [tuple(int(16 * value) for value in point) for point in (start, end)]
    cv2.line(canvas, ends[0], ends[1], bright, max(1, round(wide)), cv2.LINE_AA, 4)
    cv2.line(canvas, ends[0], ends[1], 0.75 * bright, max(1, round(0.5 * wide)), cv2.LINE_AA, 4)
    for point in ends:
        cv2.circle(canvas, point, round(16 * 0.7 * wide), bright, -1, cv2.LINE_AA, 4)


def _hand(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng, portrait=0.9)
    grid, side = _grid(height, width), min(height, width)
    flesh = _blob(grid, 0, 0.2, 0.24, 0.2)
    bones = np.zeros((height, width), np.float32)
    wrist = np.array([0.5 * width, 0.72 * height])
    for finger, spread in enumerate(np.linspace(-0.75, 0.75, 5) + rng.normal(0, 0.05, 5)):
        way = np.array([np.sin(spread), -np.cos(spread)])
        reach = side * (0.42 if finger in (0, 4) else 0.55) * rng.uniform(0.9, 1.1)
        joints = [wrist + way * reach * share for share in (0.25, 0.6, 0.85, 1.05)]
        for start, end in itertools.pairwise(joints):
            middle = (start + end) / 2 / (width, height) - 0.5
            flesh = np.maximum(flesh, _blob(grid, middle[0], middle[1], 0.055, 0.14, -spread))
            _bone(bones, start + 0.12 * (end - start), end - 0.12 * (end - start), 0.045 * side, 1.0)
    for _ in range(8):
        spot = wrist + rng.normal(0, 0.06 * side, 2)
        cv2.circle(bones, tuple(int(value) for value in spot), round(0.04 * side), 0.8, -1, cv2.LINE_AA)
    for shift in (-0.08, 0.08):
        start, end = (wrist + np.array([shift, below]) * side for below in (0.1, 0.5))
        _bone(bones, start, end, 0.1 * side, 0.9)
    return _finished(rng, rng.uniform(5, 30) + 70 * flesh + rng.uniform(90, 140) * bones)


def _skull(rng: np.random.Generator) -> np.ndarray:
    grid = _grid(*_size(rng, portrait=0.7))
    head = _blob(grid, 0, -0.08, 0.33, 0.38)
    inner = _blob(grid, 0, -0.08, 0.3, 0.35)
    picture = 15 + 190 * head - rng.uniform(40, 80) * inner
    for side in (-1, 1):
        picture -= rng.uniform(40, 70) * _blob(grid, side * 0.12, 0.02, 0.075, 0.06)
    picture -= 50 * _blob(grid, 0, 0.12, 0.04, 0.07) - 60 * _blob(grid, 0, 0.26, 0.15, 0.06)
    return _finished(rng, picture + 90 * _blob(grid, 0, 0.45, 0.13, 0.15))


def _lateral_chest(rng: np.random.Generator) -> np.ndarray:
    grid = _grid(*_size(rng, portrait=0.8))
    facing = rng.choice([-1, 1])
    x = (facing * grid[0], grid[1])
    body = _blob(x, 0, 0.05, 0.42, 0.55)
    picture = 12 + 150 * body
    picture -= rng.uniform(70, 100) * _blob(x, 0.02, -0.05, 0.27, 0.36, 0.1)
    picture += rng.uniform(60, 90) * _blob(x, 0.12, 0.13, 0.14, 0.15, 0.4)  # the heart, in front
    picture += 70 * _blob(x, 0, 0.45, 0.4, 0.2)  # both domes
    for step in np.linspace(-0.45, 0.45, 12):
        picture += 45 * _blob(x, -0.25 - 0.05 * np.cos(4 * step), step, 0.06, 0.03)
    return _finished(rng, picture)


def _chest(rng: np.random.Generator) -> np.ndarray:
    return phantoms(1, int(rng.integers(10**6, 10**8)))[0]


def _on_its_side(rng: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(_chest(rng), rng.choice([1, 3])))


def _upside_down(rng: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(_chest(rng)[::-1, :: int(rng.choice([-1, 1]))])


def _inverted(rng: np.random.Generator) -> np.ndarray:
    return 255 - _chest(rng)


def _ct_slice(rng: np.random.Generator) -> np.ndarray:
    side = int(rng.integers(100, 200))
    grid = _grid(side, side)
    picture = 130 * _blob(grid, 0, 0, rng.uniform(0.38, 0.46), rng.uniform(0.27, 0.34))
    for half in (-1, 1):
        picture -= rng.uniform(100, 125) * _blob(grid, half * 0.2, -0.01, 0.13, 0.2, half * 0.15)
    picture += 40 * _blob(grid, 0.05, -0.05, 0.13, 0.1, 0.5)
    picture += 110 * _blob(grid, 0, 0.19, 0.055, 0.05)
    for angle in np.linspace(0, 2 * np.pi, 14):
        picture += 90 * _blob(grid, 0.37 * np.cos(angle), 0.26 * np.sin(angle), 0.02, 0.012, angle + np.pi / 2)
    return _finished(rng, picture, noise=6)


def _abdomen(rng: np.random.Generator) -> np.ndarray:
    grid = _grid(*_size(rng, portrait=0.9))
    picture = 20 + 130 * _blob(grid, 0, 0, 0.46, 0.8)
    for step in np.linspace(-0.5, 0.25, 8):
        picture += 50 * _blob(grid, 0, step, 0.06, 0.042)
    for side in (-1, 1):
        picture += 75 * _blob(grid, side * 0.24, 0.3, 0.16, 0.13, side * 0.6)
        picture += 60 * _blob(grid, side * 0.3, 0.5, 0.07, 0.1)
    for _ in range(int(rng.integers(6, 16))):
        place = rng.uniform((-0.33, -0.4), (0.33, 0.3))
        picture -= rng.uniform(25, 60) * _blob(grid, place[0], place[1], *rng.uniform(0.02, 0.09, 2), rng.uniform(0, 3))
    return _finished(rng, picture, noise=6)


def _knee(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng, portrait=0.95)
    grid = _grid(height, width)
    bones = np.zeros((height, width), np.float32)
    middle, lean = np.array([0.5 * width, rng.uniform(0.42, 0.58) * height]), rng.normal(0, 0.06) * width
    for way in (-1, 1):
        start, end = middle + np.array([0, way * 0.09 * height]), middle + np.array([way * lean, way * 0.6 * height])
        _bone(bones, start, end, rng.uniform(0.2, 0.26) * width, 1.0)
    start, end = (middle + np.array([right * width, below * height]) for right, below in ((0.16, 0.12), (0.15, 0.6)))
    _bone(bones, start, end, 0.08 * width, 0.7)
    flesh = _blob(grid, 0, 0, rng.uniform(0.3, 0.42), 1.2)
    return _finished(rng, rng.uniform(5, 30) + 85 * flesh + 120 * cv2.GaussianBlur(bones, (0, 0), 1.2))


def _chart(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng, portrait=0.2)
    page = Image.new("L", (2 * width, 2 * height), int(rng.choice([255, 245, 20])))
    ink, drawing = 255 - page.getpixel((0, 0)), ImageDraw.Draw(page)
    drawing.line([(20, 10), (20, 2 * height - 20), (2 * width - 10, 2 * height - 20)], fill=ink, width=2)
    xs = np.linspace(25, 2 * width - 15, 12)
    for _ in range(int(rng.integers(1, 4))):
        ys = np.clip(height + np.cumsum(rng.normal(0, 0.18 * height, 12)), 12, 2 * height - 24)
        if rng.random() < 0.5:
            drawing.line(list(zip(xs, ys, strict=True)), fill=int(rng.integers(60, 200)), width=3)
        else:
            for x, y in zip(xs, ys, strict=True):
                drawing.rectangle((x, y, x + 8, 2 * height - 21), fill=int(rng.integers(60, 200)))
    drawing.text((width - 30, 0), str(rng.choice(_WORDS)), fill=ink)
    return np.asarray(page.resize((width, height), Image.Resampling.BOX))


def _pattern(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng)
    cell = int(rng.integers(4, 30))
    y, x = np.mgrid[:height, :width] // cell
    low, high = np.sort(rng.choice(256, 2, replace=False))
    cells = rng.integers(0, 2, (height // cell + 1, width // cell + 1))
    chosen = int(rng.integers(3))  # a chessboard, stripes, or a code of squares
    bright = ((x + y) % 2, (x if rng.random() < 0.5 else y) % 2, cells[y, x])[chosen]
    return np.where(bright, high, low).astype(np.uint8)


def _ultrasound(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng, portrait=0.3)
    x, y = _grid(height, width)
    depth, turn = np.hypot(x, y + 0.55), np.abs(np.arctan2(x, y + 0.55))
    fan = (depth > 0.12) & (depth < 0.98) & (turn < rng.uniform(0.5, 0.8))
    speckle = rng.gamma(1.2, 1.0, (height, width)) * np.exp(0.5 * _fractal(rng, height, width, 1.3))
    for _ in range(3):
        place = rng.uniform((-0.25, -0.25), (0.25, 0.3))
        speckle *= 1 - 0.9 * _blob((x, y), place[0], place[1], *rng.uniform(0.04, 0.14, 2))
    return np.clip(np.where(fan, 8 + 55 * cv2.GaussianBlur(speckle, (0, 0), 0.8), 3), 0, 255).astype(np.uint8)


KINDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "one grey": _constant,
    "noise": _noise,
    "gradient": _gradient,
    "text page": _text_page,
    "screenshot": _screenshot,
    "landscape": _landscape,
    "texture": _texture,
    "objects": _objects,
    "hand": _hand,
    "skull": _skull,
    "lateral chest": _lateral_chest,
    "chest on its side": _on_its_side,
    "chest upside down": _upside_down,
    "inverted chest": _inverted,
    "CT slice": _ct_slice,
    "abdomen": _abdomen,
    "knee": _knee,
    "chart": _chart,
    "pattern": _pattern,
    "ultrasound": _ultrasound,
}
