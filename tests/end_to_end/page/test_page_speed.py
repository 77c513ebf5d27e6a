"""It works with a hundred models, and with a model that has a year of windows.

The goals are 1 s to the first view and 100 ms to an interaction. The times are
recorded with the results (``--junit-xml``) and not
asserted, because the machine that runs this is shared; what is sent is.
"""

from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from playwright.sync_api import expect

from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import Traffic, new_registry, serve

pytestmark = pytest.mark.components

# Times of a few rounds of an interaction, up to the next frame that shows it.
ROUNDS = """async (act) => {
  const times = [];
  for (let round = 0; round < 8; round += 1) {
    const start = performance.now();
    %s
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[4];
}"""

INTERACTIONS = {
    "the cursor by keyboard": """document.querySelector(".figure").dispatchEvent(
        new KeyboardEvent("keydown", {key: "ArrowLeft", bubbles: true}));""",
    "a zoom": """{ const plot = document.querySelector(".js-plotly-plot");
        const x = plot.data.at(-1).x;
        await Plotly.relayout(plot, {"xaxis.range": [x[100 * round], x[100 * round + 400]]}); }""",
    "another metric": """{ const choice = document.querySelector("select");
        choice.selectedIndex = round % 3;
        choice.dispatchEvent(new Event("change")); }""",
    "another order": 'document.querySelector("th button").click();',
}


@pytest.fixture(scope="module")
def year_url() -> Iterator[str]:
    registry = new_registry(reference=500, window=50)
    traffic = Traffic(registry, "year", features=tuple(f"feature {i}" for i in range(20)))
    traffic.send(500 + 1800 * 50)
    traffic.send(200 * 50, wrong=0.3, shift={"feature 3": 0.5})
    assert len(registry.models[traffic.key].history) == 2000
    with serve(registry) as url:
        yield url


@pytest.mark.parametrize("interaction", INTERACTIONS.values(), ids=INTERACTIONS)
def test_a_year_of_windows_answers(
    year_url: str,
    open_page: OpenPage,
    interaction: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Each interaction runs on the full history, without a complaint of the browser."""
    page = open_page(f"{year_url}/#/model?name=year&version=1")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    median_ms = page.evaluate(ROUNDS % interaction)
    record_property("median_ms", median_ms)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def test_a_hundred_models_are_shown(
    open_page: OpenPage, record_property: Callable[[str, object], None]
) -> None:
    registry = new_registry(reference=200, window=50)
    for number in range(100):
        Traffic(registry, f"model {number:03}", seed=number).send(1000)
    with serve(registry) as url:
        page = open_page("about:blank")
        page.goto(url, wait_until="commit")
        expect(page.locator(".card")).to_have_count(100)
        page.reload(wait_until="commit")
        page.wait_for_selector(".card:nth-child(100)")
        first_view_ms = page.evaluate("performance.now()")
        record_property("first_view_ms", first_view_ms)
        sizes = page.evaluate(
            "[performance.getEntriesByType('navigation'), performance.getEntriesByType('resource')]"
            ".map(entries => entries.map(entry => entry.decodedBodySize))"
        )
        assert sum(chain(*sizes)) < 1_500_000
