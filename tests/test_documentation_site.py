"""The site is built without a warning, and a browser fetches nothing for it from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page.stem for page in DOCS.glob("*.md"))
# What a browser loads by itself; links to follow are `a`.
_FETCHED = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]*)"
    r"|(?:url\(|@import\s)[\"']?((?:https?:)?//[^\"')]*)"
)


def build(folder: Path) -> Path:
    """Build the site under a folder, and return where its pages are."""
    built = folder / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, str(DOCS), str(built)], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("site"))


def test_the_first_page_leads_to_every_other(site: Path) -> None:
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    linked = {link for link in PAGES if f"]({link}.md)" in text}
    assert set(PAGES) - linked == {"index"}
    assert {page.stem for page in site.glob("*.html")} >= set(PAGES)


def test_the_reference_has_what_the_packages_offer(site: Path) -> None:
    names = {
        "python": ["barograph.observe"],
        "mathematics": ["barograph_processor.drift.DriftMonitor"],
    }
    for page, objects in names.items():
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        assert [name for name in objects if f'id="{name}"' not in html] == []


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    files = [*site.rglob("*.html"), *site.rglob("*.css")]
    found = [m.group(0) for file in files for m in _FETCHED.finditer(file.read_text("utf-8"))]
    assert len(files) > len(PAGES)
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        '<script defer src="https://cdn.example/a.js">',
        "<link rel=stylesheet href='//fonts.example/a.css'>",
        "a { background: url(http://elsewhere.example/a.png) }",
    ],
)
def test_what_is_fetched_is_recognised(text: str) -> None:
    assert _FETCHED.search(text)
