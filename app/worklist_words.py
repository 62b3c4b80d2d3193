"""What the worklist page says: of what is to be read, of what is left out, of what is promised about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from app import resources, worklist
from app.worklist import FILTERS, Listing
from core.base.errors import InputError
from core.review import progress
from core.review.progress import ADJUDICATE, NOT_YOURS, TO_READ
from core.review.reading_list import BLINDED, PRACTICE
from core.triage import chosen_films, random_checks, words
from core.triage.policy import NOT_SUSPECTED, SUSPECTED, UNSURE

CHOSEN = (
    "These films were taken in and chosen one by one by {by}; what was not chosen is not listed, suspected or not. A "
    "film that is not suspected is not thereby normal: the model looks for pneumothorax only. No limit on missed cases "
    "is certified for films from elsewhere."
)


def lead_sentence(films: pd.DataFrame, *, blinded: bool) -> str:
    """Say how many films wait for a reader, in which zones they stand, and how many for a third reader.

    Args:
        films: What `of_reader` gave.
        blinded: Whether zones are not to be told.

    Examples:
        >>> films = pd.DataFrame({"zone": ["suspected", "unsure", "unsure"], "state": ["to read", "to read", "read"]})
        >>> lead_sentence(films, blinded=False), lead_sentence(films, blinded=True)
        ('2 to read: 1 suspected, 1 unsure.', '2 to read.')
    """
    waiting = films[films["state"] == TO_READ]
    third = int((films["state"] == ADJUDICATE).sum())
    others = int((films["state"] == NOT_YOURS).sum())
    said = f"{others:,} films that other readers read; none waits for you." if others else "Nothing to read."
    if len(waiting):
        said = f"{len(waiting):,} to read."
        if not blinded:
            count = waiting["zone"].value_counts()
            zones = [f"{count.get(zone, 0):,} {zone}" for zone in (SUSPECTED, UNSURE)]
            zones += [f"{count[NOT_SUSPECTED]:,} {NOT_SUSPECTED}"] if NOT_SUSPECTED in count else []  # chosen ones
            said = f"{len(waiting):,} to read: {', '.join(zones)}."
    if third:
        said += f" {third:,} {'waits' if third == 1 else 'wait'} for a third reader."
    return said


def closed_sentence(listing: Listing, reader: str) -> str | None:
    """Say why a list is closed to a reader, whom it would tell of films that a blinded list still hides; None: open."""
    for one in resources.worklists().all():
        if one.read_mode != BLINDED or reader not in one.readers or one.purpose == PRACTICE:
            continue
        try:
            blinded = worklist.read(one).reading
        except InputError:  # it cannot be read any more, so it hides nothing
            continue
        count = progress.unread_blinded(listing.reading, blinded, resources.reads().of_worklist(one.name), reader)
        if count:
            films = "1 film that you" if count == 1 else f"{count:,} films that you"
            return (
                f"This worklist shows {films} still have to read blinded in {one.name}. It opens for {reader} when "
                "those are answered."
            )
    return None


def foot_sentence(listing: Listing) -> str:
    """Say what the list leaves out, and what is promised about it."""
    count, own = listing.counts.not_suspected, listing.worklist
    if chosen_films.is_whole(own.split, own.part):
        return CHOSEN.format(by=own.created_by)
    films = "1 film is" if count == 1 else f"{count:,} films are"
    scope = {name: getattr(own, name) for name in ("dataset", "truth", "checkpoint_id", "weights_sha256")}
    return (
        f"{films} not suspected and not listed; this is not a negative report: the model looks for pneumothorax only. "
        f"{words.limit(listing.policy, scope)} Random checks: {_checks_words(listing)}."
    )


def _checks_words(listing: Listing) -> str:
    """Say what the random checks showed; in a list of hidden answers not before all is read, since it tells cases."""
    reading = listing.reading
    reads = resources.reads().of_worklist(listing.worklist.name)
    if reading.hidden and not all(
        progress.outcome(reads.get(name, ()), reading.worklist.readers) in progress.SETTLED for name in reading.listed
    ):
        return "told when every case is settled"
    seen, patients = progress.checked_at_random(reads, reading)
    missed = random_checks.missed_so_far(seen, patients)
    if missed is None:
        return "none read yet"
    return f"{sum(seen)} of {len(seen)} missed ({100 * missed.low:.1f} to {100 * missed.high:.1f} %)"


def shown_sentence(first: int, last: int, *, shown: int, chosen: Mapping[str, Sequence[str]], uncertain: bool) -> str:
    """Say which films are in sight and how they were chosen, since the sidebar that decides it is closed.

    Examples:
        >>> shown_sentence(1, 25, shown=38, chosen={"view": ["AP"], "sex": []}, uncertain=True)
        '1 to 25 of 38 films, filtered by view; research order: most uncertain first'
    """
    by = [FILTERS[column].lower() for column, values in chosen.items() if values]
    said = f"{first:,} to {last:,} of {shown:,} films" if shown else "No films"
    said += f", filtered by {', '.join(by)}" if by else ""
    return f"{said}; research order: most uncertain first" if uncertain else said
