"""`dose-response`: what it refuses before anything is trained, its jobs, and the whole of it once at toy sizes."""

from __future__ import annotations

import pytest

from core.base import files, progress
from core.base.errors import InputError
from core.commands import dose_response
from core.data import split_store, synthetic
from core.data.synthetic import A_TO_B, B_TO_A
from core.evaluation import dose_store, report_store
from core.evaluation.dose_report import PREFIX
from core.models import cards
from core.synthesis import translate
from core.training.config import TrainConfig
from tests.inference import explained
from tests.synthesis import generated
from tests.training import studies

PLACE = ("dose-response", "--dataset", "tiny", "--split", "patient", "--synthetic")
QUICK = ("--image-size", "32", "--epochs", "1", "--batch-size", "8", "--weights", "none")
SMALL = ("--doses", "1", "0", "--seeds", "3", "1", *QUICK)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """Films of 60 patients with a synthetic data set of each direction."""
    folder = tmp_path_factory.mktemp("dosed")
    with explained.entered(folder) as workspace, pytest.MonkeyPatch.context() as patch:
        generated.make_films(workspace, folder, patients=60, hard=True)
        name = generated.make_generator(workspace)
        generated.use_painter(patch)
        for direction, called in ((A_TO_B, "ptx"), (B_TO_A, "nf")):
            translate.translate(workspace, name, "tiny", "domain", part="all", direction=direction, name=called)
    return folder


@pytest.fixture
def there(made_once, workspace, monkeypatch):
    """A workspace of the test's own with all that, and a classifier that is trained in no time."""
    explained.copied(made_once, workspace)
    studies.use_tiny_classifier(monkeypatch)
    return workspace


@pytest.fixture
def unfiled(queue):
    """See to it that the test files no job."""
    yield
    assert queue.newest() == []


def test_the_whole_of_it(there, queue, works, done, monkeypatch):
    summary, made = done(*PLACE, "ptx", *SMALL)

    report = dose_store.load(there, made["report_id"])
    assert made["report"] == report.to_dict()
    assert made["report_id"] == f"{PREFIX}tiny-patient-ptx"
    assert [(one.share, one.classes) for one in report.doses] == [(0, "positives"), (1, "positives")]
    test = split_store.load(there, "tiny", "patient").query("part == 'test'")
    assert (report.films, report.positive_films) == (len(test), int((test["label"] == 1).sum()))
    assert (report.synthetic, report.generator_id) == ("ptx", synthetic.card(there, "ptx").generator_id)
    assert (report.model, report.image_size, report.head_only, report.truth) == ("cnn", 32, False, "report")
    assert summary.startswith(report.sentence)
    configs = [cards.read_config(there, name) for dose in report.doses for name in dose.checkpoints]
    told = [(one["synthetic"], one["seed"]) for one in configs]
    assert told == [(None, 3), (None, 1), ("ptx", 3), ("ptx", 1)]
    learnt = [cards.read_card(there, dose.checkpoints[0])["kinds"].get("synthetic", 0) for dose in report.doses]
    assert [dose.synthetic_films for dose in report.doses] == learnt
    assert 0 == learnt[0] < learnt[1]

    (parent,) = [job for job in queue.newest(limit=99) if job.parent_id is None]
    assert parent.arguments == [*PLACE, "ptx", *SMALL]
    children = queue.children(parent.job_id)
    assert [job.arguments[0] for job in children] == ["train", "predict", "evaluate"] * 4
    plain = ("--passes", "0", "--no-augmentations")
    assert {tuple(job.arguments[-3:]) for job in children if job.arguments[0] == "predict"} == {plain}

    monkeypatch.delenv(progress.JOB_DIR)
    works.clear()
    assert done(*PLACE, "ptx", *SMALL)[1]["report"]["doses"] == made["report"]["doses"]
    assert [words[0] for words in works] == ["dose-response"]  # all steps were found done


@pytest.mark.slow
def test_a_control_a_further_dose_and_a_set_that_was_made_anew(there, works, done, monkeypatch):
    summary, made = done(*PLACE, "nf,ptx", "--control", *SMALL)

    assert "both classes (control)" in summary
    assert [(one["share"], one["classes"]) for one in made["report"]["doses"]] == [
        *((0, "positives"), (1, "positives")),
        (1, "both"),
    ]
    _, dosed, control = made["report"]["doses"]
    assert control["synthetic_films"] > dosed["synthetic_films"]
    assert cards.read_config(there, control["checkpoints"][0])["synthetic"] == "ptx,nf"
    assert any(note.startswith("Control: training with 100 % synthetic positives") for note in made["report"]["notes"])
    _asked_again_with_a_further_dose(works, done, monkeypatch)
    _a_set_that_was_made_anew(there, works, done, monkeypatch)


def _asked_again_with_a_further_dose(works, done, monkeypatch):
    """Only what is new is trained."""
    monkeypatch.delenv(progress.JOB_DIR)
    works.clear()

    made = done(*PLACE, "nf,ptx", "--control", "--doses", "1", "0", "0.5", "--seeds", "3", "1", *QUICK)[1]

    assert [words[0] for words in works] == ["dose-response", *["train", "predict", "evaluate"] * 2]
    assert [dose["share"] for dose in made["report"]["doses"]] == [0, 0.5, 1, 1]


def _a_set_that_was_made_anew(there, works, done, monkeypatch):
    """What learnt from it is trained again, the rest is not."""
    monkeypatch.delenv(progress.JOB_DIR)
    works.clear()
    path = there.synthetic_card("nf")
    files.write_json(path, files.read_json(path) | {"created_at": "2999-01-01T00:00:00+00:00"})

    done(*PLACE, "nf,ptx", "--control", *SMALL)

    again = [words[0] for words in works]
    assert again == ["dose-response", "train", "train"]  # the same checkpoints come of it, whose predictions are fresh


