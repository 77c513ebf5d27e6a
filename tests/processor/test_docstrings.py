"""The examples in the processor's docstrings run, and its public names exist."""

import doctest
import importlib
import pkgutil

import pytest

import barograph_processor

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(barograph_processor.__path__, "barograph_processor.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_public_names_exist(name: str) -> None:
    module = importlib.import_module(name)
    assert all(hasattr(module, public) for public in getattr(module, "__all__", ()))
