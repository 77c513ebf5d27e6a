"""Generators under watch: driven in the consumer's own task, step by step.

The span is current only while the generator itself runs. Between two items the consumer's
context is its own: no token is held across a `yield`.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Protocol

from barograph import semconv, telemetry
from barograph.call import Call
from barograph.fast_call import FastStream
from barograph.inputs import attribute_key
from barograph.limits import MAX_SUMMARY_CHARS
from barograph.responses import GenerationReading, chunk_of

__all__ = ["Begin", "watch_async_generator", "watch_generator"]


class Begin(Protocol):
    """Starts watching one call; None if it is not to be watched. Never raises."""

    def __call__(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], /
    ) -> FastStream | Call | None:
        """Start watching a call of these arguments."""


class _Stream:
    """A generator's run: what it yielded, within bounds, until it is read as one result."""

    __slots__ = ("_call", "_chars", "_chunks", "_items", "_parts", "_reading")

    def __init__(self, call: FastStream | Call | None) -> None:
        self._call = call
        self._parts: list[str] = []
        self._chars = 0
        self._items = 0
        self._reading = GenerationReading()
        self._chunks = False

    def enter(self) -> None:
        """Make the span current while the generator runs."""
        if self._call is not None:
            self._call.enter()

    def leave(self) -> None:
        """Give the consumer its own context back."""
        if self._call is not None:
            self._call.leave()

    def add(self, item: Any) -> None:
        """Take note of one item."""
        self._items += 1
        if self._call is None or self._chars >= MAX_SUMMARY_CHARS:
            return
        if type(item) is str:
            self._parts.append(item)
            self._chars += len(item)
            return
        try:
            self._chunks = chunk_of(item, self._reading) or self._chunks
            self._chars = sum(map(len, self._reading.texts[-1:])) + self._chars
        except Exception as error:  # noqa: BLE001  # a hostile item
            telemetry.failed("stream", error)

    def end(self, error: BaseException | None, returned: Any, *, complete: bool) -> None:
        """End the span: with the text of the stream, else with what the generator returned."""
        call = self._call
        if call is None:
            return
        try:
            for name, number in (("items", self._items), ("complete", int(complete))):
                call.note(attribute_key(semconv.OUTPUT_PREFIX, name), number)
        except Exception as own:  # noqa: BLE001  # never into the user's loop
            telemetry.failed("stream", own)
        if error is not None:
            call.fail(error)
        else:
            call.finish(self._result(returned))

    def _result(self, returned: Any) -> Any:
        """What the stream amounts to: its text, the response its chunks make, or the result."""
        if self._parts:
            return "".join(self._parts)
        return self._reading if self._chunks else returned


def _later(method: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: method(argument)


def watch_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Return a generator function that runs `function`'s generator under watch.

    Items, values sent in, exceptions thrown in and the returned value pass unchanged.
    """

    def observed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        stream = _Stream(begin(args, kwargs))
        step: Callable[[], Any] | None = None
        returned: Any = None
        failure: BaseException | None = None
        complete = False
        generator: Any = None
        try:
            while True:
                stream.enter()
                try:
                    if generator is None:
                        generator = function(*args, **kwargs)
                    item = next(generator) if step is None else step()
                except StopIteration as stop:
                    returned, complete = stop.value, True
                    return returned
                except BaseException as error:
                    failure = error
                    raise
                finally:
                    stream.leave()
                stream.add(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    stream.enter()
                    try:
                        generator.close()
                    finally:
                        stream.leave()
                    raise
                except BaseException as thrown:  # noqa: BLE001  # by the consumer, for the generator
                    step = _later(generator.throw, thrown)
                else:
                    step = None if sent is None else _later(generator.send, sent)
        finally:
            stream.end(failure, returned, complete=complete)
            failure = None  # no cycle of the exception, its traceback and this frame

    return observed


def watch_async_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Return an async generator function that runs `function`'s under watch.

    Every step runs in the task that asks for it, so timeouts and cancellation reach it there.
    """

    async def observed(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        stream = _Stream(begin(args, kwargs))
        step: Callable[[], Any] | None = None
        failure: BaseException | None = None
        complete = False
        generator: Any = None
        try:
            while True:
                stream.enter()
                try:
                    if generator is None:
                        generator = function(*args, **kwargs)
                    item = await (anext(generator) if step is None else step())
                except StopAsyncIteration:
                    complete = True
                    return
                except BaseException as error:
                    failure = error
                    raise
                finally:
                    stream.leave()
                stream.add(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    stream.enter()
                    try:
                        await generator.aclose()
                    finally:
                        stream.leave()
                    raise
                except BaseException as thrown:  # noqa: BLE001  # by the consumer, for the generator
                    step = _later(generator.athrow, thrown)
                else:
                    step = None if sent is None else _later(generator.asend, sent)
        finally:
            stream.end(failure, None, complete=complete)
            failure = None  # no cycle of the exception, its traceback and this frame

    return observed
