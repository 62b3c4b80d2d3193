"""`make clean` removes what was made here, after a yes, and nothing else."""

import io

import pytest

from app import clean


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(clean, "ROOT", tmp_path)
    for name in ("core/__main__.py", "checkpoints/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("kept")
    return tmp_path


@pytest.fixture
def full(root):
    for name in (".venv/bin/python", "workspace/pleurascope.sqlite", "checkpoints/cnn-1/card.json"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("made")
    return root


@pytest.fixture
def answers(monkeypatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def files(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


KEPT = {"core/__main__.py", "checkpoints/README.md"}


def test_yes_removes_what_was_made_and_keeps_the_rest(full, answers, capsys):
    answers("yes\n")

    assert clean.main() == 0

    assert files(full) == KEPT
    told = capsys.readouterr().out
    assert "workspace: data sets, predictions, reports, jobs and READS made in this folder" in told
    assert "checkpoints/cnn-1: a trained checkpoint" in told
    assert told.endswith("Removed.\n")


@pytest.mark.parametrize("answer", ["", "\n", "y\n", "no\n", "YES\n", "yes please\n"])
def test_anything_but_yes_removes_nothing(full, answers, capsys, answer):
    before = files(full)
    answers(answer)

    assert clean.main() == 0

    assert files(full) == before
    assert capsys.readouterr().out.endswith("Nothing was removed.\n")


def test_everything_is_named_before_it_is_asked(full, answers, capsys):
    answers("no\n")

    clean.main()

    listed, _ = capsys.readouterr().out.split("Type yes to remove:")
    assert all(str(path.relative_to(full)) in listed for path, _ in clean.removable())


@pytest.mark.parametrize("with_checkpoints", [True, False])
def test_with_nothing_made_nothing_is_asked(root, capsys, with_checkpoints):
    if not with_checkpoints:
        (root / "checkpoints" / "README.md").unlink()
        (root / "checkpoints").rmdir()

    assert clean.main() == 0

    assert capsys.readouterr().out == "There is nothing to remove.\n"


def test_under_a_running_dashboard_nothing_is_removed(full, answers, capsys):
    (full / "workspace" / "dashboard.json").write_text("{}")
    before = files(full)
    answers("yes\n")

    assert clean.main() == 2

    told, complaint = capsys.readouterr()
    assert told == ""
    assert complaint.startswith("The dashboard seems to run; stop it with Ctrl-C first")
    assert files(full) == before
