"""Pairs of films in two parts that are nearly the same picture."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import scipy.fft

from core.base.progress import track

MIN_CORRELATION = 0.99  # Pearson, at 64 px; different films of one patient stay below it
COARSE = 16  # cosine terms kept an axis for the first look
BLOCK = 2048  # films


class LookAlikes(NamedTuple):
    """Which films look alike across parts."""

    pairs: np.ndarray
    """Rows of the films, shape `(P, 2)`, by first and second row."""
    correlations: np.ndarray
    """Pearson correlation of each pair at 64 px, shape `(P,)`."""


def look_alikes(thumbnails: np.ndarray, parts: np.ndarray) -> LookAlikes:
    """Find the pairs of films in different parts whose thumbnails correlate at 0.99 or more.

    Exact: a first look at the 16 x 16 lowest cosine terms can only let too many pairs through,
    since what it leaves out adds at most the product of the two remainders' lengths
    (Cauchy-Schwarz). The pairs it lets through are then compared at full size. Films of one grey
    level have no correlation and are never alike; identical ones are found by their hash.

    The first look is a matrix product of N/2 x N/2 films over 257 numbers: about 1 s for 10,000
    films and 2 minutes for 100,000 on two cores, with 1 KB of memory a film beside the thumbnails.

    Args:
        thumbnails: Shape `(N, 64, 64)`, `uint8`.
        parts: The part of each film, shape `(N,)`.

    Raises:
        ValueError: If there is not one thumbnail a film.
    """
    if len(thumbnails) != len(parts):
        msg = f"Expected one thumbnail a film, got {len(thumbnails)} for {len(parts)} films"
        raise ValueError(msg)
    coarse = _coarse(thumbnails)
    rows = {part: np.flatnonzero(parts == part) for part in np.unique(parts)}
    blocks = [
        (rows[one][i : i + BLOCK], rows[other][j : j + BLOCK])
        for one, other in combinations(rows, 2)
        for i in range(0, len(rows[one]), BLOCK)
        for j in range(0, len(rows[other]), BLOCK)
    ]
    pairs, correlations = [np.empty((0, 2), np.int64)], [np.empty(0)]
    for left, right in track(blocks, "Looking for films that look alike", total=len(blocks), unit="blocks"):
        candidates = np.argwhere(coarse[left] @ coarse[right].T >= MIN_CORRELATION - 1e-4)
        found = np.column_stack([left[candidates[:, 0]], right[candidates[:, 1]]])
        exact = _correlations(thumbnails, found)
        pairs.append(np.sort(found[exact >= MIN_CORRELATION], axis=1))
        correlations.append(exact[exact >= MIN_CORRELATION])
    every, values = np.concatenate(pairs), np.concatenate(correlations)
    order = np.lexsort((every[:, 1], every[:, 0]))
    return LookAlikes(every[order], values[order])


def _normalised(thumbnails: np.ndarray) -> np.ndarray:
    """Return each thumbnail as a vector of mean 0 and length 1, or 0 if it has one grey level, shape `(N, 4096)`."""
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, length, out=np.zeros_like(flat), where=length > 1e-3)


def _coarse(thumbnails: np.ndarray) -> np.ndarray:
    """Return the lowest cosine terms and the length of the remainder, shape `(N, 257)`."""
    coarse = np.empty((len(thumbnails), COARSE**2 + 1), np.float32)
    for start in range(0, len(thumbnails), BLOCK):
        block = _normalised(thumbnails[start : start + BLOCK])
        terms = scipy.fft.dctn(block.reshape(-1, *thumbnails.shape[1:]), axes=(1, 2), norm="ortho")
        low = terms[:, :COARSE, :COARSE].reshape(len(block), -1)
        rest = np.sqrt(np.maximum((block**2).sum(axis=1) - (low**2).sum(axis=1), 0))
        coarse[start : start + BLOCK] = np.column_stack([low, rest])
    return coarse


def _correlations(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the correlation of each pair of rows, shape `(P,)`."""
    values = np.empty(len(pairs))
    for start in range(0, len(pairs), BLOCK):
        left, right = (_normalised(thumbnails[rows]) for rows in pairs[start : start + BLOCK].T)
        values[start : start + BLOCK] = np.einsum("ij,ij->i", left, right)
    return values
