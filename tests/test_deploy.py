"""What a hospital is told and given: names that exist, a proxy that nginx takes, an image without root or secrets."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from core.__main__ import COMMANDS
from core.base.paths import ROOT, Settings

DEPLOY = ROOT / "deploy"
PAGE = (DEPLOY / "README.md").read_text(encoding="utf-8")
CONTAINER = (DEPLOY / "Containerfile").read_text(encoding="utf-8")


def test_every_setting_that_is_named_exists():
    known = {f"PLEURASCOPE_{name.upper()}" for name in Settings.model_fields}

    named = set(re.findall(r"PLEURASCOPE_[A-Z_]+", PAGE + CONTAINER))

    assert named
    assert named <= known


def test_every_setting_of_streamlit_that_is_named_exists():
    from streamlit import config

    known = {option.env_var for option in config._config_options_template.values()}

    named = set(re.findall(r"STREAMLIT_[A-Z_]+", PAGE))

    assert len(named) == 3
    assert named <= known


def test_every_command_that_is_named_exists():
    named = set(re.findall(r"python -m core ([a-z-]+)", PAGE))

    assert {"backup", "restore", "review", "erase"} <= named <= set(COMMANDS)


def test_what_was_not_run_here_is_said():
    assert re.search(r"Not tested here: building and running the container;", PAGE)


def test_the_image_has_no_root_and_takes_only_what_is_named():
    lines = [line for line in CONTAINER.splitlines() if line and not line.startswith("#")]
    copied = [word for line in lines if re.match(r"COPY (?!--from)", line) for word in line.split()[1:-1]]

    assert [line for line in lines if line.startswith("USER")] == ["USER pleurascope"]
    assert lines.index("USER pleurascope") < next(at for at, line in enumerate(lines) if line.startswith("CMD"))
    assert not {".", "./", "workspace", "checkpoints", ".streamlit", "*"} & set(copied)
    assert not [name for name in copied if "secret" in name or "key" in name]
    assert all((ROOT / name).exists() for name in copied if name != "wheel[s]")


def test_nginx_takes_the_example(tmp_path):
    nginx, openssl = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx or openssl is not installed")
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    pair = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "certificate.pem")]
    subprocess.run([openssl, *words, *pair], check=True, capture_output=True)
    example = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/pleurascope", str(tmp_path))
    example = example.replace("/var/log/nginx", str(tmp_path))
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\nhttp {{\n{example}\n}}\n")

    told = subprocess.run([nginx, "-t", "-c", str(whole)], capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr
    assert "[warn]" not in told.stderr or "http2" in told.stderr  # newer ones want that said in another way
