"""What the tests of the SDK share: memory in place of a backend."""

from collections.abc import Iterator

import pytest

from barograph.testing import Recorder


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recording:
        yield recording
