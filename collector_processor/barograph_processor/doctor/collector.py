"""Checks of a Collector's configuration: what reaches the processor, and what comes back."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from barograph_processor.config import Config
from barograph_processor.doctor.finding import Finding, error, fine, warning
from barograph_processor.exceptions import ConfigurationError

__all__ = ["collector", "wiring"]

_CHECK: Final = "collector"
_SENDERS: Final = frozenset({"otlp", "otlp_grpc", "otlphttp", "otlp_http"})
# Beside what is said to be none; the processor takes gzip alone.
_COMPRESSIONS: Final = frozenset({"gzip", "none", ""})
_SAMPLERS: Final = frozenset({"probabilistic_sampler", "tail_sampling"})
# ${env:NAME:-default}, and the older ${NAME}: the default, or nothing.
_VARIABLE: Final = re.compile(r"\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_]*(?::-([^}]*))?\}")
_Part = Mapping[str, Any]


def collector(path: Path, config: Config) -> Iterator[Finding]:
    """Read a Collector's configuration and look at its wiring.

    Raises:
        ConfigurationError: The file cannot be read, or is no such configuration.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.safe_load(_VARIABLE.sub(lambda match: match[1] or "", text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as mistake:
        raise ConfigurationError(f"{path}: {mistake}") from mistake
    if not isinstance(document, Mapping) or "service" not in document:
        raise ConfigurationError(f"{path}: no Collector's configuration: it has no service")
    yield from wiring(document, config)


def wiring(document: _Part, config: Config) -> Iterator[Finding]:
    """Look at a parsed configuration.

    Args:
        document: What the YAML holds, variables replaced by their defaults.
        config: Where the processor listens, and where it exports to.
    """
    pipelines = _map(_map(document, "service"), "pipelines")
    exporters = _to_processor(_map(document, "exporters"), config)
    if not exporters:
        yield error(
            _CHECK,
            f"no exporter sends to {config.serve.otlp_grpc} or {config.serve.otlp_http}",
            "add otlp_grpc/barograph as in docs/collector.md",
        )
        return
    found = [
        *_reached(pipelines, exporters),
        *_on_the_way(pipelines, exporters, _map(document, "connectors")),
        *(finding for name, part in exporters.items() for finding in _compression(name, part)),
        *(finding for name, part in exporters.items() for finding in _queue(name, part)),
        *_way_back(pipelines, _map(document, "receivers"), config),
    ]
    yield from found
    if all(finding.level == "ok" for finding in found):
        yield fine(_CHECK, f"{', '.join(exporters)} gets traces and logs, in order, from a disk")


def _to_processor(exporters: _Part, config: Config) -> dict[str, _Part]:
    ports = {
        address.rpartition(":")[2] for address in (config.serve.otlp_grpc, config.serve.otlp_http)
    }
    return {
        name: part or {}
        for name, part in exporters.items()
        if _type(name) in _SENDERS
        and (_port((part or {}).get("endpoint")) in ports or name.partition("/")[2] == "barograph")
    }


def _reached(pipelines: _Part, exporters: _Part) -> Iterator[Finding]:
    for kind, what in (("traces", "predictions"), ("logs", "labels and reactions")):
        if not any(True for _ in _sending(pipelines, exporters, kind)):
            yield error(
                _CHECK,
                f"no {kind} pipeline sends to the processor, so no {what} arrive",
                f"add {kind}/barograph with {next(iter(exporters))} as exporter",
            )


def _on_the_way(pipelines: _Part, exporters: _Part, connectors: _Part) -> Iterator[Finding]:
    for kind in ("traces", "logs"):
        for name, pipeline in _sending(pipelines, exporters, kind):
            types = {_type(processor) for processor in _list(pipeline, "processors")}
            if "batch" in types:
                yield warning(
                    _CHECK,
                    f"{name}: batch answers before anything is on disk; what it holds is lost "
                    "with the Collector",
                    "take it out; sending_queue.batch makes batches behind the disk",
                )
            for sampler in sorted(types & _SAMPLERS):
                yield warning(
                    _CHECK,
                    f"{name}: {sampler} hides predictions, slow and failed ones less than others",
                    "branch before you sample",
                )
            others = [
                exporter
                for exporter in _list(pipeline, "exporters")
                if exporter not in exporters and exporter not in connectors
            ]
            if others:
                yield warning(
                    _CHECK,
                    f"{name}: shared with {', '.join(others)}; when one of them pushes back, "
                    "applications send everything again, to all",
                    "give the processor a pipeline of its own",
                )


def _compression(name: str, exporter: _Part) -> Iterator[Finding]:
    compression = str(exporter.get("compression", "gzip"))
    if compression not in _COMPRESSIONS:
        yield error(
            _CHECK,
            f"{name}: compression {compression} is refused for good, so the Collector drops "
            "all that it sends",
            "set compression: gzip",
        )


def _queue(name: str, exporter: _Part) -> Iterator[Finding]:
    queue, retry = _map(exporter, "sending_queue"), _map(exporter, "retry_on_failure")
    if queue.get("enabled") is False or "storage" not in queue:
        yield warning(
            _CHECK,
            f"{name}: its queue is not on disk, so an outage outlives it",
            "set sending_queue.storage to a file_storage extension",
        )
    if queue.get("num_consumers", 10) != 1:
        yield warning(
            _CHECK,
            f"{name}: several consumers overtake each other, and rows come late",
            "set sending_queue.num_consumers: 1",
        )
    if retry.get("enabled") is False or _seconds(retry.get("max_elapsed_time", "5m")) != 0:
        yield warning(
            _CHECK,
            f"{name}: it gives up after a while and drops what was acknowledged",
            "set retry_on_failure.max_elapsed_time: 0s",
        )


def _way_back(pipelines: _Part, receivers: _Part, config: Config) -> Iterator[Finding]:
    if config.serve.export is None:
        return
    port = _port(config.serve.export)
    derived = {
        name
        for name, part in receivers.items()
        if _type(name) == "otlp"
        and any(
            _port(_map(_map(part, "protocols"), protocol).get("endpoint")) == port
            for protocol in ("grpc", "http")
        )
    }
    if not derived:
        yield warning(
            _CHECK,
            f"no receiver listens where the processor exports to, {config.serve.export}",
            "add otlp/derived as in docs/collector.md",
        )
        return
    for name, pipeline in pipelines.items():
        if _type(name) == "traces" and derived & set(_list(pipeline, "receivers")):
            yield error(
                _CHECK,
                f"{name} holds {', '.join(sorted(derived))}: the processor reads what it writes",
                "take the receiver out of every traces pipeline",
            )
    for kind, what in (("metrics", "metrics"), ("logs", "alarms")):
        if not any(
            _type(name) == kind and derived & set(_list(pipeline, "receivers"))
            for name, pipeline in pipelines.items()
        ):
            yield warning(
                _CHECK,
                f"no {kind} pipeline takes {', '.join(sorted(derived))}, so {what} are refused",
                f"add it to a {kind} pipeline",
            )


def _sending(pipelines: _Part, exporters: _Part, kind: str) -> Iterator[tuple[str, _Part]]:
    for name, pipeline in pipelines.items():
        if _type(name) == kind and set(exporters) & set(_list(pipeline, "exporters")):
            yield name, pipeline


def _type(name: str) -> str:
    return str(name).partition("/")[0]


def _port(endpoint: object) -> str:
    match = re.search(r":(\d+)/?$", str(endpoint or ""))
    return match[1] if match else ""


def _seconds(duration: object) -> float:
    """Return whether a duration is none: 0 for "0s" and "0", else something positive."""
    digits = re.findall(r"[\d.]+", str(duration))
    return sum(float(number) for number in digits) if digits else 1.0


def _map(part: object, key: str) -> _Part:
    inner = part.get(key) if isinstance(part, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _list(part: object, key: str) -> list[str]:
    inner = part.get(key) if isinstance(part, Mapping) else None
    return [str(item) for item in inner] if isinstance(inner, list) else []
