"""``docs/collector.md`` says what ``otel-config.yaml`` does, and its snippet works elsewhere."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from barograph_processor import catalog
from components import Collector, Jaeger, wait_until
from components.collector import CONFIG
from tests.end_to_end.otlp_sink import OtlpSink
from tests.end_to_end.traffic import ids, make_spans, send, trace_ids, wait_for

PAGE = (CONFIG.parent / "docs/collector.md").read_text()
SNIPPET: str = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
ADDED: dict[str, Any] = yaml.safe_load(SNIPPET)
OURS: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{env:\w+:-([^}]*)\}", r"\1", CONFIG.read_text()))

# A Collector that somebody has: one receiver, one backend, with the variables of the fixtures.
EXISTING = """\
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "${env:BAROGRAPH_COLLECTOR_OTLP_GRPC}"}
exporters:
  otlp_grpc/tempo: {endpoint: "${env:BAROGRAPH_COLLECTOR_TRACES_BACKEND}", tls: {insecure: true}}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc/tempo]}
"""
HEALTH = """\
extensions:
  health_check: {endpoint: "${env:BAROGRAPH_COLLECTOR_HEALTH}"}
service:
  extensions: [file_storage/queue, health_check]
  telemetry: {metrics: {level: none}}
"""


def differences(part: Any, whole: Any, at: str = "") -> list[str]:
    """Return where a part of a document says something else than the whole."""
    if not isinstance(part, Mapping) or not isinstance(whole, Mapping):
        return [] if part == whole else [f"{at}: {part!r} is {whole!r}"]
    return [
        difference
        for key, value in part.items()
        for difference in differences(value, whole.get(key), f"{at}/{key}")
    ]


@pytest.mark.parametrize("table", ["extensions", "receivers", "connectors", "exporters"])
def test_its_settings_are_those_of_the_configuration(table: str) -> None:
    assert differences(ADDED[table], OURS[table], table) == []


def test_its_pipelines_are_those_of_the_configuration() -> None:
    """But for the memory limiter and what the configuration's own pipelines take in besides."""
    ours = {**OURS["service"]["pipelines"]}
    ours["metrics/barograph"] = ours.pop("metrics")
    for name, pipeline in ADDED["service"]["pipelines"].items():
        assert pipeline["exporters"] == ours[name]["exporters"], name
        assert set(pipeline["receivers"]) <= set(ours[name]["receivers"]), name
        assert "processors" not in pipeline, name


def test_every_setting_of_the_queue_is_explained() -> None:
    explained = "".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))
    exporter = ADDED["exporters"]["otlp_grpc/barograph"]
    queue = {*exporter["sending_queue"], *exporter["sending_queue"]["batch"]} - {"enabled"}
    for setting in {*queue, "max_elapsed_time", "timeout", "fsync", "compaction"}:
        assert setting in explained, setting


def test_the_metrics_it_names_are_in_the_catalog() -> None:
    """By the names that Prometheus has for them."""
    known = {
        entry.name.replace(".", "_")
        + {"s": "_seconds"}.get(entry.unit, "")
        + ("_total" if entry.kind == "counter" else "")
        for entry in catalog.METRICS
    }
    named = set(re.findall(r"\bbarograph_[a-z_]+", PAGE)) - {"barograph_model_name"}
    assert named
    assert named <= known


@pytest.mark.components
def test_it_works_beside_an_existing_configuration(
    collector_binary: Path, jaeger: Jaeger, sink: OtlpSink, tmp_path: Path
) -> None:
    """Two files, merged by the Collector: the spans go where they went, and to the processor."""
    files = [tmp_path / name for name in ("yours.yaml", "barograph.yaml", "health.yaml")]
    collector = Collector(
        tmp_path / "collector",
        processor=sink.address,
        traces_backend=jaeger.otlp_grpc,
        config=files,
        binary=collector_binary,
    )
    moved = SNIPPET
    for usual, address in {
        "127.0.0.1:34317": sink.address,
        "127.0.0.1:14317": collector.derived,
        "127.0.0.1:8889": collector.prometheus,
    }.items():
        assert usual in moved
        moved = moved.replace(usual, address)
    for file, text in zip(files, (EXISTING, moved, HEALTH), strict=True):
        file.write_text(text)
    with collector:
        spans = make_spans(5)
        send(collector, spans)
        wait_for(sink, ids(spans))
        for trace_id in trace_ids(spans):
            wait_until(partial(jaeger.has, trace_id), what="the trace")
        wait_until(lambda: "credit-risk" in collector.exposition(), what="span metrics")
