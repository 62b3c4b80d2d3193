from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from core.data import thumbnails
from core.figures import synthesis, training_strip

PIXELS = arrays.arrays(np.uint8, (5, 7))


def opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def amber(picture: np.ndarray) -> int:
    """Pixels of the marks' colour; JPEG may change it a little."""
    return int((np.abs(picture - np.array(thumbnails.AMBER)).max(axis=-1) < 24).sum())


@given(PIXELS, PIXELS)
def test_a_difference_undoes_itself_and_never_wraps_round(before, after):
    change = synthesis.difference(before, after)

    assert (before + change == after).all()
    assert (change == -synthesis.difference(after, before)).all()


@given(arrays.arrays(np.int16, (6, 6), elements=st.integers(-255, 255)))
def test_the_scale_holds_nearly_all_changes_and_the_next_smaller_one_does_not(change):
    end = synthesis.limit(change)
    most = np.quantile(np.abs(change), synthesis.HELD)

    assert most <= end
    smaller = [one for one in synthesis.LIMITS if one < end]
    assert not smaller or smaller[-1] < most


def test_pictures_beside_each_other_share_the_wider_scale():
    assert synthesis.limit(np.full((2, 2), 3), np.full((2, 2), -30)) == 32


def test_a_change_is_blue_where_darker_white_where_none_and_orange_where_brighter():
    change = np.zeros((3, 3), np.int16)
    change[0, 0], change[0, 2] = -40, 40

    picture = opened(synthesis.difference_png(change, limit=32, size=96))

    darker, same, brighter = picture[4, 4], picture[48, 48], picture[4, 91]
    assert same.tolist() == [255, 255, 255]
    assert darker[2] > darker[0] + 50
    assert brighter[0] > brighter[2] + 50
    assert darker.tolist() == [0x0B, 0x4F, 0x7D]  # beyond the limit the colour is that of the end


def test_every_derived_picture_says_that_it_is_generated():
    change = opened(synthesis.difference_png(np.zeros((64, 64)), limit=4, size=256))
    film, made = np.full((64, 64), 90, np.uint8), np.full((64, 64), 70, np.uint8)
    real = opened(synthesis.pair_jpeg(film, made, mark=None, size=128))
    phantom = opened(synthesis.pair_jpeg(film, made, mark="PHANTOM", size=128))

    assert amber(change) > 100
    assert amber(real[:, :128]) == 0  # a real film has no mark
    assert amber(real[:, 128 + synthesis.GAP :]) > 100
    assert amber(phantom[:, :128]) > 100
    assert real.shape == (128, 256 + synthesis.GAP, 3)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=60, unique=True), st.integers(2, 12))
def test_a_strip_keeps_the_ends_and_the_order(steps, most):
    shown = training_strip.strip_steps(sorted(steps), most=most)

    assert len(shown) == min(len(steps), most) == len(set(shown))
    assert shown == sorted(shown)
    assert {min(steps), max(steps)} <= set(shown)


def grid(edge=64) -> Image.Image:
    """Two films in three rows, each tile of its own grey."""
    picture = Image.new("L", (2 * edge, 3 * edge))
    for column in range(2):
        for row in range(3):
            picture.paste(
                40 * (1 + row + 3 * column), (column * edge, row * edge, (column + 1) * edge, (row + 1) * edge)
            )
    return picture


@pytest.mark.parametrize(("column", "row"), [(0, 0), (1, 0), (0, 1), (1, 2)])
def test_a_tile_is_cut_out_whole_and_marked_unless_it_is_the_film(column, row):
    tile = opened(training_strip.tile(grid(), column=column, row=row, edge=64))

    assert tile.shape == (64, 64, 3)
    assert np.abs(tile[:40] - 40 * (1 + row + 3 * column)).max() <= 2
    assert bool(amber(tile)) == (row > 0)


def test_a_tile_outside_the_grid_is_refused():
    with pytest.raises(ValueError, match="Expected a tile of 2 x 3, got column 2, row 0"):
        training_strip.tile(grid(), column=2, row=0, edge=64)


def history(**columns) -> pd.DataFrame:
    return pd.DataFrame({"step": [250, 500, 750]} | columns)


def test_both_directions_stand_on_one_curve_and_the_step_looked_at_is_marked():
    figure = training_strip.curve(history(kid_a_to_b=[3, 1, 2], kid_b_to_a=[4, None, 2]), "kid", at=500)

    assert [trace.name for trace in figure.data] == ["No Finding to pneumothorax", "pneumothorax to No Finding"]
    assert len({trace.line.dash for trace in figure.data}) == 2
    assert figure.layout.shapes[-1].x0 == 500


def test_the_auroc_axis_reaches_from_chance_to_one_and_lower_where_values_are():
    above = training_strip.curve(history(origin_auroc_a_to_b=[1, 0.9, 0.8]), "origin_auroc")
    below = training_strip.curve(history(origin_auroc_a_to_b=[1, 0.4, 0.8]), "origin_auroc")

    assert above.layout.yaxis.range[0] == pytest.approx(0.47)
    assert below.layout.yaxis.range[0] == pytest.approx(0.37)
    assert above.layout.shapes[0].y0 == 0.5


def test_the_axis_of_the_distance_begins_where_nothing_parts_them():
    figure = training_strip.curve(history(kid_a_to_b=[0.31, 0.305, 0.3]), "kid")

    assert figure.layout.yaxis.rangemode == "tozero"


def test_where_kid_was_not_followed_the_auroc_says_when_to_stop_and_below_chance_is_no_better():
    told = training_strip.conclusion(
        history(kid_a_to_b=[None] * 3, origin_auroc_a_to_b=[1, 0.5, 0.4], origin_auroc_b_to_a=[1.0, 0.9, None])
    )

    assert told.startswith("KID was not followed. Hardest to tell from films (AUROC): No Finding to pneumothorax at ")
    assert "step 500 of 750, 0.500; pneumothorax to No Finding at step 500 of 750, 0.900." in told


def test_what_was_not_measured_is_said_and_not_drawn():
    figure = training_strip.curve(history(kid_a_to_b=[None] * 3), "kid")

    assert "Not measured" in figure.layout.annotations[0].text
    assert "nothing here says when to stop" in training_strip.conclusion(history(kid_a_to_b=[None] * 3))
