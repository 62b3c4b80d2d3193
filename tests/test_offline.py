"""Nothing leaves the machine: commands, the training and a page's server are watched for every try to reach out."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time

import pytest

from core.base.paths import ROOT
from tests.outgoing import tries, watched
from tests.running import environment

CHAIN = """
import os, sys
from pathlib import Path
from core.__main__ import main
for words in {chain!r}:
    if "CHECKPOINT" in words:
        made = next(Path(os.environ["PLEURASCOPE_CHECKPOINTS"]).glob("*/card.json")).parent.name
        words = [made if word == "CHECKPOINT" else word for word in words]
    print(words[0], flush=True)
    if main(words):
        sys.exit(f"{{words[0]}} failed")
"""
SERVER = "app.serve"
PLACE = ("--dataset", "phantoms", "--split", "patient")


@pytest.fixture
def settings(tmp_path):
    """What a watched process gets: a workspace of its own, and a cache of weights that is empty."""
    own = environment(tmp_path) | watched(tmp_path) | {"HF_HOME": str(tmp_path / "hub")}
    left = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "PLEURASCOPE_ONLINE")}
    return left | own


def ran(program, settings):
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def chain(tmp_path, *, model):
    """Return the commands up to a training, on thirty phantoms."""
    data = tmp_path / "data"
    options = ("--image-size", "32", "--epochs", "1", "--batch-size", "8")
    return [
        ["phantom", str(data), "--patients", "30", "--size", "32"],
        [
            "index",
            "nih",
            "--csv",
            f"{data}/Data_Entry_2017_v2020.csv",
            "--images",
            f"{data}/images",
            "--name",
            "phantoms",
        ],
        ["split", "phantoms", "--kind", "patient", "--name", "patient"],
        ["train", model, *PLACE, "--weights", "auto", *options],
    ]


@pytest.mark.parametrize(
    ("what", "host"),
    [
        ("socket.create_connection(('203.0.113.7', 443), timeout=1)", "203.0.113.7"),
        ("socket.getaddrinfo('huggingface.co', 443)", "huggingface.co"),
        ("socket.gethostbyname('example.org')", "example.org"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('203.0.113.7', 53))", "203.0.113.7"),
        ("urllib.request.urlopen('http://example.org', timeout=1)", "example.org"),
        ("urllib.request.urlopen('http://[2001:db8::1]', timeout=1)", "2001:db8::1"),
        ("asyncio.run(asyncio.open_connection('203.0.113.7', 443))", "203.0.113.7"),
        ("httpx.get('https://example.org')", "example.org"),
    ],
)
def test_the_watch_hears_each_way_out_even_where_the_refusal_is_swallowed(tmp_path, settings, what, host):
    told = ran(
        "import asyncio, socket, urllib.request\n"
        "import httpx\n"
        f"try:\n    {what}\n"
        "except (OSError, httpx.TransportError) as refused:\n    print(refused)",
        settings,
    )

    assert "nothing leaves the machine in this test" in told
    assert tries(tmp_path)
    assert {line.split()[1] for line in tries(tmp_path)} == {host}


def test_the_watch_lets_this_machine_speak_with_itself(tmp_path, settings):
    ran(
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close()\n"
        "socket.getaddrinfo('localhost', 80)\n"
        "server.close()",
        settings,
    )

    assert tries(tmp_path) == []


def test_a_whole_study_reaches_nobody(tmp_path, settings):
    words = [
        *chain(tmp_path, model="cnn"),
        ["predict", "CHECKPOINT", *PLACE, "--part", "val", "test"],
        ["evaluate", "CHECKPOINT", *PLACE, "--part", "test"],
        ["jobs", "list"],
        ["review", "verify"],
        ["backup", str(tmp_path / "kept")],
    ]

    told = ran(CHAIN.format(chain=words), settings)

    assert {one[0] for one in words} <= set(told.split())
    assert tries(tmp_path) == []


def test_published_weights_are_fetched_only_where_that_was_allowed(tmp_path, settings):
    program = (
        "import os\n"
        "from core.models import pretrained\n"
        "for online in '01':\n"
        "    os.environ['PLEURASCOPE_ONLINE'] = online\n"
        "    told = pretrained._imagenet({'hf_hub_id': 'timm/resnet18.a1_in1k', 'url': ''})\n"
        "    print(told, os.path.exists(os.environ['OUTGOING_LOG']))"
    )

    without, allowed = ran(program, settings).splitlines()

    assert without.startswith("(None, ")
    assert without.endswith("and stays offline') False")
    assert "huggingface.co did not answer" in allowed
    assert {line.split()[1] for line in tries(tmp_path)} == {"huggingface.co"}


def test_a_page_of_another_origin_is_refused_and_nobody_is_asked_about_it(tmp_path, settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["-m", SERVER, "run", str(ROOT / "app" / "main.py"), "--server.port", str(port)]
    with (tmp_path / "log.txt").open("w") as log:
        server = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=settings, stdout=log, stderr=log)
    try:
        asked_for(port, "/_stcore/health", {})
        knock = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        knock |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        own = asked_for(port, "/_stcore/stream", knock | {"Origin": f"http://localhost:{port}"})
        foreign = asked_for(port, "/_stcore/stream", knock | {"Origin": "https://elsewhere.example"})
    finally:
        server.terminate()
        server.wait(30)

    assert (own, foreign) == (101, 403)
    assert tries(tmp_path) == []


def asked_for(port, path, headers):
    """Return the status of an answer; a server that is not up yet is waited for."""
    deadline = time.monotonic() + 90
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        finally:
            connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["resnet18", "vit"])
def test_a_training_that_would_like_published_weights_reaches_nobody(tmp_path, settings, model):
    told = ran(CHAIN.format(chain=chain(tmp_path, model=model)), settings)

    assert "stays offline" in told
    assert tries(tmp_path) == []


@pytest.mark.browser
def test_a_page_s_server_and_the_page_reach_nobody(tmp_path, settings):
    from playwright.sync_api import sync_playwright

    from tests.browser import large
    from tests.browser.test_journey import CHROMIUM, FLAGS

    asked = []
    with large.served(settings) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda opened: asked.append(opened.url))
        for place in ("", "/splits", "/training"):
            page.goto(f"{address}{place}")
            page.get_by_text("Research use only").first.wait_for()
        browser.close()

    assert asked
    assert [
        url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))
    ] == []
    assert tries(tmp_path) == []
