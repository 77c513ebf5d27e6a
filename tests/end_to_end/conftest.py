"""The real components, for tests that need them.

``*_binary`` fixtures skip a test whose program is missing, or fail it when
``BAROGRAPH_REQUIRE_COMPONENTS=1`` says that nothing may be skipped. The others
start a program for one test. Mark the tests with ``components``.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components import COLLECTOR, JAEGER, Collector, ComponentMissingError, Jaeger, free_addresses
from components.prometheus import find as find_prometheus
from tests.end_to_end.chain import Chain, running_chain
from tests.end_to_end.otlp_sink import OtlpSink


def _find_or_skip(find: Callable[[], Path]) -> Path:
    try:
        return find()
    except ComponentMissingError as error:
        if os.environ.get("BAROGRAPH_REQUIRE_COMPONENTS") == "1":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def _find_chromium() -> Path:
    found = shutil.which("chromium")
    if found is None:
        raise ComponentMissingError(
            "chromium is not installed: run `python -m components install` as root"
        )
    return Path(found)


@pytest.fixture(scope="session")
def collector_binary() -> Path:
    return _find_or_skip(COLLECTOR.find)


@pytest.fixture(scope="session")
def jaeger_binary() -> Path:
    return _find_or_skip(JAEGER.find)


@pytest.fixture(scope="session")
def prometheus_binary() -> Path:
    return _find_or_skip(find_prometheus)


@pytest.fixture(scope="session")
def promtool_binary() -> Path:
    return _find_or_skip(lambda: find_prometheus("promtool"))


@pytest.fixture(scope="session")
def alertmanager_binary() -> Path:
    return _find_or_skip(lambda: find_prometheus("prometheus-alertmanager"))


@pytest.fixture(scope="session")
def chromium_binary() -> Path:
    return _find_or_skip(_find_chromium)


@pytest.fixture
def sink() -> Iterator[OtlpSink]:
    """An OTLP server where the processor would be, running."""
    with OtlpSink(free_addresses(1)[0]) as sink:
        yield sink


@pytest.fixture
def collector(collector_binary: Path, sink: OtlpSink, tmp_path: Path) -> Iterator[Collector]:
    """A Collector that sends to ``sink`` and has no traces backend."""
    with Collector(
        tmp_path / "collector", processor=sink.address, binary=collector_binary
    ) as collector:
        yield collector


@pytest.fixture
def jaeger(jaeger_binary: Path, tmp_path: Path) -> Iterator[Jaeger]:
    with Jaeger(tmp_path / "jaeger", binary=jaeger_binary) as jaeger:
        yield jaeger


@pytest.fixture(scope="module")
def chain(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chain]:
    """The whole chain, one for a module: give each test a model of its own."""
    for program in ("collector", "jaeger", "prometheus"):
        request.getfixturevalue(f"{program}_binary")
    with running_chain(tmp_path_factory.mktemp("chain")) as chain:
        yield chain


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """What prints a line into the test's own output, whether that is captured or not."""

    def write(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {line}\n")

    return write
