"""Every command as it is typed: its exit status, its sentence, its `--json`; and no traceback for bad input."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.__main__ import COMMANDS, main
from core.base.paths import ROOT, Workspace
from core.data import radiographs
from core.jobs import worker
from core.jobs.queue import JobQueue

HARD_NAMES = ["", "a/b", "../x", "/etc", ".hidden", "naïve", "a b", "a\nb", "n" * 81]
OPTIONS = {"model": "cnn", "dataset": "phantoms", "split": "patient"}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """A workspace with phantoms, the same as a table only, real films, and a phantom checkpoint's card."""
    folder = tmp_path_factory.mktemp("indexed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLEURASCOPE_WORKSPACE", str(folder / "workspace"))
        patch.delenv("PLEURASCOPE_JOB_DIR", raising=False)
        source = folder / "source"
        csv, images = str(source / "Data_Entry_2017_v2020.csv"), str(source / "images")
        assert main(["phantom", str(source), "--patients", "12", "--size", "32"]) == 0
        assert main(["index", "nih", "--csv", csv, "--images", images, "--name", "phantoms"]) == 0
        assert main(["split", "phantoms", "--kind", "patient", "--name", "patient"]) == 0
        assert main(["index", "nih", "--csv", csv, "--name", "table"]) == 0
        assert main(["split", "table", "--kind", "patient", "--name", "patient"]) == 0
        for name in ("pneumothorax", "normal"):
            (folder / "real" / name).mkdir(parents=True)
            for number in range(4):
                film = np.random.default_rng(number).integers(0, 255, (32, 32), dtype=np.uint8)
                Image.fromarray(film + len(name)).save(folder / "real" / name / f"{name}{number}.png")
        assert main(["index", "folder", "--images", str(folder / "real"), "--name", "real"]) == 0
    card = {
        "model": "cnn",
        "kinds": {"phantom": 10},
        "operating_points": {},
        "checkpoint_id": "learnt",
        "created_at": "2025-01-01",
    }
    card["weights_sha256"] = "f" * 64
    (folder / "checkpoints" / "learnt").mkdir(parents=True)
    (folder / "checkpoints" / "learnt" / "card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def films(tmp_path, indexed, workspace, capsys):
    """A copy of the indexed workspace that a test may change."""
    shutil.copytree(indexed, tmp_path, dirs_exist_ok=True)
    capsys.readouterr()
    return workspace


def table(folder, *rows, header="Image Index,Finding Labels,Patient ID"):
    path = folder / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


# All commands


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["--json"], ["--json", "--help"]])
def test_without_a_command_the_commands_are_listed(words, capsys):
    assert main(words) == 0

    told, complaint = capsys.readouterr()
    assert [line.split()[0] for line in told.splitlines() if line.startswith("  ")] == list(COMMANDS)
    assert complaint == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m core {name} ")


@pytest.mark.parametrize("name", ["phantm", "", "nothing", "__main__", "jobs.queue", "../jobs", "a\nb", "--version"])
def test_a_command_that_does_not_exist_is_refused(name, refused):
    assert refused(name).startswith(f"Expected a command, found {name!r}; ")


def test_the_near_command_is_offered(refused):
    assert refused("phantm") == "Expected a command, found 'phantm'; did you mean 'phantom'?"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_an_unknown_flag(name, workspace, refused):
    assert "found '--no-such-flag'" in refused(name, "--no-such-flag")


@pytest.mark.parametrize("name", ["phantom", "index", "split", "train", "predict", "evaluate", "jobs"])
def test_every_command_says_what_is_missing(name, workspace, refused):
    assert f"for `python -m core {name}`, found none" in refused(name)


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "jobs", "list"],
        ["jobs", "--json", "list"],
        ["jobs", "list", "--json"],
        ["jobs", "list", "--json", "--json"],
    ],
)
def test_json_may_stand_anywhere(words, queue, capsys):
    assert main(words) == 0

    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"jobs": []}


def test_bad_input_prints_no_json(workspace, refused):
    refused("jobs", "show", "1", "--json")


def test_a_refused_job_says_so_in_its_folder(workspace, tmp_path, monkeypatch, refused):
    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(tmp_path))

    sentence = refused("split", "nope", "--kind", "patient", "--name", "p")

    assert json.loads((tmp_path / "outcome.json").read_text()) == {"state": "failed", "message": sentence}


