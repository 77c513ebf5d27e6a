"""The form that lets people in: under the policy of the page, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from barograph_processor.access import Access
from barograph_processor.state.registry import ModelRegistry
from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import serve

pytestmark = pytest.mark.components

_TOKEN = "reader-reader-reader"


@pytest.fixture
def closed_url(stories: ModelRegistry) -> Iterator[str]:
    with serve(stories, access=Access({"read": [_TOKEN]})) as url:
        yield url


def log_in(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()


def test_a_token_opens_the_page_until_the_session_is_over(
    closed_url: str, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page(closed_url)
    expect(page).to_have_url(f"{closed_url}/login")
    log_in(page, "wrong-wrong-wrong-wrong")
    expect(page.get_by_role("status")).to_contain_text("does not fit")
    # The browser notes every answer of 401.
    complaints.clear()
    log_in(page, _TOKEN)
    expect(page).to_have_url(f"{closed_url}/")
    expect(page.get_by_text("flight-delay").first).to_be_visible()
    [cookie] = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    assert complaints == []
    # Elsewhere, or by a restart: the page itself goes back to the form.
    page.context.clear_cookies()
    expect(page).to_have_url(f"{closed_url}/login?again")
    complaints.clear()


def test_who_logs_in_again_goes_on_where_they_were(
    closed_url: str, open_page: OpenPage, complaints: list[str]
) -> None:
    place = "#/model?name=flight-delay&version=2013.1"
    page = open_page(f"{closed_url}/{place}")
    log_in(page, _TOKEN)
    expect(page.get_by_role("heading", level=1)).to_have_text("flight-delay 2013.1")
    page.context.clear_cookies()
    expect(page.get_by_role("status")).to_contain_text("Your session is over")
    complaints.clear()
    log_in(page, _TOKEN)
    expect(page).to_have_url(f"{closed_url}/{place}")
    expect(page.get_by_role("heading", level=1)).to_have_text("flight-delay 2013.1")


def test_another_site_cannot_log_the_reader_in(
    closed_url: str, open_page: OpenPage, complaints: list[str]
) -> None:
    """A form elsewhere that posts a token, its own perhaps, is refused."""
    page = open_page("about:blank")
    page.set_content(
        f'<form method="post" action="{closed_url}/login">'
        f'<input name="token" value="{_TOKEN}"><button>Go</button></form>'
    )
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("status")).to_contain_text("Log in from this page")
    assert page.context.cookies() == []
    complaints.clear()
