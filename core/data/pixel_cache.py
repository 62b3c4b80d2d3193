"""Each radiograph decoded once, kept small and ready in memory-mapped files.

`workspace/cache/pixels/<transform>-<size>/` holds shards: `<name>.npy`, shape `(N, size, size)`
`uint8`, and `<name>.parquet`, which says whose pixels stand in which row by the SHA-256 of the
decoded pixels. A shard counts from the moment its parquet exists, and that is written last, so
a killed process leaves at most a shard that nobody reads; the next one clears it away. Pixels
are found by what they are: two data sets, or two names for one picture, share a row.
"""

from __future__ import annotations

import io
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import filelock
import numpy as np
import pandas as pd

from core.base import disk, files, progress
from core.base.errors import InputError
from core.data import pixels
from core.data.parallel import in_threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.base.paths import Workspace

TRANSFORM = "area1"  # to be changed with every change of `fit_square` or `pixels.to_uint8`
SHARD_BYTES = 64_000_000
SHARD_ROWS = 1024  # at most, so that a killed process loses little work
OPEN_SHARDS = 256  # memory maps held open at once; each costs a file descriptor


def fit_square(image: np.ndarray, *, size: int) -> np.ndarray:
    """Squash an image into a square, shape `(size, size)` `uint8`.

    The aspect is not kept, as in the 1024 x 1024 release of the NIH set. Shrinking averages over
    areas, so fine lines fade instead of breaking up; growing interpolates linearly.

    Args:
        image: Pixels `(H, W)`, `uint8` or `uint16`; the latter are brought to 8 bits first.
        size: Edge of the square in pixels.
    """
    image = pixels.to_uint8(image)
    height, width = image.shape
    if (height, width) == (size, size):
        return image
    smaller = (min(width, size), min(height, size))
    image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
    return image if smaller == (size, size) else cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)


def read_film(image_id: str, path: str, sha256: str) -> np.ndarray:
    """Read a radiograph's own pixels `(H, W)`, those that were indexed.

    Raises:
        InputError: If its file is gone, damaged, or holds another picture by now.
    """
    try:
        return pixels.read_indexed(Path(path), sha256)
    except pixels.UnreadableImage as error:
        if error.reason == pixels.OTHER_PIXELS:
            msg = f"Expected the pixels of {image_id!r} as they were indexed, found others; run index again."
        else:
            msg = f"Expected the image of {image_id!r} where it was indexed, found: {error.reason}; run index again."
        raise InputError(msg) from error


