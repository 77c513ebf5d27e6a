"""A Collector's wiring: the shipped configuration is right, and each mistake is told."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from barograph_processor.config import parse_config
from barograph_processor.doctor.collector import collector, wiring
from barograph_processor.exceptions import ConfigurationError

_ROOT = Path(__file__).parents[3]
_CONFIG = parse_config({"serve": {"export": "127.0.0.1:14317"}})
_OURS = "otlp_grpc/barograph"


def _documented() -> str:
    page = (_ROOT / "docs" / "collector.md").read_text(encoding="utf-8")
    return next(block for block in page.split("```yaml\n")[1:] if "pipelines" in block).partition(
        "```"
    )[0]


def _right() -> dict[str, Any]:
    found = yaml.safe_load(_documented())
    assert isinstance(found, dict)
    return found


def _told(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f.level, f.message) for f in wiring(document, _CONFIG) if f.level != "ok"]


def test_shipped_and_documented_configurations_are_right(tmp_path: Path) -> None:
    documented = tmp_path / "documented.yaml"
    documented.write_text(_documented(), encoding="utf-8")
    for file in (_ROOT / "otel-config.yaml", documented):
        assert [f.level for f in collector(file, _CONFIG)] == ["ok"]


def _pipelines(document: dict[str, Any]) -> dict[str, Any]:
    found = document["service"]["pipelines"]
    assert isinstance(found, dict)
    return found


def _no_exporter(document: dict[str, Any]) -> None:
    del document["exporters"][_OURS]


def _no_traces(document: dict[str, Any]) -> None:
    del _pipelines(document)["traces/barograph"]


def _no_logs(document: dict[str, Any]) -> None:
    del _pipelines(document)["logs/barograph"]


def _batch(document: dict[str, Any]) -> None:
    _pipelines(document)["logs/barograph"]["processors"] = ["memory_limiter", "batch/small"]


def _sampler(document: dict[str, Any]) -> None:
    _pipelines(document)["traces/barograph"]["processors"] = ["tail_sampling"]


def _shared(document: dict[str, Any]) -> None:
    _pipelines(document)["traces/barograph"]["exporters"].append("otlp_grpc/jaeger")


def _consumers(document: dict[str, Any]) -> None:
    del document["exporters"][_OURS]["sending_queue"]["num_consumers"]


def _memory(document: dict[str, Any]) -> None:
    del document["exporters"][_OURS]["sending_queue"]["storage"]


def _no_queue(document: dict[str, Any]) -> None:
    document["exporters"][_OURS]["sending_queue"]["enabled"] = False


def _gives_up(document: dict[str, Any]) -> None:
    document["exporters"][_OURS]["retry_on_failure"]["max_elapsed_time"] = "5m"


def _default_retry(document: dict[str, Any]) -> None:
    del document["exporters"][_OURS]["retry_on_failure"]


def _zstd(document: dict[str, Any]) -> None:
    document["exporters"][_OURS]["compression"] = "zstd"


def _loop(document: dict[str, Any]) -> None:
    _pipelines(document)["traces/barograph"]["receivers"].append("otlp/derived")


def _no_derived(document: dict[str, Any]) -> None:
    del document["receivers"]["otlp/derived"]


def _no_alarms(document: dict[str, Any]) -> None:
    del _pipelines(document)["logs/alarms"]


@pytest.mark.parametrize(
    ("break_it", "level", "said"),
    [
        (_no_exporter, "error", "no exporter sends to 127.0.0.1:34317"),
        (_no_traces, "error", "no traces pipeline"),
        (_no_logs, "error", "no logs pipeline sends to the processor, so no labels"),
        (_batch, "warning", "logs/barograph: batch answers before"),
        (_sampler, "warning", "tail_sampling hides"),
        (_shared, "warning", "shared with otlp_grpc/jaeger"),
        (_consumers, "warning", "several consumers"),
        (_memory, "warning", "not on disk"),
        (_no_queue, "warning", "not on disk"),
        (_gives_up, "warning", "gives up"),
        (_default_retry, "warning", "gives up"),
        (_zstd, "error", "compression zstd is refused for good"),
        (_loop, "error", "the processor reads what it writes"),
        (_no_derived, "warning", "no receiver listens where"),
        (_no_alarms, "warning", "so alarms are refused"),
    ],
)
def test_each_mistake_is_told_alone(
    break_it: Callable[[dict[str, Any]], None], level: str, said: str
) -> None:
    document = copy.deepcopy(_right())
    break_it(document)
    [(found, message)] = _told(document)
    assert found == level
    assert said in message


def test_exporter_of_another_name_is_known_by_its_port() -> None:
    document = _right()
    document["exporters"] = {"otlp": document["exporters"].pop(_OURS)}
    for pipeline in _pipelines(document).values():
        pipeline["exporters"] = ["otlp" if e == _OURS else e for e in pipeline["exporters"]]
    assert _told(document) == []


@pytest.mark.parametrize(
    "document",
    [
        {"service": None},
        {"service": {"pipelines": []}, "exporters": 5},
        {"service": {"pipelines": {"traces": None}}, "exporters": {_OURS: None}},
    ],
)
def test_odd_documents_are_told_and_do_not_crash(document: dict[str, Any]) -> None:
    assert _told(document)


@pytest.mark.parametrize(
    "text", ["[", "5", "receivers: {}", "service: !!python/object/apply:os.system [true]"]
)
def test_file_that_is_no_configuration(tmp_path: Path, text: str) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"otel\.yaml"):
        list(collector(file, _CONFIG))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing"):
        list(collector(tmp_path / "missing.yaml", _CONFIG))
