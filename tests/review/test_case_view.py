"""Before the first answer nothing of the model, and of others, is in what a page is given."""

from __future__ import annotations

import json

import pytest

from core.base.errors import InputError
from core.review import saving
from core.review.read_store import FIRST, Reads
from core.review.reads import case_view, told_reasons
from tests.review.listed import LEFT, NONE, answered, given, reading


def view(workspace, reads, of, image_id, reader="Ada", **about):
    return case_view(reader, image_id, reads=reads, reading=of, workspace=workspace, **about)


def telling(of, image_id):
    """All that a blinded view must not hold of a film, as it would stand in JSON."""
    film = of.row(image_id)
    sentences = told_reasons(film, of, untold=False)
    assert sentences
    return [image_id, str(film["path"]), f"{film['probability']:.2f}", f"{film['probability']:.6f}", *sentences]


def test_a_blinded_case_holds_nothing_of_the_model_before_the_first_answer(workspace):
    of = reading(workspace, read_mode="blinded", readers=("Ada", "Grace"))
    reads = Reads(workspace)
    image_id = next(name for name in of.order("Ada") if of.priors(name))
    answered(reads, of, image_id, "Grace", LEFT)

    shown = view(workspace, reads, of, image_id, more=True)

    payload = json.dumps(shown.to_dict())
    for name in (image_id, *of.priors(image_id)):
        assert not [word for word in telling(of, name) if word in payload]
    assert not [word for word in ("suspected", "unsure", "Grace", "label", "signal", "0.4") if word in payload]
    assert (shown.model, shown.zone, shown.image_id, shown.own, shown.others) == (None, None, None, None, [])
    assert shown.stage == 1


def test_the_first_answer_brings_the_model_but_not_the_other_reader(workspace):
    of = reading(workspace, read_mode="blinded", readers=("Ada", "Grace"))
    reads = Reads(workspace)
    image_id = of.order("Ada")[0]
    answered(reads, of, image_id, "Grace", LEFT)
    saving.save(reads, of, given(of, image_id, "Ada", stage=FIRST, answer=NONE))

    shown = view(workspace, reads, of, image_id)

    assert shown.stage == 2
    assert shown.zone == of.row(image_id)["zone"]
    assert shown.model["line"].startswith(f"Model: {shown.zone}, ")
    assert 1 <= len(shown.model["reasons"]) <= 3
    assert "Grace" not in json.dumps(shown.to_dict())


def test_what_the_model_says_of_a_film_does_not_tell_of_a_prior_that_is_still_to_be_read(workspace):
    of = reading(workspace, read_mode="blinded")
    reads = Reads(workspace)
    image_id = next(name for name in of.listed if of.priors(name) and of.priors(name)[0] in of.names)
    prior = of.priors(image_id)[0]
    answered(reads, of, image_id, "Ada")

    before = view(workspace, reads, of, image_id, more=True)
    answered(reads, of, prior, "Ada")
    after = view(workspace, reads, of, image_id, more=True)

    probability = f"{of.row(prior)['probability']:.2f}"
    assert before.films[1]["id"] is None
    assert probability not in before.films[1]["title"]
    assert "previous film" not in json.dumps(before.to_dict())
    assert after.films[1]["id"] == prior
    assert probability in after.films[1]["title"]


def test_an_open_list_shows_its_zone_and_keeps_the_rest_back(workspace):
    of = reading(workspace)
    image_id = of.listed[0]

    shown = view(workspace, Reads(workspace), of, image_id)

    assert shown.zone == "suspected"
    assert shown.image_id == image_id
    assert shown.model is None
    assert f"{of.row(image_id)['probability']:.2f}" not in json.dumps(shown.to_dict())


def test_the_path_never_leaves(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    answered(reads, of, of.listed[0], "Ada")

    assert str(workspace.root) not in json.dumps(view(workspace, reads, of, of.listed[0], more=True).to_dict())


def test_an_adjudicator_sees_the_two_answers_after_giving_one(workspace):
    of = reading(workspace, read_mode="blinded", readers=("Ada", "Grace"))
    reads = Reads(workspace)
    image_id = of.listed[0]
    answered(reads, of, image_id, "Ada", NONE)
    answered(reads, of, image_id, "Grace", LEFT)

    before = view(workspace, reads, of, image_id, "Mary")
    saving.save(reads, of, given(of, image_id, "Mary", stage=FIRST, answer=LEFT, expected=before.expected))
    after = view(workspace, reads, of, image_id, "Mary")

    assert before.role == "adjudicator"
    assert before.others == []
    assert [other["reader"] for other in after.others] == ["Ada", "Grace"]
    assert "left: definitely a pneumothorax (4)" in after.others[1]["words"]


def test_a_stranger_to_a_list_of_named_readers_is_told_why_nothing_can_be_answered(workspace):
    of = reading(workspace, readers=("Ada", "Grace"))

    shown = view(workspace, Reads(workspace), of, of.listed[0], "Mary")

    assert shown.locked == "This worklist is read by Ada and Grace. You can adjudicate a case once they disagree on it."


def test_a_changed_answer_keeps_the_first_one_beside_it(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = of.listed[0]
    saving.save(reads, of, given(of, image_id, "Ada", stage=FIRST, answer=NONE))
    last = answered_with_model(reads, of, image_id)

    shown = view(workspace, reads, of, image_id)

    assert shown.stage == "done"
    assert shown.own == last.answer.to_dict()
    assert shown.first["left"]["grade"] == 0


def answered_with_model(reads, of, image_id):
    return saving.save(reads, of, given(of, image_id, "Ada", stage=2, answer=LEFT, expected=reads.last_id()))


def test_another_film_is_refused(workspace):
    of = reading(workspace)
    outside = next(name for name in of.films["image_id"] if name not in of.names)

    with pytest.raises(InputError, match="Expected a case of the worklist first, found another film"):
        view(workspace, Reads(workspace), of, outside)


def test_a_blinded_order_is_the_readers_own_and_stays(workspace):
    of = reading(workspace, read_mode="blinded", readers=("Ada", "Grace"))
    again = reading(workspace, read_mode="blinded", readers=("Ada", "Grace"))

    assert of.order("Ada") == again.order("Ada")
    assert sorted(of.order("Ada")) == sorted(of.order("Grace")) == sorted(of.listed)
    assert len({tuple(of.order("Ada")), tuple(of.order("Grace")), of.listed}) == 3


def test_an_opaque_name_leads_back_and_a_foreign_one_is_refused(workspace):
    of = reading(workspace)

    assert all(of.image_of(name) == image_id for image_id, name in of.names.items())
    with pytest.raises(InputError, match="Expected a case of the worklist first, found 'nothing'; open it from"):
        of.image_of("nothing")
