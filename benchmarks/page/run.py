"""How fast the page is, in a real browser: ``python -m benchmarks.page.run``.

Bias first: browser and server share the machine and its loopback, so a slow network is not
in these figures and a slow processor is in both; the browser is headless and draws without a
GPU. Each time is from the act to the end of the frame that shows it: the least of the rounds,
which others on the machine disturb least, the median and the largest. A view is opened in a
new context, with nothing in its cache.
"""

import json
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from playwright.sync_api import Browser, Page, sync_playwright

_ROUNDS = 7
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run")
_MODEL = "/#/model?name=year&version=1"

# From the act to the end of the frame after it.
_TIMED = """async (round) => {
  const start = performance.now();
  %s
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""
_PLOT = 'document.querySelector(".js-plotly-plot")'
_INTERACTIONS = {
    "cursor by keyboard": 'document.querySelector(".figure").dispatchEvent('
    'new KeyboardEvent("keydown", {key: "ArrowLeft", bubbles: true}));',
    "cursor by mouse": f"{{ const plot = {_PLOT};"
    " const box = plot.getBoundingClientRect();"
    ' plot.querySelector(".nsewdrag").dispatchEvent(new MouseEvent("mousemove", {bubbles: true,'
    " clientX: box.x + 100 + 60 * round, clientY: box.y + 100})); }",
    "zoom to a month": f"{{ const plot = {_PLOT}; const start = plot.data.at(-1).x[0];"
    " const month = 30 * 86400e3; await Plotly.relayout(plot,"
    ' {"xaxis.range": [start + round * month, start + (round + 1) * month]}); }',
    "back to the year": f'await Plotly.relayout({_PLOT}, {{"xaxis.autorange": true}});',
    "another metric": '{ const choice = document.querySelector("select");'
    ' choice.selectedIndex = round % 3; choice.dispatchEvent(new Event("change")); }',
    "drift in another order": 'document.querySelector("th button").click();',
}
_SIZES = """() => [...performance.getEntriesByType("navigation"),
  ...performance.getEntriesByType("resource")]
  .map(({name, decodedBodySize, transferSize}) => [name, decodedBodySize, transferSize])"""


@contextmanager
def _served(story: str) -> Iterator[IO[str]]:
    """Start a server; its first line, once it is ready, is its address."""
    command = [sys.executable, "-m", "benchmarks.page.serve", story]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout
        finally:
            server.kill()


def _line_of(output: IO[str]) -> str:
    return output.readline().strip()


def _view(browser: Browser, url: str, shown: str) -> tuple[float, list[tuple[str, int, int]]]:
    """Return ms until something is shown, and what was sent for it: name, bytes, on the wire."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(url, wait_until="commit")
    page.wait_for_selector(shown)
    found: float = page.evaluate(_TIMED % "return performance.now();", 0)
    sizes = page.evaluate(_SIZES)
    context.close()
    return found, sizes


def _line(name: str, times: list[float]) -> None:
    cells = (min(times), statistics.median(times), max(times))
    print(f"| {name} | {' | '.join(f'{cell:.0f}' for cell in cells)} |", flush=True)


def _weight(name: str, sizes: list[tuple[str, int, int]]) -> None:
    own = [size for address, size, _ in sizes if "plotly.min.js" not in address]
    print(f"  {name}: {sum(own) / 1e6:.2f} MB in {len(own)} files beside the plotting library")


def _interactions(page: Page, url: str) -> None:
    page.set_default_timeout(120_000)
    page.goto(url)
    page.wait_for_selector(".js-plotly-plot .main-svg")
    page.wait_for_timeout(3000)
    for name, act in _INTERACTIONS.items():
        _line(name, [page.evaluate(_TIMED % act, each) for each in range(_ROUNDS)])


def _views(open_: Callable[[], tuple[float, list[tuple[str, int, int]]]], name: str) -> None:
    seen = [open_() for _ in range(_ROUNDS)]
    _line(name, [time for time, _ in seen])
    _weight(f"sent: {name}", seen[-1][1])


def main() -> None:
    """Measure, and print tables."""
    chromium = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        version = {"chromium": browser.version, "python": platform.python_version()}
        print(json.dumps({**version, "machine": platform.machine()}))
        print("| what | least, ms | median | largest |\n| --- | --- | --- | --- |")
        # Both at once: each takes minutes to build what it serves.
        with _served("hundred") as hundred, _served("year") as year:
            url, place = _line_of(hundred), _line_of(year) + _MODEL
            _views(lambda: _view(browser, url, ".card:nth-child(100)"), "100 models")
            _views(lambda: _view(browser, place, ".standing .badge span"), "a year: its state")
            _views(lambda: _view(browser, place, ".js-plotly-plot .main-svg"), "a year: its plot")
            _interactions(browser.new_page(), place)
        browser.close()


if __name__ == "__main__":
    main()
