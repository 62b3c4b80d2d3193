from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import InputError
from core.data import splits
from core.data.assignment import PLACES, assign_patients
from tests.splitting import make_split

PLACE_NAMES = {part + (fold or "") for part, fold in PLACES}


def cohort(patients: int = 60, *, seed: int = 0, positive_share: float = 0.4) -> pd.DataFrame:
    """A table of films, one to six a patient, with the columns a split reads."""
    rng = np.random.default_rng(seed)
    films = rng.integers(1, 7, patients)
    ill = rng.random(patients) < positive_share
    patient = np.repeat([f"p{i:04d}" for i in range(patients)], films)
    label = (np.repeat(ill, films) & (rng.random(films.sum()) < 0.6)).astype(int)
    findings = np.where(label == 1, "Pneumothorax", np.where(rng.random(films.sum()) < 0.6, "No Finding", "Effusion"))
    return pd.DataFrame(
        {
            "image_id": [f"{p}_{i:03d}.png" for i, p in enumerate(patient)],
            "patient_id": patient,
            "label": pd.array(label, dtype="Int64"),
            "findings": findings,
            "view": rng.choice(["PA", "AP"], films.sum()),
            "source": "phantom",
        }
    )


def place(frame: pd.DataFrame) -> pd.Series:
    return frame["part"] + frame["fold"].fillna("")


cohorts = st.builds(
    cohort,
    patients=st.integers(20, 60),
    seed=st.integers(0, 1000),
    positive_share=st.sampled_from([0.25, 0.4, 0.7]),
)
kinds = st.sampled_from(["patient", "balanced", "small", "domain"])
quick = settings(deadline=None, max_examples=12)


@quick
@given(cohorts, kinds, st.integers(0, 50))
def test_no_patient_stands_in_two_parts_or_folds(radiographs, kind, seed):
    split = make_split(radiographs, kind, seed=seed, share=0.5)

    assert place(split).groupby(split["patient_id"]).nunique().max() == 1
    assert split["fold"].notna().equals(split["part"] == "val")


