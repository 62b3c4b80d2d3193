"""Runs Streamlit's server, which asks nobody on the internet for this machine's address.

Streamlit does, by HTTP, whenever a page of another origin knocks at its WebSocket, to see whether that is an
address of its own. Here such a page is refused at once; an origin of one's own is named by `browser.serverAddress`.
"""

from __future__ import annotations

import sys

from streamlit import net_util
from streamlit.web import cli


def _nowhere() -> None:
    """Know no address."""


def main() -> None:
    """Run `streamlit` with this process's arguments."""
    net_util.get_external_ip = _nowhere
    net_util.get_internal_ip = _nowhere
    sys.argv[0] = "streamlit"
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
