"""A real Collector takes each of the processor's answers as the protocol means it.

Both protocols, with and without compression: what is taken is counted once, what is
refused one by one is not sent again, what can never be taken is dropped by the
Collector and holds up nothing, and what cannot be taken now comes again until it is.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import ascii_letters
from typing import Any

import httpx
import pytest

from barograph_processor.config import parse_config
from barograph_processor.service import Service
from components import Collector, wait_until
from tests.end_to_end.traffic import own_counter
from tests.processor.otlp.build import logs, prediction, record, traces
from tests.processor.receiver.certificates import Authority

pytestmark = pytest.mark.components

_WAYS = [(kind, how) for kind in ("otlp_grpc", "otlp_http") for how in ("none", "gzip")]
_TOKEN = "writer-writer-writer"
_CONFIG = """
extensions:
  health_check: {{endpoint: "${{env:BAROGRAPH_COLLECTOR_HEALTH}}"}}
receivers:
  otlp:
    protocols:
      http: {{endpoint: "${{env:BAROGRAPH_COLLECTOR_OTLP_HTTP}}"}}
exporters:
  {kind}/barograph:
    endpoint: "{scheme}${{env:BAROGRAPH_COLLECTOR_PROCESSOR}}"
    compression: {compression}
    {more}
    retry_on_failure: {{initial_interval: 100ms, max_interval: 500ms, max_elapsed_time: 0s}}
    sending_queue: {{num_consumers: 1, queue_size: 1000}}
service:
  extensions: [health_check]
  pipelines:
    traces: {{receivers: [otlp], exporters: [{kind}/barograph]}}
    logs: {{receivers: [otlp], exporters: [{kind}/barograph]}}
  telemetry:
    metrics:
      readers:
        - pull:
            exporter:
              prometheus:
                host: "${{env:BAROGRAPH_COLLECTOR_METRICS_HOST}}"
                port: ${{env:BAROGRAPH_COLLECTOR_METRICS_PORT}}
"""


@dataclass(frozen=True)
class Pair:
    """A Collector, and the processor that it sends to."""

    collector: Collector
    service: Service
    kind: str

    def send(self, signal: str, body: bytes) -> None:
        """Give the Collector a request, which it acknowledges and passes on."""
        url = f"http://{self.collector.otlp_http}/v1/{signal}"
        headers = {"content-type": "application/x-protobuf"}
        assert httpx.post(url, content=body, headers=headers, timeout=30).status_code == 200

    def failed(self) -> float:
        """Spans that the Collector has dropped for good."""
        return own_counter(
            self.collector, "otelcol_exporter_send_failed_spans", f"{self.kind}/barograph"
        )

    def counted(self, metric: str, **labels: str) -> float:
        """A counter of the processor's."""
        return sum(
            signal.value if isinstance(signal.value, float | int) else 0.0
            for signal in self.service.signals()
            if signal.metric == metric
            and labels.items() <= {str(k): str(v) for k, v in signal.attributes.items()}.items()
        )

    def wait_for(self, metric: str, value: float, **labels: str) -> None:
        """Wait until a counter has a value."""
        wait_until(lambda: self.counted(metric, **labels) >= value, what=f"{metric} of {value}")
        assert self.counted(metric, **labels) == value


@contextmanager
def pair(
    binary: Path, path: Path, kind: str, compression: str, *, more: str = "", **tables: Any
) -> Iterator[Pair]:
    """Start both, each on free ports."""
    addresses = dict.fromkeys(("otlp_grpc", "otlp_http", "web"), "127.0.0.1:0")
    config = parse_config({"serve": {"state_dir": str(path / "state"), **addresses}, **tables})
    secure = "tls" in tables
    file = path / "collector.yaml"
    file.write_text(
        _CONFIG.format(
            kind=kind,
            compression=compression,
            scheme="" if kind == "otlp_grpc" else "https://" if secure else "http://",
            more=more or "tls: {insecure: true}",
        )
    )
    with (
        Service(config) as service,
        Collector(
            path / "collector",
            processor=service.addresses[kind],
            config=file,
            binary=binary,
        ) as collector,
    ):
        yield Pair(collector, service, kind)


def spans(first: int, count: int, *, padding: int = 0) -> bytes:
    # Of letters that compression makes little smaller, since it is stored as it came.
    rng = random.Random(first)  # noqa: S311 - reproducible
    texts = ["".join(rng.choices(ascii_letters, k=padding)) for _ in range(count)]
    return traces(
        *(prediction(first + n, {"input.x": 1.0, "input.t": text}) for n, text in enumerate(texts))
    )


