from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import binomtest

from core.base.statistics import clustered_proportion
from core.review import counted_reads
from core.review.against_model import against_model, changes, p_words, sentence
from tests.review.made import answers, read, table


def labels(letters: str, *, name: str = "phantom") -> pd.DataFrame:
    """A truth table: p(resent), a(bsent), or unknown, of the films 0, 1, ..."""
    known = {"p": 1.0, "a": 0.0, "?": None}
    return pd.DataFrame(
        [
            {"image_id": f"film {number:03d}", "truth": name, "label": known[letter]}
            for number, letter in enumerate(letters)
        ]
    )


def both(before: str, after: str, *, reader: str = "Ada") -> list[dict]:
    return [*answers(reader, before), *answers(reader, after, stage=2)]


def test_a_reader_stands_against_the_models_call_at_the_cut():
    probabilities = [0.9, 0.4, 0.39, 0.1, 0.8, 0.1, 0.2, float("nan")]
    reads = answers("Ada", "ppppaaca")
    reads = [one | {"probability": value} for one, value in zip(reads, probabilities, strict=True)]
    unreadable = read("film 100", "Ada", None)

    (found,) = against_model(table(*reads, unreadable, *answers("Ada", "aaaaaaaa", stage=2)))

    assert (found.both_present, found.only_reader, found.only_model, found.both_absent) == (2, 2, 1, 1)
    assert (found.films, found.cannot_tell, found.unreadable, found.without_probability) == (6, 1, 1, 1)
    expected = clustered_proportion(pd.Series([1, 1, 0, 0, 0, 1]).to_numpy(), pd.Series(list("abcdef")).to_numpy())
    assert (found.agreement.value, found.agreement.low, found.agreement.high) == expected


def test_each_worklists_own_cut_counts_and_each_checkpoint_has_its_row():
    reads = table(
        read("a", "Ada", "present", probability=0.5),
        read("b", "Ada", "present", probability=0.5, worklist="strict", cut=0.6),
        read("a", "Ada", "present", worklist="other", checkpoint_id="vit-made-1"),
        read("a", "Grace", "present"),
    )

    rows = [(one.reader, one.checkpoint_id, one.both_present, one.only_reader) for one in against_model(reads)]

    assert rows == [("Ada", "cnn-made-1", 1, 1), ("Ada", "vit-made-1", 1, 0), ("Grace", "cnn-made-1", 1, 0)]


def test_a_reader_who_called_nothing_has_no_agreement():
    (found,) = against_model(table(*answers("Ada", "cu")))

    assert found.films == 0
    assert (found.agreement.value, found.agreement.reason) == (None, "no film that both called")


def test_helped_and_harmed_are_counted_against_the_truth():
    # Four helped, one harmed, two right, one wrong all along, one that the reader could not tell at first.
    before, after, truth = "appap" + "pa" + "ac", "paapa" + "pa" + "ap", "paapp" + "pa" + "pp"

    (found,) = changes(table(*both(before, after)), labels(truth))

    assert (found.helped, found.harmed, found.stayed_right, found.stayed_wrong) == (4, 1, 2, 1)
    assert (found.films, found.not_called) == (8, 1)
    assert found.references == {"the adjudicated label of the phantoms": 8}
    assert found.p.value == pytest.approx(binomtest(4, 5, 0.5).pvalue)
    assert found.p.value == pytest.approx(2 * (5 + 1) / 32)  # by hand: 4 or 5 of 5, both ways


def test_a_case_read_once_says_nothing_of_the_model():
    assert changes(table(*answers("Ada", "pa")), labels("pa")) == []


@pytest.mark.parametrize("name", ["report", "reads-first"])
def test_a_report_and_exported_reads_are_no_reference(name):
    assert changes(table(*both("pa", "pa")), labels("pa", name=name)) == []


def test_without_a_truth_table_the_third_reader_is_the_reference():
    third = [
        read("film 000", "Alan", "present", role="adjudicator", stage=2),
        read("film 001", "Alan", "cannot tell", role="adjudicator", stage=2),
    ]

    (found,) = changes(table(*both("apa", "paa"), *third), None)

    assert (found.films, found.helped) == (1, 1)
    assert found.references == {"a third reader's adjudication": 1}


def test_a_truth_goes_before_an_adjudication_and_fills_up_from_it():
    third = [read(f"film 00{number}", "Alan", "absent", role="adjudicator", stage=2) for number in range(3)]
    known = pd.concat([labels("p?"), labels("ap", name="adjudicated")])

    (found,) = changes(table(*both("ppp", "ppa"), *third), known)

    assert found.references == {
        "the adjudicated label of the phantoms": 1,
        "imported adjudicated labels": 1,
        "a third reader's adjudication": 1,
    }
    assert (found.stayed_right, found.helped) == (2, 1)


def test_without_a_change_there_is_no_test():
    (found,) = changes(table(*both("pa", "pa")), labels("pp"))

    assert (found.p.value, found.p.reason) == (None, "no test: no call turned right or wrong")
    assert sentence(found) == (
        "Ada, with the model: 0 wrong calls became right and 0 right calls wrong, of 2 "
        "(no test: no call turned right or wrong)."
    )


def test_a_small_p_is_said_as_a_limit():
    (found,) = changes(table(*both("a" * 20, "p" * 20)), labels("p" * 20))

    assert sentence(found).endswith("of 20 (exact McNemar p below 0.001).")
    assert p_words(0.0494) == "0.049"


def test_an_answer_after_the_counterfactual_told_the_label_helps_nobody_and_is_no_reference():
    told = {"seen": {"others": [], "counterfactual": {"synthetic": "made"}}}
    moved = [*answers("Ada", "aaaa"), *answers("Ada", "aaaa", stage=2), *answers("Ada", "pppp", stage=2, **told)]
    reads = table(*moved, *answers("Eve", "pp", role="adjudicator", stage=2, **told))

    (found,) = changes(reads, labels("pppp"))
    assert (found.helped, found.harmed, found.stayed_wrong) == (0, 0, 4)  # the answer before it was told counts
    assert counted_reads.told(reads) == 6
    assert counted_reads.adjudicated(reads).empty
    assert changes(table(*moved[:4], *moved[8:]), labels("pppp")) == []
