"""Films made ready for filters: whatever is asked, the same films and counts as by plain pandas."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base import schema
from core.data import browsing, filtering
from core.data.filtering import Wanted

FINDINGS = ("Mass", "No Finding", "Pneumothorax", "Pneumo")
PARTS = ("train", "val", "test")


def made(rows):
    """Films from rows of the radiographs table, each with its part."""
    base = {"patient_id": "1", "source": "real", "label": 0, "findings": "No Finding", "part": "train"}
    table = pd.DataFrame([base | {"image_id": f"i{place}.png"} | row for place, row in enumerate(rows)])
    split = schema.checked(table[["image_id", "patient_id", "part", "label"]], schema.SPLIT)
    return filtering.prepared(schema.checked(table.drop(columns="part"), schema.RADIOGRAPHS), split)


@pytest.fixture
def films():
    return made(
        [
            {"image_id": "b", "part": "val", "view": "AP", "sex": "M", "age_years": 0.5, "follow_up": 2},
            {
                "image_id": "a",
                "label": 1,
                "findings": "Pneumothorax|Mass",
                "view": "PA",
                "sex": "F",
                "age_years": 41.4,
                "follow_up": 0,
            },
            {"image_id": "c", "patient_id": "c", "label": None, "findings": None},
        ]
    )


def named(films, wanted):
    return "".join(films.table["image_id"].iloc[filtering.matching(films, wanted)])


def test_only_what_tells_films_apart_can_be_chosen(films):
    assert {column: options for column, _, options in filtering.choices(films)} == {
        "part": ["train", "val"],
        "label_words": ["no pneumothorax", "pneumothorax", "unknown"],
        "view": ["AP", "PA"],
        "sex": ["F", "M"],
        "findings": ["Mass", "No Finding", "Pneumothorax"],
    }
    assert filtering.ranges(films) == [("age_years", "Age (years)", 0, 42), ("follow_up", "Follow-up", 0, 2)]


def test_an_empty_split_offers_nothing_and_counts_nothing(films):
    empty = filtering.prepared(films.table, films.table.head(0)[["image_id", "patient_id", "part", "label", "fold"]])

    assert filtering.choices(empty) == filtering.ranges(empty) == []
    assert filtering.matching(empty, Wanted(search="a")).size == 0
    assert filtering.ages_by_part(empty).empty
    assert filtering.counts_by_part(empty, "view").empty


@pytest.mark.parametrize(
    ("choices", "kept"),
    [
        ({}, "acb"),
        ({"part": []}, "acb"),
        ({"part": ["train"]}, "ac"),
        ({"label_words": ["unknown"]}, "c"),
        ({"findings": ["Mass", "No Finding"]}, "ab"),
        ({"findings": ["Pneumo"]}, ""),  # whole names, no pieces of them
        ({"findings": ["."]}, ""),
        ({"part": ["train"], "sex": ["F"], "view": ["PA"]}, "a"),
        ({"part": ["val"], "sex": ["F"]}, ""),
    ],
)
def test_a_film_must_fit_every_choice(films, choices, kept):
    assert named(films, Wanted(choices=choices)) == kept


@pytest.mark.parametrize(
    ("ranges", "kept"),
    [
        ({"age_years": (0, 41)}, "b"),
        ({"age_years": (41, 42)}, "a"),
        ({"age_years": (0, 42)}, "ab"),  # the film of unknown age is left out
        ({"follow_up": (0, 0)}, "a"),
        ({"follow_up": (0, 0), "age_years": (0, 1)}, ""),
    ],
)
def test_a_film_must_lie_in_every_range(films, ranges, kept):
    assert named(films, Wanted(ranges=ranges)) == kept


@pytest.mark.parametrize(
    ("search", "kept"),
    [
        ("", "acb"),
        ("  ", "acb"),
        (" A ", "a"),  # a piece of a film's id, in capitals or not
        ("1", "ab"),  # a patient
        ("c", "c"),  # a patient goes before a piece of a film's id
        (".", ""),  # no pattern
        ("x", ""),
    ],
)
def test_a_search_finds_a_patient_or_a_piece_of_a_films_id(films, search, kept):
    assert named(films, Wanted(search=search)) == kept


@pytest.mark.parametrize(
    ("order", "shown"), [("part", "acb"), ("film", "abc"), ("youngest", "bac"), ("oldest", "abc"), ("follow_up", "bac")]
)
def test_films_come_in_the_order_asked_for_and_the_unknown_last(films, order, shown):
    assert named(films, Wanted(order=order)) == shown


def test_every_option_that_is_offered_finds_films(films):
    for column, _, options in filtering.choices(films):
        for option in options:
            assert filtering.matching(films, Wanted(choices={column: [option]})).size


def test_a_film_that_left_the_data_set_is_unknown_in_everything():
    films = made([{"image_id": "a", "view": "PA"}, {"image_id": "gone", "view": "PA"}])
    split = films.table[["image_id", "patient_id", "part", "label", "fold"]]
    left = filtering.prepared(films.table.drop(columns=["part", "fold"]).iloc[:1], split)

    assert filtering.counts_by_part(left, "view")["train"].to_dict() == {"PA": 1, "unknown": 1}
    assert named(left, Wanted(choices={"label_words": ["unknown"]})) == "gone"


@pytest.mark.parametrize(("path", "with_images"), [("/a.png", True), (None, False)])
def test_a_table_only_is_told_from_films_with_images(path, with_images):
    assert made([{"path": path}]).with_images is with_images


rows = st.fixed_dictionaries(
    {
        "part": st.sampled_from(PARTS),
        "patient_id": st.sampled_from(["1", "2", "i1"]),
        "label": st.sampled_from([0, 1, None]),
        "findings": st.none() | st.lists(st.sampled_from(FINDINGS), min_size=1, max_size=3, unique=True).map("|".join),
        "view": st.sampled_from(["PA", "AP", None]),
        "sex": st.sampled_from(["F", "M", None]),
        "source": st.sampled_from(["real", "synthetic"]),
        "age_years": st.none() | st.floats(0, 99).map(lambda age: round(age, 1)),
        "follow_up": st.none() | st.integers(0, 5),
    }
)
films_of_all_kinds = st.lists(rows, min_size=1, max_size=12).map(made)
asked = st.builds(
    Wanted,
    choices=st.fixed_dictionaries(
        {},
        optional={
            "part": st.lists(st.sampled_from(PARTS)),
            "label_words": st.lists(st.sampled_from(["pneumothorax", "unknown"])),
            "view": st.lists(st.sampled_from(["PA", "AP"])),
            "findings": st.lists(st.sampled_from(FINDINGS)),
        },
    ),
    ranges=st.fixed_dictionaries(
        {},
        optional={
            "age_years": st.tuples(st.integers(0, 50), st.integers(30, 99)),
            "follow_up": st.tuples(st.integers(0, 3), st.integers(2, 5)),
        },
    ),
    search=st.sampled_from(["", "1", "2", "i1", "I1", ".png", "9"]),
)


def by_plain_pandas(table, wanted):
    """The same films, one at a time."""
    patients = set(table["patient_id"].dropna())

    def fits(film):
        for column, chosen in wanted.choices.items():
            if column == "findings":
                own = [] if pd.isna(film["findings"]) else film["findings"].split("|")
            elif column == "label_words":
                own = ["unknown" if pd.isna(film["label"]) else browsing.LABEL_WORDS[film["label"]]]
            else:
                own = [film[column]]
            if chosen and not set(chosen) & set(own):
                return False
        for column, (low, high) in wanted.ranges.items():
            if pd.isna(film[column]) or not low <= film[column] <= high:
                return False
        if wanted.search in patients:
            return film["patient_id"] == wanted.search
        return wanted.search.lower() in film["image_id"].lower()

    return [film["image_id"] for film in table.to_dict("records") if fits(film)]


@settings(max_examples=60, deadline=None)
@given(films=films_of_all_kinds, wanted=asked)
def test_any_filter_keeps_the_films_that_plain_pandas_keeps(films, wanted):
    kept = films.table["image_id"].iloc[filtering.matching(films, wanted)].tolist()

    assert kept == by_plain_pandas(films.table, wanted)


@settings(max_examples=40, deadline=None)
@given(films=films_of_all_kinds)
def test_counts_are_those_of_counting_one_film_after_another(films):
    by_view, by_finding, by_age, by_part = Counter(), Counter(), Counter(), Counter()
    for film in films.table.to_dict("records"):
        part = film["part"]
        by_part[part] += 1
        by_view["unknown" if pd.isna(film["view"]) else film["view"], part] += 1
        for finding in ["unknown"] if pd.isna(film["findings"]) else film["findings"].split("|"):
            by_finding[finding, part] += 1
        if not pd.isna(film["age_years"]):
            by_age[film["age_years"] // 10 * 10, part] += 1

    assert filtering.films_by_part(films) == {part: by_part[part] for part in PARTS}
    assert list(filtering.counts_by_part(films, "view")) == [part for part in PARTS if by_part[part]]
    assert counted(filtering.counts_by_part(films, "view")) == by_view
    assert counted(filtering.counts_by_part(films, "findings")) == by_finding
    assert counted(filtering.ages_by_part(films)) == by_age


def counted(table):
    """A table of counts as what is in it, without its noughts."""
    each = {(row, part): table.loc[row, part] for row in table.index for part in table}
    return {place: count for place, count in each.items() if count}


@settings(max_examples=25, deadline=None)
@given(films=films_of_all_kinds, order=st.sampled_from(["youngest", "oldest", "follow_up"]))
def test_an_order_is_that_of_a_stable_sort_of_pandas(films, order):
    column = "follow_up" if order == "follow_up" else "age_years"
    expected = films.table.sort_values(column, ascending=order == "youngest", kind="stable", na_position="last")

    shown = films.table.iloc[filtering.matching(films, Wanted(order=order))]

    assert shown["image_id"].tolist() == expected["image_id"].tolist()