def test_a_finished_job_says_what_it_made(queue, tmp_path, monkeypatch, done):
    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(tmp_path))

    done("jobs", "list")

    assert json.loads((tmp_path / "outcome.json").read_text()) == {"state": "done", "made": {"jobs": []}}


def test_a_job_folder_that_is_gone_stops_nothing(queue, tmp_path, monkeypatch, done):
    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(tmp_path / "gone"))

    done("jobs", "list")


def test_an_interrupt_ends_without_a_traceback(queue, tmp_path, monkeypatch, capsys):
    def interrupted(_queue, **_options):
        raise KeyboardInterrupt

    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(tmp_path))
    monkeypatch.setattr(JobQueue, "newest", interrupted)

    assert main(["jobs", "list"]) == 1

    assert capsys.readouterr() == ("", "Stopped on request; what was finished is kept.\n")
    assert json.loads((tmp_path / "outcome.json").read_text())["state"] == "cancelled"


def test_a_stop_that_was_asked_for_before_the_work_began_is_heard(films, tmp_path, monkeypatch, capsys):
    job = tmp_path / "job"
    job.mkdir()
    (job / "stop").touch()
    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(job))

    assert main(["train", "cnn", "--dataset", "phantoms", "--split", "patient"]) == 1

    assert capsys.readouterr().err == "Stopped on request; what was finished is kept.\n"
    assert json.loads((job / "outcome.json").read_text()) == {
        "state": "cancelled",
        "message": "Stopped on request; what was finished is kept.",
    }


def test_a_failure_that_nobody_foresaw_is_status_1_and_kept_for_the_dashboard(queue, tmp_path, monkeypatch, capsys):
    def broken(_queue, **_options):
        return 1 / 0

    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(tmp_path))
    monkeypatch.setattr(JobQueue, "newest", broken)

    assert main(["jobs", "list"]) == 1

    assert "Traceback" in capsys.readouterr().err
    message = json.loads((tmp_path / "outcome.json").read_text())["message"]
    assert message == "ZeroDivisionError: division by zero"


def test_a_reader_that_has_seen_enough_is_no_error(workspace):
    queue = JobQueue(workspace)
    for number in range(3):
        queue.file("x" * 100_000, ["nothing", str(number)], by="Ada")  # more than a pipe holds
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run(
        [sys.executable, "-m", "core", "jobs", "list"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
    )
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, "")


# phantom


def test_phantom_tells_what_it_wrote(tmp_path, done):
    summary, made = done("phantom", str(tmp_path / "out"), "--patients", "2", "--size", "32")

    assert summary.startswith(f"{made['films']} films of 2 patients in {tmp_path / 'out'}")
    assert (tmp_path / "out" / "Data_Entry_2017_v2020.csv").samefile(made["csv"])


@pytest.mark.parametrize(
    ("option", "value"),
    [("patients", "0"), ("patients", "-3"), ("patients", "1e3"), ("patients", "nan"), ("patients", "100001"),
     ("size", "31"), ("size", "2048"), ("seed", "-1"), ("reader-size", "8")],
)  # fmt: skip
def test_phantom_refuses_what_is_out_of_range(option, value, tmp_path, refused):
    sentence = refused("phantom", str(tmp_path / "out"), f"--{option}", value)

    assert sentence.startswith(f"Option '{option.replace('-', '_')}': input should be")
    assert f"found '{value}'" in sentence
    assert not (tmp_path / "out").exists()


def test_phantom_writes_over_nobody_s_files(tmp_path, refused):
    (tmp_path / "thesis.doc").write_text("mine")

    assert "to be a new or empty folder, found other files in it" in refused("phantom", str(tmp_path))
    assert "to be a new or empty folder" in refused("phantom", str(tmp_path / "thesis.doc"))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


# index


def test_index_counts_what_it_read_and_left_out(workspace, tmp_path, done):
    csv = table(tmp_path, "a.png,Pneumothorax|Mass,1", "b.png,No Finding,1", "c.png,,2", "too,few")

    summary, made = done("index", "nih", "--csv", csv, "--name", "own")

    assert summary.startswith(
        "Data set 'own': 3 radiographs of 2 patients, 1 with a pneumothorax, 1 without, 1 unknown"
    )
    assert "left out: 1 not 3 cells in the row (such as row 5)" in summary
    assert made["dataset"] == "own"
    assert made["report"]["indexed"] == 3
    assert radiographs.dataset_names(workspace) == ["own"]


