"""OTLP requests from plain Python, for tests."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

__all__ = [
    "START_NS",
    "any_value",
    "attributes",
    "logs",
    "prediction",
    "record",
    "resource_spans",
    "span",
    "traces",
]

_FIELDS: dict[type, Any] = {
    bool: "bool_value",
    int: "int_value",
    float: "double_value",
    str: "string_value",
    bytes: "bytes_value",
}
START_NS = 1_700_000_000_000_000_000


def any_value(value: Any) -> AnyValue:
    """Return a wire value of the type that Python's value has."""
    if value is None:
        return AnyValue()
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=attributes(value)))
    if isinstance(value, list | tuple):
        return AnyValue(array_value=ArrayValue(values=[any_value(v) for v in value]))
    return AnyValue(**{_FIELDS[type(value)]: value})


def attributes(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in values.items()]


def span(number: int, values: Mapping[str, Any], **fields: Any) -> Span:
    """Return a span of 0.25 s with ids made from a number."""
    defaults: dict[str, Any] = {
        "trace_id": (number + 1).to_bytes(16),
        "span_id": (number + 1).to_bytes(8),
        "name": "predict m",
        "start_time_unix_nano": START_NS + number,
        "end_time_unix_nano": START_NS + number + 250_000_000,
    }
    return Span(**{**defaults, **fields}, attributes=attributes(values))


def prediction(number: int, values: Mapping[str, Any], **fields: Any) -> Span:
    """Return a span of model ``m``, version ``1``; keys are short of their ``barograph.``."""
    full = {f"barograph.{key}": value for key, value in values.items()}
    return span(
        number, {"barograph.model.name": "m", "barograph.model.version": "1", **full}, **fields
    )


def resource_spans(
    *spans: Span, resource: Mapping[str, Any] | None = None, schema_url: str = ""
) -> ResourceSpans:
    """Return spans of one resource, which may be left unsaid."""
    scope = ScopeSpans(spans=spans, schema_url=schema_url)
    if resource is None:
        return ResourceSpans(scope_spans=[scope])
    return ResourceSpans(resource=Resource(attributes=attributes(resource)), scope_spans=[scope])


def traces(*spans: Span, resource: Mapping[str, Any] | None = None, schema_url: str = "") -> bytes:
    found = resource_spans(*spans, resource=resource, schema_url=schema_url)
    return ExportTraceServiceRequest(resource_spans=[found]).SerializeToString()


def record(event: str, values: Mapping[str, Any], **fields: Any) -> LogRecord:
    """Return an event's record at ``START_NS``."""
    defaults: dict[str, Any] = {"event_name": event, "time_unix_nano": START_NS}
    return LogRecord(**{**defaults, **fields}, attributes=attributes(values))


def logs(*records: LogRecord, schema_url: str = "") -> bytes:
    scope = ScopeLogs(log_records=records, schema_url=schema_url)
    return ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[scope])]
    ).SerializeToString()
