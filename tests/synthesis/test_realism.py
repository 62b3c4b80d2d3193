"""The realism report: on whom it is measured, what it says of sets whose realism is known, what it says without."""

from pathlib import Path

import numpy as np
import pytest

from core.base import files
from core.base.errors import InputError
from core.base.paths import Workspace
from core.data import radiographs, split_store, synthetic
from core.evaluation import realism_store, report_store
from core.evaluation.realism_report import RealismReport
from core.models import cards
from core.synthesis import origin, realism, realism_notes
from tests.running import environment
from tests.synthesis import real_and_made as made
from tests.training import studies


@pytest.fixture(autouse=True)
def _tiny(monkeypatch) -> None:
    studies.use_tiny_classifier(monkeypatch)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> tuple[Workspace, RealismReport]:
    """A small set with a faint texture, measured without a classifier."""
    return entered(tmp_path_factory.mktemp("alone"), patients=40, texture=40.0, classifier=False, epochs=3)


@pytest.fixture(scope="module")
def textured(tmp_path_factory) -> tuple[Workspace, RealismReport]:
    """A set with a texture that nobody can miss, and a classifier."""
    return entered(tmp_path_factory.mktemp("textured"), patients=80, texture=60.0, classifier=True, epochs=8)


def entered(
    folder: Path, *, patients: int, texture: float, classifier: bool, epochs: int
) -> tuple[Workspace, RealismReport]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        studies.use_tiny_classifier(patch)
        workspace = Workspace()
        made.make(workspace, folder, patients=patients, texture=texture)
        if classifier:
            made.classifier(workspace)
        return workspace, realism.measure(workspace, made.NAME, epochs=epochs)


def measured(workspace, **options) -> RealismReport:
    return realism.measure(workspace, made.NAME, epochs=3, **options)


def test_without_a_classifier_all_is_measured_that_needs_none(alone):
    workspace, report = alone

    assert report.classifier_id is None
    assert "no classifier of pneumothorax yet" in report.classifier_reason
    for one in (report.fid, report.kid, report.kid_reconstructed, report.precision, report.recall, report.shift):
        assert (one.value, one.reason) == (None, report.classifier_reason)
    assert report.maps.real is None
    assert report.maps.reason == report.classifier_reason
    assert report.origin.auroc.value is not None
    assert len(report.spectrum.frequencies) == len(report.spectrum.synthetic) == made.SIZE // 2
    assert np.shape(report.change_map) == (made.SIZE, made.SIZE)
    assert realism_store.load(workspace, made.NAME) == report


def test_only_parents_and_films_that_the_generator_did_not_see_are_measured(alone):
    workspace, report = alone

    split = split_store.load(workspace, made.DATASET, made.SPLIT)
    val = split[split["part"] == "val"]
    negative, positive = (val[val["label"] == label] for label in (0, 1))
    assert (report.images, report.image_patients) == (len(negative), negative["patient_id"].nunique())
    assert (report.films, report.film_patients) == (len(positive), positive["patient_id"].nunique())
    assert report.kinds == {"real": len(val)}


def test_a_set_of_which_the_generator_saw_every_parent_is_refused(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)
    card = files.read_json(workspace.synthetic_card(made.NAME))
    everybody = radiographs.load(workspace, made.NAME)["patient_id"].unique().tolist()
    files.write_json(workspace.synthetic_card(made.NAME), card | {"patients": sorted(everybody)})
    generator = workspace.checkpoint(made.GENERATOR) / cards.CARD
    files.write_json(generator, files.read_json(generator) | {"patients": sorted(everybody)})

    with pytest.raises(InputError, match=r"images of parents that the generator did not see, found none .*--part all"):
        measured(workspace)


def test_a_set_whose_generator_is_another_by_now_is_refused(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)
    card = files.read_json(workspace.synthetic_card(made.NAME))
    files.write_json(workspace.synthetic_card(made.NAME), card | {"generator_sha256": "f" * 64})

    with pytest.raises(InputError, match=f"Expected the generator {made.GENERATOR} as it was when"):
        measured(workspace)


def test_images_drawn_as_films_are_have_no_distance_and_a_texture_has_one(workspace, tmp_path):
    made.make(workspace, tmp_path / "plain")
    made.classifier(workspace)
    plain = measured(workspace)

    assert plain.kid.low < 0 < plain.kid.high
    assert plain.kid_films.low < 0 < plain.kid_films.high
    assert plain.precision.value > 0.5
    assert plain.recall.value > 0.5
    assert plain.fid.value is None
    assert "2,000" in plain.fid.reason
    assert plain.shift.low > 0.1, "films without a finding became films with a pneumothorax"
    assert np.shape(plain.maps.real) == (7, 7)
    np.testing.assert_allclose(plain.maps.difference, np.subtract(plain.maps.synthetic, plain.maps.real))
    assert not any("learnt from patients" in note for note in plain.notes)


