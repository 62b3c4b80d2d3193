"""Answers of the "is it real?" round in the database: one a reader and pair, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.review import rights
from core.store.ledger import readable
from core.store.tables import ERASED, origin_reads

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from core.data.synthetic import SyntheticCard

LEFT, RIGHT = "left", "right"  # of the screen
SIDES = (LEFT, RIGHT)
OF_CARD = {  # what an answer keeps of the synthetic data set as it was: fields of the answer and of the card
    "synthetic": "name",
    **{name: name for name in ("generator_sha256", "dataset", "direction", "image_size")},
}


@dataclass(frozen=True, kw_only=True)
class OriginRead:
    """One reader's answer on one pair: which of two pictures is the film."""

    origin_read_id: int
    key: str
    synthetic: str
    generator_sha256: str
    dataset: str
    direction: str
    reader: str
    source: str
    """Of the film: real or phantom."""
    film_id: str
    film_sha256: str
    film_patient: str
    made_id: str
    made_sha256: str
    made_patient: str
    """The patient of its parent."""
    image_size: int
    seen: bool
    """Whether the generator saw either patient."""
    film_side: str
    """`left` or `right`."""
    chosen: str
    created_at: float
    """Seconds since 1970, UTC."""

    @property
    def right(self) -> bool:
        """Whether the film was told from the translation."""
        return self.chosen == self.film_side


def every(engine: Engine) -> list[OriginRead]:
    """Return all answers in the order in which they were saved.

    Raises:
        InputError: If the store cannot be read.
    """
    with readable(), engine.execution_options(writes=False).begin() as connection:
        return in_transaction(connection)


def in_transaction(connection: Connection) -> list[OriginRead]:
    """Return all answers that were not erased, as a transaction sees them."""
    stand = select(origin_reads).where(origin_reads.c.film_sha256 != ERASED)
    rows = connection.execute(stand.order_by(origin_reads.c.origin_read_id)).mappings()
    return [OriginRead(**row) for row in rows]


def of_set(reads: list[OriginRead], card: SyntheticCard) -> list[OriginRead]:
    """Return the answers on a synthetic data set as it is now: those on an earlier one of its name are left out."""
    return [one for one in reads if all(getattr(one, own) == getattr(card, of) for own, of in OF_CARD.items())]


def of_reader(reads: list[OriginRead], reader: str) -> list[OriginRead]:
    """Return a reader's answers, however the name was written."""
    return [one for one in reads if rights.same_reader(one.reader, reader)]
