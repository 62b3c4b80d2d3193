from __future__ import annotations

from core.figures import heat_map
from core.figures.palette import DIVERGING, HEAT, MODELS, PARTS, SIGNED, TEXT, model_styles, run_styles


def test_no_two_models_and_no_two_parts_are_told_apart_by_colour_alone():
    for styles in (MODELS, PARTS):
        assert len({style.colour for style in styles.values()}) == len(styles)
        assert len({style.marker for style in styles.values()}) == len(styles)
        assert len({(style.dash, style.width) for style in styles.values()}) == len(styles)


def test_models_keep_their_style_in_any_company_and_the_ensemble_is_drawn_in_the_text_colour():
    alone, among = model_styles(["vit"])[0], model_styles(["cnn", "vit", "ensemble"], theme="dark")

    assert among[1] == alone
    assert (among[2].colour, among[2].width) == (TEXT["dark"], 3.5)
    assert (MODELS["cnn"].colour, MODELS["vit"].colour, MODELS["multitask"].dash) == ("#0072B2", "#E69F00", "dot")


def test_further_checkpoints_of_one_model_differ_in_marker_and_width_and_unknown_ones_have_a_style():
    first, second, third = model_styles(["cnn"] * 3)

    assert (first.marker, second.marker) == ("circle", "circle-open")
    assert first.width > second.width > third.width
    assert {first.colour, second.colour, third.colour} == {"#0072B2"}
    assert model_styles(["something"])[0].marker == "pentagon"


def test_a_run_alone_and_runs_of_several_models_look_as_their_models_do():
    assert run_styles(["cyclegan"]) == model_styles(["cyclegan"])
    assert run_styles(["cnn", "vit"]) == model_styles(["cnn", "vit"])


def test_signed_colours_go_through_the_diverging_ones_and_maps_have_the_hue_of_heat_maps():
    assert [SIGNED[place][1] for place in (1, 2, 3)] == [colour for _, colour in DIVERGING]
    assert tuple(int(HEAT[-1][1][at : at + 2], 16) for at in (1, 3, 5)) == heat_map.HUE
