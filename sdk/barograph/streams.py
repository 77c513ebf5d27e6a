"""Generators under watch: driven in the consumer's own task, step by step.

The span is current only while the generator itself runs. Between two items the consumer's
context is its own: no token is held across a `yield`.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Protocol

from barograph.stream_record import StreamCall, StreamRecord

__all__ = ["Begin", "watch_async_generator", "watch_generator"]


class Begin(Protocol):
    """Starts watching one call; None if it is not to be watched. Never raises."""

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> StreamCall | None:
        """Start watching a call of these arguments."""


def _later(method: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: method(argument)


def watch_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Return a generator function that runs `function`'s generator under watch.

    Items, values sent in, exceptions thrown in and the returned value pass unchanged.
    """

    def observed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        stream = StreamRecord(begin(args, kwargs))
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
        stream = StreamRecord(begin(args, kwargs))
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
            stream.end(failure, complete=complete)
            failure = None  # no cycle of the exception, its traceback and this frame

    return observed
