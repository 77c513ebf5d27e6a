"""Names come from spans: whatever they hold ends as text."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import Traffic, new_registry, serve

pytestmark = pytest.mark.components

NAMES = {
    "markup": '<img src=x onerror="window.broken=1">',
    "script": "</script><script>window.broken=1</script>",
    "quotes": """'"`${window.broken=1}`--><b>""",
    "slashes": "../..//a/b?c=d&e=f#g%2e%2e",
    "prototype": "__proto__",
    "right to left": "\u202egnp.exe שלום عربى",
    "long": "x" * 300,
    "long words": "model " * 60,
    "control": "a\tb\nc\u0007\u200b\ufeff",
    "emoji": "🌡️👨‍👩‍👧‍👦" * 5,
    "a link": "javascript:window.broken=1",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_shown_as_it_is_and_does_nothing(open_page: OpenPage, name: str) -> None:
    registry = new_registry()
    traffic = Traffic(
        registry, name, name, features=(name, "constructor", "b"), carriers=(name, "a", "b")
    )
    traffic.send(3000)
    traffic.send(2000, wrong=0.3, wrong_at={name: 0.7}, shift={name: 2.0})
    alarms = registry.models[traffic.key].verdicts.book.open
    assert {alarm.severity for alarm in alarms} >= {"page", "note"}
    assert {"carrier": name} in [alarm.slice for alarm in alarms]
    with serve(registry) as url:
        page = open_page(url, viewport={"width": 390, "height": 844})
        shown = page.locator(".card-link bdi")
        expect(shown).to_have_count(2)
        assert shown.first.text_content() == name
        assert page.locator("main img, main script, main b > b").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        page.locator(".card-link").focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1 bdi").first).to_be_visible()
        assert page.locator("h1 bdi").first.text_content() == name
        page.wait_for_selector(".js-plotly-plot .main-svg")
        features = {cell.text_content() for cell in page.locator(".drift tbody th bdi").all()}
        assert {name, "constructor", "b", "carrier"} <= features
        slices = page.get_by_role("table", name="The slices that do worst")
        assert slices.locator("tbody th").first.text_content() == f"carrier = {name}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        for alarm in alarms:
            page.goto(f"{url}/#/alarm?{urlencode({'id': alarm.id})}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert page.locator(".crumb bdi").first.text_content() == name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("typeof window.broken") == "undefined"


def test_a_trace_template_that_is_no_web_address_makes_no_link(open_page: OpenPage) -> None:
    registry = new_registry()
    traffic = Traffic(registry, "fraud", "3")
    traffic.send(3000)
    traffic.send(2000, wrong=0.4)
    risk = next(a for a in registry.models[traffic.key].verdicts.book.open if a.signal == "risk")
    with serve(registry, trace_url="javascript:alert('{trace_id}')") as url:
        page = open_page(f"{url}/#/alarm?id={risk.id}")
        expect(page.locator(".traces li")).to_have_count(5)
        # What became of the prediction is asked of the service itself; nothing leads elsewhere.
        links = [link.get_attribute("href") for link in page.locator(".traces a").all()]
        assert len(links) == 5
        assert all(link is not None and link.startswith("/api/predictions?") for link in links)
