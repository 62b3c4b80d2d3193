from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base import files, schema
from core.base.errors import InputError
from core.data import synthetic
from core.data.synthetic import A_TO_B, B_TO_A, Limits, SyntheticCard

NO_LIMITS = Limits(max_cycle_error=1.0, min_probability_shift=-1.0, min_change_in_lung=0.0)


def split() -> pd.DataFrame:
    """Twenty films of as many patients in train, ten with a pneumothorax, four in val, four in test."""
    parts = ["train"] * 20 + ["val"] * 4 + ["test"] * 4
    return pd.DataFrame(
        {
            "image_id": [f"f{number:02d}" for number in range(28)],
            "patient_id": [f"p{number:02d}" for number in range(28)],
            "part": parts,
            "label": [number % 2 for number in range(28)],
        }
    )


def train() -> pd.DataFrame:
    """The films of train as they are learnt."""
    rows = split()
    return rows[rows["part"] == "train"].assign(sha256=lambda films: "pixels of " + films["image_id"])


def write(workspace, name: str = "ptx", *, direction: str = A_TO_B, parents=None, card=None, **passports) -> None:
    """Write a synthetic set of all films of train and val that a direction starts from."""
    films = split()
    films = films[(films["label"] == (direction == B_TO_A)) & (films["part"] != "test")].reset_index(drop=True)
    films = films if parents is None else films[films["image_id"].isin(parents)].reset_index(drop=True)
    names = films["image_id"] + f"~{direction}"
    rows = pd.DataFrame(
        {
            "image_id": names,
            "patient_id": films["patient_id"],
            "path": "image.png",
            "label": synthetic.MADE_LABEL[direction],
            "sha256": "pixels of " + names,
            "source": "synthetic",
            "parent_image_id": films["image_id"],
            "parent_source": "real",
            "parent_sha256": "pixels of " + films["image_id"],
            "part": films["part"],
        }
    )
    files.write_parquet(workspace.radiographs(name), schema.checked(rows, schema.RADIOGRAPHS))
    told = pd.DataFrame(
        {
            "image_id": names,
            "parent_image_id": films["image_id"],
            "patient_id": films["patient_id"],
            "part": films["part"],
            "direction": direction,
            "generator_id": "cyclegan-1",
            "generator_sha256": "weights",
            "cycle_error": 0.01,
        }
    )
    synthetic.write_passports(workspace, name, told.assign(**passports))
    said = {
        "name": name,
        "dataset": "tiny",
        "split": "domain",
        "split_sha256": "split",
        "direction": direction,
        "images": films["part"].value_counts().to_dict(),
        "generator_id": "cyclegan-1",
        "generator_sha256": "weights",
        "patients": [f"p{number:02d}" for number in range(20)],
        "patients_sha256": "patients",
        "image_size": 32,
        "parent_kinds": {"real": len(films)},
        "classifier_id": None,
        "classifier_reason": "none",
        "created_at": "2026-01-01T00:00:00+00:00",
    }
    content = SyntheticCard.model_validate(said | (card or {})).model_dump(mode="json")
    files.write_json(workspace.synthetic_card(name), content)


def admitted(workspace, names: str = "ptx", **options):
    asked = {"share": 1.0, "classes": "positives", "limits": NO_LIMITS, "seed": 0, "train": train()} | options
    return synthetic.admitted(workspace, names, dataset="tiny", split=split(), **asked)


def test_only_children_of_films_in_train_are_admitted(workspace):
    write(workspace)

    found = admitted(workspace, share=5)

    assert set(found.rows["parent_image_id"]) == {f"f{number:02d}" for number in range(0, 20, 2)}
    assert set(found.rows["label"]) == {1}
    assert (found.positives, found.negatives) == (10, 0)
    assert found.left_out == {"of a parent outside train": 2}
    assert "50 synthetic images of a class were asked for, 10 could be admitted: the share is 1.00" in found.notes[0]


def test_a_child_of_val_is_not_admitted_even_if_its_parent_stands_in_the_train_part_that_is_learnt(workspace):
    write(workspace)
    table = files.read_parquet(workspace.radiographs("ptx"))
    table.loc[table["parent_image_id"] == "f04", "part"] = "val"
    files.write_parquet(workspace.radiographs("ptx"), table)

    found = admitted(workspace)

    assert "f04" not in set(found.rows["parent_image_id"])
    assert found.left_out["of a parent outside train"] == 3


@given(seed=st.integers(0, 2**31 - 1), shares=st.lists(st.floats(0.05, 1), min_size=2, max_size=2))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_images_of_a_smaller_share_are_among_those_of_a_larger_one(workspace, seed, shares):
    write(workspace)

    few, many = (admitted(workspace, seed=seed, share=share).rows for share in sorted(shares))

    assert set(few["image_id"]) <= set(many["image_id"])
    assert len(few) == max(1, int(10 * min(shares) + 0.5))


def test_the_draw_follows_from_the_seed(workspace):
    write(workspace)

    drawn = [tuple(admitted(workspace, share=0.3, seed=seed).rows["image_id"]) for seed in (0, 0, 1, 2)]

    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1


def test_every_image_is_drawn_as_often_as_another(workspace):
    write(workspace)

    drawn = np.concatenate([admitted(workspace, share=0.5, seed=seed).rows["image_id"] for seed in range(60)])

    counts = pd.Series(drawn).value_counts()
    assert len(counts) == 10
    assert counts.between(15, 45).all()  # 30 expected; five standard deviations are 19


