"""What happens shows without a reload, and nobody is asked when nobody looks."""

import pytest
from playwright.sync_api import expect

from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import HeldPipeline, Traffic, new_registry, serve

pytestmark = pytest.mark.components

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_model_that_fails_moves_up_and_is_announced_and_the_focus_stays(
    open_page: OpenPage,
) -> None:
    registry, pipeline = new_registry(), HeldPipeline()
    good = Traffic(registry, "aaa-good", seed=1)
    bad = Traffic(registry, "zzz-bad", seed=2)
    good.send(4000)
    bad.send(4000)
    with serve(registry, pipeline=pipeline) as url:
        page = open_page(url)
        link = page.get_by_role("link", name="zzz-bad 1", exact=True)
        link.focus()
        expect(page.locator(".card").first).to_contain_text("aaa-good")
        with pipeline.hold():
            bad.send(2000, wrong=0.4)
        expect(page.locator(".card").first).to_contain_text("zzz-bad")
        expect(page.locator(".card").first).to_contain_text("Silent degradation")
        expect(page.locator("#announcer")).to_contain_text("has been giving worse answers")
        expect(page).to_have_title("1 in trouble · Barograph")
        assert page.evaluate("document.activeElement.textContent") == "zzz-bad 1"


def test_a_models_page_draws_new_windows_and_only_asks_for_those(open_page: OpenPage) -> None:
    registry, pipeline = new_registry(), HeldPipeline()
    traffic = Traffic(registry, "fraud", "3")
    traffic.send(4000)
    with serve(registry, pipeline=pipeline) as url:
        page = open_page(f"{url}/#/model?name=fraud&version=3")
        expect(page.locator(".windows tbody").first.locator("tr")).to_have_count(10)
        with page.expect_response(lambda answer: "after=9" in answer.url) as quiet:
            pass
        assert quiet.value.json()["series"] is None
        with pipeline.hold():
            traffic.send(400)
        expect(page.locator(".windows tbody").first.locator("tr")).to_have_count(12)
        page.wait_for_selector(".js-plotly-plot .main-svg")
        assert (
            page.eval_on_selector(
                ".figure:not(.small, .course) .js-plotly-plot", "plot => plot.data.at(-1).x.length"
            )
            == 12
        )


def test_a_hidden_page_asks_nothing_and_catches_up_when_it_is_seen(
    open_page: OpenPage, stories_url: str
) -> None:
    page = open_page(stories_url)
    expect(page.get_by_role("region", name="Models")).to_be_visible()
    asked: list[str] = []
    page.evaluate(HIDE, arg=True)
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6_000)
    assert asked == []
    with page.expect_request("**/api/page/overview*", timeout=2_000):
        page.evaluate(HIDE, arg=False)
