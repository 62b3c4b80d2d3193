"""The "is it real?" round: a reader is shown a film and a translation side by side, and picks the film.

Which pair comes next, and which side the film stands on, follow from the store's key and the reader's
name: the same after a reload, and not to be guessed by whoever lacks the key. No picture comes twice to
a reader, since its truth was told after the first time.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.base import files
from core.base.errors import InputError
from core.data import pixel_cache, radiographs, split_store, synthetic
from core.review import origin_store, rights
from core.review.once import insert_once
from core.review.origin_store import LEFT, OF_CARD, RIGHT, SIDES, OriginRead
from core.store.tables import origin_reads

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace
    from core.data.synthetic import SyntheticCard
    from core.store.ledger import Ledger

ACTION = "told real from generated"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A film or a translation, by where it lies."""

    image_id: str
    patient_id: str
    """Of a translation: its parent's."""
    sha256: str
    path: str
    source: str
    parent: str | None = None

    def pixels(self, size: int) -> np.ndarray:
        """Return its pixels `(size, size)` `uint8`, squashed as the generator sees a film.

        Raises:
            InputError: If its file is gone, damaged, or holds another picture by now.
        """
        return pixel_cache.fit_square(pixel_cache.read_film(self.image_id, self.path, self.sha256), size=size)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A film and a translation that were put side by side."""

    key: str
    """Of this pair and this reader; tells nothing of which is which."""
    film: Picture
    made: Picture
    film_side: str
    """`left` or `right`."""

    def on(self, side: str) -> Picture:
        """Return the picture that stands on a side."""
        return self.film if side == self.film_side else self.made


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The films and translations that pairs are made of."""

    card: SyntheticCard
    films: tuple[Picture, ...]
    """Of the wanted domain."""
    made: tuple[Picture, ...]
    seen: bool
    """Whether the generator learnt from them: there are none that it did not see."""

    @cached_property
    def patients(self) -> int:
        """How many patients the translations come from."""
        return len({one.patient_id for one in self.made})


def pool(workspace: Workspace, name: str, *, taken: Collection[str] = ()) -> Pool:
    """Return what pairs can be made of, of patients that the generator did not see where there are any.

    Args:
        workspace: Where everything lies.
        name: The synthetic data set.
        taken: Films of its data set that wait in worklists: the round tells their label, so they are left out,
            and their translations too.

    Raises:
        InputError: If a data set or the split is missing, or no pair can be made.
    """
    card = synthetic.card(workspace, name)
    own = radiographs.load(workspace, name)
    own = own[own["path"].notna() & own["sha256"].notna() & ~own["parent_image_id"].isin(set(taken))]
    films = radiographs.load(workspace, card.dataset)
    films = films[films["path"].notna() & films["sha256"].notna() & ~films["image_id"].isin(set(taken))]
    films = films[films["image_id"].isin(_wanted(workspace, card))]
    seen = set(card.patients)
    for learnt in (False, True):
        kept = [table[table["patient_id"].isin(seen) == learnt] for table in (films, own)]
        found = Pool(card=card, films=_pictures(kept[0]), made=_pictures(kept[1]), seen=learnt)
        if next(_paired(found.films, found.made), None) is not None:
            return found
    msg = (
        f"Expected a film of {card.dataset} and a translation of {name} of two patients, found no such pair"
        f"{' outside the worklists' if taken else ''}; translate more films with `translate`."
    )
    raise InputError(msg, field="synthetic")


def next_pair(pool: Pool, reads: list[OriginRead], reader: str, *, key: bytes) -> Pair | None:
    """Return the pair that a reader is to see next, or None: there is no picture left that this reader has not seen.

    Args:
        pool: What pairs are made of.
        reads: All answers so far.
        reader: Who answers.
        key: The store's key.
    """
    own = origin_store.of_reader(reads, reader)
    told = {one.film_sha256 for one in own} | {one.made_sha256 for one in own}
    who = rights.checked_reader(reader).casefold()
    context = f"{pool.card.name} {pool.card.generator_sha256} {who}"

    def place(picture: Picture) -> bytes:
        return _keyed(key, f"order {context} {picture.image_id}")

    films, made = (
        sorted((one for one in pictures if one.sha256 not in told), key=place) for pictures in (pool.films, pool.made)
    )
    found = next(_paired(films, made), None)
    if found is None:
        return None
    film, translation = found
    both = f"{context} {film.sha256} {translation.sha256}"
    side = SIDES[_keyed(key, f"side {both}")[0] % 2]
    return Pair(key=_keyed(key, f"pair {both}").hex()[:32], film=film, made=translation, film_side=side)


