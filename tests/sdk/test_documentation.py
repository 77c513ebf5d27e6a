"""The examples in docs/sdk.md and in the docstrings of the SDK run."""

import doctest
import importlib
import inspect
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


def test_the_blocks_of_the_page_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, as one program."""
    monkeypatch.setattr(barograph, "configure", lambda **_: None)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    page: dict[str, object] = {"__name__": "page"}
    with Recorder() as recorder:
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), page)  # noqa: S102  # what is tested
    models = {sent["barograph.model.name"] for sent in recorder.predictions}
    assert models == {"fraud-xgb", "ranker", "gpt-x", "credit"}
    assert [name for name, _ in recorder.facts] == [
        "barograph.label",
        "barograph.label",
        "barograph.reaction",
        "gen_ai.evaluation.result",
        "barograph.outcome",
    ]


@pytest.mark.parametrize("name", ["observe", "prediction", "configure", "instrument"])
def test_the_page_names_every_option(name: str) -> None:
    options = inspect.signature(getattr(barograph, name)).parameters.keys() - {"function"}
    page = PAGE.read_text()
    assert [option for option in options if not re.search(rf"\b{option}\b", page)] == []
