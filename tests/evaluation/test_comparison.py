"""Several checkpoints on the same films: put into one order, compared, told in words, kept."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.base import files
from core.base.errors import InputError
from core.base.paths import Settings, Workspace
from core.evaluation import comparison_store, report_store
from core.evaluation.comparison import Comparison, Difference, align, compare, sentence, signed

NAMES = {"e": "Ensemble", "c": "CNN"}
PLACE = {"dataset": "set", "split": "p0", "part": "test"}


def tables(*, films: int = 120, seed: int = 0) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Predictions of an ensemble and a CNN, in different orders, and the radiographs."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, films)
    images = np.array([f"i{row:03d}" for row in range(films)])
    found = {}
    for name, slope in (("e", 0.6), ("c", 0.2)):
        table = pd.DataFrame(
            {
                "image_id": images,
                "patient_id": [f"p{row // 2}" for row in range(films)],
                "label": pd.array(label, dtype="Int64"),
                "probability": np.clip(slope * label + (1 - slope) * rng.random(films), 0, 1),
            }
        )
        found[name] = table.sample(frac=1, random_state=len(found)).reset_index(drop=True)
    findings = np.where(label == 1, "Pneumothorax", rng.choice(["No Finding", "Effusion"], films))
    return found, pd.DataFrame({"image_id": images, "findings": findings, "source": "phantom"})


def test_each_film_keeps_its_probabilities_whatever_the_order():
    given, radiographs = tables()

    aligned = align(given, radiographs, labels=None)

    for name, table in given.items():
        own = table.set_index("image_id")["probability"]
        assert aligned.probabilities[name].tolist() == own[aligned.films["image_id"]].tolist()
    assert list(aligned.films) == ["image_id", "patient_id", "label", "findings", "source"]
    films = aligned.of("e")
    assert films.patient_count == 60
    pairs = set(zip(films.patients, aligned.films["patient_id"], strict=True))
    assert len(pairs) == 60


def test_labels_come_from_the_source_that_was_asked_for():
    given, radiographs = tables()
    labels = pd.Series({f"i{row:03d}": row % 2 for row in range(100)})

    aligned = align(given, radiographs, labels=labels)

    assert (len(aligned.films), aligned.without_label) == (100, 20)
    assert aligned.films["label"].tolist() == [row % 2 for row in range(100)]


def test_negatives_with_other_findings_can_be_left_out():
    given, radiographs = tables()

    aligned = align(given, radiographs, labels=None, negatives="no-finding")

    assert set(aligned.films["findings"]) == {"Pneumothorax", "No Finding"}
    assert all(len(values) == len(aligned.films) for values in aligned.probabilities.values())


def test_other_films_are_refused_with_how_many():
    given, radiographs = tables()
    given["c"] = given["c"].iloc[5:]

    with pytest.raises(
        InputError, match=r"found 5 films of 'e' that 'c' lacks and 0 the other way round; run `predict`"
    ):
        align(given, radiographs, labels=None)


def test_a_probability_out_of_range_is_refused_in_any_table():
    given, radiographs = tables()
    given["c"].loc[0, "probability"] = 1.5

    with pytest.raises(InputError, match=r"from 0 to 1, found 1\.5"):
        align(given, radiographs, labels=None)


def test_no_table_is_refused():
    with pytest.raises(ValueError, match="one or more classifiers, got none"):
        align({}, tables()[1], labels=None)


def difference(**values):
    found = {
        "metric": "auroc",
        "method": "m",
        "value": 0.03,
        "low": 0.01,
        "high": 0.05,
        "p_value": 0.004,
        "p_holm": 0.004,
    }
    return Difference(first="e", second="c", **found | values)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Ensemble ranks better than CNN: AUROC +0.030 (+0.010 to +0.050), p 0.004 after Holm"),
        (
            {"value": -0.03, "low": -0.05, "high": -0.01, "p_holm": 0.0001},
            "CNN ranks better than Ensemble: AUROC +0.030 (+0.010 to +0.050), p < 0.001 after Holm",
        ),
        (
            {"value": 0.012, "low": -0.01, "high": 0.034, "p_value": 0.3, "p_holm": 0.9},
            "Ensemble against CNN: no evidence of a difference in AUROC (+0.012, -0.010 to +0.034)",
        ),
        (  # its own interval leaves 0 out, the three comparisons together do not
            {"p_value": 0.03, "p_holm": 0.09},
            "Ensemble against CNN: no evidence of a difference in AUROC (+0.030, +0.010 to +0.050; p 0.090 after Holm)",
        ),
        (
            {"metric": "brier"},
            "CNN has a lower Brier error than Ensemble: -0.030 (-0.050 to -0.010), p 0.004 after Holm",
        ),
        (
            {"metric": "sensitivity"},
            "Ensemble has a higher sensitivity than CNN: +0.030 (+0.010 to +0.050), p 0.004 after Holm",
        ),
        (
            {"value": None, "low": None, "high": None, "p_value": None, "p_holm": None, "reason": "no positive film"},
            "Ensemble against CNN: no comparison of the AUROC: no positive film",
        ),
        (
            {
                "value": 0,
                "low": None,
                "high": None,
                "p_value": 1.0,
                "p_holm": 1.0,
                "reason": "their calls never differ",
            },
            "Ensemble against CNN: no evidence of a difference in AUROC (0.000; their calls never differ)",
        ),
        (
            {"value": 0.5, "low": None, "high": None, "p_value": None, "p_holm": None, "reason": "nothing varies"},
            "Ensemble against CNN: not tested for a difference in AUROC (+0.500; nothing varies)",
        ),
    ],
)
def test_the_words_follow_the_statistics(values, told):
    assert sentence(difference(**values), NAMES) == told


@pytest.mark.parametrize("metric", ["auroc", "brier", "sensitivity", "average_precision"])
@pytest.mark.parametrize("p_holm", [0.05, 0.2, 1.0])
def test_nobody_is_better_without_evidence(metric, p_holm):
    told = sentence(difference(metric=metric, p_holm=p_holm), NAMES)

    assert "no evidence of a difference" in told
    assert "than" not in told


def test_who_has_no_name_keeps_the_id():
    assert sentence(difference(), {}).startswith("e ranks better than c: ")


def test_what_rounds_to_nothing_has_no_sign():
    assert (signed(-0.0004), signed(-0.0006), signed(0.1)) == ("0.000", "-0.001", "+0.100")


@pytest.fixture
def made() -> Comparison:
    given, radiographs = tables()
    aligned = align(given, radiographs, labels=None)
    return compare(aligned, names=NAMES, thresholds={"e": 0.5, "c": None}, **PLACE, split_sha256="1", draws=50)


def test_a_comparison_holds_every_pair_and_its_words(made):
    assert made.checkpoints == ["e", "c"]
    assert [one.metric for one in made.differences] == [
        *("auroc", "average_precision", "partial_auroc_90", "sensitivity_at_specificity_95"),
        *("specificity_at_sensitivity_95", "brier", "log_loss", "sensitivity", "specificity"),
    ]
    assert made.verdicts == [sentence(one, NAMES) for one in made.differences]
    assert made.verdicts[0].startswith("Ensemble ranks better than CNN: AUROC +")
    assert made.differences[-1].reason == "no threshold: none was chosen on tune"
    assert (made.counts.films, made.counts.patients, made.kinds) == (120, 60, {"phantom": 120})
    assert made.thresholds == {"e": 0.5, "c": None}


def test_a_comparison_survives_the_way_to_the_disk_and_back(made, tmp_path):
    workspace = Workspace(Settings(workspace=tmp_path / "w", checkpoints=tmp_path / "c"))

    path = comparison_store.save(workspace, made)

    assert path.parent == workspace.reports / "comparisons"
    assert comparison_store.load(workspace, made.comparison_id) == made
    assert comparison_store.comparison_ids(workspace) == [made.comparison_id]
    assert report_store.report_ids(workspace) == []
    assert Comparison.from_dict(json.loads(json.dumps(made.to_dict(), allow_nan=False))) == made


def test_a_comparison_that_is_not_there_is_named(tmp_path):
    workspace = Workspace(Settings(workspace=tmp_path / "w", checkpoints=tmp_path / "c"))

    with pytest.raises(InputError, match="found none named 'x'; there is none yet; make one with `compare`"):
        comparison_store.load(workspace, "x")


def test_the_same_question_has_the_same_name_whatever_the_order(made):
    given, radiographs = tables()
    turned = align(dict(reversed(given.items())), radiographs, labels=None)
    options = {"names": NAMES, "thresholds": {}, "draws": 5}

    assert compare(turned, **options, **PLACE).comparison_id == made.comparison_id
    assert compare(turned, **options, **PLACE | {"part": "val"}).comparison_id != made.comparison_id
    assert compare(turned, **options, **PLACE, negatives="no-finding").comparison_id != made.comparison_id


def test_real_films_and_others_are_no_common_ground():
    found, radiographs = tables(films=6)
    radiographs.loc[0, "source"] = "real"

    with pytest.raises(InputError, match="Expected films of one kind to compare on, found 5 phantom, 1 real"):
        align(found, radiographs, labels=None)


def test_a_comparison_of_another_version_is_one_sentence(tmp_path):
    workspace = Workspace(Settings(workspace=tmp_path))
    files.write_json(comparison_store.path_of(workspace, "c1"), {"comparison_id": "c1", "later": 1})

    with pytest.raises(InputError, match="Expected what this version writes in comparisons"):
        comparison_store.load(workspace, "c1")