@pytest.fixture(params=_WAYS, ids="-".join)
def way(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


def test_what_is_taken_is_counted_once(
    collector_binary: Path, tmp_path: Path, way: tuple[str, str]
) -> None:
    """Points 1, 2, 5 and 12."""
    with pair(collector_binary, tmp_path, *way) as both:
        for start in range(0, 1000, 100):
            both.send("traces", spans(start, 100))
        label = record(
            "barograph.label", {"barograph.prediction.id": "p", "barograph.label.value": 1}
        )
        both.send("logs", logs(label))
        both.wait_for("barograph.predictions", 1000)
        both.wait_for("barograph.monitor.accepted", 1, signal="logs")
        assert both.failed() == 0
        assert both.counted("barograph.monitor.duplicates") == 0


def test_partial_success_is_final(
    collector_binary: Path, tmp_path: Path, way: tuple[str, str]
) -> None:
    """Points 6 and 7: what was refused does not come again, what was taken is not lost with it."""
    with pair(collector_binary, tmp_path, *way) as both:
        backwards = [prediction(n, {"input.x": 1.0}, end_time_unix_nano=1) for n in range(3)]
        both.send("traces", traces(*backwards, *(prediction(n, {}) for n in range(10, 15))))
        both.send("traces", spans(100, 10))
        both.wait_for("barograph.predictions", 15)
        assert both.counted("barograph.monitor.rejected", signal="traces") == 3
        assert both.counted("barograph.monitor.duplicates") == 0
        assert both.failed() == 0
        wait_until(lambda: "Partial success" in both.collector.log.read_text(), what="the warning")


def test_too_large_is_dropped_and_holds_up_nothing(
    collector_binary: Path, tmp_path: Path, way: tuple[str, str]
) -> None:
    """Points 3 and 4: 413, and RESOURCE_EXHAUSTED without RetryInfo; also once unpacked."""
    limits = {"request_bytes": 100_000}
    with pair(collector_binary, tmp_path, *way, limits=limits) as both:
        both.send("traces", spans(0, 1, padding=200_000))
        both.send("traces", spans(10, 5))
        both.wait_for("barograph.predictions", 5)
        wait_until(lambda: both.failed() == 1, what="the span that was dropped")


def test_overload_is_tried_again_until_all_is_there(
    collector_binary: Path, tmp_path: Path, way: tuple[str, str]
) -> None:
    """Point 10: the journal is full until a checkpoint; nothing is lost, nothing is twice."""
    limits = {"journal_bytes": 150_000, "checkpoint_seconds": 1}
    with pair(collector_binary, tmp_path, *way, limits=limits) as both:
        for number in range(12):
            both.send("traces", spans(number * 10, 10, padding=5_000))
        both.wait_for("barograph.predictions", 120)
        assert both.counted("barograph.monitor.refused", reason="overloaded") >= 1
        assert both.counted("barograph.monitor.duplicates") == 0
        assert both.failed() == 0


@pytest.mark.parametrize("kind", ["otlp_grpc", "otlp_http"])
def test_certificates_and_a_token(
    collector_binary: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/security.md says; and with a token that does not fit the Collector drops."""
    monkeypatch.setenv("OTLP_TOKEN", _TOKEN)
    authority = Authority(tmp_path)
    tls = {
        "cert": authority.file("server"),
        "key": authority.file("server.key"),
        "client_ca": authority.file("ca"),
    }
    for token, right in ((_TOKEN, True), ("other-other-other", False)):
        more = (
            f"headers: {{authorization: Bearer {token}}}\n"
            f"    tls: {{ca_file: {authority.file('ca')}, cert_file: {authority.file('client')},"
            f" key_file: {authority.file('client.key')}}}"
        )
        path = tmp_path / token
        path.mkdir()
        with pair(
            collector_binary,
            path,
            kind,
            "gzip",
            more=more,
            tls=tls,
            tokens={"otlp": "env:OTLP_TOKEN"},
        ) as both:
            both.send("traces", spans(0, 5))
            if right:
                both.wait_for("barograph.predictions", 5)
            else:
                wait_until(lambda: both.failed() == 5, what="what was dropped")
                assert both.counted("barograph.monitor.refused", reason="unauthenticated") == 1
