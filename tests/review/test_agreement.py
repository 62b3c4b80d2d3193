from __future__ import annotations

import json

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from core.evaluation.report import Measure
from core.review import agreement, counted_reads, label_set
from core.review.agreement import FILM, SIDE, pairs, panels
from tests.review.made import answers, read, table

ADA = "ppppaaaaaaccpa"
GRACE = "pppaaaaaaacpau"  # differs on the films 3, 11 and 12; the last one only Ada could read


def two():
    return table(*answers("Ada", ADA), *answers("Grace", GRACE))


def test_the_last_first_answer_and_the_last_one_with_the_model_count():
    reads = table(
        read("a", "Ada", "absent"),
        read("a", "Ada", "cannot tell"),
        read("a", "Ada", "present", stage=2),
        read("a", "Ada", "absent", stage=2),
        read("b", "Ada", "present"),
        read("a", "Alan", "present", role="adjudicator", stage=2),
        read("c", "Ada", "present", purpose="practice"),
    )

    assert counted_reads.unaided(reads)["called"].tolist() == ["cannot tell", "present"]
    assert counted_reads.aided(reads)["called"].tolist() == ["absent"]
    assert counted_reads.adjudicated(reads)["called"].tolist() == ["present"]


def test_a_case_is_settled_by_the_third_reader_or_by_all_who_read_it():
    reads = table(
        *(read("agreed", name, "present") for name in ("Ada", "Grace")),
        *(read("open", name, called) for name, called in (("Ada", "present"), ("Grace", "absent"))),
        *(read("decided", name, called) for name, called in (("Ada", "present"), ("Grace", "absent"))),
        read("decided", "Alan", "absent", role="adjudicator", stage=2),
        *(read("doubted", name, called) for name, called in (("Ada", "absent"), ("Grace", "cannot tell"))),
        read("unreadable", "Ada", None),
        read("wished", "Ada", "present", second_reader=True),
        read("half", "Ada", "present", readers=("Ada", "Grace")),
    ).assign(stage=2)

    found = label_set.settled(reads).set_index("image_id")["present"]

    assert found["agreed"] == 1
    assert found["decided"] == 0
    assert found[["open", "doubted", "unreadable"]].isna().all()
    assert not {"wished", "half"} & set(found.index)  # another reader is waited for


def test_a_pair_is_counted_on_the_films_that_both_could_read():
    (pair,) = pairs(two(), FILM)

    assert (pair.first, pair.second) == ("Ada", "Grace")
    assert (pair.unaided.units, pair.unaided.left_out, pair.unaided.patients) == (13, 1, 13)
    assert pair.unaided.same == 10
    expected = cohen_kappa_score(list(ADA[:13]), list(GRACE[:13]))
    assert pair.unaided.kappa.value == pytest.approx(expected)
    assert pair.unaided.kappa.low < expected < pair.unaided.kappa.high


def test_a_sentence_says_how_far_two_readers_agree():
    (pair,) = pairs(two(), FILM)

    kappa = pair.unaided.kappa
    assert agreement.pair_sentence(pair) == (
        f"Ada and Grace agree on 10 of 13 films (kappa {kappa.value:.2f}, {kappa.low:.2f} to {kappa.high:.2f}) "
        "on the cases read."
    )


def test_grades_of_sides_are_weighted_by_the_square_of_their_distance():
    first = [(0, 4), (1, 1), (2, 3), (0, 0), (4, 2), (0, 1)]
    second = [(0, 3), (1, 2), (2, 1), (0, 0), (4, 0), (1, 1)]
    reads = [
        read(f"film {number}", name, "present", right_grade=float(right), left_grade=float(left))
        for name, grades in (("Ada", first), ("Grace", second))
        for number, (right, left) in enumerate(grades)
    ]

    (pair,) = pairs(table(*reads), SIDE)

    one, other = ([grade for film in grades for grade in film] for grades in (first, second))
    assert (pair.unaided.units, pair.unaided.patients) == (12, 6)
    assert pair.unaided.same == sum(a == b for a, b in zip(one, other, strict=True))
    expected = cohen_kappa_score(one, other, labels=range(5), weights="quadratic")
    assert pair.unaided.kappa.value == pytest.approx(expected)


def test_answers_with_the_model_stand_beside_those_without_it():
    reads = table(
        *answers("Ada", "ppaa"),
        *answers("Grace", "aapp"),
        *answers("Ada", "ppa", stage=2),
        *answers("Grace", "ppa", stage=2),
    )

    (pair,) = pairs(reads, FILM)

    assert (pair.unaided.same, pair.unaided.units) == (0, 4)
    assert (pair.aided.same, pair.aided.units) == (3, 3)


def test_reads_of_one_film_in_two_worklists_are_two_cases():
    reads = table(
        read("a", "Ada", "present"),
        read("a", "Ada", "absent", worklist="second"),
        read("a", "Grace", "present", worklist="second"),
    )

    (pair,) = pairs(reads, FILM)

    assert (pair.unaided.units, pair.unaided.same) == (1, 0)


