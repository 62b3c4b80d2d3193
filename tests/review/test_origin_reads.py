"""The "is it real?" round: pairs that give nothing away, answers that are saved once, shares with honest limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.data import synthetic
from core.data.synthetic import SyntheticCard
from core.review import audit_log, origin_reads, origin_results, origin_store
from core.review.origin_reads import Picture, Pool
from core.review.origin_store import OriginRead
from core.store.ledger import Ledger
from core.store.verification import verify
from tests.app import listed
from tests.review import translated
from tests.store.filled import past_the_program

KEY = b"k" * 32


@pytest.fixture
def made(workspace):
    listed.make(workspace, films=45, drawn=45)
    translated.make(workspace, drawn=45)
    return workspace


def label_of(workspace, image_id):
    rows = origin_reads.radiographs.load(workspace, "made")
    return int(rows.set_index("image_id").loc[image_id, "label"])


def through(pool: Pool, reader: str, key: bytes = KEY) -> list[OriginRead]:
    """Go through all pairs of a reader without a store."""
    reads: list[OriginRead] = []
    while (pair := origin_reads.next_pair(pool, reads, reader, key=key)) is not None:
        reads.append(read(len(reads), reader=reader, pair=pair))
    return reads


def read(number: int, *, reader: str = "Ada", pair=None, right: bool = True, patient: str | None = None) -> OriginRead:
    own = {
        **{f"film_{name}": f"film-{number}-{name}" for name in ("id", "sha256", "patient")},
        **{f"made_{name}": f"made-{number}-{name}" for name in ("id", "sha256", "patient")},
    }
    side = "left"
    if pair is not None:
        side = pair.film_side
        for what, one in (("film", pair.film), ("made", pair.made)):
            own |= {f"{what}_id": one.image_id, f"{what}_sha256": one.sha256, f"{what}_patient": one.patient_id}
    if patient is not None:
        own["made_patient"] = patient
    return OriginRead(
        origin_read_id=number + 1,
        key=pair.key if pair else f"key-{number:06d}",
        synthetic="b-of-made",
        generator_sha256="0e" * 32,
        dataset="made",
        direction=synthetic.A_TO_B,
        reader=reader,
        source="phantom",
        image_size=32,
        seen=False,
        film_side=side,
        chosen=side if right else {"left": "right", "right": "left"}[side],
        created_at=1.0 + number,
        **own,
    )


def test_a_pair_is_a_film_of_the_wanted_domain_and_a_translation_of_another_patient(made):
    pool = origin_reads.pool(made, "b-of-made")

    reads = through(pool, "Ada")

    assert len(reads) > 5
    parents = {one.image_id: one.parent for one in pool.made}
    for one in reads:
        assert label_of(made, one.film_id) == 1
        assert label_of(made, parents[one.made_id]) == 0
        assert one.film_patient != one.made_patient
        assert parents[one.made_id] != one.film_id
    shown = [one.film_sha256 for one in reads] + [one.made_sha256 for one in reads]
    assert len(set(shown)) == len(shown)  # no picture comes twice


def test_order_and_side_follow_from_key_and_reader_and_from_nothing_that_can_be_known(made):
    pool = origin_reads.pool(made, "b-of-made")

    def told(reader, key=KEY):
        return [(one.film_id, one.made_id, one.film_side) for one in through(pool, reader, key)]

    assert told("Ada") == told("  ADA ")  # a reload, however the name is written
    assert told("Ada") != told("Grace")
    assert told("Ada") != told("Ada", b"another key")
    sides = [side for reader in ("Ada", "Grace", "Edith", "Jean") for *_, side in told(reader)]
    assert 0.25 < np.mean([side == "left" for side in sides]) < 0.75


def test_the_key_of_a_pair_tells_nothing_of_its_pictures(made):
    pool = origin_reads.pool(made, "b-of-made")

    pair = origin_reads.next_pair(pool, [], "Ada", key=KEY)

    for one in (pair.film, pair.made):
        assert one.image_id not in pair.key
        assert one.sha256[:6] not in pair.key
    assert pair.on(pair.film_side) == pair.film
    assert {pair.on("left"), pair.on("right")} == {pair.film, pair.made}


def test_both_pictures_have_one_size_and_one_depth(made):
    pair = origin_reads.next_pair(origin_reads.pool(made, "b-of-made"), [], "Ada", key=KEY)

    for one in (pair.film, pair.made):
        pixels = one.pixels(32)
        assert (pixels.shape, pixels.dtype) == ((32, 32), np.uint8)


def test_patients_that_the_generator_did_not_see_come_first_and_else_it_is_said(workspace):
    listed.make(workspace, films=30, drawn=30)
    everyone = tuple(f"p{number:05d}" for number in range(10))
    translated.make(workspace, "half", patients=everyone[:5], drawn=30)
    translated.make(workspace, "all", patients=everyone, drawn=30)

    half, every = origin_reads.pool(workspace, "half"), origin_reads.pool(workspace, "all")

    assert not half.seen
    assert {one.patient_id for one in (*half.films, *half.made)} <= set(everyone[5:])
    assert every.seen


def test_films_that_wait_in_worklists_and_their_translations_are_left_out(made):
    free = origin_reads.pool(made, "b-of-made")
    taken = {free.films[0].image_id, free.made[0].parent}

    left = origin_reads.pool(made, "b-of-made", taken=taken)

    assert set(free.films) - set(left.films) == {free.films[0]}
    assert set(free.made) - set(left.made) == {free.made[0]}


def test_without_a_pair_it_says_what_to_do(made):
    everything = set(origin_reads.radiographs.load(made, "made")["image_id"])

    with pytest.raises(InputError, match="found no such pair outside the worklists; translate more films"):
        origin_reads.pool(made, "b-of-made", taken=everything)
    made.split("made", "domain").unlink()
    with pytest.raises(InputError, match="Expected the split domain of made that b-of-made was made from"):
        origin_reads.pool(made, "b-of-made")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=8),
    st.lists(st.integers(0, 4), min_size=1, max_size=8),
    st.text("abcdef", min_size=1, max_size=5),
)
def test_no_patient_stands_twice_in_a_pair_and_the_round_ends(films, made, reader):
    def pictures(kind, patients):
        return tuple(
            Picture(image_id=f"{kind}{at}", patient_id=f"p{one}", sha256=f"{kind}{at}", path="", source="real")
            for at, one in enumerate(patients)
        )

    card = synthetic.SyntheticCard.model_construct(name="s", generator_sha256="g", direction="a-to-b", image_size=32)
    pool = Pool(card=card, films=pictures("f", films), made=pictures("m", made), seen=False)

    reads = through(pool, reader)

    assert all(one.film_patient != one.made_patient for one in reads)
    assert len({one.film_sha256 for one in reads}) == len(reads) <= min(len(films), len(made))
    if not reads:
        assert len({*films, *made}) == 1
    assert origin_reads.pairs_left(pool, reads, reader) == 0


def saved(ledger, pool, reader="Ada", chosen=None):
    every = origin_store.every(ledger.engine)
    pair = origin_reads.next_pair(pool, every, reader, key=KEY)
    return pair, origin_reads.save(ledger, pool, pair, reader=reader, chosen=chosen or pair.film_side)


def test_an_answer_is_saved_with_its_entry_which_tells_neither_pictures_nor_outcome(made):
    ledger, pool = Ledger(made), origin_reads.pool(made, "b-of-made")

    pair, one = saved(ledger, pool)

    assert one.right
    assert origin_store.every(ledger.engine) == [one]
    assert (one.film_id, one.made_id, one.image_size, one.seen) == (pair.film.image_id, pair.made.image_id, 32, False)
    newest = audit_log.search(ledger.engine).entries[0]
    assert (newest.actor, newest.action, newest.row) == ("Ada", "told real from generated", "origin_reads 1")
    assert newest.about == {"synthetic": "b-of-made", "answer": 1}
    assert verify(made).faults == []


def test_a_double_click_is_one_answer_and_the_first_one_stays(made):
    ledger, pool = Ledger(made), origin_reads.pool(made, "b-of-made")
    pair, one = saved(ledger, pool)

    assert origin_reads.save(ledger, pool, pair, reader="Ada", chosen=pair.film_side) == one
    other = {"left": "right", "right": "left"}[pair.film_side]
    with pytest.raises(InputError, match="found that you have answered it; go on to the next pair"):
        origin_reads.save(ledger, pool, pair, reader="Ada", chosen=other)

    assert len(origin_store.every(ledger.engine)) == 1


def test_whose_truth_was_told_is_not_asked_again(made):
    ledger, pool = Ledger(made), origin_reads.pool(made, "b-of-made")
    pair, _ = saved(ledger, pool)
    twice = replace(pair, key="another-key", made=pool.made[-1] if pool.made[-1] != pair.made else pool.made[0])

    with pytest.raises(InputError, match="Expected pictures whose truth you were not told"):
        origin_reads.save(ledger, pool, twice, reader="ada", chosen="left")

    second, _ = saved(ledger, pool)
    assert not {second.film, second.made} & {pair.film, pair.made}


@pytest.mark.parametrize(
    ("reader", "chosen", "sentence"),
    [("", "left", "Expected a reader's name"), ("Ada", "middle", "Expected left or right, found 'middle'")],
)
def test_who_answers_and_what_is_checked(made, reader, chosen, sentence):
    ledger, pool = Ledger(made), origin_reads.pool(made, "b-of-made")
    pair = origin_reads.next_pair(pool, [], "Ada", key=KEY)

    with pytest.raises(InputError, match=sentence):
        origin_reads.save(ledger, pool, pair, reader=reader, chosen=chosen)

    assert origin_store.every(ledger.engine) == []


def test_a_changed_answer_is_named(made):
    ledger = Ledger(made)
    saved(ledger, origin_reads.pool(made, "b-of-made"))
    ledger.engine.dispose()
    with past_the_program(made) as database:
        database.execute("UPDATE origin_reads SET chosen = CASE chosen WHEN 'left' THEN 'right' ELSE 'left' END")

    assert [(fault.table, fault.row) for fault in verify(made).faults] == [("origin_reads", "1")]


def test_a_share_has_the_interval_by_patient_for_each_reader_and_all():
    reads = [read(at, reader="Ada", right=at % 3 > 0, patient=f"p{at // 2}") for at in range(24)]
    reads += [read(30 + at, reader="Grace", right=False) for at in range(3)]

    ada, grace, every = origin_results.results(reads)

    hits, patients = np.array([one.right for one in reads[:24]]), np.array([one.made_patient for one in reads[:24]])
    oracle = clustered_proportion(hits, patients)
    assert (ada.share.value, ada.share.low, ada.share.high) == tuple(oracle)
    assert (ada.answers, ada.right, ada.patients) == (24, 16, 12)
    assert (grace.reader, grace.right, every.reader, every.answers, every.right) == ("Grace", 0, None, 27, 16)


@pytest.mark.parametrize(
    ("right", "wrong", "begins"),
    [
        (0, 0, "Nobody has answered yet."),
        (1, 0, "1 answer so far; fewer than 20 say nothing"),
        (19, 0, "19 answers so far; fewer than 20 say nothing"),
        (11, 10, "No evidence that readers can tell films from translations: 11 of 21 right, 52 % (32 to 72 %)"),
        (40, 5, "Readers tell films from translations: 40 of 45 right, 89 % ("),
        (5, 40, "Readers take translations for films more often than chance would: 5 of 45 right, 11 % ("),
    ],
)
def test_the_sentence_says_no_more_than_the_answers_show(right, wrong, begins):
    found = origin_results.results([read(at, right=at < right) for at in range(right + wrong)])

    assert origin_results.sentence(found[-1] if found else None).startswith(begins)


def test_answers_on_an_earlier_generator_s_images_are_another_set():
    now = read(1)
    card = SyntheticCard.model_construct(
        name=now.synthetic,
        **{name: getattr(now, name) for name in ("generator_sha256", "dataset", "image_size")},
        direction=now.direction,
    )
    other = {"generator_sha256": "00" * 32, "direction": "b-to-a", "dataset": "another", "image_size": 8}
    reads = [now, *(replace(read(0), **{name: value}) for name, value in other.items())]

    assert origin_store.of_set(reads, card) == [now]
    assert origin_results.earlier(reads, [now], now.synthetic) == len(other)
