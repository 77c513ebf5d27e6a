"""The review queue, answered as a person would."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from barograph_processor.config import parse_config
from barograph_processor.service import Service
from tests.end_to_end.page.axe import violations
from tests.end_to_end.page.conftest import OpenPage
from tests.processor.otlp.build import span, traces

pytestmark = pytest.mark.components

START = 1_600_000_000_000_000_000
PORTS = {"otlp_grpc": "127.0.0.1:0", "otlp_http": "127.0.0.1:0", "web": "127.0.0.1:0"}
HOSTILE = "<img src=x onerror=alert(1)>"
KINDS: dict[str, dict[str, Any]] = {
    "flight-delay": {
        "barograph.task": "binary",
        "barograph.prediction.value": 0.83,
        "barograph.input.distance": 1_400.0,
        "barograph.input.carrier": "B6",
        "barograph.input.origin": HOSTILE,
        "barograph.slice.carrier": "B6",
        "barograph.slice.market": "east",
    },
    "assistant": {
        "barograph.task": "generation",
        "barograph.prediction.confidence": 0.97,
        "barograph.input.question": "opening hours",
        "barograph.output.answer": "short and polite",
    },
    "price": {"barograph.task": "regression", "barograph.prediction.value": 310.5},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with questions of each kind; yield its page."""
    config = parse_config(
        {
            "serve": {"state_dir": str(tmp_path_factory.mktemp("state")), **PORTS},
            "review": {"per_day": 30, "overlap": 0.0},
        }
    )
    with Service(config) as service:
        for model, attributes in KINDS.items():
            rng = np.random.default_rng(len(model))
            whose = {"barograph.model.name": model, "barograph.model.version": "1"}
            service.pipeline.submit(
                "traces",
                traces(
                    *(
                        span(
                            row,
                            {**whose, **attributes},
                            trace_id=rng.bytes(16),
                            span_id=rng.bytes(8),
                            start_time_unix_nano=START + row * 60 * 10**9,
                            end_time_unix_nano=START + row * 60 * 10**9 + 10**6,
                        )
                        for row in range(500)
                    )
                ),
            )
        yield f"http://{service.addresses['web']}/#/review"


def test_questions_are_answered_and_the_estimate_follows(desk: str, open_page: OpenPage) -> None:
    page = open_page(desk)
    cards = page.locator(".question")
    expect(cards.first).to_be_visible()
    flights = page.locator("section", has_text="flight-delay")
    first = flights.locator(".question").first
    # What the model said stays out of sight until it is asked for.
    expect(first.get_by_text("0.83")).to_be_hidden()
    expect(first.get_by_text(HOSTILE)).to_be_visible()
    # A slice that is an input is told once.
    expect(first.get_by_text("market", exact=True)).to_have_count(1)
    expect(first.get_by_text("carrier", exact=True)).to_have_count(1)
    first.get_by_role("button", name="0", exact=True).click()
    expect(first.get_by_role("alert")).to_have_text("Say first who you are, at the top.")
    page.get_by_label("You are").fill("ines")
    page.keyboard.press("Tab")
    before = flights.locator(".question").count()
    first.get_by_role("button", name="0", exact=True).click()
    expect(flights.locator(".question")).to_have_count(before - 1)
    expect(flights.locator(".facts").first).to_contain_text("By 1 answer or label")
    expect(flights.get_by_text("Answer taken. The model said 1, 0.83.")).to_be_visible()

    assistant = page.locator("section", has_text="assistant")
    expect(assistant.get_by_text("short and polite").first).to_be_visible()
    sure = assistant.locator(".question").first.get_by_text("97.0")
    expect(sure).to_be_hidden()
    assistant.get_by_text("How sure the model was").first.click()
    expect(sure).to_be_visible()
    assistant.get_by_role("button", name="Wrong").first.click()
    expect(assistant.get_by_text("The model was 97.0")).to_be_visible()
    expect(assistant.locator(".facts").first).to_contain_text("1 answered")

    price = page.locator("section", has_text="price")
    price.get_by_label("The true value").first.fill("299.5")
    page.keyboard.press("Enter")
    expect(price.locator(".facts").first).to_contain_text("1 answered")
    expect(price.get_by_text("The model said 310.5.")).to_be_visible()
    folder = os.environ.get("BAROGRAPH_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / "review.png"), full_page=True)
    # Who it was is remembered on this machine.
    page.reload()
    expect(page.get_by_label("You are")).to_have_value("ines")


@pytest.mark.parametrize("width", [360, 390, 800, 1280, 1440])
def test_what_is_typed_and_its_button_stand_side_by_side(
    desk: str, open_page: OpenPage, width: int
) -> None:
    page = open_page(desk, viewport={"width": width, "height": 900})
    card = page.locator("section", has_text="price").locator(".question").first
    field = card.get_by_label("The true value").bounding_box()
    button = card.get_by_role("button", name="Answer").bounding_box()
    assert field is not None
    assert button is not None
    assert field["y"] == pytest.approx(button["y"], abs=2)
    assert field["x"] + field["width"] <= button["x"]
    assert field["width"] >= 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_is_for_everybody(desk: str, open_page: OpenPage, scheme: str, width: int) -> None:
    page = open_page(desk, color_scheme=scheme, viewport={"width": width, "height": 900})
    expect(page.locator(".question").first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_queue_is_answered_by_keyboard_alone(desk: str, open_page: OpenPage) -> None:
    page = open_page(desk)
    page.get_by_label("You are").fill("kim")
    section = page.locator("section", has_text="assistant")
    count = section.locator(".question").count()
    section.get_by_role("button", name="Right").first.focus()
    page.keyboard.press("Enter")
    expect(section.locator(".question")).to_have_count(count - 1)
    # The focus is where the next answer is given.
    expect(section.locator(".question").first.get_by_role("button").first).to_be_focused()