def test_a_texture_is_seen_by_every_measure(textured):
    _, report = textured

    assert report.kid.low > report.kid_films.value
    assert report.spectrum.gap_synthetic > 0.1
    strongest = np.argmax(np.subtract(report.spectrum.synthetic, report.spectrum.real))
    assert report.spectrum.frequencies[strongest] == 0.25  # the texture's own
    assert report.origin.auroc.value > 0.9


def test_films_there_and_back_by_an_untrained_generator_are_told_from_films(textured):
    _, report = textured

    assert report.spectrum.gap_reconstructed > 0.3
    assert report.kid_reconstructed.low > 0


def test_every_image_gets_its_probability_of_being_real(textured):
    workspace, report = textured

    told = synthetic.passports(workspace, made.NAME)

    assert set(told["origin_id"]) == {report.origin.checkpoint_id}
    assert told["real_probability"].between(0, 1).all()
    assert told["real_probability"].mean() < 0.3


def test_the_classifier_of_origin_is_trained_once(alone, monkeypatch):
    workspace, first = alone
    monkeypatch.setattr(origin, "train", None)

    again = measured(workspace)

    assert again.origin == first.origin
    assert again.spectrum == first.spectrum


def test_a_copy_of_a_training_film_counts_as_memorised(alone):
    assert alone[1].memorised == 1


def test_regions_say_where_translations_change_more_than_there_and_back(alone):
    workspace, report = alone

    regions = {region.name: region for region in report.regions}

    told = synthetic.passports(workspace, made.NAME)
    val = told[told["part"] == "val"]
    assert regions["lung"].more.value == 1
    assert regions["lung"].inside.value == pytest.approx(val["change_in_lung"].mean())
    assert regions["rim"].more.value == (val["reconstruction_in_region"] < 0.2).mean()
    assert regions["rim"].images == len(val)


def test_where_there_is_too_little_to_learn_origin_from_the_reason_is_told(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)
    path = workspace.radiographs(made.NAME)
    table = files.read_parquet(path)
    files.write_parquet(path, table[table["part"] == "val"])

    report = measured(workspace)

    assert report.origin.checkpoint_id is None
    assert "in the part train of split 'domain', found 0 and" in report.origin.reason
    assert report.origin.auroc.value is None
    assert synthetic.passports(workspace, made.NAME)["real_probability"].isna().all()


def test_films_that_the_classifier_learnt_from_are_told(textured):
    workspace, _ = textured
    card = cards.read_card(workspace, cards.checkpoint_ids(workspace)[0])
    split = split_store.load(workspace, made.DATASET, "patient")
    films = {part: split[split["part"] == part] for part in ("train", "val")}

    assert realism_notes.learnt_by(workspace, card, {"films": films["val"]}) == []
    (note,) = realism_notes.learnt_by(workspace, card, {"films": films["val"], "parents": films["train"]})
    assert "learnt from patients of 0 of 80 films and 80 of 80 parents" in note
    (note,) = realism_notes.learnt_by(workspace, card | {"split_sha256": "0" * 64}, {"films": films["val"]})
    assert "may have learnt from these films" in note


def test_no_other_report_is_taken_for_this_one(alone):
    workspace, _ = alone

    with pytest.raises(InputError, match="what this version writes"):
        report_store.load(workspace, f"realism-{made.NAME}")
    with pytest.raises(InputError, match="a realism report of 'none', found none"):
        realism_store.load(workspace, "none")


def test_a_set_with_a_long_name_has_its_report(workspace):
    first, second = ("x" * 79 + end for end in "ab")

    assert realism_store.path_of(workspace, first) != realism_store.path_of(workspace, second)
    assert len(realism_store.report_name(first)) == report_store.LONGEST


def test_images_without_a_passport_are_told_before_anything_is_trained(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)
    passports = synthetic.passports(workspace, made.NAME)
    synthetic.write_passports(workspace, made.NAME, passports.iloc[1:])

    with pytest.raises(InputError, match=rf"found none for 1 of {len(passports)}; remove its folder"):
        measured(workspace)

    synthetic.write_passports(workspace, made.NAME, passports.assign(generator_sha256="f" * 64))
    with pytest.raises(InputError, match=rf"found none for {len(passports)} of {len(passports)}"):
        measured(workspace)
    assert cards.checkpoint_ids(workspace, task=cards.ORIGIN) == []


def test_parents_that_are_other_pictures_by_now_are_refused(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)
    path = workspace.radiographs(made.DATASET)
    table = files.read_parquet(path)
    parent = radiographs.load(workspace, made.NAME)["parent_image_id"].iloc[0]
    files.write_parquet(path, table.assign(sha256=table["sha256"].mask(table["image_id"] == parent, "0" * 64)))
    split = split_store.load(workspace, made.DATASET, made.SPLIT)
    split_store.save(workspace, made.DATASET, made.SPLIT, split, kind="domain", seed=0)

    with pytest.raises(InputError, match=rf"Expected the parents of '{made.NAME}' as they were translated, found 1 of"):
        measured(workspace)
