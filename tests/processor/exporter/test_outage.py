"""The downstream is away while alarms are raised, and the service is killed meanwhile."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from components.process import free_addresses
from components.processor import Processor
from tests.end_to_end.otlp_sink import OtlpSink
from tests.processor.otlp.build import prediction, traces
from tests.processor.test_service import eventually

_CONFIG = """
[serve]
evaluation_seconds = 0.1
[reference]
rows = 2000
[window]
rows = 100
[alarm]
windows_between_false_alarms = 50
[limits]
checkpoint_seconds = {seconds}
"""


def send(processor: Processor, first: int, last: int, shift: float) -> None:
    for start in range(first, last, 200):
        spans = [
            prediction(n, {"input.x": float(n * 7919 % 1000) + shift, "input.y": n * 31 % 97})
            for n in range(start, start + 200)
        ]
        answer = httpx.post(
            f"http://{processor.otlp_http}/v1/traces",
            content=traces(*spans),
            headers={"content-type": "application/x-protobuf"},
            timeout=30,
        )
        assert answer.status_code == 200


def _step(record: LogRecord) -> tuple[str, str]:
    """The alarm and what became of it, as its record says."""
    attributes = {a.key: a.value.string_value for a in record.attributes}
    return attributes["barograph.alarm.id"], attributes["barograph.alarm.state"]


def _content(record: LogRecord) -> bytes:
    """What it says, whenever it was said."""
    timeless = LogRecord()
    timeless.CopyFrom(record)
    timeless.ClearField("time_unix_nano")
    timeless.ClearField("observed_time_unix_nano")
    return timeless.SerializeToString(deterministic=True)


def _waiting_bytes(processor: Processor) -> float:
    """Of alarms that the downstream has not acknowledged yet, as far as the processor knows."""
    lines = httpx.get(f"http://{processor.web}/metrics").text.splitlines()
    [line] = [line for line in lines if line.startswith("barograph_monitor_alarms_waiting_bytes")]
    return float(line.split()[-1])


def _alarms(processor: Processor, state: str) -> list[dict[str, Any]]:
    found = processor.api(f"/api/alarms?state={state}&limit=1000")["alarms"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("seconds", [0.2, 1000])
def test_every_alarm_of_an_outage_arrives_once(tmp_path: Path, seconds: float) -> None:
    """Killed twice while nobody takes alarms, and once behind that.

    With checkpoints none is lost, although the state has forgotten that it is to be
    told; without any, each is found again in the journal, and is not told again.
    """
    config = tmp_path / "barograph.toml"
    config.write_text(_CONFIG.format(seconds=seconds), encoding="utf-8")
    [downstream] = free_addresses(1)
    with Processor(tmp_path, export=downstream, config=config) as processor:
        send(processor, 0, 2000, 0)
        send(processor, 2000, 2600, 2000)
        eventually(lambda: _alarms(processor, "open"))
        processor.kill()
        processor.start()
        send(processor, 2600, 4600, 0)
        eventually(lambda: _alarms(processor, "resolved"))
        processor.kill()
        processor.start()
        expected = {(a["id"], a["state"]) for a in _alarms(processor, "all")}
        expected |= {(a["id"], "open") for a in _alarms(processor, "resolved")}
        with OtlpSink(downstream) as sink:
            eventually(lambda: {_step(record) for record in sink.logs} >= expected, seconds=60)
            # What arrived and is not yet known to have arrived is sent again after a crash.
            eventually(lambda: _waiting_bytes(processor) == 0)
            processor.kill()
            processor.start()
            send(processor, 4600, 5000, 0)
            eventually(lambda: processor.api("/api/models")["models"])
        records = sink.logs
    steps = Counter(_content(record) for record in records)
    assert set(steps.values()) == {1}
    assert {_step(record) for record in records} == expected
