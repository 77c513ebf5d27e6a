"""Bodies of HTTP requests: bounded in size, before and after decompression, and in time."""

from collections.abc import AsyncIterator
from typing import Final, Self

from starlette.requests import ClientDisconnect, Request

from barograph_processor.deflate import MAX_WINDOW_BITS, DeflateError, inflater
from barograph_processor.memory import Memory
from barograph_processor.otlp.status import Code
from barograph_processor.receiver.intake import RefusedError
from barograph_processor.receiver.limits import ReceiverLimits

__all__ = ["BodyBudget", "decompress", "read_body", "unpack"]

_GZIP: Final = 16 + MAX_WINDOW_BITS
# Deflate's own overhead cannot make a body larger than this part of its content.
_SLACK: Final = 1024
_MAX_MEMBERS: Final = 64


class BodyBudget:
    """Bytes of all bodies that are held at once. For one event loop; no lock.

    Args:
        max_bytes: Of all together.
        memory: Where it is short, only as much of bodies that are whole as there is, though
            one always. Those that are not whole keep to it by ``AwaitedMessages``.
    """

    def __init__(self, max_bytes: int, memory: Memory) -> None:
        self._max_bytes = max_bytes
        self._memory = memory
        self._held = 0
        self._whole = 0

    def lease(self) -> "_Lease":
        """Return what holds bytes for the length of its context."""
        return _Lease(self)

    def take(self, size: int) -> None:
        """Take bytes for a body.

        Raises:
            RefusedError: There are none, for now.
        """
        if self._held + size > self._max_bytes:
            raise _overloaded()
        self._held += size

    def complete(self, size: int) -> None:
        """Let a body of so many bytes wait for what is done with it, now that all of it is there.

        Raises:
            RefusedError: There is no memory for it, for now.
        """
        most = self._memory.allows(self._max_bytes, least=0)
        if self._whole and self._whole + size > most:
            raise _overloaded()
        self._whole += size

    def give_back(self, size: int, *, whole: int) -> None:
        """Undo ``take``, and ``complete`` for so many of the bytes."""
        self._held -= size
        self._whole -= whole


class _Lease:
    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._held = 0
        self._whole = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._budget.give_back(self._held, whole=self._whole)

    def extend(self, size: int) -> None:
        """Take more bytes for the same body."""
        self._budget.take(size)
        self._held += size

    def complete(self) -> None:
        """Say that the body is whole."""
        self._budget.complete(self._held)
        self._whole = self._held


async def read_body(request: Request, lease: _Lease, limits: ReceiverLimits) -> bytes:
    """Read a whole body, for as long as whoever calls waits for it.

    A body beyond the limit is read on and thrown away, within a bound: a client
    that is still writing would else see a broken connection and never the answer.

    Raises:
        RefusedError: It is too large, or there is no room for it now.
    """
    chunks: list[bytes] = []
    size = 0
    stream = request.stream()
    try:
        async for chunk in stream:
            size += len(chunk)
            if size > limits.max_request_bytes + _SLACK:
                chunks.clear()
                await _drain(stream, limits.drain_bytes)
                raise _too_large(limits.max_request_bytes)
            lease.extend(len(chunk))
            chunks.append(chunk)
    except ClientDisconnect:
        raise RefusedError(Code.CANCELLED, "disconnected", "the client went away") from None
    return b"".join(chunks)


async def _drain(stream: AsyncIterator[bytes], bound: int) -> None:
    async for chunk in stream:
        bound -= len(chunk)
        if bound < 0:
            return


def decompress(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo a content encoding, of which never more than the limit is unpacked.

    Raises:
        RefusedError: It is too large, damaged, or of another encoding than gzip and deflate.
    """
    if encoding == "gzip":
        return _gunzipped(body, max_bytes)
    # As RFC 9110 has it and OpenTelemetry's exporters send it, deflate has zlib around it.
    plain: bytes | None = body
    if encoding == "deflate" and body:
        plain = _inflated(body, max_bytes)
    elif encoding not in ("", "identity", "deflate"):
        raise RefusedError(
            Code.INVALID_ARGUMENT,
            "unsupported_encoding",
            "use gzip, deflate or no content encoding",
        )
    if plain is None:
        raise _damaged("zlib", "it is damaged, or ends too early")
    if len(plain) > max_bytes:
        raise _too_large(max_bytes)
    return plain


def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    room = max_bytes
    try:
        # A gzip file may be several, one behind the other; each copies what is left.
        for _ in range(_MAX_MEMBERS):
            if not body:
                break
            member = inflater(_GZIP)
            part = member.decompress(body, room + 1)
            if len(part) > room:
                raise _too_large(max_bytes)
            if not member.eof:
                raise _damaged("gzip", "it ends too early")
            parts.append(part)
            room -= len(part)
            body = member.unused_data
        else:
            raise _damaged("gzip", "it has too many parts")
    except DeflateError as error:
        raise _damaged("gzip", str(error)) from error
    return b"".join(parts)


def unpack(message: bytes, max_bytes: int) -> tuple[bytes, bytes | None]:
    """Undo what compressed a gRPC message, as its first bytes tell.

    No OTLP message begins as gzip does, with field 3 of an unknown kind. One might
    begin as zlib does, but would be no zlib behind that.

    Returns:
        The message as it was, and what came if that is gzip.

    Raises:
        RefusedError: It is too large, or damaged.
    """
    if message.startswith(b"\x1f\x8b"):
        return decompress(message, "gzip", max_bytes), message
    inflated = _inflated(message, max_bytes) if message.startswith(b"\x78") else None
    return decompress(message if inflated is None else inflated, "identity", max_bytes), None


def _inflated(message: bytes, max_bytes: int) -> bytes | None:
    """Undo zlib, of which a byte more than the limit is unpacked; None if it is none."""
    stream = inflater()
    try:
        found = stream.decompress(message, max_bytes + 1)
    except DeflateError:
        return None
    return found if stream.eof or len(found) > max_bytes else None


def _overloaded() -> RefusedError:
    return RefusedError(
        Code.UNAVAILABLE, "overloaded", "too many requests at once", retry_after=1.0
    )


def _damaged(what: str, why: str) -> RefusedError:
    return RefusedError(Code.INVALID_ARGUMENT, "undecodable", f"no {what}: {why}")


def _too_large(max_bytes: int) -> RefusedError:
    return RefusedError(
        Code.RESOURCE_EXHAUSTED,
        "too_large",
        f"the request is larger than {max_bytes} bytes",
    )
