"""Empty, loading, away, catching up: each has a face."""

import time

import pytest
from playwright.sync_api import Route, expect

from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import HeldPipeline, Traffic, new_registry, serve

pytestmark = pytest.mark.components

API = "**/api/page/**"


def test_without_a_model_it_shows_how_to_send_the_first_prediction(open_page: OpenPage) -> None:
    with serve(new_registry()) as url:
        page = open_page(url)
        expect(page.get_by_role("heading", level=1)).to_have_text("No prediction has arrived yet")
        expect(page.get_by_text("@barograph.observe")).to_be_visible()
        expect(page.get_by_role("region", name="Models")).to_be_hidden()


def test_the_first_prediction_replaces_the_example(open_page: OpenPage) -> None:
    registry, pipeline = new_registry(), HeldPipeline()
    with serve(registry, pipeline=pipeline) as url:
        page = open_page(url)
        expect(page.get_by_text("@barograph.observe")).to_be_visible()
        with pipeline.hold():
            Traffic(registry, "first").send(100)
        expect(page.get_by_role("link", name="first 1")).to_be_visible()
        expect(page.get_by_text("@barograph.observe")).to_be_hidden()


def test_while_it_waits_it_says_so(open_page: OpenPage) -> None:
    def slowly(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    with serve(new_registry()) as url:
        page = open_page("about:blank")
        page.route(API, slowly)
        page.goto(url, wait_until="commit")
        expect(page.get_by_text("Asking the processor…")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("No prediction has arrived yet")


def test_a_processor_that_went_away_is_told_and_what_was_shown_stays(
    open_page: OpenPage, complaints: list[str], stories_url: str
) -> None:
    page = open_page(stories_url)
    expect(page.get_by_role("region", name="Models")).to_be_visible()
    page.route(API, lambda route: route.abort())
    expect(page.get_by_text("The processor does not answer.")).to_be_visible()
    expect(page.locator("#pulse")).to_contain_text("away since")
    expect(page.get_by_role("link", name="flight-delay 2013.1", exact=True)).to_be_visible()
    page.unroute(API)
    expect(page.get_by_text("The processor does not answer.")).to_be_hidden()
    expect(page.locator("#pulse")).to_contain_text("live")
    complaints.clear()


def test_a_processor_that_never_answered_is_told(
    open_page: OpenPage, complaints: list[str], stories_url: str
) -> None:
    page = open_page("about:blank")
    page.route(API, lambda route: route.fulfill(status=500, body="broken"))
    page.goto(stories_url)
    expect(page.get_by_text("Nothing to show until it answers.")).to_be_visible()
    page.unroute(API)
    expect(page.get_by_role("region", name="Models")).to_be_visible()
    complaints.clear()


def test_a_mistake_of_the_page_is_not_laid_on_the_processor(
    open_page: OpenPage, complaints: list[str], stories_url: str
) -> None:
    """It stops there: an answer that goes well must not hide it."""
    page = open_page("about:blank")
    page.route(API, lambda route: route.fulfill(json={"models": None}))
    page.goto(stories_url)
    expect(page.get_by_role("status")).to_contain_text("This page made a mistake and has stopped")
    page.unroute(API)
    page.wait_for_timeout(5_000)
    expect(page.get_by_role("status")).to_contain_text("This page made a mistake")
    assert any("TypeError" in complaint for complaint in complaints)
    complaints.clear()


def test_a_restart_that_is_catching_up_is_told(open_page: OpenPage) -> None:
    pipeline = HeldPipeline()
    pipeline.ready = False
    with serve(new_registry(), pipeline=pipeline) as url:
        page = open_page(url)
        expect(page.get_by_role("status")).to_contain_text("The journal is being replayed")
        pipeline.ready = True
        expect(page.get_by_role("status")).to_be_hidden()


def test_a_model_that_is_still_learning_has_a_page_without_a_plot(
    open_page: OpenPage, stories_url: str
) -> None:
    page = open_page(f"{stories_url}/#/model?name=brand-new&version=0.1")
    expect(page.get_by_text("No window has closed yet")).to_be_visible()
    expect(page.get_by_text("still being learnt, 700 predictions so far")).to_be_visible()
    expect(page.locator(".figure:not(.small, .course)")).to_be_hidden()
