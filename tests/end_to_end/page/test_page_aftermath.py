"""What users do, what predictions are worth, and how labels come: drawn, and as tables."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.end_to_end.page.axe import violations
from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import Traffic, new_registry, serve, tell_of_people

pytestmark = pytest.mark.components

MODEL = "#/model?name=ticket-drafts&version=3"


@pytest.fixture(scope="module")
def people_url() -> Iterator[str]:
    registry = new_registry()
    tell_of_people(registry)
    Traffic(registry, "silent", seed=1).send(3000)
    with serve(registry) as url:
        yield url


def drawn_section(page: Page, name: str) -> Locator:
    """Return a section of the page once its first figure is drawn."""
    section = region(page, name)
    expect(section.locator(".main-svg").first).to_be_visible()
    return section


def lines(section: Locator) -> dict[str, dict[str, Any]]:
    """Return what a section's first figure draws, by name: its axis, values and intervals."""
    found: dict[str, dict[str, Any]] = section.locator(".js-plotly-plot").first.evaluate(
        "plot => Object.fromEntries(plot.data.filter(t => t.name)"
        ".map(t => [t.name, {axis: t.yaxis, y: t.y, ends: t.customdata}]))"
    )
    return found


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def test_trust_and_each_kind_of_reaction_have_a_panel_with_intervals(
    people_url: str, open_page: OpenPage
) -> None:
    history = httpx.get(f"{people_url}/api/models/ticket-drafts/3").json()["history"]
    last = history[-1]["signals"]
    page = open_page(f"{people_url}/{MODEL}")
    section = drawn_section(page, "What users do with the predictions")
    drawn = lines(section)
    assert list(drawn) == ["trust", "accepted", "edited", "rejected"]
    assert len({line["axis"] for line in drawn.values()}) == 4
    assert drawn["trust"]["y"][-1] == pytest.approx(last["trust"]["value"], rel=1e-4)
    rate = last["reactions"]["rejected"]["rate"]
    assert drawn["rejected"]["y"][-1] == pytest.approx(rate["value"], rel=1e-4)
    ends = [rate["lower"], rate["upper"]]
    assert drawn["rejected"]["ends"][-1] == pytest.approx(ends, rel=1e-4)


def test_worth_stands_beside_quality_and_the_cost_grows_while_it_lasts(
    people_url: str, open_page: OpenPage
) -> None:
    history = httpx.get(f"{people_url}/api/models/ticket-drafts/3").json()["history"]
    cost = history[-1]["signals"]["outcome"]["EUR"]["cost"]
    page = open_page(f"{people_url}/{MODEL}")
    section = drawn_section(page, "What the predictions are worth")
    expect(section.get_by_role("heading", name="EUR")).to_be_visible()
    drawn = lines(section)
    assert {"accuracy", "Worth of a prediction", "Cost of the degradation so far"} <= set(drawn)
    course = drawn["Cost of the degradation so far"]["y"]
    assert course[0] < course[len(course) // 2] < course[-1]
    assert course[-1] == pytest.approx(cost["value"], rel=1e-4)


def test_labels_say_how_soon_they_come(people_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{people_url}/{MODEL}")
    section = region(page, "Labels: how soon they come, and whether they keep coming")
    expect(section).to_contain_text("Labels come 1 hour after their prediction on average")
    expect(section.locator(".js-plotly-plot .main-svg").nth(1)).to_be_visible()
    section.get_by_text("The same in figures").first.press("Enter")
    rows = section.get_by_role("group", name="Labels by age").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("up to 3 hours")
    expect(rows.last).to_contain_text("100.0")


def test_each_figure_is_read_at_its_cursor_and_as_a_table(
    people_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{people_url}/{MODEL}")
    section = drawn_section(page, "What the predictions are worth")
    section.get_by_role("application").focus()
    page.keyboard.press("End")
    read = section.locator("[aria-live]").first
    expect(read).to_contain_text("Worth of a prediction (EUR)")
    assert re.search(r"\d \([\d.]+ to [\d.]+\)", read.inner_text())
    section.get_by_text("The same in figures").press("Enter")
    table = section.get_by_role("group", name="Worth of a prediction in EUR")
    expect(table.get_by_role("columnheader").nth(3)).to_have_text("Cost so far (EUR)")
    expect(table.get_by_role("row").nth(1)).to_contain_text("8 Jan 2013")


def test_a_model_that_nobody_reacts_to_has_no_such_sections(
    people_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{people_url}/#/model?name=silent&version=1")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(region(page, "What users do with the predictions")).to_be_hidden()
    expect(region(page, "What the predictions are worth")).to_be_hidden()


def test_harm_is_shaded_once_however_many_alarms_say_so(
    people_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{people_url}/{MODEL}")
    section = drawn_section(page, "Quality next to latency, errors and traffic")
    grounds = section.locator(".js-plotly-plot").evaluate(
        "plot => plot.layout.shapes.filter(s => s.type === 'rect').length"
    )
    alarms = httpx.get(f"{people_url}/api/alarms").json()["alarms"]
    assert sum(alarm["severity"] == "page" for alarm in alarms) >= 3
    assert grounds == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_is_for_everybody(
    people_url: str, open_page: OpenPage, scheme: str, width: int, tmp_path: Path
) -> None:
    page = open_page(
        f"{people_url}/{MODEL}", color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    expect(page.locator(".js-plotly-plot .main-svg").nth(9)).to_be_visible()
    for table in page.get_by_text("in figures", exact=False).all():
        table.click()
    folder = Path(os.environ.get("BAROGRAPH_PHOTOGRAPHS", tmp_path))
    page.screenshot(path=folder / f"aftermath-{scheme}-{width}.png", full_page=True)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
