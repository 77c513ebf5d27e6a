"""Streams of model clients, as a function returns them: watched until they end.

A function that returns a stream has ended long before its model has. So the caller gets a proxy
of the stream, which is the stream in all but that it takes note of what passes. Known are the
streams of OpenAI's and Anthropic's clients and of those that are made by the same generator
(`Stream`, `AsyncStream`), and what their `stream()` methods return. No client is imported.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache
from inspect import ismethod
from types import MethodType
from typing import Any, Self

from barograph import telemetry
from barograph.call import Call
from barograph.fast_call import FastCall
from barograph.observed import Proxy
from barograph.scalar import library
from barograph.stream_record import StreamRecord

__all__ = ["stream_of"]

_CLIENTS = frozenset({"openai", "anthropic"})
_GENERATED = "_streaming"  # the module that generated clients keep their streams in
# These read the stream to its end, so they are run on the proxy.
_DRAINS = frozenset(
    {
        "until_done",
        "get_final_message",
        "get_final_text",
        "get_final_completion",
        "get_final_response",
    }
)


class _Observed(Proxy):
    """What the four kinds of proxies share."""

    def __init__(self, wrapped: Any, record: StreamRecord) -> None:
        super().__init__(wrapped)
        self._self_record = record
        self._self_texts: Any = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.__wrapped__, name)
        if name in _DRAINS and ismethod(found) and found.__self__ is self.__wrapped__:
            return MethodType(found.__func__, self)
        if name == "text_stream":  # it reads the stream that it was made of
            made = getattr(self.__wrapped__, "__stream_text__", None)
            if self._self_texts is None and ismethod(made):
                self._self_texts = MethodType(made.__func__, self)()
            return found if self._self_texts is None else self._self_texts
        return found

    def __del__(self) -> None:
        self._self_record.end(None, complete=False)

    def _self_entered(self, inner: Any, kind: "type[_Observed]") -> Any:
        """What a `with` statement over this binds to its name."""
        return self if inner is self.__wrapped__ else kind(inner, self._self_record)


class _Stream(_Observed):
    def __iter__(self) -> Iterator[Any]:
        # As the clients' own: what is left is for whoever iterates next.
        while True:
            try:
                item = self.__next__()
            except StopIteration:
                return
            yield item

    def __next__(self) -> Any:
        record = self._self_record
        with record:
            item = next(self.__wrapped__)
        record.add(item)
        return item

    def __enter__(self) -> Self:
        entered: Self = self._self_entered(self.__wrapped__.__enter__(), _Stream)
        return entered

    def __exit__(self, *error: object) -> Any:
        try:
            return self.__wrapped__.__exit__(*error)
        finally:
            self._self_record.end(None, complete=False)

    def close(self) -> Any:
        try:
            return self.__wrapped__.close()
        finally:
            self._self_record.end(None, complete=False)


class _Manager(_Observed):
    def __enter__(self) -> Any:
        with self._self_record:
            inner = self.__wrapped__.__enter__()
        return self._self_entered(inner, _Stream)

    def __exit__(self, *error: object) -> Any:
        try:
            return self.__wrapped__.__exit__(*error)
        finally:
            self._self_record.end(None, complete=False)


class _AsyncStream(_Observed):
    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            try:
                item = await self.__anext__()
            except StopAsyncIteration:
                return
            yield item

    async def __anext__(self) -> Any:
        record = self._self_record
        with record:
            item = await anext(self.__wrapped__)
        record.add(item)
        return item

    async def __aenter__(self) -> Self:
        entered: Self = self._self_entered(await self.__wrapped__.__aenter__(), _AsyncStream)
        return entered

    async def __aexit__(self, *error: object) -> Any:
        try:
            return await self.__wrapped__.__aexit__(*error)
        finally:
            self._self_record.end(None, complete=False)

    async def close(self) -> Any:
        try:
            return await self.__wrapped__.close()
        finally:
            self._self_record.end(None, complete=False)


class _AsyncManager(_Observed):
    async def __aenter__(self) -> Any:
        with self._self_record:
            inner = await self.__wrapped__.__aenter__()
        return self._self_entered(inner, _AsyncStream)

    async def __aexit__(self, *error: object) -> Any:
        try:
            return await self.__wrapped__.__aexit__(*error)
        finally:
            self._self_record.end(None, complete=False)


@lru_cache(maxsize=256)
def _proxy_of(kind: type) -> Callable[[Any, StreamRecord], Any] | None:
    """Return the proxy for streams of this type; None if they are none that is known."""
    for base in kind.__mro__:
        name, module = base.__name__, str(base.__module__)
        generated = module.rpartition(".")[2] == _GENERATED and name in {"Stream", "AsyncStream"}
        if not generated and library(base) not in _CLIENTS:
            continue
        asynchronous = name.startswith("Async")
        if name.endswith("StreamManager"):
            return _AsyncManager if asynchronous else _Manager
        if name.endswith("Stream") and hasattr(base, "__anext__" if asynchronous else "__next__"):
            return _AsyncStream if asynchronous else _Stream
    return None


def stream_of(result: Any, call: FastCall | Call) -> Any:
    """Return the proxy of a stream, which ends the call's span; None if `result` is none.

    Never raises.
    """
    try:
        kind: Any = type(result)
        proxy = _proxy_of(kind)
        return None if proxy is None else proxy(result, StreamRecord(call.suspend()))
    except Exception as error:  # noqa: BLE001  # a metaclass may have made its types anything
        telemetry.failed("stream", error)
        return None
