"""What can be seen in ``otel-config.yaml`` without running it."""

import re
from pathlib import Path
from typing import Any

import yaml

from components.collector import CONFIG, Collector

TEXT = CONFIG.read_text()
DOCUMENT: dict[str, Any] = yaml.safe_load(TEXT)
PIPELINES: dict[str, dict[str, list[str]]] = DOCUMENT["service"]["pipelines"]
VARIABLES: list[tuple[str, str]] = re.findall(r"\$\{env:(\w+):-([^}]*)\}", TEXT)


def test_the_processor_is_retried_for_ever_from_a_synced_disk() -> None:
    """The defaults would give up after five minutes, and keep the queue in memory."""
    exporter = DOCUMENT["exporters"]["otlp_grpc/barograph"]
    assert exporter["retry_on_failure"]["enabled"] is True
    assert exporter["retry_on_failure"]["max_elapsed_time"] == "0s"
    storage = exporter["sending_queue"]["storage"]
    assert DOCUMENT["extensions"][storage]["fsync"] is True
    assert storage in DOCUMENT["service"]["extensions"]


def test_nothing_on_the_processors_way_answers_before_the_disk() -> None:
    for pipeline in PIPELINES.values():
        if "otlp_grpc/barograph" in pipeline["exporters"]:
            assert not any(name.startswith("batch") for name in pipeline["processors"])


def test_the_derived_receiver_is_in_no_traces_pipeline_and_reaches_no_processor() -> None:
    for name, pipeline in PIPELINES.items():
        if "otlp/derived" in pipeline["receivers"]:
            assert not name.startswith("traces")
            assert "otlp_grpc/barograph" not in pipeline["exporters"]


def test_memory_is_limited_first_everywhere() -> None:
    assert all(pipeline["processors"][0] == "memory_limiter" for pipeline in PIPELINES.values())


def test_every_variable_has_one_default_and_is_in_the_table_at_the_top() -> None:
    defaults = dict(VARIABLES)
    assert set(VARIABLES) == set(defaults.items())
    table = TEXT[: TEXT.index("\nextensions:")].replace(
        "METRICS_HOST, _PORT 127.0.0.1, 8888",
        "METRICS_HOST 127.0.0.1\n#   BAROGRAPH_COLLECTOR_METRICS_PORT 8888",
    )
    documented = re.findall(r"^#   (BAROGRAPH_COLLECTOR_\w+) +(\S+)", table, re.MULTILINE)
    assert dict(documented) == defaults


def test_nothing_listens_beyond_loopback_by_default() -> None:
    for name, default in VARIABLES:
        assert ":" not in default or default.startswith("127.0.0.1:"), name
    assert not re.search(r"endpoint: (?!\$\{env:)", TEXT)


def test_the_class_sets_every_address_and_knows_the_defaults(tmp_path: Path) -> None:
    """With free ports nothing is left at its default; with the usual ones everything is."""
    addresses = {name: value for name, value in VARIABLES if value.startswith("127.0.0.1:")}
    free = Collector(tmp_path, binary=tmp_path / "none").env
    assert addresses.keys() <= free.keys()
    assert not any(free[name] == value for name, value in addresses.items())
    usual = Collector(tmp_path, usual_ports=True, binary=tmp_path / "none").env
    assert addresses.items() <= usual.items()
    assert usual.keys() <= dict(VARIABLES).keys()
