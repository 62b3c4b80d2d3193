from __future__ import annotations

import pytest

from core.evaluation.report import Measure
from core.figures import realism, realism_maps, realism_words
from tests.pages import translated
from tests.pages.translated import measure


def told(auroc, control=(0.55, 0.45, 0.65)):
    origin = {"checkpoint_id": "o", "reason": None, "auroc": measure(*auroc), "auroc_reconstructed": measure(*control)}
    return translated.realism(origin=origin)


def texts(figure) -> str:
    return "\n".join(str(one.text) for one in figure.layout.annotations)


@pytest.mark.parametrize(
    ("auroc", "begins"),
    [
        ((0.97, 0.92, 0.99), "A network tells them from films at once"),
        ((0.95, 0.55, 0.99), "A network tells them from films most of the time"),
        ((0.8, 0.7, 0.9), "A network tells them from films most of the time"),
        ((0.3, 0.2, 0.4), "A network takes them for films more often than the films themselves"),
        ((0.65, 0.55, 0.75), "A network tells them from films somewhat better than by chance"),
        ((0.65, 0.45, 0.85), "No evidence that a network can tell them from films"),
        (
            (0.99, None, None, "one patient"),
            "Whether a network can tell them from films is not settled: AUROC 0.990, one",
        ),
        (
            (1.0, None, None, "no interval"),
            "A network tells every one of them from films: AUROC 1.000, no interval; 0.5",
        ),
    ],
)
def test_the_verdict_follows_the_interval_and_not_the_value_alone(auroc, begins):
    verdict = realism_words.verdict(told(auroc))

    assert verdict.startswith(begins)
    assert f"AUROC {auroc[0]:.3f}" in verdict


def test_the_verdict_names_the_control():
    assert "sent there and back there is no evidence of it" in realism_words.verdict(told((0.97, 0.92, 0.99)))
    much, little = (
        realism_words.verdict(told((0.97, 0.92, 0.99), back)) for back in ((0.9, 0.8, 0.95), (0.53, 0.51, 0.55))
    )
    assert "are told too, 0.900 (0.800 to 0.950): much of it is the network's texture alone." in much
    assert "are told hardly, 0.530 (0.510 to 0.550): little of it is the network's texture alone." in little


def test_without_a_classifier_of_origin_the_verdict_says_why():
    report = told((None, None, None, "fewer than 10 films"))

    assert realism_words.verdict(report) == "Whether they can be told from films is not known: fewer than 10 films."
    assert "fewer than 10 films" in texts(realism.origin(report))


def test_few_patients_and_mixed_kinds_are_said():
    few = realism_words.whose(translated.realism(film_patients=9))
    mixed = realism_words.whose(translated.realism(kinds={"phantom": 3, "real": 3}))

    assert "With fewer than 10 patients on a side they say little." in few
    assert "say little" not in realism_words.whose(translated.realism())
    assert "Phantoms and real films stand together here" in mixed


def test_the_auroc_stands_beside_its_control_on_an_axis_from_a_half_to_one():
    figure = realism.origin(translated.realism())

    assert [trace.x[0] for trace in figure.data] == [0.97, 0.9]
    assert len({trace.marker.symbol for trace in figure.data}) == 2
    assert figure.layout.xaxis.range == (0.48, 1.02)
    assert "cannot be told" in texts(figure)
    assert realism.origin(told((0.3, 0.2, 0.4))).layout.xaxis.range[0] == pytest.approx(0.18)


def test_kid_stands_beside_its_control_and_its_floor():
    figure = realism.kid(translated.realism())

    assert [trace.x[0] for trace in figure.data] == [0.0412, 0.025, 0.002]
    assert "0.0412" in texts(figure)
    assert "Farther from the films than other films are." in realism_words.of_kid(translated.realism())
    near = translated.realism(kid=measure(0.004, -0.01, 0.02))
    assert "No evidence that they lie farther" in realism_words.of_kid(near)


def test_measures_without_a_classifier_give_their_reason_in_plain_words():
    nothing = measure(None, reason="no classifier has learnt from phantoms")
    names = ("fid", "kid", "kid_reconstructed", "kid_films", "precision", "recall", "shift")
    report = translated.realism(**dict.fromkeys(names, nothing), classifier_id=None, arms=[], regions=[], change_map=[])

    for draw in (realism.kid, realism.precision_recall):
        drawn = texts(draw(report)).replace("<br>", " ")
        assert "no classifier has learnt from phantoms" in drawn
    for say in (realism_words.of_kid, realism_words.of_precision_recall, realism_words.of_shift):
        assert "no classifier has learnt from phantoms" in say(report)
    assert "No classifier learnt from these images." in texts(realism.arms(report))
    assert "No region is known" in texts(realism.regions(report))
    assert "No change was measured" in texts(realism_maps.change_map(report))