@pytest.mark.parametrize("name", HARD_NAMES)
def test_index_refuses_a_name_that_is_a_path(name, workspace, tmp_path, refused):
    csv = table(tmp_path, "a.png,No Finding,1")

    assert "Expected a data set name of 1 to 80 letters" in refused("index", "nih", "--csv", csv, "--name", name)
    assert not workspace.root.exists()


@pytest.mark.parametrize("form", ["nih", "folder"])
@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"a\n1\n", b"image_path\na.png\n", b"\xff\xfe\x00\x01", b"\x1f\x8bno gzip", b'"open\n']
)
def test_index_refuses_a_file_that_is_no_such_table(content, form, workspace, tmp_path, refused):
    csv = tmp_path / "t.csv"
    csv.write_bytes(content)

    assert "t.csv" in refused("index", form, "--csv", str(csv), "--name", "own")


def test_index_refuses_a_table_of_nothing_but_a_header(workspace, tmp_path, refused):
    assert "Expected rows" in refused("index", "nih", "--csv", table(tmp_path), "--name", "own")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nih", "--name", "own"], "Expected --csv with the NIH table"),
        (["folder", "--name", "own"], "Expected --images (folders named by class) or --csv"),
        (["dicom", "--name", "own"], "Expected --images, the folder of the images, for `index dicom`, found none"),
        (["nih", "--csv", "nowhere.csv", "--name", "own"], "Expected a CSV file at nowhere.csv, found none"),
        (["nih", "--csv", "HERE", "--name", "own"], "found a folder; check the path"),
        (["nih", "--csv", "TABLE", "--images", "nowhere", "--name", "own"], "found no such folder; check --images"),
        (["nih", "--csv", "TABLE", "--images", "TABLE", "--name", "own"], "found no such folder; check --images"),
        (["nih", "--csv", "TABLE", "--images", "HERE", "--name", "own"], "found no PNG or JPEG file"),
        (["folder", "--images", "HERE", "--name", "own"], "Expected images in folders named pneumothorax and normal"),
    ],
)
def test_index_says_what_it_needs(words, told, workspace, tmp_path, refused):
    places = {"HERE": str(tmp_path), "TABLE": table(tmp_path, "a.png,No Finding,1")}

    assert told in refused("index", *(places.get(word, word) for word in words))


def test_of_a_flag_given_twice_the_last_counts(workspace, tmp_path, done):
    csv = table(tmp_path, "a.png,No Finding,1")

    _, made = done("index", "nih", "--csv", "nowhere.csv", "--name", "first", "--csv", csv, "--name", "second")

    assert made["dataset"] == "second"


def test_index_leaves_out_what_is_no_image_and_says_why(workspace, tmp_path, done):
    images = tmp_path / "images"
    images.mkdir()
    Image.fromarray(np.arange(1024, dtype=np.uint8).reshape(32, 32)).save(images / "good.png")
    (images / "folder.png").mkdir()
    (images / "empty.png").write_bytes(b"")
    (images / "text.png").write_bytes(b"not a picture")
    (images / "astray.png").symlink_to(tmp_path / "nowhere")
    names = ["good", "folder", "empty", "text", "astray", "absent"]
    csv = table(tmp_path, *(f"{name}.png,No Finding,{number}" for number, name in enumerate(names)))

    _, made = done("index", "nih", "--csv", csv, "--images", str(images), "--name", "own")

    assert radiographs.load(workspace, "own")["image_id"].tolist() == ["good.png"]
    assert sum(found["count"] for found in made["report"]["left_out"].values()) == 5


def test_an_index_that_fails_keeps_the_data_set_of_that_name(films, tmp_path, refused):
    before = radiographs.load(films, "phantoms")

    refused("index", "nih", "--csv", table(tmp_path), "--name", "phantoms")

    pd.testing.assert_frame_equal(radiographs.load(films, "phantoms"), before)


# split