def test_readers_without_a_common_case_are_no_pair():
    reads = table(read("a", "Ada", "present"), read("b", "Grace", "present"))

    assert pairs(reads, FILM) == []
    assert panels(reads, FILM) == []
    assert agreement.lead_sentence(agreement.study(reads)) == (
        "2 readers have read 2 films; agreement needs a second reader of the same cases."
    )


def test_cases_with_the_same_number_of_readers_are_counted_together():
    reads = table(
        *answers("Ada", "ppaacp"), *answers("Grace", "ppaaau"), *answers("Alan", "pp"), *answers("Mary", "pa")
    )

    two_readers, four_readers = panels(reads, FILM)

    assert (two_readers.readers, two_readers.unaided.units, two_readers.unaided.left_out) == (2, 3, 1)
    assert two_readers.unaided.same == 2
    assert (four_readers.readers, four_readers.unaided.units, four_readers.unaided.same) == (4, 2, 1)
    # Pairs agree on 6 of 6 and 3 of 6; shares 7/8 and 1/8, so chance agrees on 50/64.
    assert four_readers.unaided.kappa.value == pytest.approx((0.75 - 50 / 64) / (1 - 50 / 64))


def test_with_more_than_two_readers_the_lead_is_that_of_all_together():
    reads = table(*answers("Ada", "pppaaa"), *answers("Grace", "pppaaa"), *answers("Alan", "ppaaaa"))

    assert agreement.lead_sentence(agreement.study(table(*answers("Ada", "pa")))).startswith("Ada has read 2 films; ")
    said = agreement.lead_sentence(agreement.study(reads))

    assert said.startswith("All 3 readers of a film agree on 5 of 6 films (Fleiss' kappa 0.78, ")
    assert said.endswith(" on the cases read.")


def test_practice_enters_nothing_but_its_own_count():
    practice = [*answers("Ada", "pppa", purpose="practice"), *answers("Grace", "aaap", purpose="practice")]
    adjudicated = read("film 000", "Alan", "present", role="adjudicator", stage=2, purpose="practice")
    with_practice = agreement.study(
        table(*answers("Ada", ADA), *answers("Grace", GRACE), *practice, adjudicated), truths()
    )
    without = agreement.study(two(), truths())

    assert with_practice.practice_reads == 9
    assert pd.Series(vars(with_practice)).drop("practice_reads").equals(pd.Series(vars(without)).drop("practice_reads"))


def test_a_film_whose_patient_is_not_known_any_more_is_left_out_and_counted():
    gone = {"patient_id": None, "probability": float("nan"), "random_check": None, "zone": None}
    reads = table(*answers("Ada", "pa"), *answers("Grace", "pa"), read("gone", "Ada", "present", **gone))

    found = agreement.study(reads)

    assert (found.reads, found.cases, found.reads_without_film) == (5, 2, 1)
    assert [work.reads for work in found.workload] == [3, 2]


def test_everything_goes_into_json_by_data_set():
    reads = table(
        *answers("Ada", ADA), *answers("Grace", GRACE), *answers("Ada", ADA, stage=2),
        *answers("Ada", "pa", worklist="real", dataset="films", source="real"),
    )  # fmt: skip

    found = json.loads(json.dumps(agreement.agreement(reads, {"made": truths()}), allow_nan=False))

    assert set(found["datasets"]) == {"films", "made"}
    made = found["datasets"]["made"]
    assert made["pairs"]["film"][0]["unaided"]["same"] == 10
    assert made["pairs"]["side"][0]["unaided"]["kappa"]["low"] is not None
    assert made["panels"]["film"][0]["readers"] == 2
    assert made["changes"][0]["helped"] == 0
    assert made["sentences"][0].startswith("Ada and Grace agree on 10 of 13 films")
    assert "Before and after the model: no reference." in found["datasets"]["films"]["sentences"]


def test_no_read_is_an_answer_too():
    assert agreement.agreement(table()) == {"datasets": {}}
    practised = agreement.agreement(table(*answers("Ada", "pa", purpose="practice")))
    assert practised["datasets"]["made"]["sentences"] == ["No read yet.", "Before and after the model: no reference."]


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (Measure(value=0.5, low=0.25, high=0.75), "0.50 (0.25 to 0.75)"),
        (Measure(value=0.5, reason="no interval: fewer than 5 patients"), "0.50, no interval: fewer than 5 patients"),
        (Measure(value=None, reason="all answers are one and the same"), "none: all answers are one and the same"),
    ],
)
def test_a_coefficient_is_said_with_what_is_known_of_it(measure, said):
    assert agreement.words(measure) == said


def test_a_sentence_says_why_there_is_no_kappa():
    (pair,) = pairs(table(*answers("Ada", "aa"), *answers("Grace", "aa")), FILM)
    (unread,) = pairs(table(*answers("Ada", "u"), *answers("Grace", "a")), FILM)

    assert agreement.pair_sentence(pair) == (
        "Ada and Grace agree on 2 of 2 films (no kappa: all answers are one and the same) on the cases read."
    )
    assert agreement.pair_sentence(unread) == "Ada and Grace have no film in common that both could read."


def truths():
    return pd.DataFrame(
        [{"image_id": f"film {number:03d}", "truth": "phantom", "label": number % 2} for number in range(14)]
    )