def test_what_there_and_back_owes_is_told_only_of_a_distance_that_is_more_than_chance():
    near = translated.realism(kid=measure(0.004, -0.01, 0.02), kid_reconstructed=measure(0.003, -0.01, 0.02))

    assert "Films there and back alone lie at least half as far" in realism_words.of_kid(translated.realism())
    assert "there and back" not in realism_words.of_kid(near)


def test_precision_and_recall_are_told_with_what_they_depend_on():
    said = realism_words.of_precision_recall(translated.realism())

    assert said.startswith("Of the images 60 % (40 to 80) lie among the films, and 30 % (10 to 50) of the films among")


def test_every_figure_can_carry_that_it_is_of_generated_images():
    stamp = realism_words.stamp_of(translated.realism())

    assert stamp.startswith("<b>PHANTOMS</b> · <b>GENERATED</b> · films-ptx, 41 images<br>against 22 films, unseen")
    maps = {"checkpoint_id": "c", "reason": None, "real": [[0, 1]], "synthetic": [[0.5, 1]], "difference": [[0.5, 0]]}
    for figure in realism_maps.heat_maps(translated.realism(maps=maps), caption=stamp):
        assert stamp in texts(figure)


def test_the_spectra_are_three_lines_and_the_gap_is_held_against_there_and_back():
    figure = realism.spectrum(translated.realism())

    assert [trace.name for trace in figure.data] == ["films", "synthetic", "there and back"]
    assert len({trace.line.dash for trace in figure.data}) == 3
    assert "more than by there and back (0.15)" in realism_words.of_spectrum(translated.realism())


def test_a_region_has_the_area_that_an_even_change_would_give():
    figure = realism.regions(translated.realism())

    assert tuple(figure.data[-1].x) == (0.35, 0.06)
    words = realism_words.of_regions(translated.realism())
    assert (
        "80 % (66 to 90) of 41 images change the lung field more than there and back does: more often than by" in words
    )
    assert "no evidence of more than chance" in words  # the mask's interval holds a half


@pytest.mark.parametrize(
    ("more", "ends"),
    [((0.2, 0.1, 0.3), "less often than by chance"), ((0.9, None, None), "without an interval that shows nothing")],
)
def test_a_region_that_changes_less_or_without_an_interval_is_told(more, ends):
    region = {"name": "rim", "images": 9, "more": measure(*more), "inside": measure(0.1), "area": None}

    assert ends in realism_words.of_regions(translated.realism(regions=[region]))


def test_the_arm_without_synthetic_films_is_what_the_others_are_held_against():
    words = realism_words.of_arms(translated.realism())

    assert "it answers to the texture" in words
    assert "what the others are held against" in texts(realism.arms(translated.realism())).replace("<br>", " ")


def test_mean_heat_maps_are_drawn_with_zero_in_the_middle_of_the_difference_or_their_reason_is_said():
    maps = {"checkpoint_id": "c", "reason": None, "real": [[0, 1]], "synthetic": [[0.5, 1]], "difference": [[0.5, 0]]}
    figures = realism_maps.heat_maps(translated.realism(maps=maps))

    assert len(figures) == 3
    assert (figures[2].data[0].zmin, figures[2].data[0].zmax) == (-0.5, 0.5)
    assert "not a finding" in realism_words.of_maps(translated.realism(maps=maps))
    assert realism_maps.heat_maps(translated.realism()) == []
    assert "too coarse for 64 px" in realism_words.of_maps(translated.realism())


def test_a_map_has_the_upper_edge_of_the_film_above_and_square_cells():
    figure = realism_maps.change_map(translated.realism())

    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.yaxis.scaleanchor == "x"


def test_the_change_is_held_against_one_that_is_spread_evenly():
    even = translated.realism(change_map=[[0.1] * 10] * 10)
    gathered = translated.realism(change_map=[[1.0] * 10] + [[0.0] * 10] * 9)

    assert "holds 10 % of the change" in realism_words.of_change_map(even)
    assert "holds 100 % of the change" in realism_words.of_change_map(gathered)
    assert realism_words.of_change_map(translated.realism(change_map=[])) == ""


def test_how_the_probability_moves_is_held_against_what_is_meant():
    wrong = translated.realism(direction="b-to-a")

    assert "up, as it is meant to: +0.210 (+0.120 to +0.300)" in realism_words.of_shift(translated.realism())
    assert "up, although it is meant to go down" in realism_words.of_shift(wrong)
    for shift in ((0.1, -0.05, 0.2), (0.0, 0.0, 0.0), (0.3, None, None)):
        said = realism_words.of_shift(translated.realism(shift=measure(*shift)))
        assert said.startswith("No evidence that the translation moves the classifier's probability")


def test_memory_is_counted():
    assert "1 of 41 images lies nearer" in realism_words.of_memory(translated.realism())
    assert "No image is known to lie nearer" in realism_words.of_memory(translated.realism(memorised=0))


def test_a_share_without_an_interval_has_none():
    assert realism_words.share(Measure(value=0.5)) == "50 %"
    assert realism_words.share(Measure(value=None, reason="nothing")) == "none: nothing"
