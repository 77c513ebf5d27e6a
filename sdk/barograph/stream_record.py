"""What a stream yielded, within bounds, until it is read as one result."""

from typing import Any, Protocol

from barograph import semconv, telemetry
from barograph.inputs import attribute_key
from barograph.limits import MAX_SUMMARY_CHARS
from barograph.responses import GenerationReading, chunk_of

__all__ = ["StreamCall", "StreamRecord"]

_ITEMS = attribute_key(semconv.OUTPUT_PREFIX, "items")
_COMPLETE = attribute_key(semconv.OUTPUT_PREFIX, "complete")


class StreamCall(Protocol):
    """A call whose context is entered and left step by step. Never raises."""

    def enter(self) -> None:
        """Make the span the current one, until `leave`."""

    def leave(self) -> None:
        """Restore the context that `enter` found."""

    def note(self, key: str, value: Any) -> None:
        """Add an attribute that is ready to be sent."""

    def finish(self, result: Any) -> None:
        """End the span with what the stream amounts to."""

    def fail(self, error: BaseException) -> None:
        """End the span with the exception that the stream raised."""


class StreamRecord:
    """A stream's run. Its methods never raise, and end the span exactly once.

    As a context manager it is one step of a stream that raises its end: the span is current
    inside, and whatever is raised ends it.

    State: at most 65,536 characters of text, and what `GenerationReading` keeps. Owned by
    whoever runs the stream at the moment.
    """

    __slots__ = ("_call", "_chars", "_items", "_parts", "_reading")

    def __init__(self, call: StreamCall | None) -> None:
        self._call = call
        self._parts: list[str] = []
        self._chars = 0
        self._items = 0
        self._reading: GenerationReading | None = None

    def enter(self) -> None:
        """Make the span current while the stream runs."""
        if self._call is not None:
            self._call.enter()

    def leave(self) -> None:
        """Give the consumer its own context back."""
        if self._call is not None:
            self._call.leave()

    def __enter__(self) -> None:
        self.enter()

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self.leave()
        if isinstance(error, StopIteration | StopAsyncIteration):
            self.end(None, complete=True)
        elif error is not None:
            self.end(error, complete=False)

    def add(self, item: Any) -> None:
        """Take note of one item."""
        self._items += 1
        if self._call is None:
            return
        if type(item) is str:
            if self._chars < MAX_SUMMARY_CHARS:
                self._parts.append(item[:MAX_SUMMARY_CHARS])
            self._chars += len(item)
            return
        try:
            reading = self._reading or GenerationReading()
            if chunk_of(item, reading):
                self._reading = reading
        except Exception as error:  # noqa: BLE001  # a hostile item
            telemetry.failed("stream", error)

    def end(self, error: BaseException | None, returned: Any = None, *, complete: bool) -> None:
        """End the span: with what the stream amounts to, or the error that it raised."""
        call, self._call = self._call, None
        if call is None:
            return
        call.note(_ITEMS, self._items)
        call.note(_COMPLETE, int(complete))
        if error is not None:
            call.fail(error)
        else:
            call.finish(self._result(returned))

    def _result(self, returned: Any) -> Any:
        """The text of the stream, the response its chunks make, or else what it returned."""
        if self._chars > MAX_SUMMARY_CHARS:
            reading = GenerationReading()
            for part in self._parts:
                reading.write(part)
            reading.length = self._chars
            return reading
        if self._parts:
            return "".join(self._parts)
        return returned if self._reading is None else self._reading
