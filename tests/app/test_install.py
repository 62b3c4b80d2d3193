"""The installer's sentences, without installing anything."""

import subprocess
import sys
import zipfile

import pytest

from app import install
from core.base.paths import ROOT


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """An installer whose environment lies in an empty folder and that must not run pip."""
    monkeypatch.setattr(install, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(install, "STAMP", str(tmp_path / ".venv" / "pleurascope.json"))
    called = []
    monkeypatch.setattr(install.subprocess, "call", lambda words, **_: called.append(words) or 0)
    monkeypatch.setattr(install, "run_with_signs_of_life", lambda words: called.append(words) or 0)
    monkeypatch.setattr(install, "fitting_torch", lambda: None)
    return called


def test_an_old_python_is_told_so(alone, monkeypatch, capsys):
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 2))

    assert install.main() == 2

    assert capsys.readouterr().err == (
        "PleuraScope needs Python 3.11 or newer, this is 3.9; install a newer one and start again.\n"
    )
    assert not alone


def test_a_full_disk_is_told_before_anything_is_downloaded(alone, monkeypatch, capsys):
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1.5e9}))

    assert install.install(["requirements.txt"]) == 2

    assert "Expected 8 GB of free disk for the packages, found 1.5 GB" in capsys.readouterr().err
    assert not alone


def test_it_says_what_it_costs_before_it_installs(alone, monkeypatch, capsys, tmp_path):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(install.shutil, "rmtree", lambda *_, **__: None)

    assert install.install(["requirements.txt"]) == 0

    first = capsys.readouterr().out.splitlines()[0]
    assert "GB to download" in first
    assert "GB on disk" in first
    assert "minutes" in first
    assert any("requirements.lock" in word for word in alone[-1])


def test_a_second_install_does_nothing(alone, monkeypatch, tmp_path):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(install.shutil, "rmtree", lambda *_, **__: None)
    install.install(["requirements.txt"])
    alone.clear()

    assert install.install(["requirements.txt"]) == 0

    assert not alone


def test_a_torch_that_is_here_is_used(alone, monkeypatch, tmp_path, capsys):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(install.shutil, "rmtree", lambda *_, **__: None)
    monkeypatch.setattr(install, "fitting_torch", lambda: "2.13.0+cpu")

    assert install.install(["requirements.txt"]) == 0

    assert "Your torch 2.13.0+cpu is used." in capsys.readouterr().out
    assert "--system-site-packages" in alone[0]
    assert (tmp_path / ".venv" / "torch.txt").read_text() == "torch==2.13.0+cpu\n"


def test_it_can_be_read_by_an_old_python():
    """No syntax newer than 3.6, so that the sentence about the version is reached."""
    code = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 6))"

    subprocess.run([sys.executable, "-c", code, str(ROOT / "app" / "install.py")], check=True)


def test_a_long_installation_shows_that_it_lives(monkeypatch, capsys):
    monkeypatch.setattr(install, "SIGN_EVERY_S", 0.2)

    status = install.run_with_signs_of_life([sys.executable, "-c", "import time; time.sleep(0.5); raise SystemExit(3)"])

    assert status == 3
    assert "still installing" in capsys.readouterr().out


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A tiny project that needs two packages, and a folder with their wheels."""
    place, wheels = tmp_path / "project", tmp_path / "wheels"
    place.mkdir()
    wheels.mkdir()
    (place / "requirements.txt").write_text("tiny-frame>=1,<2\n")
    (place / "requirements-hospital.txt").write_text("-r requirements.txt\ntiny-login\n")
    (place / "requirements.lock").write_text("tiny-frame==1.2\n")
    (place / "pyproject.toml").write_text("")
    for name, version in (("tiny_frame", "1.2"), ("tiny_frame", "1.3"), ("tiny_login", "2.0")):
        with zipfile.ZipFile(wheels / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            folder = f"{name}-{version}.dist-info"
            wheel.writestr(f"{name}.py", f"version = {version!r}\n")
            wheel.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{folder}/RECORD", "")
    monkeypatch.setattr(install, "ROOT", str(place))
    monkeypatch.setattr(install, "VENV", str(place / ".venv"))
    monkeypatch.setattr(install, "STAMP", str(place / ".venv" / "pleurascope.json"))
    monkeypatch.setattr(install, "fitting_torch", lambda: None)
    for name in ("PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")  # nobody is there
    return place, wheels


def asked(monkeypatch, *words):
    monkeypatch.setattr(install.sys, "argv", ["app/install.py", *words])
    return install.main()


def test_a_hospital_without_a_network_installs_from_a_folder_of_wheels(project, monkeypatch, capfd):
    place, wheels = project

    (lacking,) = wheels.glob("tiny_login*")
    lacking.rename(place / lacking.name)
    assert asked(monkeypatch, "--hospital", "--wheels", str(wheels)) == 2
    told, complaint = capfd.readouterr()
    assert f"from {wheels}: nothing to download" in told
    assert "tiny-login" in complaint
    assert "The packages could not be installed" in complaint
    assert install.standing() == {}

    (place / lacking.name).rename(lacking)
    assert asked(monkeypatch, "--hospital", "--wheels", str(wheels)) == 0

    assert "Installed." in capfd.readouterr().out
    told = "import tiny_frame, tiny_login; print(tiny_frame.version, tiny_login.version)"
    python = install.python_of_venv()
    assert subprocess.run([python, "-c", told], capture_output=True, text=True, check=True).stdout == "1.2 2.0\n"

    began = sorted(wheels.iterdir())
    for path in began:
        path.unlink()
    assert asked(monkeypatch) == 0  # as `make start` asks: all is there, so neither folder nor network is
    assert asked(monkeypatch, "--hospital") == 0
    assert capfd.readouterr() == ("", "")

    (place / "requirements.txt").write_text("tiny-frame>=1,<2\ntiny-other\n")
    assert asked(monkeypatch, "--wheels", str(wheels)) == 2
    assert "Expected a folder of wheels at" in capfd.readouterr().err


@pytest.mark.parametrize("words", [["--wheels"], ["--hospitals"], ["wheels"]])
def test_a_word_that_it_does_not_know_is_refused(alone, monkeypatch, capsys, words):
    assert asked(monkeypatch, *words) == 2

    assert "Expected --hospital, --tests or --wheels DIR, found" in capsys.readouterr().err
    assert not alone
