"""Requests that are encoded already, and official exporters that send them as they are."""

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

__all__ = ["EncodedRequest", "sender"]


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """The body of an OTLP request, in the place of the message that it is made of."""

    body: bytes
    items: int
    """Spans or records in it."""

    def __len__(self) -> int:
        return self.items

    def SerializeToString(self) -> bytes:  # noqa: N802  # protobuf's name
        """Return the body."""
        return self.body

    SerializePartialToString = SerializeToString


def _as_it_is(request: EncodedRequest) -> EncodedRequest:
    return request


def sender(export: Callable[..., Any], encoder: str) -> Callable[..., Any] | None:
    """Return an official exporter's `export` that takes an `EncodedRequest`.

    It is the same code, but what it calls by its global name `encoder` returns the request as it
    is; so timeouts, retries, compression, size limits and metrics are those of the version that
    is installed. None if that version has no such name.
    """
    if not isinstance(export, FunctionType) or encoder not in export.__code__.co_names:
        return None
    names = {**export.__globals__, encoder: _as_it_is}
    return FunctionType(
        export.__code__, names, export.__name__, export.__defaults__, export.__closure__
    )
