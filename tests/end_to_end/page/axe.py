"""What axe-core, the checker of accessibility, has against a page."""

from typing import Any

import pytest
from playwright.sync_api import Page

__all__ = ["violations"]


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return the rules that a page breaks, and the elements that do; skip where axe is not."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="ships axe-core")
    found: dict[str, Any] = axe.Axe().run(page).response
    return [
        (rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found["violations"]
    ]
