"""Connections that are opened and held, with messages that do not end, in raw bytes."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

__all__ = [
    "CALL",
    "DATA",
    "END_HEADERS",
    "HEADERS",
    "PREFACE",
    "connected",
    "frame",
    "grpc_calls",
    "hold",
    "literal",
]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, _SETTINGS = 0, 1, 4
END_HEADERS = 4
CALL = {
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
    begun = PREFACE + frame(_SETTINGS, 0, 0, b"")
    for number in range(count):
        stream = 2 * number + 1
        block = b"".join(literal(*header) for header in {**CALL, **headers}.items())
        begun += frame(HEADERS, END_HEADERS, stream, block)
        begun += frame(DATA, 0, stream, b"\0" + (1000).to_bytes(4) + bytes(10))
    return begun


def hold(sent: int, ended: int) -> None:
    """Say what was sent, and how much of it was ended; hold the connections until the input ends.

    For a client in a process of its own.
    """
    sys.stdout.write(f"{sent} {ended}\n")
    sys.stdout.flush()
    sys.stdin.read()


def frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    """Return a frame, https://www.rfc-editor.org/rfc/rfc9113#name-frame-format."""
    return len(content).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + content


def literal(name: str, value: str) -> bytes:
    """Return a header as it is, https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2."""
    return b"\0" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))