@pytest.mark.parametrize(
    ("passports", "limits", "reason"),
    [
        ({"cycle_error": [0.1, 0.2] + [0.0] * 10}, {"max_cycle_error": 0.1}, "with an error there and back above 0.1"),
        (
            {"probability_shift": [0.3, -0.1] + [np.nan] * 10},
            {"min_probability_shift": 0.0},
            "with a probability that moved less than 0 to the wanted class",
        ),
        (
            {"change_in_lung": [0.5, 0.4] + [np.nan] * 10},
            {"min_change_in_lung": 0.5},
            "with less than 0.5 of the change in the lung",
        ),
    ],
)
def test_a_passport_beyond_a_limit_keeps_an_image_out_and_an_unknown_value_does_not(
    workspace, passports, limits, reason
):
    write(workspace, **passports)

    found = admitted(workspace, limits=Limits(**(vars(NO_LIMITS) | limits)))

    assert found.left_out == {"of a parent outside train": 2, reason: 1}
    assert found.positives == 9


def test_towards_no_finding_the_probability_is_to_fall(workspace):
    write(workspace)
    write(workspace, "nf", direction=B_TO_A, probability_shift=[-0.3, 0.1] + [np.nan] * 10)

    found = admitted(
        workspace, "ptx,nf", classes="both", limits=Limits(**(vars(NO_LIMITS) | {"min_probability_shift": 0.1}))
    )

    assert found.left_out["with a probability that moved less than 0.1 to the wanted class"] == 1


def test_a_parent_that_changed_since_has_no_child(workspace):
    write(workspace)
    films = train()
    films.loc[films["image_id"] == "f02", "sha256"] = "other pixels"

    assert admitted(workspace, train=films).left_out["of a parent whose pixels changed since"] == 1


def test_an_image_without_a_passport_of_its_generator_is_left_out(workspace):
    write(workspace, generator_sha256=["weights"] * 11 + ["others"])
    told = synthetic.passports(workspace, "ptx")
    synthetic.write_passports(workspace, "ptx", told[told["image_id"] != "f00~a-to-b"])

    assert admitted(workspace).left_out["without a passport of this generator"] == 1


def test_both_classes_come_in_equal_numbers(workspace):
    write(workspace)
    write(workspace, "nf", direction=B_TO_A, parents=[f"f{number:02d}" for number in range(1, 14, 2)])

    found = admitted(workspace, "nf,ptx", classes="both")

    assert (found.positives, found.negatives) == (7, 7)
    assert found.left_out["not drawn"] == 3
    assert "the share is 0.70 in place of 1" in found.notes[0]
    assert [card.name for card in found.cards] == ["ptx", "nf"]
    alone = admitted(workspace, share=0.7).rows["image_id"]
    assert set(found.rows["image_id"][:7]) == set(alone)  # the same positives in both arms


@pytest.mark.parametrize(
    ("names", "classes", "sentence"),
    [
        ("nf", "positives", "Expected one synthetic data set of films given a pneumothorax (a-to-b)"),
        ("ptx,nf", "positives", "found 'ptx,nf': 'ptx' of a-to-b and 'nf' of b-to-a; name others"),
        ("ptx", "both", "Expected two synthetic data sets joined by a comma, one of each direction"),
        ("ptx,ptx", "both", "one of each direction"),
        ("other", "positives", "found none named 'other'; choose from nf, ptx."),
        ("ptx,", "both", "Expected a data set name"),
    ],
)
def test_sets_that_do_not_give_the_classes_are_refused(workspace, names, classes, sentence):
    write(workspace)
    write(workspace, "nf", direction=B_TO_A)

    with pytest.raises(InputError) as error:
        admitted(workspace, names, classes=classes)

    assert sentence in str(error.value)


@pytest.mark.parametrize("patient", ["p21", "p27"])
def test_a_generator_that_saw_a_patient_of_val_or_test_is_refused(workspace, patient):
    write(workspace, card={"patients": ["p00", patient]})

    with pytest.raises(InputError, match=f"found 1 whom cyclegan-1 learnt from: {patient}; choose") as error:
        synthetic.usable(workspace, "ptx", dataset="tiny", split=split(), classes="positives")

    assert error.value.field == "synthetic"


def test_a_set_of_another_data_set_is_refused(workspace):
    write(workspace, card={"dataset": "nih"})

    with pytest.raises(InputError, match="Expected synthetic images of data set 'tiny', found 'ptx' made from 'nih'"):
        admitted(workspace)


def test_limits_that_leave_nothing_are_refused(workspace):
    write(workspace)

    with pytest.raises(InputError, match=r"found none in 'ptx' \(2 of a parent outside train, 10 with an error"):
        admitted(workspace, limits=Limits(**(vars(NO_LIMITS) | {"max_cycle_error": 0.001})))


def test_passports_are_read_as_they_were_written(workspace):
    write(workspace, real_probability=0.25)

    told = synthetic.passports(workspace, "ptx")

    assert list(told)[: len(schema.PASSPORTS.columns)] == list(schema.PASSPORTS.columns)
    assert told["real_probability"].eq(0.25).all()
    assert synthetic.names(workspace) == ["ptx"]


def test_there_is_none_yet(workspace):
    with pytest.raises(InputError, match="there is none yet; make one with `translate`"):
        synthetic.card(workspace, "ptx")