@quick
@given(cohorts, kinds, st.integers(0, 50), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(radiographs, kind, seed, random):
    order = list(range(len(radiographs)))
    random.shuffle(order)

    split = make_split(radiographs, kind, seed=seed)

    pd.testing.assert_frame_equal(split, make_split(radiographs.iloc[order], kind, seed=seed))


@quick
@given(cohorts, st.integers(0, 50))
def test_every_kind_derives_from_the_one_assignment(radiographs, seed):
    assigned = place(assign_patients(radiographs, seed=seed))

    for kind in ("patient", "balanced", "small"):
        split = make_split(radiographs, kind, seed=seed)
        assert (place(split) == split["patient_id"].map(assigned)).all()
    domain = make_split(radiographs, "domain", seed=seed)
    assert (domain["patient_id"].map(assigned) == "train").all()


@quick
@given(cohorts, st.integers(0, 50))
def test_every_part_and_fold_has_a_positive_and_a_negative_patient_where_there_are_four(radiographs, seed):
    patients = assign_patients(radiographs, seed=seed)

    positive = radiographs.groupby("patient_id")["label"].max() == 1
    for group in (positive, ~positive):
        places = place(patients[group.reindex(patients.index)])
        assert len(places) < 4 or set(places) == PLACE_NAMES


@quick
@given(st.integers(0, 50), st.integers(100, 300))
def test_the_parts_have_their_shares_of_the_patients_with_and_without(seed, count):
    radiographs = cohort(count, seed=seed)

    patients = assign_patients(radiographs, seed=seed)

    positive = radiographs.groupby("patient_id")["label"].max() == 1
    for group in (positive, ~positive):
        places = place(patients[group.reindex(patients.index)])
        for (part, fold), share in PLACES.items():
            assert abs((places == part + (fold or "")).sum() - share * len(places)) < 1


@quick
@given(cohorts, st.integers(0, 50), st.sampled_from(splits.NEGATIVES))
def test_balanced_has_equal_classes_in_train_and_each_fold_and_leaves_test_alone(radiographs, seed, negatives):
    natural = make_split(radiographs, "patient", seed=seed)

    split = make_split(radiographs, "balanced", seed=seed, negatives=negatives)

    for name, films in split.groupby(place(split)):
        if name != "test":
            assert (films["label"] == 1).sum() == (films["label"] == 0).sum()
    test = split["part"] == "test"
    assert set(split.loc[test, "image_id"]) == set(natural.loc[natural["part"] == "test", "image_id"])
    if negatives == "no-finding":
        findings = split["image_id"].map(radiographs.set_index("image_id")["findings"])
        assert (findings[~test & (split["label"] == 0)] == "No Finding").all()


@quick
@given(cohorts, st.integers(0, 50), st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_smaller_share_lies_inside_a_larger_one_and_one_is_everything(radiographs, seed, one, other):
    small, large = (set(make_split(radiographs, "small", seed=seed, share=x)["image_id"]) for x in sorted((one, other)))

    assert small <= large
    everything = make_split(radiographs, "small", seed=seed, share=1)
    pd.testing.assert_frame_equal(everything, make_split(radiographs, "patient", seed=seed))


def test_small_keeps_its_share_of_the_patients_with_and_without_in_every_part():
    radiographs = cohort(1000)
    patient = make_split(radiographs, "patient")

    small = make_split(radiographs, "small", share=0.25)

    def patients(split: pd.DataFrame) -> pd.Series:
        groups = pd.DataFrame({"place": place(split), "patient_id": split["patient_id"], "label": split["label"]})
        by_patient = groups.groupby(["place", "patient_id"])["label"].max().reset_index()
        return by_patient.groupby(["place", "label"]).size()

    assert (patients(small) - 0.25 * patients(patient)).abs().max() <= 0.5


@quick
@given(cohorts, st.integers(0, 50))
def test_domain_a_is_no_finding_and_b_is_pneumothorax_in_train_and_val_only(radiographs, seed):
    split = make_split(radiographs, "domain", seed=seed).merge(radiographs[["image_id", "findings"]])

    assert (split.loc[split["domain"] == "A", "findings"] == "No Finding").all()
    assert (split.loc[split["domain"] == "B", "label"] == 1).all()
    assert set(split["part"]) <= {"train", "val"}


def test_seeds_differ_and_one_seed_does_not():
    radiographs = cohort()

    assert assign_patients(radiographs, seed=1).equals(assign_patients(radiographs, seed=1))
    assert not assign_patients(radiographs, seed=1).equals(assign_patients(radiographs, seed=2))


def test_the_assignment_needs_no_view_and_is_balanced_in_it_when_known():
    radiographs = cohort(2000)
    radiographs["view"] = radiographs.groupby("patient_id")["view"].transform("first")

    split = make_split(radiographs, "patient").merge(radiographs[["image_id", "view"]])

    ap_share = (split["view"] == "AP").groupby(place(split)).mean()
    assert ap_share.max() - ap_share.min() < 0.03
    assert len(assign_patients(radiographs[["image_id", "patient_id", "label"]], seed=0)) == 2000


def test_films_with_unknown_labels_are_left_out_and_counted():
    radiographs = cohort()
    radiographs.loc[:9, "label"] = pd.NA

    plan = splits.plan_split(radiographs, "patient")

    assert plan.left_out == {"label unknown": 10}
    assert len(plan.films) == len(radiographs) - 10


def test_synthetic_films_stand_in_train_only():
    radiographs = cohort()
    children = radiographs.assign(
        image_id="synthetic-" + radiographs["image_id"], source="synthetic", parent_image_id=radiographs["image_id"]
    )

    plan = splits.plan_split(pd.concat([radiographs, children], ignore_index=True), "patient")

    synthetic = plan.films[plan.films["image_id"].str.startswith("synthetic-")]
    assert set(synthetic["part"]) == {"train"}
    assert plan.left_out == {"synthetic outside train": len(children) - len(synthetic)}


def test_official_takes_val_by_patient_from_train_where_the_assignment_has_it():
    radiographs = cohort()
    patient = make_split(radiographs, "patient")
    train_val = patient.loc[patient["part"] != "test", "image_id"]
    test = patient.loc[patient["part"] == "test", "image_id"]

    plan = splits.plan_split(radiographs, "official", train_list=[*train_val, "no-such.png"], test_list=test)

    pd.testing.assert_frame_equal(plan.films, patient)
    assert plan.left_out == {"listed but not in the data set": 1}


def test_official_deals_val_anew_when_the_assignment_would_leave_a_fold_without_positives():
    radiographs = cohort(80)
    patients = assign_patients(radiographs, seed=0)
    in_tune = radiographs["patient_id"].isin(patients.index[patients["fold"] == "tune"])

    split = make_split(radiographs, "official", train_list=radiographs.loc[~in_tune, "image_id"])

    assert (split.groupby(place(split))["label"].sum() > 0).to_dict() == dict.fromkeys(
        ["train", "valcertify", "valtune"], True
    )
    assert not (split["part"] == "test").any()


def test_official_with_a_val_list_divides_its_patients_into_folds():
    radiographs = cohort()
    patient = make_split(radiographs, "patient")
    lists = {f"{part}_list": patient.loc[patient["part"] == part, "image_id"] for part in splits.PARTS}

    split = make_split(radiographs, "official", **lists)

    pd.testing.assert_series_equal(split["part"], patient["part"])
    positive = split[split["label"] == 1].groupby(place(split))["patient_id"].nunique()
    assert abs(positive["valtune"] - positive["valcertify"]) <= 1


def test_an_image_in_two_lists_counts_in_the_last_of_train_val_test_and_is_reported():
    radiographs = cohort()
    images = radiographs["image_id"]

    plan = splits.plan_split(radiographs, "official", train_list=images, test_list=images[:3])

    assert plan.in_two_lists == list(images[:3])
    assert set(plan.films.loc[plan.films["image_id"].isin(images[:3]), "part"]) == {"test"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "random"}, "among patient, official, balanced, small, domain, found 'random'"),
        ({"kind": "patient", "seed": -1}, "seed of 0 or more, found -1"),
        ({"kind": "small", "share": 0}, "above 0 and up to 1, found 0"),
        ({"kind": "small", "share": 1.5}, "above 0 and up to 1, found 1.5"),
        ({"kind": "balanced", "negatives": "none"}, "all or no-finding, found 'none'"),
        ({"kind": "official"}, "list of train images for an official split, found none; give --train-list"),
        ({"kind": "official", "train_list": ["x.png"]}, "found none of its .* labelled films among 1 lines"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        splits.plan_split(cohort(), **options)


def test_a_table_without_labels_findings_or_one_of_the_domains_is_refused():
    radiographs = cohort()

    with pytest.raises(InputError, match="known label, found none among"):
        splits.plan_split(radiographs.assign(label=pd.array([pd.NA] * len(radiographs), dtype="Int64")), "patient")
    with pytest.raises(InputError, match="findings of the radiographs for this domain split, found none"):
        splits.plan_split(radiographs.drop(columns="findings"), "domain")
    with pytest.raises(InputError, match=r"found 0 and [1-9]"):
        splits.plan_split(radiographs.assign(findings="Effusion"), "domain")


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no NIH table")
def test_the_published_table_splits_quickly_and_as_it_is_known():
    table = pd.read_csv(Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "Data_Entry_2017_v2020.csv.gz")
    findings = table["Finding Labels"]
    radiographs = pd.DataFrame(
        {
            "image_id": table["Image Index"],
            "patient_id": table["Patient ID"].astype(str),
            "label": findings.str.contains("Pneumothorax").astype("Int64"),
            "findings": findings,
            "view": table["View Position"],
        }
    )

    took, made = {}, {}
    for kind in ("patient", "balanced", "small", "domain", "official"):
        lists = {"train_list": radiographs["image_id"][:80_000]} if kind == "official" else {}
        began = time.monotonic()
        made[kind] = make_split(radiographs, kind, **lists)
        took[kind] = time.monotonic() - began

    patient = made["patient"]
    positive = patient[patient["label"] == 1]
    films_of = positive.groupby("patient_id").size()
    assert max(took.values()) < 10
    assert (len(patient), patient["patient_id"].nunique()) == (112_120, 30_805)
    assert (len(positive), len(films_of), films_of.median(), films_of.max()) == (5302, 1487, 2, 61)
    assert patient.groupby("part")["label"].mean().between(0.042, 0.052).all()
    inside = made["domain"]["patient_id"].isin(patient.loc[patient["part"] == "train", "patient_id"])
    assert inside.all()
