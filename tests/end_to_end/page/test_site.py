"""The documentation's site in a real browser: no page is wider than the screen that shows it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.test_documentation_site import build

pytestmark = pytest.mark.components

_TOO_WIDE = """() => [
  ...(document.documentElement.scrollWidth > innerWidth ? ["the page"] : []),
  ...[...document.querySelectorAll(".table-wrapper")]
    .filter(table => innerWidth > 768 && table.scrollWidth > table.clientWidth + 1)
    .map(table => table.innerText.slice(0, 60))
]"""
"""On a phone a table of four columns scrolls by itself."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("width", [390, 1280, 1440, 1920])
def test_nothing_scrolls_sideways(browser: Browser, site: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    wide = {}
    for file in sorted(site.glob("*.html")):
        page.goto(file.as_uri())
        found = page.evaluate(_TOO_WIDE)
        if found:
            wide[file.name] = found
    context.close()
    assert wide == {}