def test_a_step_that_fails_is_told_and_nothing_is_measured(there, works, capsys):
    from core.__main__ import main

    assert main([*PLACE, "ptx", *SMALL, "--learning-rate", "1", "--weights", "nowhere.safetensors"]) == 1

    told = capsys.readouterr().err
    assert "nowhere.safetensors" in told
    assert report_store.report_ids(there, PREFIX) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nope"], "Expected a synthetic data set, found none named 'nope'; choose from nf, ptx."),
        (["nf"], "a-to-b"),
        (["ptx,nf"], "Expected one synthetic data set without --control, found 'ptx,nf'"),
        (["ptx", "--control"], "Expected two synthetic data sets joined by a comma with --control, found 'ptx'"),
        (["ptx,ptx", "--control"], "one of each direction"),
        (["ptx", "--doses", "0.5", "1"], "with 0 among them, found 0.5 1"),
        (["ptx", "--doses", "0"], "Expected two or more different doses"),
        (["ptx", "--doses", "0", "1", "1"], "Expected two or more different doses"),
        (["ptx", "--doses", "0", "11"], "from 0 to 10"),
        (["ptx", "--seeds", "1"], "Expected two or more different seeds"),
        (["ptx", "--seeds", "1", "1"], "Expected two or more different seeds"),
        (["ptx", "--seed", "1"], "did you mean --seeds?"),
        (["ptx", "--model", "resnet"], "Option 'model'"),
        (["ptx", "--head-only", "--weights", "none"], "a head alone learns nothing"),
        (["ptx", "--truth", "nobody"], "found none named 'nobody'"),
        (["ptx", "--split", "domain"], "Expected a split with films in test that 'report' speaks of, found none"),
        (["ptx", "--split", "nope"], "found none named 'nope'"),
    ],
)
@pytest.mark.usefixtures("there", "unfiled")
def test_it_says_what_it_needs_before_anything_is_filed(words, told, refused):
    name, *options = words

    assert told in refused(*PLACE, name, *options)


def test_a_generator_that_saw_a_patient_of_test_is_refused_before_anything_is_filed(there, queue, refused):
    test = split_store.load(there, "tiny", "patient").query("part == 'test'")["patient_id"].iloc[0]
    path = there.synthetic_card("ptx")
    card = files.read_json(path)
    files.write_json(path, card | {"patients": sorted({*card["patients"], test})})

    told = refused(*PLACE, "ptx", *SMALL)

    assert told.startswith("Expected a generator that saw no patient of val or test, found 1 whom")
    assert queue.newest() == []


def test_a_generator_that_is_another_by_now_is_refused_before_anything_is_filed(there, queue, refused):
    path = there.checkpoint(synthetic.card(there, "ptx").generator_id) / cards.CARD
    files.write_json(path, files.read_json(path) | {"weights_sha256": "f" * 64})

    assert "as it was when 'ptx' was made, found another" in refused(*PLACE, "ptx", *SMALL)
    assert queue.newest() == []


def test_limits_that_no_image_keeps_are_refused_before_anything_is_filed(there, queue, refused):
    passports = synthetic.passports(there, "ptx")
    synthetic.write_passports(there, "ptx", passports.assign(cycle_error=0.5))

    assert "widen the limits" in refused(*PLACE, "ptx", *SMALL)
    assert queue.newest() == []


def test_fewer_synthetic_films_than_asked_for_are_told(there):
    words = [*PLACE[1:], "ptx", "--doses", "0", "0.5", "10", "--seeds", "0", "1", *QUICK]
    arguments = dose_response.parse(dose_response.DoseResponseArguments, words, prog="dose-response")

    (note,) = dose_response._refuse_unfit(there, arguments, dose_response._planned(arguments, ["ptx"]))

    assert note.startswith("1000 % synthetic positives: ")
    assert "could be admitted" in note


def test_an_arm_differs_from_the_others_in_the_dose_and_the_seed_only():
    words = [
        *PLACE[1:],
        "ptx",
        *SMALL,
        "--max-cycle-error",
        "0.2",
        "--label-smoothing",
        "0.1",
        "--rotation-degrees",
        "3",
    ]
    arguments = dose_response.parse(dose_response.DoseResponseArguments, words, prog="dose-response")

    none, dosed = (arm.trainings for arm in dose_response._planned(arguments, ["ptx"]))

    usual = TrainConfig.from_dict({"dataset": "tiny", "split": "patient"}).to_dict()
    alike = {"image_size": 32, "epochs": 1, "batch_size": 8, "weights": "none", "label_smoothing": 0.1}
    assert none[0].to_dict() == usual | alike | {"rotation_degrees": 3.0, "seed": 3}
    assert none[1].to_dict() == none[0].to_dict() | {"seed": 1}
    learnt = {"synthetic": "ptx", "synthetic_share": 1.0, "max_cycle_error": 0.2}
    assert dosed[0].to_dict() == none[0].to_dict() | learnt


def test_a_long_name_of_a_report_fits_and_stays_its_own():
    first, second = (dose_store.report_name("d" * 40, "s" * 40, end * 40) for end in "ab")

    assert len(first) == len(second) == report_store.LONGEST
    assert first != second


def test_a_report_that_is_not_there_is_refused(workspace):
    with pytest.raises(InputError, match="there is none yet; make one with `dose-response`"):
        dose_store.load(workspace, "dose-response-x")
