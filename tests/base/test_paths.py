"""Names that may stand in a file name, and what the settings move."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import InputError
from core.base.paths import ROOT, Workspace, checked_name

HARD_NAMES = [
    "", " ", ".", "..", ".hidden", "-flag", "a/b", "../x", "/etc/passwd", "a\\b", "C:x", "a b", "a\nb", "a\n", "a\x00b",
    "naïve", "π", "a*", "a?b", "a|b", "~", "n" * 81,
]  # fmt: skip


@pytest.mark.parametrize("name", HARD_NAMES)
def test_a_name_that_cannot_stand_in_a_file_name_is_refused_in_one_sentence(name):
    with pytest.raises(InputError, match="Expected a split name of 1 to 80 letters") as caught:
        checked_name(name, "split")

    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a", "0", "_", "a.b", "NIH-2017_v2.0", "n" * 80, "a..b"])
def test_a_plain_name_is_returned_as_it_is(name):
    assert checked_name(name, "split") == name


@given(st.text(max_size=12))
@settings(deadline=None, max_examples=300)
def test_whatever_passes_stays_inside_its_folder(name):
    try:
        checked_name(name, "split")
    except InputError:
        return
    folder = Path("/workspace")
    assert (folder / name).resolve().parent == folder


@pytest.mark.parametrize("name", ["../x", "a/b", ".."])
def test_no_path_of_the_workspace_takes_a_name_that_leaves_it(workspace, name):
    for path_of in (
        workspace.dataset,
        workspace.radiographs,
        workspace.truth,
        workspace.index_report,
        workspace.splits,
        workspace.checkpoint,
        workspace.report,
        lambda name: workspace.split("phantoms", name),
        lambda name: workspace.predictions(name, "phantoms"),
    ):
        with pytest.raises(InputError, match="choose another name"):
            path_of(name)


def test_the_settings_move_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_WORKSPACE", str(tmp_path / "w" / ".." / "here"))
    monkeypatch.setenv("PLEURASCOPE_CHECKPOINTS", str(tmp_path / "c"))
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", "postgresql://db/pleurascope")

    place = Workspace()

    assert place.root == tmp_path / "here"
    assert place.checkpoints == tmp_path / "c"
    assert place.database_url == "postgresql://db/pleurascope"


def test_without_settings_all_lies_in_the_repository(monkeypatch):
    for name in ("WORKSPACE", "CHECKPOINTS", "DATABASE_URL"):
        monkeypatch.delenv(f"PLEURASCOPE_{name}", raising=False)

    place = Workspace()

    assert place.root == ROOT / "workspace"
    assert place.checkpoints == ROOT / "checkpoints"
    assert place.database_url == f"sqlite:///{place.root / 'pleurascope.sqlite'}"


def test_an_empty_database_setting_means_the_workspace_s_own(workspace, monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", "")

    assert Workspace().database_url == f"sqlite:///{workspace.root / 'pleurascope.sqlite'}"


def test_the_home_folder_may_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLEURASCOPE_WORKSPACE", "~/films")

    assert Workspace().root == tmp_path / "films"


def test_tables_lie_where_other_tools_look_for_them(workspace):
    root = workspace.root

    assert workspace.radiographs("nih") == root / "datasets" / "nih" / "radiographs.parquet"
    assert workspace.truth("nih") == root / "datasets" / "nih" / "truth.parquet"
    assert workspace.index_report("nih") == root / "datasets" / "nih" / "index_report.json"
    assert workspace.split("nih", "v1.2") == root / "datasets" / "nih" / "splits" / "v1.2.parquet"
    assert workspace.predictions("c", "nih") == root / "predictions" / "c" / "nih-all-all.parquet"
    assert workspace.predictions("c", "nih", "p", "test") == root / "predictions" / "c" / "nih-p-test.parquet"
    assert workspace.report("r") == root / "reports" / "r.json"
    assert workspace.job(7) == root / "jobs" / "7"


def test_asking_for_a_path_makes_nothing(workspace):
    workspace.split("nih", "p")
    workspace.job(1)

    assert not workspace.root.exists()
