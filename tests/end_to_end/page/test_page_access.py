"""For those who use a keyboard, a screen reader, a phone, or a dark room."""

import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.page.axe import violations
from tests.end_to_end.page.conftest import OpenPage

pytestmark = pytest.mark.components

MODEL = "/#/model?name=flight-delay&version=2013.1"
VIEWS = ("overview", "model", "alarm")
SCREENS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}


def place(url: str, view: str) -> str:
    if view == "overview":
        return url
    if view == "model":
        return url + MODEL
    alarm = httpx.get(f"{url}/api/page/overview").json()["alarms"][0]
    return f"{url}/#/alarm?id={alarm['id']}"


def ready(page: Page, view: str) -> None:
    """Wait until all of a view is there."""
    expect(page.locator("h1:not(.loading)")).to_be_visible()
    if view != "overview":
        page.wait_for_selector(".js-plotly-plot .main-svg")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(stories_url: str, open_page: OpenPage, view: str, scheme: str) -> None:
    page = open_page(place(stories_url, view), color_scheme=scheme)
    ready(page, view)
    assert violations(page) == []


def test_the_whole_way_by_keyboard(stories_url: str, open_page: OpenPage) -> None:
    page = open_page(stories_url)
    ready(page, "overview")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Barograph", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Review", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="flight-delay 2013.1", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    ready(page, "model")
    assert page.evaluate("document.activeElement.id") == "main"

    page.get_by_role("application", name="Quality, latency").focus()
    page.keyboard.press("End")
    expect(page.locator(".figure:not(.small, .course) [aria-live]")).to_contain_text("accuracy")
    end = page.locator(".figure:not(.small, .course) [aria-live]").inner_text()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".figure:not(.small, .course) [aria-live]")).not_to_have_text(end)
    expect(
        page.locator(".figure:not(.small, .course) .js-plotly-plot .hoverlayer .legend")
    ).to_be_visible()

    page.get_by_role("button", name="Distance", exact=True).focus()
    page.keyboard.press("Enter")
    head = page.get_by_role("columnheader", name="Distance", exact=True)
    expect(head).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")


def test_the_figures_can_be_read_instead_of_seen(stories_url: str, open_page: OpenPage) -> None:
    page = open_page(stories_url + MODEL)
    ready(page, "model")
    page.get_by_text("The latest windows in figures").press("Enter")
    table = page.get_by_role("group", name="Latest windows").get_by_role("row")
    expect(table).to_have_count(26)
    expect(table.nth(1)).to_contain_text("Silent degradation")


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_it_is_photographed_and_nothing_sticks_out(
    stories_url: str, open_page: OpenPage, tmp_path: Path, view: str, scheme: str, screen: str
) -> None:
    """``BAROGRAPH_PHOTOGRAPHS`` names a folder to keep the photographs in, to look at them."""
    folder = Path(os.environ.get("BAROGRAPH_PHOTOGRAPHS", tmp_path))
    page = open_page(place(stories_url, view), color_scheme=scheme, viewport=SCREENS[screen])
    ready(page, view)
    photograph = page.screenshot(path=folder / f"{view}-{scheme}-{screen}.png", full_page=True)
    assert len(photograph) > 20_000
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    grounds = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (grounds == "rgb(16, 21, 27)") == (scheme == "dark")
