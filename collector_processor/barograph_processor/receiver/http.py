"""OTLP over HTTP: an ASGI application for protobuf and JSON on one port."""

import asyncio
import math
from functools import partial
from typing import Final, Literal

import anyio
import anyio.to_thread
import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from barograph_processor.exceptions import UndecodableError
from barograph_processor.memory import Memory
from barograph_processor.otlp.json import logs_from_json, traces_from_json
from barograph_processor.otlp.status import Code
from barograph_processor.receiver.awaited import AwaitedMessages
from barograph_processor.receiver.body import BodyBudget, decompress, read_body
from barograph_processor.receiver.intake import Intake, RefusedError
from barograph_processor.receiver.limits import ReceiverLimits

__all__ = ["http_receiver"]

_PROTOBUF: Final = "application/x-protobuf"
_JSON: Final = "application/json"
_SIGNALS: Final[dict[str, Literal["traces", "logs"]]] = {
    "/v1/traces": "traces",
    "/v1/logs": "logs",
}
# The protocol's own table, with what HTTP has no rpc code for by reason.
_STATUS_BY_REASON: Final = {
    "unsupported_type": 415,
    "unsupported_encoding": 415,
    "too_large": 413,
    "slow_body": 408,
    "not_allowed": 405,
}
_STATUS_BY_CODE: Final = {
    Code.INVALID_ARGUMENT: 400,
    Code.CANCELLED: 400,
    Code.UNAUTHENTICATED: 401,
    Code.NOT_FOUND: 404,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
}


def http_receiver(
    intake: Intake, *, limits: ReceiverLimits | None = None, memory: Memory | None = None
) -> Starlette:
    """Return the application: POST to ``/v1/traces`` and ``/v1/logs``; all else is refused.

    Args:
        intake: Where requests go.
        limits: Bounds.
        memory: What there is for bodies, whole or not.
    """
    receiver = _HttpReceiver(intake, limits or ReceiverLimits(), memory or Memory())
    app = Starlette(
        routes=[Route(path, receiver.export, methods=["POST"]) for path in _SIGNALS],
        exception_handlers={
            404: receiver.not_found,
            405: receiver.not_allowed,
            Exception: receiver.failed,
        },
    )
    # No exporter sends its body again to where a slash at the end would lead it.
    app.router.redirect_slashes = False
    return app


class _HttpReceiver:
    def __init__(self, intake: Intake, limits: ReceiverLimits, memory: Memory) -> None:
        self._intake = intake
        self._limits = limits
        self._budget = BodyBudget(limits.max_in_flight_bytes, memory)
        self._awaited = AwaitedMessages(
            memory, max_bytes=limits.max_request_bytes, seconds=limits.body_seconds
        )
        self._converting: anyio.CapacityLimiter | None = None
        self._watch: asyncio.Task[None] | None = None

    async def export(self, request: Request) -> Response:
        """Answer one request."""
        media_type = _media_type(request)
        try:
            self._intake.check(request.headers)
            _check_type(media_type)
            with self._budget.lease() as lease:
                if self._converting is None:
                    # Made here, because they belong to the event loop that runs us. One at a
                    # time: it takes memory, and the interpreter runs one thread anyway.
                    self._converting = anyio.CapacityLimiter(1)
                    self._watch = asyncio.create_task(self._awaited.watch())
                with self._awaited.one():
                    body = await read_body(request, lease, self._limits)
                lease.complete()
                encoding = request.headers.get("content-encoding", "").strip().lower()
                answer = await self._answer(_SIGNALS[request.url.path], body, encoding, media_type)
        except RefusedError as refusal:
            self._intake.count(refusal)
            return _refuse(refusal, media_type)
        return Response(_encode(answer, media_type), media_type=media_type)

    async def not_found(self, request: Request, _error: Exception) -> Response:
        """Answer a request to a path that is none."""
        refusal = RefusedError(Code.NOT_FOUND, "not_found", "POST to /v1/traces or /v1/logs")
        self._intake.count(refusal)
        return _refuse(refusal, _media_type(request))

    async def not_allowed(self, request: Request, _error: Exception) -> Response:
        """Answer a request that is no POST."""
        refusal = RefusedError(Code.UNIMPLEMENTED, "not_allowed", "use POST")
        self._intake.count(refusal)
        response = _refuse(refusal, _media_type(request))
        response.headers["allow"] = "POST"
        return response

    async def failed(self, request: Request, _error: Exception) -> Response:
        """Answer a request on which our code fails."""
        refusal = RefusedError.of_mistake()
        self._intake.count(refusal)
        return _refuse(refusal, _media_type(request))

    async def _answer(
        self, signal: Literal["traces", "logs"], body: bytes, encoding: str, media_type: str
    ) -> Message:
        if media_type == _PROTOBUF:
            return await self._intake.take(signal, partial(self._unpack, body, encoding))
        payload = await anyio.to_thread.run_sync(
            self._converted, signal, body, encoding, limiter=self._converting
        )
        if isinstance(payload, bytes):
            return await self._intake.take(signal, partial(_whole, payload))
        try:
            raise payload
        finally:
            # The error knows this frame, and would hold itself.
            del payload

    def _unpack(self, body: bytes, encoding: str) -> tuple[bytes, bytes | None]:
        payload = decompress(body, encoding, self._limits.max_request_bytes)
        return payload, body if encoding == "gzip" else None

    def _converted(
        self, signal: Literal["traces", "logs"], body: bytes, encoding: str
    ) -> bytes | RefusedError:
        """Return a body in JSON as protobuf, or why not: the thread would keep what is raised."""
        convert = traces_from_json if signal == "traces" else logs_from_json
        try:
            return convert(decompress(body, encoding, self._limits.max_json_bytes))
        except RefusedError as refusal:
            return refusal.with_traceback(None)
        except UndecodableError as error:
            return RefusedError(Code.INVALID_ARGUMENT, "undecodable", str(error))


def _whole(payload: bytes) -> tuple[bytes, None]:
    return payload, None


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _check_type(media_type: str) -> None:
    if media_type not in (_PROTOBUF, _JSON):
        raise RefusedError(
            Code.INVALID_ARGUMENT,
            "unsupported_type",
            f"use content type {_PROTOBUF} or {_JSON}",
        )


def _refuse(refusal: RefusedError, media_type: str) -> Response:
    status = _STATUS_BY_REASON.get(refusal.reason) or _STATUS_BY_CODE[refusal.code]
    # Whoever speaks neither of the two reads JSON best.
    answer_type = _PROTOBUF if media_type == _PROTOBUF else _JSON
    response = Response(
        _encode(refusal.status(), answer_type), status_code=status, media_type=answer_type
    )
    if refusal.retry_after is not None:
        response.headers["retry-after"] = str(math.ceil(refusal.retry_after))
    if refusal.reason == "unsupported_encoding":
        response.headers["accept-encoding"] = "gzip, deflate"
    if refusal.code == Code.UNAUTHENTICATED:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _encode(message: Message, media_type: str) -> bytes:
    if media_type == _JSON:
        return orjson.dumps(MessageToDict(message))
    return message.SerializeToString()
