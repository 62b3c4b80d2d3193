"""A split as a page shows it, also where half of what could be known is not."""

import pandas as pd
import pytest

from core.base import schema
from core.base.errors import InputError
from core.data import browsing


def radiographs(*rows):
    base = {"patient_id": "1", "source": "real", "label": 0, "findings": "No Finding"}
    return schema.checked(pd.DataFrame([base | row for row in rows]), schema.RADIOGRAPHS)


def split(**parts):
    rows = [
        {"image_id": name, "patient_id": "1", "part": part, "label": 0}
        for part, names in parts.items()
        for name in names
    ]
    return schema.checked(pd.DataFrame(rows), schema.SPLIT)


@pytest.fixture
def films():
    table = radiographs(
        {"image_id": "a", "label": 1, "findings": "Pneumothorax|Mass", "view": "PA", "sex": "F", "age_years": 41.4},
        {"image_id": "b", "view": "AP", "sex": "M", "age_years": 0.0},
        {"image_id": "c", "label": None, "findings": None},
    )
    return browsing.joined(table, split(val=["b"], train=["c", "a"]))


def counts(films=4, patients=2, positive=1, prevalence=None, **more):
    return {
        "films": films,
        "patients": patients,
        "positive_films": positive,
        "positive_patients": positive,
        "prevalence": prevalence,
    } | more


def certificate(*, passed=True, checked_pixels=True, checked_look_alikes=True, left_out=None, **parts):
    return {
        "kind": "patient",
        "seed": 0,
        "created_at": "2025-01-01T00:00:00+00:00",
        "version": "0.1.0",
        "inputs_sha256": "0123456789abcdef",
        "left_out": left_out or {},
        "parts": parts,
        "audit": {"passed": passed, "checked_pixels": checked_pixels, "checked_look_alikes": checked_look_alikes},
    }


def test_films_come_in_the_order_of_the_parts(films):
    assert films["image_id"].tolist() == ["a", "c", "b"]
    assert films["part"].tolist() == ["train", "train", "val"]


def test_what_the_radiographs_table_says_now_counts():
    table = radiographs({"image_id": "a", "label": 1, "patient_id": "7"})

    film = browsing.joined(table, split(train=["a"])).iloc[0]

    assert (film["label"], film["patient_id"]) == (1, "7")


def test_a_film_that_left_the_data_set_is_still_shown():
    films = browsing.joined(radiographs({"image_id": "a"}), split(train=["a", "gone"]))

    assert films["image_id"].tolist() == ["a", "gone"]
    assert browsing.captions(films) == ["no pneumothorax", "unknown"]


def test_a_data_set_that_names_a_film_twice_is_not_joined():
    twice = pd.concat([radiographs({"image_id": "a"})] * 2)

    with pytest.raises(InputError, match="found 'a' more than once"):
        browsing.joined(twice, split(train=["a"]))


def test_an_empty_split_is_shown_empty():
    films = browsing.joined(radiographs({"image_id": "a"}), split(train=["a"]).head(0))

    assert films.empty
    assert browsing.captions(films) == []


def test_captions_say_what_is_known_and_nothing_else(films):
    assert browsing.captions(films) == ["pneumothorax · PA · F · 41 y", "unknown", "no pneumothorax · AP · M · 0 y"]


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        ({}, "No patient and no identical film stands in two parts."),
        ({"checked_pixels": False}, "pixels not checked, since the data set is a table only."),
        ({"passed": False}, "The audit failed: training refuses this split."),
        ({"passed": False, "checked_pixels": False}, "The audit failed: training refuses this split."),
    ],
)
def test_the_sentence_says_how_far_the_parts_are_apart(options, verdict):
    made = certificate(**options, train=counts(films=1234, patients=1000), val=counts(), test=counts(0, 0, 0))

    sentence = browsing.lead_sentence(made)

    assert sentence.startswith("1,238 films of 1,002 patients: train 1,234, val 4. ")
    assert sentence.endswith(verdict)