def test_split_tells_the_parts_and_the_audit(films, done):
    summary, made = done("split", "phantoms", "--kind", "patient", "--name", "again")

    assert summary.startswith("Split 'again' (patient) of 'phantoms':\n  train ")
    assert summary.endswith("no leak found")
    assert made["certificate"]["audit"]["passed"]
    assert made["certificate"]["audit"]["checked_pixels"]


def test_split_of_a_table_says_that_pixels_were_not_checked(films, done):
    _, made = done("split", "table", "--kind", "patient", "--name", "again")

    assert not made["certificate"]["audit"]["checked_pixels"]


@pytest.mark.parametrize("name", HARD_NAMES)
def test_split_refuses_a_name_that_is_a_path(name, films, refused):
    assert "Expected a split name" in refused("split", "phantoms", "--kind", "patient", "--name", name)
    assert "Expected a data set name" in refused("split", name, "--kind", "patient", "--name", "x")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nope", "--kind", "patient"], "found none named 'nope'; choose from phantoms, real, table."),
        (["phantoms", "--kind", "zigzag"], "Option 'kind': input should be 'patient', 'official'"),
        (["phantoms", "--kind", "small", "--share", "0"], "Option 'share': input should be greater than 0"),
        (["phantoms", "--kind", "small", "--share", "1.1"], "Option 'share': input should be less than or equal to 1"),
        (["phantoms", "--kind", "small", "--share", "nan"], "Option 'share': input should be a finite number"),
        (
            ["phantoms", "--kind", "patient", "--seed", "-1"],
            "Option 'seed': input should be greater than or equal to 0",
        ),
        (["phantoms", "--kind", "patient", "--seed", "1.5"], "Option 'seed': input should be a valid integer"),
        (["phantoms", "--kind", "official"], "found none; give --train-list."),
        (["phantoms", "--kind", "official", "--train-list", "nowhere"], "found none that can be read at 'nowhere'"),
        (["phantoms", "--kind", "official", "--train-list", "HERE"], "Is a directory"),
        (["phantoms", "--kind", "official", "--train-list", "EMPTY"], "found none of its"),
        (["phantoms", "--kind", "official", "--train-list", "BYTES"], "can't decode byte"),
        (["phantoms", "--kind", "official", "--train-list", "~no_such_user/x"], "could not determine home directory"),
        (["phantoms", "extra", "--kind", "patient"], "found 'extra'"),
    ],
)
def test_split_says_what_it_needs(words, told, films, tmp_path, refused):
    places = {"HERE": tmp_path, "EMPTY": tmp_path / "empty", "BYTES": tmp_path / "bytes"}
    places["EMPTY"].write_text("")
    places["BYTES"].write_bytes(b"\xff\xfe\x00")

    assert told in refused("split", *(str(places.get(word, word)) for word in words), "--name", "new")
    assert not films.split("phantoms", "new").exists()


def test_split_names_a_film_that_is_gone(films, tmp_path, refused):
    table_path = films.radiographs("real")
    moved = pd.read_parquet(table_path)
    moved.assign(path=str(tmp_path / "gone.png")).to_parquet(table_path)

    assert "where it was indexed, found: missing; run index again." in refused(
        "split", "real", "--kind", "patient", "--name", "p"
    )


# train


