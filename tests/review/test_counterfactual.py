"""The counterfactual comes when it is turned on and after an answer; that it was seen is kept."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.base import files
from core.data import synthetic
from core.review import counterfactual, saving, switches
from core.review.read_store import FIRST, WITH_MODEL, Reads
from core.review.reads import case_view
from tests.app import listed
from tests.review import translated
from tests.review.listed import answered, given, reading


@pytest.fixture
def made(workspace):
    """Drawn films with their translations, both ways."""
    listed.make(workspace, films=30, drawn=30)
    translated.make(workspace, "a-of-made", direction=synthetic.B_TO_A, drawn=30)
    translated.make(workspace, "b-of-made", direction=synthetic.A_TO_B, drawn=30, seed=2)
    return workspace


def turn_on(reads: Reads) -> None:
    switches.turn(
        reads.ledger, switches.COUNTERFACTUAL, on=True, key="key-of-switch", reader="Grace", reason="A course."
    )


def view(workspace, reads, of, image_id):
    return case_view("Ada", image_id, reads=reads, reading=of, workspace=workspace)


def test_it_is_not_there_unless_it_was_turned_on(made):
    of, reads = reading(made), Reads(made)
    answered(reads, of, of.listed[0], "Ada")
    assert view(made, reads, of, of.listed[0]).counterfactual is None

    turn_on(reads)

    told = view(made, reads, of, of.listed[0]).counterfactual
    wanted = "add a pneumothorax" if of.row(of.listed[0])["label"] == 0 else "take the pneumothorax away"
    assert told["title"] == f"A network's attempt to {wanted}"
    assert (told["caption"], told["mark"]) == ("invented by a network: it may add or remove disease", "GENERATED")


def test_it_never_comes_before_the_first_answer(made):
    of, reads = reading(made), Reads(made)
    turn_on(reads)

    before = view(made, reads, of, of.listed[0])
    saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST))
    after = view(made, reads, of, of.listed[0])

    assert before.counterfactual is None
    assert not [word for word in ("of-made", "invented", "GENERATED") if word in json.dumps(before.to_dict())]
    assert after.counterfactual is not None
    assert [one["sha256"] for one in after.films] == [one["sha256"] for one in before.films]


def test_in_a_blinded_list_it_waits_for_the_last_answer_since_it_tells_the_label(made):
    of, reads = reading(made, read_mode="blinded"), Reads(made)
    turn_on(reads)
    image_id = of.listed[0]
    first = saving.save(reads, of, given(of, image_id, "Ada", stage=FIRST))
    assert view(made, reads, of, image_id).counterfactual is None

    saving.save(reads, of, given(of, image_id, "Ada", stage=WITH_MODEL, expected=first.read_id))

    assert view(made, reads, of, image_id).counterfactual is not None


def test_no_path_and_nothing_but_plain_values_reach_a_page(made):
    of, reads = reading(made), Reads(made)
    turn_on(reads)
    answered(reads, of, of.listed[0], "Ada")

    text = json.dumps(view(made, reads, of, of.listed[0]).to_dict())

    assert str(made.root) not in text


def test_the_newest_set_counts_and_a_film_that_has_changed_has_none(made):
    films = files.read_parquet(made.radiographs("made"))
    film = films[films["label"] == 1].iloc[0].to_dict()
    assert counterfactual.of_film(made, "made", film).synthetic == "a-of-made"

    translated.make(made, "again", direction=synthetic.B_TO_A, created_at="2026-02-01T00:00:00+00:00", drawn=30, seed=3)

    assert counterfactual.of_film(made, "made", film).synthetic == "again"
    assert counterfactual.of_film(made, "made", film | {"sha256": "0" * 64}) is None
    assert counterfactual.of_film(made, "other", film) is None


def test_a_set_that_is_damaged_or_half_removed_keeps_no_film_from_its_reader(made):
    films = files.read_parquet(made.radiographs("made"))
    film = films[films["label"] == 1].iloc[0].to_dict()
    for name, content in (("torn", "{"), ("of-another-version", '{"name": "of-another-version"}')):
        path = made.synthetic_card(name)
        path.parent.mkdir(parents=True)
        path.write_text(content)
    translated.make(
        made, "newest", direction=synthetic.B_TO_A, created_at="2026-03-01T00:00:00+00:00", drawn=30, seed=4
    )
    made.radiographs("newest").unlink()

    assert counterfactual.of_film(made, "made", film).synthetic == "a-of-made"

    made.radiographs("a-of-made").write_bytes(b"none")
    assert counterfactual.of_film(made, "made", film) is None


def test_what_was_looked_at_is_kept_with_the_answer_and_with_every_later_one(made):
    of, reads = reading(made), Reads(made)
    image_id = of.listed[0]
    seen = counterfactual.of_film(made, "made", of.row(image_id)).seen
    saving.save(reads, of, given(of, image_id, "Ada", stage=FIRST, counterfactual=seen))
    (first,) = reads.of_case("first", image_id)
    second = saving.save(
        reads, of, given(of, image_id, "Ada", stage=WITH_MODEL, expected=first.read_id, counterfactual=seen)
    )
    third = saving.save(reads, of, given(of, image_id, "Ada", stage=WITH_MODEL, expected=second.read_id))

    assert first.seen["counterfactual"] is None  # there was none to look at
    assert second.seen["counterfactual"] == third.seen["counterfactual"] == seen
    assert set(seen) == {"synthetic", "image_id", "sha256", "direction"}


def test_a_read_without_it_says_so(made):
    of, reads = reading(made), Reads(made)

    assert answered(reads, of, of.listed[0], "Ada").seen["counterfactual"] is None


@pytest.mark.parametrize(("width", "height", "shape"), [(64, 64, (32, 32)), (64, 80, (32, 26)), (2000, 1000, (16, 32))])
def test_it_gets_the_shape_of_its_film_back_and_is_not_enlarged(width, height, shape):
    image = np.random.default_rng(0).integers(0, 255, (32, 32), dtype=np.uint8)

    shown = counterfactual.beside(image, width, height)

    assert shown.shape == shape
    assert shown.dtype == np.uint8
    assert abs(float(shown.mean()) - float(image.mean())) < 6