def test_counts_stand_with_their_interval_and_folds_below_their_part():
    prevalence = {"value": 0.25, "low": 0.0456, "high": 0.6994}
    folds = {"certify": counts(2, 1, 0), "tune": counts(2, 1, 1)}

    table = browsing.counts_table(
        certificate(train=counts(prevalence=prevalence), val=counts(folds=folds), test=counts(0, 0, 0))
    )

    assert table["Part"].tolist() == ["train", "val", "val: certify", "val: tune"]
    assert table["95 % interval"].tolist() == ["4.6% to 69.9%", "", "", ""]
    assert table["Prevalence"].iloc[0] == "25.0%"


def test_the_certificate_says_what_was_checked_and_left_out():
    sentence = browsing.certificate_words(certificate(left_out={"without a label": 3}))

    assert "identical decoded pixels, look-alikes" in sentence
    assert "Films left out: 3 without a label." in sentence
    assert "hash 0123456789ab." in sentence


def test_the_certificate_claims_no_check_that_was_not_made():
    sentence = browsing.certificate_words(certificate(checked_pixels=False, checked_look_alikes=False))

    assert "pixels" not in sentence
    assert "look-alikes" not in sentence
    assert "Films left out: none." in sentence


def test_details_never_say_where_a_file_lies(films):
    film = films.assign(path="/home/a.png", mask_path="/home/m.png", lung_path="/home/l.png").iloc[0]

    assert "home" not in browsing.details(film).to_string()


def test_an_exported_list_never_says_where_a_file_lies(films):
    shown = browsing.exported(films.assign(path="/home/a.png", mask_path="/home/m.png"))

    assert "home" not in shown.to_csv()
    assert shown["image_id"].tolist() == ["a", "c", "b"]


def test_details_say_in_words_what_is_known_and_nothing_else(films):
    shown = browsing.details(films.assign(width=1024, pixel_spacing_mm=0.143).iloc[0])

    assert dict(zip(shown["Field"], shown["Value"], strict=True)) == {
        "Film": "a",
        "Part": "train",
        "Patient": "1",
        "Report label": "pneumothorax",
        "Findings in the report": "Pneumothorax|Mass",
        "View": "PA",
        "Sex": "F",
        "Age": "41.4 years",
        "Width": "1024 px",
        "Kind of image": "real",
        "Pixel spacing": "0.143 mm",
    }


def test_each_source_of_labels_has_its_column():
    truths = schema.checked(
        pd.DataFrame(
            {
                "image_id": "a",
                "truth": ["report", "phantom"],
                "label": [0, 1],
                "side": [None, "left"],
                "size_share": [None, 0.123456],
            }
        ),
        schema.TRUTH,
    )

    shown = browsing.truth_words(truths)

    assert shown.to_dict("records") == [
        {"Field": "Label", "report": "no pneumothorax", "phantom": "pneumothorax"},
        {"Field": "Side", "report": "", "phantom": "left"},
        {"Field": "Size share", "report": "", "phantom": "0.123"},
    ]


def test_boxes_are_counted_and_where_an_imported_mask_lies_is_not_said():
    box = '{"x": 0.1, "y": 0.1, "width": 0.2, "height": 0.3}'
    truths = schema.checked(
        pd.DataFrame(
            {
                "image_id": "a",
                "truth": ["report", "nih-boxes", "own"],
                "boxes": [None, f"[{box}, {box}]", "upper left"],
                "mask_path": [None, None, "/home/someone/m.png"],
            }
        ),
        schema.TRUTH,
    )

    shown = browsing.truth_words(truths)

    assert shown[shown["Field"] == "Boxes"].iloc[0].to_dict() == {
        "Field": "Boxes",
        "report": "",
        "nih-boxes": "2",
        "own": "upper left",
    }
    assert "home" not in shown.to_string()
