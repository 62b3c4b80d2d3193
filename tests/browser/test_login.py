"""Through a real provider's login in a real browser: each role's pages, a typed address, the lock, the way out."""

import pytest

from app import navigation
from core.base import files, roles
from core.review import rights
from tests.app import listed
from tests.browser.login_page import served, shot, sign_in
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
LIMIT = 15 * 60_000  # milliseconds by the browser's clock, which a test turns


@pytest.fixture
def address(workspace, tmp_path):
    """The dashboard behind a login, with a worklist of made-up films."""
    listed.make(workspace, films=12, drawn=12)
    card = workspace.checkpoint(listed.CHECKPOINT) / "card.json"
    files.write_json(card, listed.CARD | {"calibration": {"a": 1.0, "b": 0.0, "prevalence": 0.3}, "training_s": 60.0})
    listed.save(workspace)
    with served(tmp_path) as place:
        yield place


@pytest.fixture
def browser():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    expect.set_options(timeout=5_000)


def tab(browser, *, clock=False):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    page = context.new_page()
    if clock:
        page.clock.install()
    return page


def heading(page, title):
    page.get_by_role("heading", name=title, exact=True, level=1).wait_for()


def name(page):
    return page.locator(".st-key-frame-reader button")


def visible_pages(page):
    """The pages that the navigation offers: groups of one page stand there as the page itself."""
    found = set()
    bar = page.get_by_test_id("stTopNav")
    for group in ("Read", "Research", "Run"):
        button = bar.get_by_role("button", name=group, exact=True)
        if button.count():
            button.click()
            found |= {item.strip().split("\n")[-1] for item in page.get_by_role("menuitem").all_inner_texts()}
            page.keyboard.press("Escape")
    return found | {link.strip().split("\n")[-1] for link in bar.get_by_role("link").all_inner_texts()}


def test_each_role_signs_in_sees_its_pages_and_signs_out(browser, address):
    from playwright.sync_api import expect

    titles = {title: name for title, name in navigation.TITLES.items() if name not in navigation.REACHED}
    for who, role, first, called in (
        ("c1", "clinician", "Worklist", "Clara Weiss, "),
        ("r1", "researcher", "Overview", "Rosalind Park, "),
        ("a1", "administrator", "Overview", "Ada Lovelace, "),
    ):
        page = tab(browser)
        page.goto(f"{address}/review")
        expect(page.get_by_text("Sign in to go on.")).to_be_visible()
        shot(page, "door")
        sign_in(page, address, who)
        heading(page, first)
        shot(page, f"first-{role}")
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(name(page)).to_contain_text(called)
        may = {title for title, one in titles.items() if rights.PAGES[one] in roles.ROLES[role]}
        assert visible_pages(page) == may
        for title, one in titles.items():
            if title not in may:
                page.goto(f"{address}/{one}")
                expect(page.get_by_text(f"Only {rights.holders(rights.PAGES[one])} may open this page")).to_be_visible()
                expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
        if may != set(titles):
            shot(page, "refused")
            page.get_by_text("Back to where you may go on").click()
            heading(page, first)
        beside = page.context.new_page()
        beside.goto(f"{address}/worklist")
        heading(beside, "Worklist")
        name(page).click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/oauth2/end_session**")  # the provider's own way out
        page.goto(address)
        expect(page.get_by_text("Sign in to go on.")).to_be_visible()
        beside.get_by_role("button", name="Start reading").click()  # the other tab ended with it
        expect(beside.get_by_text("Locked: you signed out")).to_be_visible()
        page.context.close()


def test_who_has_no_role_here_is_told_whom_to_ask(browser, address):
    page = tab(browser)

    sign_in(page, address, "n1")

    page.get_by_text("You are signed in as Nobody Known, ").wait_for()
    assert "and have no role here: ask whoever runs your login" in page.locator(".ps-lead").inner_text()
    assert page.get_by_test_id("stTopNav").count() == 0
    shot(page, "no-role")


def test_a_hostile_name_names_and_does_nothing(browser, address):
    from playwright.sync_api import expect

    page = tab(browser)
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))

    sign_in(page, address, "x1")
    heading(page, "Worklist")

    expect(name(page)).to_contain_text("img src x onerror alert 1 x javascript alert 1 E, ")
    assert asked == []


def test_an_untouched_session_locks_and_an_answer_begun_is_there_again(browser, address):
    from playwright.sync_api import expect

    page = tab(browser, clock=True)
    sign_in(page, address, "c1")
    heading(page, "Worklist")
    page.get_by_role("button", name="Start reading").click()
    canvas = page.locator(".desk canvas").first
    canvas.wait_for()
    film = page.url
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("3")
    expect(page.locator(".desk-panel [aria-checked=true], .desk-panel [aria-pressed=true]").first).to_be_visible()
    for _ in range(4):  # moved now and then, it stays
        page.clock.fast_forward(0.5 * LIMIT)
        page.mouse.move(300, 400)
        page.mouse.move(310, 410)
    expect(canvas).to_be_visible()
    page.clock.fast_forward(1.1 * LIMIT)

    expect(page.get_by_text("Locked: you signed out, or nobody touched this page for 15 minutes.")).to_be_visible()
    expect(page.locator(".desk canvas")).to_have_count(0)
    expect(page.get_by_test_id("stTopNav")).to_have_count(0)
    shot(page, "locked")
    page.goto(film)  # nor does the cookie open anything
    expect(page.get_by_text("Locked: you signed out")).to_be_visible()
    page.get_by_role("button", name="Sign in again").click()
    page.get_by_placeholder("sub").fill("c1")
    page.get_by_role("button", name="Authorize").click()
    heading(page, "Worklist")
    page.goto(film)
    page.locator(".desk canvas").first.wait_for()
    expect(page.locator(".desk-panel [aria-checked=true], .desk-panel [aria-pressed=true]").first).to_be_visible()


def test_the_cover_stands_at_once_where_the_server_cannot_be_reached(browser, address):
    from playwright.sync_api import expect

    page = tab(browser, clock=True)
    sign_in(page, address, "c1")
    heading(page, "Worklist")
    page.context.set_offline(True)
    page.clock.fast_forward(1.1 * LIMIT)

    expect(page.locator(".ps-locked")).to_have_text("Locked, since nobody touched this page.")
    assert page.evaluate("getComputedStyle(document.getElementById('root')).visibility") == "hidden"
    shot(page, "covered")
    page.emulate_media(color_scheme="dark")  # a page that is drawn anew stays covered
    page.wait_for_timeout(1000)
    expect(page.locator(".ps-locked")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Locked: you signed out")).to_be_visible()
    expect(page.locator(".ps-locked")).to_have_count(0)
