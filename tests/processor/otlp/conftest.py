"""Spans are read by compiled code and by numpy, and what holds for one holds for both."""

import os
from collections.abc import Iterator

import pytest

from barograph_processor.otlp import compiled


@pytest.fixture(scope="session")
def needs_compiled() -> None:
    """Skip what compares the two where nothing was compiled, or fail it where it has to be."""
    if compiled.wire is None:
        missing = "not compiled: `python hatch_build.py`, with a C compiler"
        if os.environ.get("BAROGRAPH_REQUIRE_COMPONENTS") == "1":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)


@pytest.fixture(params=["compiled", "numpy"], scope="module")
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read spans in one of the two ways."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numpy":
            patch.setattr(compiled, "wire", None)
        else:
            request.getfixturevalue("needs_compiled")
        yield
