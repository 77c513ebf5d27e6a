"""A browser, and pages in it that must not complain."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from barograph_processor.state.registry import ModelRegistry
from tests.end_to_end.page.models import new_registry, serve, tell_stories

_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

# The machine that runs this may be busy with more than this.
expect.set_options(timeout=20_000)

OpenPage = Callable[..., Page]
"""Opens an address; keywords go to ``Browser.new_context``."""


@pytest.fixture(scope="module")
def browser(chromium_binary: Path) -> Iterator[Browser]:
    """Start a browser for one module: while it lives, its event loop runs in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium_binary), args=list(_FLAGS)
        )
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of: a test that provokes it clears the list."""
    return []


@pytest.fixture
def open_page(browser: Browser, complaints: list[str]) -> Iterator[OpenPage]:
    """Open pages; at its end the test fails where one logged an error or broke the policy."""
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def opened(url: str, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type] # passed through
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def stories() -> ModelRegistry:
    """A model for each state; not to be fed further."""
    registry = new_registry()
    tell_stories(registry)
    return registry


@pytest.fixture(scope="session")
def stories_url(stories: ModelRegistry) -> Iterator[str]:
    with serve(stories, trace_url="https://traces.example/{trace_id}") as url:
        yield url
