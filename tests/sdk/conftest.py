"""What the tests of the SDK share: memory in place of a backend."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace

import barograph
from barograph.testing import Recorder
from tests.sdk.otlp_server import OtlpServer


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recording:
        yield recording


@pytest.fixture
def server() -> Iterator[OtlpServer]:
    with OtlpServer() as listening:
        yield listening
        barograph.configure(enabled=False)


@pytest.fixture(autouse=True)
def _no_global_provider() -> None:
    """Tests must not leave a global provider behind: it can be set only once."""
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