def test_train_refuses_a_table_without_images(films, refused):
    assert refused("train", "cnn", "--dataset", "table", "--split", "patient") == (
        "Expected a data set with images to train on, found that 'table' is a table only; index it with --images."
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["resnet"],
            "Option 'model': expected one of cnn, multitask, vit, resnet18, densenet121, efficientnet_b0, cyclegan, "
            "real-vs-synthetic, found",
        ),
        (["cnn", "--dataset", "nope"], "found none named 'nope'; choose from phantoms, real, table."),
        (["cnn", "--split", "nope"], "found none named 'nope'; choose from patient."),
        (["cnn", "--dataset", "a/b"], "Expected a data set name"),
        (["cnn", "--split", "../p"], "Expected a split name"),
        (["cnn", "--labels", "nobody"], "found none named 'nobody'; choose from report, phantom."),
        (["cnn", "--epochs", "0"], "Option 'epochs'"),
        (["cnn", "--epochs", "-1"], "Option 'epochs'"),
        (["cnn", "--image-size", "33"], "Option 'image_size': input should be a multiple of 16"),
        (["cnn", "--learning-rate", "nan"], "Option 'learning_rate'"),
        (["cnn", "--learning-rate", "0"], "Option 'learning_rate'"),
        (["cnn", "--clip-norm", "inf"], "Option 'clip_norm': input should be a finite number, found 'inf'"),
        (["cnn", "--seed", str(2**31)], "Option 'seed'"),
        (["cnn", "--weights", "nowhere.safetensors"], "nowhere.safetensors"),
        (["cnn", "--weights", "imagenet"], "PLEURASCOPE_ONLINE=1"),
        (["cnn", "--vit-size", "base"], "Option 'vit_size' belongs to vit, found it with cnn"),
        (["cnn", "--head-only", "--weights", "none"], "Option 'head_only': a head alone learns nothing"),
        (["cnn", "--label-smoothing", "0.5"], "Option 'label_smoothing'"),
        (["cnn", "--ema-decay", "1"], "Option 'ema_decay'"),
        (["cnn", "--processes", "0"], "Option 'processes'"),
        (["cnn", "--imbalance", "sampling"], "Option 'imbalance'"),
        (["cnn", "--horizontal-flip", "1"], "found '1'"),
        (["cnn", "--optimisation", "x"], "found '--optimisation'"),
        (["cnn", "--epoch", "3"], "did you mean --epochs?"),
    ],
)
def test_train_says_what_it_needs(words, told, films, refused):
    model, *options = words

    assert told in refused("train", model, "--dataset", "phantoms", "--split", "patient", *options)
    assert [path.name for path in films.checkpoints.iterdir()] == ["learnt"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "found none that can be read at 'job.json'"),
        (b"{epochs: 3}", "Expecting property name"),
        (b"\xff\xfe{", "can't decode byte"),
        (b"[" * 100_000, "maximum recursion depth"),
        (b"[1]", "found a list"),
        (b"null", "found a NoneType"),
        (b'"cnn"', "found a str"),
        (json.dumps(OPTIONS | {"epoch": 3}).encode(), "found 'epoch'; did you mean 'epochs'?"),
        (json.dumps(OPTIONS | {"optimisation": {"epochs": 3}}).encode(), "found 'optimisation'; choose from"),
        (json.dumps(OPTIONS | {"a\nb": 3}).encode(), r"found 'a\nb'; choose from"),
        (json.dumps(OPTIONS | {"split": None}).encode(), "Option 'split': input should be a valid string, found None"),
        (json.dumps(OPTIONS | {"model": ["cnn"]}).encode(), "Option 'model': input should be a valid string"),
        (json.dumps(OPTIONS | {"epochs": True, "batch_size": "many"}).encode(), "Option"),
        (json.dumps(OPTIONS | {"learning_rate": float("nan")}).encode(), "Option 'learning_rate'"),
        (json.dumps(OPTIONS | {"clip_norm": float("inf")}).encode(), "input should be a finite number, found inf"),
        (json.dumps(OPTIONS | {"dataset": "x" * 5000}).encode(), "Expected a data set name"),
        (json.dumps(OPTIONS | {"dataset": "nope"}).encode(), "found none named 'nope'"),
    ],
)
def test_train_refuses_a_job_file_that_it_cannot_use(content, told, films, tmp_path, refused):
    path = tmp_path / "job.json"
    path.write_bytes(content)

    assert told in refused("train", "--job", str(path))


def test_train_refuses_a_job_file_that_is_not_there(films, tmp_path, refused):
    assert "No such file" in refused("train", "--job", str(tmp_path / "nowhere.json"))
    assert "Is a directory" in refused("train", "--job", str(tmp_path))
    assert "File name too long" in refused("train", "--job", "x" * 5000)
    refused("train", "--job")
    refused("train", "--job", str(tmp_path / "nowhere.json"), "--epochs", "3")


def test_an_estimate_says_how_long_a_training_would_take_and_trains_nothing(films, done, monkeypatch):
    from core.training import probe
    from core.training.estimate import Speed

    speed = Speed(learnt_per_s=0.5, read_per_s=2.0, device="cpu", measured_at="2026-11-24T10:00:00+00:00")
    asked = []
    monkeypatch.setattr(probe, "measure", lambda config: (asked.append(config), speed)[1])
    words = ("train", "cnn", "--dataset", "phantoms", "--split", "patient", "--epochs", "10", "--estimate")

    first, second = done(*words)[1], done(*words)[1]

    assert len(asked) == 1  # measured once, then known
    assert first == second
    assert first["estimate_s"] > 10
    assert first["learnt_per_s"] == 0.5
    assert [path.name for path in films.checkpoints.iterdir()] == ["learnt"]


