"""The dashboard behind a login: a provider's process and the server's own, both on loopback, and what a person does."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.base.paths import ROOT

PEOPLE = {
    "c1": {"name": "Clara Weiss", "roles": ["clinician", "offline_access"]},
    "r1": {"name": "Rosalind Park", "roles": "researcher"},
    "a1": {"name": "Ada Lovelace", "roles": ["Administrator", "clinician"]},
    "n1": {"name": "Nobody Known", "roles": ["admin"]},
    "x1": {"name": "<img src=x onerror=alert(1)> [x](javascript:alert(1)) $E$", "roles": ["clinician"]},
}
SECRETS = """
[auth]
redirect_uri = "{address}/oauth2callback"
cookie_secret = "only-for-this-test-{port}-{port}"
client_id = "pleurascope"
client_secret = "none"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, process):
    for _ in range(300):
        assert process.poll() is None, f"nothing serves {url}"
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 (our own)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"{url} does not answer")


@contextmanager
def running(words, url, folder, **env):
    """Run a process until it answers, and end it at the end."""
    with (folder / f"{words[1].rpartition('.')[2]}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdout=log, stderr=log, env=os.environ | env, start_new_session=True
        )
        try:
            wait_for(url, process)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def served(folder: Path):
    """The dashboard's address, with the workspace that the environment names, behind a provider of `PEOPLE`."""
    ports = {"provider": free_port(), "port": free_port()}
    provider, address = (f"http://127.0.0.1:{port}" for port in ports.values())
    people = [word for sub, claims in PEOPLE.items() for word in ("--user-claims", json.dumps({"sub": sub} | claims))]
    secrets = folder / "secrets.toml"
    secrets.write_text(SECRETS.format(address=address, provider=provider, port=ports["port"]))
    words = ["-m", "oidc_provider_mock", "--port", str(ports["provider"]), *people]
    with running(words, f"{provider}/.well-known/openid-configuration", folder):
        words = ["-m", "streamlit", "run", str(ROOT / "app" / "main.py"), "--server.port", str(ports["port"])]
        words += ["--server.address", "127.0.0.1", "--secrets.files", str(secrets)]
        with running(words, f"{address}/_stcore/health", folder):
            yield address


def sign_in(page, address, who, *, label="Sign in"):
    """Go through the provider's form as one of `PEOPLE`."""
    page.goto(address)
    page.get_by_role("button", name=label, exact=True).click()
    page.get_by_placeholder("sub").fill(who)
    page.get_by_role("button", name="Authorize").click()


def shot(page, name):
    """Keep a picture where `PLEURASCOPE_TEST_SHOTS` says, in both themes."""
    folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
    if folder:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(800)
            page.screenshot(path=Path(folder) / f"{name}-{theme}.png")
