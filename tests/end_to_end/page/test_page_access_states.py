"""What is seldom seen, for everybody too: nothing there yet, nothing there any more, no entry."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from barograph_processor.access import Access
from barograph_processor.state.registry import ModelRegistry
from tests.end_to_end.page.axe import violations
from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import HeldPipeline, new_registry, serve

pytestmark = pytest.mark.components

API = "**/api/**"
TOKEN = "reader-reader-reader"


@pytest.fixture(scope="module")
def closed_url(stories: ModelRegistry) -> Iterator[str]:
    with serve(stories, access=Access({"read": [TOKEN]})) as url:
        yield url


@pytest.fixture(scope="module")
def empty_url() -> Iterator[str]:
    with serve(new_registry()) as url:
        yield url


@pytest.fixture(scope="module")
def replayed_url(stories: ModelRegistry) -> Iterator[str]:
    pipeline = HeldPipeline()
    pipeline.ready = False
    with serve(stories, pipeline=pipeline) as url:
        yield url


def login(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_label("Token")).to_be_focused()


def refused(page: Page, url: str) -> None:
    login(page, url)
    page.keyboard.type("wrong-wrong-wrong-wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("does not fit")


def over(page: Page, url: str) -> None:
    page.goto(f"{url}/login?again")
    expect(page.get_by_role("status")).to_contain_text("Your session is over")


def empty(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text("No prediction has arrived yet")


def no_review(page: Page, url: str) -> None:
    page.goto(f"{url}/#/review")
    expect(page.get_by_text("Nothing is waiting for an answer.")).to_be_visible()


def replayed(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_role("status")).to_contain_text("The journal is being replayed")


def loading(page: Page, url: str) -> None:
    page.route(API, lambda _route: None)
    page.goto(url)
    expect(page.get_by_text("Asking the processor…")).to_be_visible()


def never_answered(page: Page, url: str) -> None:
    page.route(API, lambda route: route.abort())
    page.goto(url)
    expect(page.get_by_text("Nothing to show until it answers.")).to_be_visible()


def gone(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".card").first).to_be_visible()
    page.route(API, lambda route: route.abort())
    expect(page.get_by_role("status")).to_contain_text("The processor does not answer.")


def unknown_model(page: Page, url: str) -> None:
    page.goto(f"{url}/#/model?name=nobody&version=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such thing here")


def unknown_alarm(page: Page, url: str) -> None:
    page.goto(f"{url}/#/alarm?id=nothing")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such thing here")


def blind(page: Page, url: str) -> None:
    page.goto(f"{url}/#/model?name=churn&version=2")
    page.wait_for_selector(".js-plotly-plot .main-svg")


def learning(page: Page, url: str) -> None:
    page.goto(f"{url}/#/model?name=brand-new&version=0.1")
    expect(page.get_by_text("No window has closed yet")).to_be_visible()


STATES: dict[str, tuple[str, Callable[[Page, str], None]]] = {
    "login": ("closed_url", login),
    "refused": ("closed_url", refused),
    "session over": ("closed_url", over),
    "empty": ("empty_url", empty),
    "no review": ("empty_url", no_review),
    "replayed": ("replayed_url", replayed),
    "loading": ("stories_url", loading),
    "never answered": ("stories_url", never_answered),
    "gone": ("stories_url", gone),
    "unknown model": ("stories_url", unknown_model),
    "unknown alarm": ("stories_url", unknown_alarm),
    "blind": ("stories_url", blind),
    "learning": ("stories_url", learning),
}


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_and_nothing_sticks_out(
    request: pytest.FixtureRequest,
    open_page: OpenPage,
    complaints: list[str],
    tmp_path: Path,
    state: str,
    scheme: str,
    width: int,
) -> None:
    """``BAROGRAPH_PHOTOGRAPHS`` names a folder to keep the photographs in, to look at them."""
    where, reach = STATES[state]
    page = open_page("about:blank", color_scheme=scheme, viewport={"width": width, "height": 844})
    reach(page, request.getfixturevalue(where))
    folder = Path(os.environ.get("BAROGRAPH_PHOTOGRAPHS", tmp_path))
    name = state.replace(" ", "-")
    page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The browser notes answers that are no success, as these states have them.
    complaints.clear()


def test_who_is_let_in_by_keyboard_alone_goes_on_by_it(
    closed_url: str, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page(closed_url)
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type(TOKEN)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".card").first).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("reach", [unknown_model, unknown_alarm])
def test_what_is_not_there_is_left_by_keyboard(
    stories_url: str,
    open_page: OpenPage,
    complaints: list[str],
    reach: Callable[[Page, str], None],
) -> None:
    """The way back is the first thing behind the header; who says so is there, and not away."""
    page = open_page("about:blank")
    reach(page, stories_url)
    expect(page.locator("#pulse")).to_contain_text("live")
    page.get_by_role("link", name="Review", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="All models")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".card").first).to_be_visible()
    complaints.clear()


def test_the_focus_stays_while_the_processor_is_away(
    stories_url: str, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page(stories_url)
    link = page.get_by_role("link", name="flight-delay 2013.1", exact=True)
    link.focus()
    page.route(API, lambda route: route.abort())
    expect(page.get_by_role("status")).to_contain_text("The processor does not answer.")
    expect(link).to_be_focused()
    page.unroute(API)
    expect(page.get_by_role("status")).to_be_hidden()
    expect(link).to_be_focused()
    complaints.clear()


def test_the_example_of_an_empty_page_is_reached_and_scrolled_by_keyboard(
    empty_url: str, open_page: OpenPage
) -> None:
    page = open_page(empty_url, viewport={"width": 390, "height": 844})
    empty(page, empty_url)
    example = page.get_by_label("Example in Python")
    page.get_by_role("link", name="Review", exact=True).focus()
    page.keyboard.press("Tab")
    expect(example).to_be_focused()
    page.keyboard.press("ArrowRight")
    deadline = time.monotonic() + 10
    while page.evaluate("document.activeElement.scrollLeft") == 0:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