# ensemble


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Expected two or more different checkpoints, found none"),
        (["learnt"], "Expected two or more different checkpoints, found learnt"),
        (["learnt", "learnt"], "Expected two or more different checkpoints"),
        (["learnt", "nope"], "found none named 'nope'"),
        (["learnt", "nope", "--fusion", "vote"], "Option 'fusion'"),
        (["learnt", "nope", "--split", "nope"], "found none named 'nope'; choose from patient."),
    ],
)
def test_ensemble_says_what_it_needs(words, told, films, refused):
    place = ("--dataset", "phantoms") + (() if "--split" in words else ("--split", "patient"))

    assert told in refused("ensemble", *words, *place)


# predict


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nope", "--dataset", "phantoms"], "Expected a checkpoint, found none named 'nope'"),
        (["../learnt", "--dataset", "phantoms"], "Expected a checkpoint name"),
        (["", "--dataset", "phantoms"], "Expected a checkpoint name"),
        (["learnt", "--dataset", "nope"], "found none named 'nope'; choose from phantoms, real, table."),
        (["learnt", "--dataset", "phantoms", "--split", "nope"], "found none named 'nope'; choose from patient."),
        (["learnt", "--dataset", "phantoms", "--part", "test"], "Expected --split with --part test, found none"),
        (["learnt", "--dataset", "phantoms", "--split", "patient", "--part", "dev"], "input should be 'train', 'val'"),
        (["learnt", "learnt", "--dataset", "phantoms"], "found 'learnt'"),
        (
            ["learnt", "--dataset", "phantoms", "--passes", "1"],
            "Expected --passes from 2 to 1000, or 0 for none, found 1",
        ),
        (["learnt", "--dataset", "phantoms", "--passes", "1001"], "input should be less than or equal to 1000"),
    ],
)
def test_predict_says_what_it_needs(words, told, films, refused):
    assert told in refused("predict", *words)


def test_a_checkpoint_of_phantoms_refuses_real_films(films, refused):
    assert refused("predict", "learnt", "--dataset", "real") == (
        "Expected radiographs of the kind this checkpoint learnt from (phantom), found 8 real of 8; "
        "use a checkpoint trained on real radiographs."
    )
    assert not (films.root / "predictions").exists()


# evaluate


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nope", "--dataset", "phantoms", "--split", "patient", "--part", "test"], "Expected a checkpoint"),
        (["learnt", "--dataset", "nope", "--split", "patient", "--part", "test"], "Expected an indexed data set"),
        (["learnt", "--dataset", "phantoms", "--split", "nope", "--part", "test"], "Expected a split of data set"),
        (["learnt", "--dataset", "phantoms", "--split", "patient", "--part", "all"], "Option 'part'"),
        (["learnt", "--dataset", "phantoms", "--split", "patient"], "Expected --part"),
    ],
)
def test_evaluate_says_what_it_needs(words, told, films, refused):
    assert told in refused("evaluate", *words)


def test_evaluate_names_the_truths_there_are(films, refused):
    place = ("--dataset", "phantoms", "--split", "patient", "--part", "test")

    assert "choose from report, phantom." in refused("evaluate", "learnt", *place, "--truth", "nobody")


def test_evaluate_before_predict_says_which_command_comes_first(films, refused):
    place = "--dataset phantoms --split patient --part test"

    assert refused("evaluate", "learnt", *place.split()) == (
        "Expected predictions of learnt for phantoms/patient, part test, as it is now, found none; "
        f"run `python -m core predict learnt {place}` first."
    )


def _predict_a_half(films, part="train"):
    """Write what `predict` would, with the probability 0.5 for every film of a part."""
    split = pd.read_parquet(films.split("phantoms", "patient"))
    table = split[split["part"] == part].merge(pd.read_parquet(films.radiographs("phantoms"))[["image_id", "sha256"]])
    table = table.rename(columns={"sha256": "image_sha256"})
    path = films.predictions("learnt", "phantoms", "patient", "train")
    path.parent.mkdir(parents=True)
    table.assign(probability=0.5, weights_sha256="f" * 64).to_parquet(path)


