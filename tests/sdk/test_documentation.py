"""The examples in docs/sdk.md and in the docstrings of the SDK run."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import barograph
from barograph.testing import Recorder

PAGE = Path(__file__).parents[2] / "docs" / "sdk.md"
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(barograph.__path__, "barograph.")
    if not module.name.endswith(("fixtures", "instrumentor"))  # they need optional packages
)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_public_names_exist(name: str) -> None:
    module = importlib.import_module(name)
    assert all(hasattr(module, public) for public in module.__all__)


def test_the_first_block_of_the_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barograph, "configure", lambda **_: None)
    (first, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    with Recorder() as recorder:
        exec(compile(first, str(PAGE), "exec"), {"__name__": "page"})  # noqa: S102  # what is tested
    assert len(recorder.spans) == len(recorder.facts) == 1
