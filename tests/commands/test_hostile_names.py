"""A name that would lead out of the workspace is refused in one sentence by every command and path; nothing moves."""

from __future__ import annotations

import pytest

from core.__main__ import main
from core.base.errors import InputError
from core.base.paths import checked_name
from core.data import split_store
from tests.app import listed

NAMES = [
    "../../outside/secret",
    "/etc/passwd",
    "..",
    "a/../../b",
    "..\\..\\b",
    ".hidden",
    "%2e%2e%2fb",
    "a\nb",
    "-rf",
    "a b",
]
PLACE = ("--dataset", "made", "--split", "patient")
OWN = ("--dataset", "made", "--split", "own")  # with its certificate
COMMANDS = {  # every place in a command where a name is given
    "index --name": ("index", "folder", "{folder}", "--name", "{name}"),
    "labels import DATASET": ("labels", "import", "{name}", "--csv", "{csv}", "--name", "x"),
    "labels import --name": ("labels", "import", "made", "--csv", "{csv}", "--name", "{name}"),
    "split DATASET": ("split", "{name}", "--kind", "patient", "--name", "x"),
    "split --name": ("split", "made", "--kind", "patient", "--name", "{name}"),
    "train --dataset": ("train", "cnn", "--dataset", "{name}", "--split", "patient"),
    "train --split": ("train", "cnn", "--dataset", "made", "--split", "{name}"),
    "train --labels": ("train", "cnn", *OWN, "--labels", "{name}"),
    "predict CHECKPOINT": ("predict", "{name}", *PLACE, "--part", "test"),
    "predict --dataset": ("predict", listed.CHECKPOINT, "--dataset", "{name}", "--split", "patient", "--part", "test"),
    "predict --split": ("predict", listed.CHECKPOINT, "--dataset", "made", "--split", "{name}", "--part", "test"),
    "predict --part": ("predict", listed.CHECKPOINT, *PLACE, "--part", "{name}"),
    "evaluate CHECKPOINT": ("evaluate", "{name}", *PLACE, "--part", "test"),
    "evaluate --split": ("evaluate", listed.CHECKPOINT, "--dataset", "made", "--split", "{name}", "--part", "test"),
    "evaluate --truth": ("evaluate", listed.CHECKPOINT, *PLACE, "--part", "test", "--truth", "{name}"),
    "compare CHECKPOINT": ("compare", "{name}", listed.CHECKPOINT, *PLACE, "--part", "test"),
    "triage CHECKPOINT": ("triage", "{name}", *PLACE, "--part", "test", "--budget", "0.2"),
    "triage --split": ("triage", listed.CHECKPOINT, "--dataset", "made", "--split", "{name}", "--part", "test",
                       "--budget", "0.2"),
    "translate CHECKPOINT": ("translate", "{name}", *PLACE, "--direction", "a-to-b", "--name", "x"),
    "realism DATASET": ("realism", "{name}"),
    "localisation CHECKPOINT": ("localisation", "{name}", *PLACE, "--part", "test"),
    "ensemble CHECKPOINT": ("ensemble", "{name}", listed.CHECKPOINT, *OWN),
    "explain CHECKPOINT": ("explain", "{name}", "000001.png", "--dataset", "made", "--out", "{folder}"),
    "review export --worklist": ("review", "export", "--out", "{out}", "--worklist", "{name}"),
    "jobs show": ("jobs", "show", "{name}"),
}  # fmt: skip


@pytest.fixture
def place(workspace, tmp_path):
    """A workspace of made-up films, with a secret beside it."""
    listed.make(workspace, films=60)
    split_store.create(workspace, "made", "own", "patient")
    (tmp_path / "outside").mkdir()
    for name in ("secret", "secret.parquet", "secret.json"):
        (tmp_path / "outside" / name).write_text("patient 4711")
    (tmp_path / "films").mkdir()
    (tmp_path / "labels.csv").write_text("image_id,label\n000001.png,1\n")
    return tmp_path


def tree(folder):
    kept = ("-wal", "-shm", ".lock", ".sqlite", ".key")
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(kept) and "keys" not in path.parts
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_follows_a_name_out_of_the_workspace(command, place, capsys):
    given = {"folder": str(place / "films"), "csv": str(place / "labels.csv"), "out": str(place / "films" / "a.csv")}
    before = tree(place)

    for name in NAMES:
        status = main([word.format(name=name, **given) for word in COMMANDS[command]])
        said = capsys.readouterr().err

        assert status == 2, (name, said)
        assert "Traceback" not in said
        assert "4711" not in said
        assert len(said.strip().splitlines()) == 1, said
        assert tree(place) == before, name


PATHS = {
    "dataset": lambda place, name: place.dataset(name),
    "radiographs": lambda place, name: place.radiographs(name),
    "truth": lambda place, name: place.truth(name),
    "passports": lambda place, name: place.passports(name),
    "synthetic_card": lambda place, name: place.synthetic_card(name),
    "index_report": lambda place, name: place.index_report(name),
    "split of": lambda place, name: place.split(name, "x"),
    "split": lambda place, name: place.split("x", name),
    "checkpoint": lambda place, name: place.checkpoint(name),
    "predictions of": lambda place, name: place.predictions(name, "x", "y", "z"),
    "predictions on": lambda place, name: place.predictions("x", name, "y", "z"),
    "report": lambda place, name: place.report(name),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", [*NAMES, "", "a" * 81, "a\x00b", "ａ", "a/b"])
def test_no_path_is_made_of_a_name_that_is_none(path, name, workspace):
    with pytest.raises(InputError, match=r"Expected a .* name of 1 to 80 letters, digits, dots, hyphens"):
        PATHS[path](workspace, name)
    with pytest.raises(InputError):
        checked_name(name, "worklist")
