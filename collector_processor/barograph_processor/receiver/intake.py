"""What both receivers do with a request: hand it on, and name each refusal."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Literal, Self

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from barograph_processor.exceptions import OverloadedError, UndecodableError
from barograph_processor.otlp.status import Code, Status, status
from barograph_processor.pipeline import Acknowledgement, Read
from barograph_processor.telemetry import Telemetry

__all__ = ["Authorize", "Intake", "RefusedError", "Submit"]

Authorize = Callable[[Mapping[str, str]], bool]
"""Says from a request's headers or metadata, with lower-case keys, whether it may write."""


Submit = Callable[[Literal["traces", "logs"], Read], "Future[Acknowledgement]"]
"""``Pipeline.begin``: the future is set once the request is durable."""


class RefusedError(Exception):
    """A request is refused whole.

    Attributes:
        code: What the sender is told.
        reason: For the counter, one of a few.
        message: For people at the sender's end.
        retry_after: Seconds after which to try again; None means never.
    """

    def __init__(
        self, code: Code, reason: str, message: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.retry_after = retry_after

    @classmethod
    def of_mistake(cls) -> Self:
        """Return what is answered where our code fails: for good, as it would fail again."""
        return cls(Code.INTERNAL, "internal", "a mistake in our code; see the log")

    def status(self) -> Status:
        """Return the error as the protocol sends it."""
        return status(self.code, self.message, self.retry_after)


class Intake:
    """Submits requests and counts those refused.

    Args:
        submit: Takes a request.
        telemetry: Counts refusals by reason.
        authorize: Says who may write; None lets everybody.
    """

    def __init__(
        self, submit: Submit, telemetry: Telemetry, authorize: Authorize | None = None
    ) -> None:
        self._submit = submit
        self.telemetry = telemetry
        self._authorize = authorize

    def check(self, headers: Mapping[str, str]) -> None:
        """See whether the sender may write.

        Raises:
            RefusedError: It may not.
        """
        if self._authorize is not None and not self._authorize(headers):
            raise RefusedError(Code.UNAUTHENTICATED, "unauthenticated", "not authorized")

    async def take(
        self, signal: Literal["traces", "logs"], read: Read
    ) -> ExportTraceServiceResponse | ExportLogsServiceResponse:
        """Submit a request and return the answer; ``partial_success`` is set only if needed.

        Args:
            signal: What it carries.
            read: Reads it, on another thread.

        Raises:
            RefusedError: It was not taken.
        """
        try:
            done = await asyncio.wrap_future(self._submit(signal, read))
        except UndecodableError as error:
            raise RefusedError(Code.INVALID_ARGUMENT, "undecodable", str(error)) from error
        except OverloadedError as error:
            raise RefusedError(
                Code.UNAVAILABLE, "overloaded", str(error), retry_after=error.retry_after
            ) from error
        if signal == "traces":
            traces = ExportTraceServiceResponse()
            if done.rejected or done.message:
                traces.partial_success.rejected_spans = done.rejected
                traces.partial_success.error_message = done.message
            return traces
        logs = ExportLogsServiceResponse()
        if done.rejected or done.message:
            logs.partial_success.rejected_log_records = done.rejected
            logs.partial_success.error_message = done.message
        return logs

    def count(self, refusal: RefusedError) -> None:
        """Count a request that was refused."""
        self.telemetry.add("barograph.monitor.refused", reason=refusal.reason)