class PixelCache:
    """The pixels of a table of radiographs at one size; made by `PixelCache.ensure`."""

    def __init__(self, folder: Path, index: pd.DataFrame, radiographs: pd.DataFrame, *, size: int) -> None:
        self.size = size
        self._folder = folder
        self._images = pd.Index(radiographs["image_id"])
        places = index.set_index("sha256").loc[radiographs["sha256"]]
        names = pd.Categorical(places["shard"])
        self._shards = [str(name) for name in names.categories]
        self._shard_of = np.asarray(names.codes, dtype=np.int64)  # (N,)
        self._row_of = places["row"].to_numpy(np.int64)  # (N,)
        self._maps: dict[int, np.ndarray] = {}

    @classmethod
    def ensure(cls, workspace: Workspace, radiographs: pd.DataFrame, *, size: int) -> PixelCache:
        """Decode what is not there yet and return the cache.

        What a stopped run has done is kept. Two processes may ask at once: one waits for the other.

        Args:
            workspace: Where the cache lies.
            radiographs: Rows of the radiographs table; each image once.
            size: Edge of the square pictures in pixels.

        Raises:
            InputError: If the rows have no images, the disk lacks the room, or a file is gone or no longer what
                `index` saw.
            Cancelled: If a stop was asked for.
        """
        if radiographs["path"].isna().any() or radiographs["sha256"].isna().any():
            msg = "Expected radiographs with images, found a data set that is a table only; index it with --images."
            raise InputError(msg)
        if radiographs["image_id"].duplicated().any():
            twice = radiographs.loc[radiographs["image_id"].duplicated(), "image_id"].iloc[0]
            msg = f"Expected each radiograph once, found {twice!r} more than once; leave one of them out."
            raise InputError(msg)
        folder = workspace.cache / "pixels" / f"{TRANSFORM}-{size}"
        index = _read_index(folder)
        if not _missing(radiographs, index).empty:
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder):
                _clear_strays(folder)
                missing = _missing(radiographs, _read_index(folder))
                disk.require(
                    folder,
                    len(missing) * size**2,  # a byte a pixel
                    what=f"the decoded pixels of {len(missing):,} films at {size} x {size}",
                    instead="choose a smaller image size",
                )
                _fill(folder, missing, size=size)
            index = _read_index(folder)
        return cls(folder, index, radiographs, size=size)

    def __len__(self) -> int:
        return len(self._images)

    def rows_of(self, image_ids: Iterable[str]) -> np.ndarray:
        """Return the rows of these radiographs, shape `(N,)`, for `read`.

        Raises:
            KeyError: If one of them is not among the radiographs this cache was made for.
        """
        wanted = pd.Index(list(image_ids), dtype=self._images.dtype)
        rows = self._images.get_indexer(wanted)
        if (rows < 0).any():
            msg = f"Expected radiographs of this cache, found {wanted[rows < 0][0]!r}"
            raise KeyError(msg)
        return rows.astype(np.int64)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return a copy of the pictures in these rows, shape `(B, size, size)` `uint8`.

        Args:
            rows: Row numbers, shape `(B,)`, in any order, repeats allowed.
        """
        rows = np.asarray(rows)
        batch = np.empty((len(rows), self.size, self.size), np.uint8)
        shards, places = self._shard_of[rows], self._row_of[rows]
        for shard in np.unique(shards):
            here = np.flatnonzero(shards == shard)
            batch[here] = self._map(int(shard))[places[here]]
        return batch

    def _map(self, shard: int) -> np.ndarray:
        if shard not in self._maps:
            if len(self._maps) >= OPEN_SHARDS:
                self._maps.pop(next(iter(self._maps)))
            path = self._folder / f"{self._shards[shard]}.npy"
            self._maps[shard] = np.load(path, mmap_mode="r", allow_pickle=False)
        return self._maps[shard]


class _Job(NamedTuple):
    """One file to decode into the cache."""

    image_id: str
    path: str
    sha256: str


def _missing(radiographs: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    wanted = radiographs[["image_id", "path", "sha256"]].drop_duplicates("sha256")
    return wanted[~wanted["sha256"].isin(index["sha256"])]


def _fill(folder: Path, missing: pd.DataFrame, *, size: int) -> None:
    jobs = [_Job(*row) for row in missing.itertuples(index=False, name=None)]
    capacity = max(1, min(SHARD_ROWS, SHARD_BYTES // size**2))
    pictures: list[np.ndarray] = []
    written = 0

    def write() -> None:
        nonlocal written
        if pictures:
            _write_shard(folder, [job.sha256 for job in jobs[written : written + len(pictures)]], pictures)
            written += len(pictures)
            pictures.clear()

    try:
        for picture in in_threads(lambda job: _decoded(job, size=size), jobs, "Decoding films"):
            pictures.append(picture)
            if len(pictures) == capacity:
                write()
    finally:  # what is decoded stays, when somebody stops the job or a file is bad
        write()


def _decoded(job: _Job, *, size: int) -> np.ndarray:
    return fit_square(read_film(job.image_id, job.path, job.sha256), size=size)


def _write_shard(folder: Path, hashes: list[str], pictures: list[np.ndarray]) -> None:
    name = uuid.uuid4().hex
    content = io.BytesIO()  # numpy's own writer tells a full disk as an error without a reason
    np.save(content, np.stack(pictures), allow_pickle=False)
    files.write_bytes(folder / f"{name}.npy", content.getbuffer())
    index = pd.DataFrame({"sha256": hashes, "row": np.arange(len(hashes), dtype=np.int64)})
    files.write_parquet(folder / f"{name}.parquet", index)


def _read_index(folder: Path) -> pd.DataFrame:
    """Read which pixels stand where; a shard that is gone, cut short or without a sound index counts as not there."""
    size = int(folder.name.rsplit("-", 1)[1])
    tables = []
    for path in sorted(folder.glob("*.parquet")):
        try:
            table = files.read_parquet(path)
        except InputError:
            continue
        shard = path.with_suffix(".npy")
        if shard.exists() and shard.stat().st_size >= len(table) * size**2:
            tables.append(table.assign(shard=path.stem))
    if not tables:
        return pd.DataFrame({"sha256": [], "row": [], "shard": []})
    return pd.concat(tables, ignore_index=True).drop_duplicates("sha256")


def _clear_strays(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix == ".part" or (path.suffix == ".npy" and not path.with_suffix(".parquet").exists()):
            path.unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when its holder dies."""
    lock = filelock.FileLock(folder / ".lock")
    while True:
        try:
            lock.acquire(timeout=1)
            break
        except filelock.Timeout:
            progress.announce("Waiting for another process that decodes films")
    try:
        yield
    finally:
        lock.release()