def pairs_left(pool: Pool, reads: list[OriginRead], reader: str) -> int:
    """Return how many pairs are left for a reader, each picture used once."""
    own = origin_store.of_reader(reads, reader)
    told = {one.film_sha256 for one in own} | {one.made_sha256 for one in own}
    films, made = ([one for one in pictures if one.sha256 not in told] for pictures in (pool.films, pool.made))
    return sum(1 for _ in _paired(films, made))


def save(ledger: Ledger, pool: Pool, pair: Pair, *, reader: str, chosen: str) -> OriginRead:
    """Save which picture a reader took for the film; sent again it is the answer that was saved.

    Args:
        ledger: Of the store.
        pool: What the pair was made of.
        pair: What was shown.
        reader: Who answers.
        chosen: `left` or `right`.

    Raises:
        InputError: If it is no reader's name or no side, the reader answered this pair otherwise already, or was
            told the truth of one of the pictures before.
    """
    who = rights.checked_reader(reader)
    rights.require(who, rights.READ)
    if chosen not in SIDES:
        msg = f"Expected {LEFT} or {RIGHT}, found {chosen!r}; choose one of the two pictures."
        raise InputError(msg)
    card, film, made = pool.card, pair.film, pair.made
    values = {
        "key": pair.key,
        **{name: getattr(card, of) for name, of in OF_CARD.items()},
        "reader": who,
        "source": film.source,
        **{f"film_{name}": value for name, value in _named(film).items()},
        **{f"made_{name}": value for name, value in _named(made).items()},
        "seen": pool.seen,
        "film_side": pair.film_side,
        "chosen": chosen,
    }
    with ledger.writing() as page:
        before = origin_store.in_transaction(page.connection)
        same = next((one for one in before if one.key == pair.key), None)
        if same is not None:
            if asdict(same).items() >= values.items():
                return same
            msg = "Expected a pair without your answer, found that you have answered it; go on to the next pair."
            raise InputError(msg)
        own = origin_store.of_reader(before, who)
        if {film.sha256, made.sha256} & {sha256 for one in own for sha256 in (one.film_sha256, one.made_sha256)}:
            msg = "Expected pictures whose truth you were not told, found one of an earlier pair; go on to the next."
            raise InputError(msg)
        row = insert_once(page, origin_reads, values | {"created_at": time.time()})
        # Neither which picture nor whether it was right: others may still be shown the same.
        page.record(ACTION, actor=who, about={"synthetic": card.name, "answer": len(own) + 1}, row=(origin_reads, row))
        return next(one for one in origin_store.in_transaction(page.connection) if one.origin_read_id == row)


def _wanted(workspace: Workspace, card: SyntheticCard) -> set[str]:
    """Return the films of the wanted domain, of the parts that were translated."""
    path = workspace.split(card.dataset, card.split)
    if not path.exists():
        names = ", ".join(split_store.split_names(workspace, card.dataset)) or "none"
        msg = (
            f"Expected the split {card.split} of {card.dataset} that {card.name} was made from, found it gone (there "
            f"is {names}); make it again with `split`."
        )
        raise InputError(msg, field="synthetic")
    table = files.read_parquet(path)
    wanted = synthetic.MADE_LABEL[card.direction]
    of_domain = table["domain"] == "AB"[wanted] if "domain" in table else table["label"] == wanted
    return set(table.loc[of_domain & table["part"].isin(list(card.images)), "image_id"])


def _pictures(table: pd.DataFrame) -> tuple[Picture, ...]:
    rows = table.sort_values("image_id").to_dict("records")
    return tuple(
        Picture(
            parent=str(row["parent_image_id"]) if isinstance(row["parent_image_id"], str) else None,
            **{name: str(row[name]) for name in ("image_id", "patient_id", "sha256", "path", "source")},
        )
        for row in rows
    )


def _paired(films: Collection[Picture], made: Collection[Picture]) -> Iterator[tuple[Picture, Picture]]:
    """Yield pairs in the order given, each picture once: never one patient twice, so never a parent with its child."""
    waiting = list(films)
    for translation in made:
        fits = (at for at, film in enumerate(waiting) if _strangers(film, translation))
        at = next(fits, None)
        if at is not None:
            yield waiting.pop(at), translation


def _strangers(film: Picture, made: Picture) -> bool:
    return film.patient_id != made.patient_id and film.image_id != made.parent and film.sha256 != made.sha256


def _named(picture: Picture) -> dict[str, str]:
    return {"id": picture.image_id, "sha256": picture.sha256, "patient": picture.patient_id}


def _keyed(key: bytes, words: str) -> bytes:
    return hmac.new(key, f"is it real: {words}".encode(), "sha256").digest()
