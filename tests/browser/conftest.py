"""What browser tests share: of the panel a browser for each file and a fresh page for each test; the desk's server."""

import pytest

from tests.browser import panel_page, viewer_page


@pytest.fixture(scope="module")
def panel_browser(tmp_path_factory):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:  # of a file, not of all: two at once cannot be
        browser = panel_page.started(playwright)
        yield browser, panel_page.written(tmp_path_factory.mktemp("panel"))
        browser.close()


@pytest.fixture
def room(panel_browser):
    """A reader's page with the panel; no fault may be thrown in it."""
    room = panel_page.opened(*panel_browser)
    faults = []
    room.page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield room
    room.page.context.close()
    assert not faults


@pytest.fixture
def expect():
    from playwright.sync_api import expect

    return expect


@pytest.fixture(scope="session")
def desk_address(tmp_path_factory):
    """The desk on a page of its own, one server for all files: every test has a session of its own there."""
    with viewer_page.served(tmp_path_factory.mktemp("page")) as address:
        yield address
