"""Connections that are opened and held, with messages that do not end, in raw bytes."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

__all__ = ["connected", "grpc_calls"]

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_HEADERS = 4
_CALL = {
    ":method": "POST",
    ":scheme": "http",
    ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    ":authority": "a",
    "te": "trailers",
    "content-type": "application/grpc",
}


@contextmanager
def connected(address: str, count: int, content: bytes) -> Iterator[list[socket.socket]]:
    """Yield connections on each of which this has been sent."""
    host, _, port = address.rpartition(":")
    with ExitStack() as held:
        sockets = []
        for _ in range(count):
            one = held.enter_context(socket.create_connection((host, int(port)), timeout=10))
            one.sendall(content)
            sockets.append(one)
        yield sockets


def grpc_calls(count: int, **headers: str) -> bytes:
    """Return what begins so many calls, each with 10 bytes of a message of 1000.

    Further ``headers`` are sent with each.
    """
    begun = _PREFACE + _frame(_SETTINGS, 0, 0, b"")
    for number in range(count):
        stream = 2 * number + 1
        block = b"".join(_literal(*header) for header in {**_CALL, **headers}.items())
        begun += _frame(_HEADERS, _END_HEADERS, stream, block)
        begun += _frame(_DATA, 0, stream, b"\0" + (1000).to_bytes(4) + bytes(10))
    return begun


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc9113#name-frame-format."""
    return len(content).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + content


def _literal(name: str, value: str) -> bytes:
    """A header as it is, https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2."""
    return b"\0" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))