@pytest.mark.parametrize(
    ("part", "changed", "told"),
    [
        ("test", {}, "those of other films, since the split was made anew"),
        ("train", {"image_sha256": "0"}, "those of other pixels, since the data set was indexed anew"),
        ("train", {"weights_sha256": "0"}, "those of other weights"),
    ],
)
def test_stale_predictions_are_not_measured(films, refused, part, changed, told):
    _predict_a_half(films, part)
    if changed:
        path = films.predictions("learnt", "phantoms", "patient", "train")
        pd.read_parquet(path).assign(**changed).to_parquet(path)

    words = ("evaluate", "learnt", "--dataset", "phantoms", "--split", "patient", "--part", "train")

    assert told in refused(*words)


def test_evaluate_without_an_operating_point_measures_what_needs_none(films, done):
    _predict_a_half(films)

    summary, made = done(
        "evaluate", "learnt", "--dataset", "phantoms", "--split", "patient", "--part", "train", "--truth", "phantom"
    )

    assert "learnt on phantoms/patient, train (phantom), against phantom:" in summary
    assert made["report"]["metrics"]["auroc"]["value"] == 0.5
    assert made["report"]["metrics"]["sensitivity"]["value"] is None
    assert films.report(made["report"]["report_id"]).exists()


# jobs


def test_an_empty_queue_is_an_answer(queue, done):
    assert done("jobs", "list") == ("No jobs yet; `python -m core demo` makes the first.", {"jobs": []})


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("7", "Expected the number of a job, found 7"),
        ("0", "Expected the number of a job, found 0"),
        ("-1", "Expected the number of a job, found -1"),
        ("x", "Option 'job_id': input should be a valid integer"),
        ("1.5", "Option 'job_id': input should be a valid integer"),
        ("nan", "Option 'job_id': input should be a valid integer"),
        (str(10**30), "Option 'job_id': input should be less than or equal to"),
        ("", "Option 'job_id': input should be a valid integer"),
    ],
)
def test_a_job_that_does_not_exist_is_refused(number, told, queue, refused):
    for action in ("show", "cancel", "resume"):
        assert told in refused("jobs", action, number)


def test_an_action_on_a_job_needs_its_number(queue, refused):
    for action in ("show", "cancel", "resume"):
        assert f"Expected the number of the job to {action}, found none" in refused("jobs", action)


def test_the_number_of_a_job_is_no_flag(queue, refused):
    assert refused("jobs", "show", "--job-id", "1") == (
        "Expected only options of `python -m core jobs`, found '--job-id'; "
        "`python -m core jobs --help` lists what is expected."
    )


def test_an_action_that_does_not_exist_is_refused(queue, refused):
    assert "Option 'action': input should be 'list', 'show'" in refused("jobs", "kill", "1")


def test_a_job_is_listed_shown_cancelled_and_resumed(queue, done, refused):
    job = queue.file("Größe × 2", ["split", "x"], by="Ada")
    (queue.folder(job.job_id) / "log.txt").write_text("first\nlast\n")

    assert "Größe × 2" in done("jobs", "list")[0]
    shown, made = done("jobs", "show", "1")
    assert shown.endswith("first\nlast")
    assert made["job"]["arguments"] == ["split", "x"]
    assert "there is nothing to resume" in refused("jobs", "resume", "1")
    assert done("jobs", "cancel", "1")[1] == {"job_id": 1}
    assert "there is nothing to cancel" in refused("jobs", "cancel", "1")
    assert done("jobs", "resume", "1")[1] == {"job_id": 1}
    assert queue.get(1).state == "queued"


@pytest.mark.parametrize(("worked", "told"), [(True, "The worker has ended."), (False, "A worker runs here already.")])
def test_the_worker_says_how_it_ended(worked, told, workspace, monkeypatch, done):
    monkeypatch.setattr(worker, "run", lambda _workspace, *, until_idle: worked and until_idle)

    assert done("jobs", "worker", "--until-idle") == (told, {})


def test_the_workspace_of_a_command_is_that_of_the_settings(films):
    assert radiographs.dataset_names(Workspace()) == ["phantoms", "real", "table"]
