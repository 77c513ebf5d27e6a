"""OTLP/JSON requests as protobuf bytes, so that all that follows knows one form."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

import orjson
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import EncodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from barograph_processor.exceptions import UndecodableError

__all__ = ["logs_from_json", "traces_from_json"]

# OTLP says camelCase alone, but protobuf's parsers know both.
_IDS: Final = ("traceId", "trace_id", "spanId", "span_id", "parentSpanId", "parent_span_id")
_SPANS: Final = (("resourceSpans", "resource_spans"), ("scopeSpans", "scope_spans"), ("spans",))
_RECORDS: Final = (
    ("resourceLogs", "resource_logs"),
    ("scopeLogs", "scope_logs"),
    ("logRecords", "log_records"),
)
_LINKS: Final = (("links",),)

# Every escape from left to right, so that a backslash that is escaped itself begins none.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)

_Path = tuple[tuple[str, ...], ...]


def traces_from_json(text: bytes) -> bytes:
    """Return a JSON trace request as ExportTraceServiceRequest bytes.

    Ids are hex; 64-bit numbers may be strings; fields are named in camelCase or in
    snake_case; unknown ones are ignored.

    Raises:
        UndecodableError: It is no JSON, or no such request.
    """
    return _convert(text, ExportTraceServiceRequest(), _SPANS)


def logs_from_json(text: bytes) -> bytes:
    """Return a JSON log request as ExportLogsServiceRequest bytes; else as traces.

    Raises:
        UndecodableError: It is no JSON, or no such request.
    """
    return _convert(text, ExportLogsServiceRequest(), _RECORDS)


def _convert(text: bytes, message: Message, path: _Path) -> bytes:
    try:
        tree = _tree(text)
        if not isinstance(tree, dict):
            # The parser below would walk through a string, and find nothing in it.
            raise UndecodableError("not an OTLP request in JSON: no object")
        for item in _items(tree, path):
            _ids_to_base64(item)
            for link in _items(item, _LINKS):
                _ids_to_base64(link)
        ParseDict(tree, message, ignore_unknown_fields=True)
        return message.SerializeToString()
    except orjson.JSONDecodeError as error:
        raise UndecodableError(f"not JSON: {error}") from error
    except (ParseError, EncodeError, binascii.Error, ValueError, TypeError) as error:
        raise UndecodableError(f"not an OTLP request in JSON: {error}") from error
    except (AttributeError, RecursionError) as error:
        raise UndecodableError("not an OTLP request in JSON: wrong or too deep nesting") from error


def _tree(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # JavaScript sends half of a character where it has cut a text within one.
        mended = _ESCAPE.sub(_whole_escape, text)
        if mended == text:
            raise
        return orjson.loads(mended)


def _whole_escape(found: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if found["half"] else found[0]


def _items(tree: Any, path: _Path) -> Iterator[dict[str, Any]]:
    """Yield the objects at the end of a path of arrays; wrong types are left to the parser."""
    if not isinstance(tree, Mapping):
        return
    arrays = (tree.get(name) for name in path[0])
    children = chain.from_iterable(array for array in arrays if isinstance(array, list))
    for child in children:
        if not isinstance(child, dict):
            continue
        if len(path) == 1:
            yield child
        else:
            yield from _items(child, path[1:])


def _ids_to_base64(item: dict[str, Any]) -> None:
    # The one way in which OTLP departs from protobuf's JSON: ids are hex, in either case.
    for key in _IDS:
        value = item.get(key)
        if isinstance(value, str):
            item[key] = base64.b64encode(binascii.unhexlify(value)).decode()
