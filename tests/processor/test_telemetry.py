"""Own counters: exact under threads, restored after a restart, all in the catalog."""

import re
import threading
from pathlib import Path

from barograph_processor.catalog import METRICS
from barograph_processor.telemetry import Telemetry

_SOURCE = Path(__file__).parents[2] / "collector_processor" / "barograph_processor"


def test_counters_add_up_by_attributes() -> None:
    telemetry = Telemetry()
    telemetry.add("m", 2, a="x", b="y")
    telemetry.add("m", b="y", a="x")
    telemetry.add("m", 0, a="z")
    assert telemetry.counters() == {
        ("m", (("a", "x"), ("b", "y"))): 3,
        ("m", (("a", "z"),)): 0,
    }


def test_gauges_hold_the_last_value() -> None:
    telemetry = Telemetry()
    telemetry.set("g", 5)
    telemetry.set("g", 2)
    assert telemetry.gauges() == {("g", ()): 2}


def test_what_was_read_does_not_change() -> None:
    telemetry = Telemetry()
    telemetry.add("m")
    before = telemetry.counters()
    telemetry.add("m")
    assert before == {("m", ()): 1}


def test_restored_counters_go_on() -> None:
    first, second = Telemetry(), Telemetry()
    first.add("m", 3, a="x")
    second.add("other")
    second.restore(first.counters())
    second.add("m", 1, a="x")
    first.add("m", 10, a="x")
    assert second.counters() == {("m", (("a", "x"),)): 4}


def test_threads_lose_nothing() -> None:
    telemetry = Telemetry()

    def work() -> None:
        for _ in range(2000):
            telemetry.add("m", a="x")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert telemetry.counters() == {("m", (("a", "x"),)): 16_000}


def test_every_metric_in_the_code_is_in_the_catalog() -> None:
    """Names are written where they are counted; a misspelt one would be found only when it is
    sent."""
    known = {metric.name for metric in METRICS}
    called = re.compile(r'(?:add|set|Signal|point|metric)\(\s*"(barograph\.[a-z_.]+)"')
    used = {
        name
        for file in _SOURCE.rglob("*.py")
        for name in called.findall(file.read_text(encoding="utf-8"))
    }
    assert len(used) > 15
    assert used <= known
