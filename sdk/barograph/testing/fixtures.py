"""Pytest fixtures; load them with `pytest_plugins = ["barograph.testing.fixtures"]`."""

from collections.abc import Iterator

import pytest

from barograph.testing.recorder import Recorder

__all__ = ["barograph_recorder"]


@pytest.fixture
def barograph_recorder() -> Iterator[Recorder]:
    """Record what the test sends, instead of sending it."""
    with Recorder() as recorder:
        yield recorder
