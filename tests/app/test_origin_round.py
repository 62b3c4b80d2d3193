"""The "is it real?" round without a browser: what stands there before the answer, and after it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data import radiographs, thumbnails
from core.review import origin_store
from core.store.ledger import Ledger
from tests.app import listed
from tests.review import translated
from tests.store.filled import past_the_program

SET = "b-of-made"


def script():
    from app import origin_round

    origin_round.draw("b-of-made")


@pytest.fixture
def made(workspace):
    listed.make(workspace, films=24, drawn=24)
    translated.make(workspace, SET, drawn=24)
    return workspace


def opened(reader="Ada"):
    at = AppTest.from_function(script, default_timeout=60)
    if reader is not None:
        at.session_state["reader"] = reader
    at.run()
    assert not at.exception
    return at


def text(at) -> str:
    """Everything that a person can read, and what stands in the elements beside it."""
    said = [*at.caption, *at.info, *at.warning, *at.error, *at.markdown]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(one.value) for one in said] + html + [button.label for button in at.button])


def pictures(at) -> list[tuple[str, str]]:
    """Return alternative text and address of each picture."""
    return [(image.alt, image.url) for one in at.get("image") for image in one.proto.imgs]


def reads(workspace):
    return origin_store.every(Ledger(workspace).engine)


def test_nothing_tells_which_is_which_before_the_answer_and_the_truth_comes_after_it(made):
    at = opened()
    assert "One of these two is generated. Which one is the computed film?" in text(at)
    assert "Neither is of a patient: one is a computed film, the other a translated image." in text(at)
    assert [alt for alt, _ in pictures(at)] == ["Left picture", "Right picture"]
    assert [button.label for button in at.button] == ["Left is the computed film", "Right is the computed film"]
    everything = text(at) + str([one.proto for one in at.get("image")]) + str([one.proto for one in at.button])
    ids = set(radiographs.load(made, SET)["image_id"])
    ids |= {f"{number:06d}.png" for number in range(24)}
    assert not [one for one in ids if one in everything]
    assert not re.search("GENERATED|PHANTOM", everything)
    assert "Nobody has answered yet." in text(at)
    assert pictures(opened()) == pictures(at)  # a reload brings the same pair

    at.button(key="origin.left").click().run()
    assert not at.exception
    (one,) = reads(made)
    assert (one.reader, one.chosen, one.synthetic) == ("Ada", "left", SET)
    assert f"{'Correct' if one.right else 'Wrong'}: the computed film is on the {one.film_side}." in text(at)
    told = {"left": "Computed film", "right": "Translated image"}
    if one.film_side == "right":
        told = {"left": "Translated image", "right": "Computed film"}
    assert [alt for alt, _ in pictures(at)] == [f"{side.capitalize()} picture: {told[side]}" for side in told]
    assert f"{told['left']}, which you chose." in text(at)
    assert "1 answer so far; fewer than 20 say nothing" in text(at)
    table = at.dataframe[0].value
    assert table["Reader"].tolist() == ["Ada (self-declared)", "All together"]
    assert table["Share right"].iloc[0].startswith("100 % (" if one.right else "0 % (")

    at.button(key="origin.next").click().run()
    assert [button.key for button in at.button] == ["origin.left", "origin.right"]
    with past_the_program(made) as database:  # an answer that was changed keeps the page standing
        database.execute("UPDATE origin_reads SET reader = 'Nobody'")
    assert "Nobody (self-declared)" in at.run().dataframe[0].value["Reader"].tolist()


def test_both_pictures_are_read_before_either_is_drawn_and_differ_in_nothing_but_their_pixels(made, monkeypatch):
    from app import origin_round
    from core.review.origin_reads import Picture

    done, sent = [], []
    real, image = Picture.pixels, origin_round.st.image
    monkeypatch.setattr(Picture, "pixels", lambda one, size: done.append("read") or real(one, size))

    def draw(picture, **options):
        done.append("drawn")
        sent.append((picture, options))
        return image(picture, **options)

    monkeypatch.setattr(origin_round.st, "image", draw)
    opened()

    assert done == ["read", "read", "drawn", "drawn"]  # a film takes longer than a translation
    (left, own), (right, other) = sent
    assert (left.size, left.mode, left.info) == (right.size, right.mode, right.info) == ((320, 320), "RGB", {})
    assert {name for name in own if own[name] != other[name]} == {"alt"}
    corners = [np.asarray(one)[-26:, :150] for one in (left, right)]  # what is generated never goes without a mark
    shown = [(np.abs(corner.astype(int) - thumbnails.AMBER).max(axis=-1) == 0) for corner in corners]
    assert shown[0].sum() > 500
    assert (shown[0] == shown[1]).all()


def test_another_reader_gets_another_order_and_a_refusal_is_the_reader_s_own(made):
    ada = opened()
    orders = {tuple(pictures(at)) for at in (ada, opened("Grace"), opened("Edith"))}
    assert len(orders) > 1

    again = opened()  # a second session of the same reader, on the same pair
    again.button(key="origin.left").click().run()
    ada.button(key="origin.right").click().run()
    assert "found that you have answered it; go on to the next pair" in ada.error[0].value
    assert len(reads(made)) == 1
    ada.session_state["reader"] = "Grace"
    assert not ada.run().error


def test_the_round_ends_and_says_so(made):
    at = opened()
    for _ in range(40):
        if not [button for button in at.button if button.key == "origin.left"]:
            break
        at.button(key="origin.left").click().run()
        at.button(key="origin.next").click().run()

    assert "You have seen every pair that can be made of these pictures." in text(at)
    shown = [one.film_sha256 for one in reads(made)] + [one.made_sha256 for one in reads(made)]
    assert len(set(shown)) == len(shown) > 10


def test_a_name_is_asked_for_first_and_a_file_that_is_gone_is_said(made):
    from shutil import rmtree

    at = opened(reader=None)
    assert "To take part, say who you are." in text(at)
    assert not pictures(at)

    at.text_input(key="review.name.text").set_value("Grace")
    at.button[0].click().run()
    assert len(pictures(at)) == 2

    rmtree(made.root.parent / "secret-folder")
    at.run()
    assert not at.exception
    assert at.warning[0].value.startswith("Expected ")
    assert "secret-folder" not in text(at)
    assert not pictures(at)


def test_films_that_wait_in_a_worklist_are_not_shown(made):
    from core.review import reading_list

    of = reading_list.load(made, listed.save(made))
    waiting = set(of.listed)
    at = opened()
    for _ in range(4):
        if not [button for button in at.button if button.key == "origin.left"]:
            break
        at.button(key="origin.left").click().run()
        at.button(key="origin.next").click().run()

    shown = {one.film_id for one in reads(made)}
    assert waiting
    assert shown or "outside the worklists" in text(at)
    assert not shown & waiting


def test_without_such_a_set_it_says_what_to_do_and_patients_that_the_generator_saw_are_told(workspace):
    at = opened()
    assert "Expected a synthetic data set, found none named 'b-of-made'" in text(at)

    listed.make(workspace, films=12, drawn=12)
    translated.make(workspace, SET, drawn=12, patients=tuple(f"p{number:05d}" for number in range(4)))

    assert "The generator learnt from these patients" in text(at.run())
