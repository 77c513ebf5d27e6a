"""Puts a function, method or callable object under watch."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from barograph.arguments import Arguments
from barograph.call import Call
from barograph.fast_call import FastCall, Starter
from barograph.observed import ObservedCallable
from barograph.response_streams import stream_of
from barograph.site import Site
from barograph.streams import watch_async_generator, watch_generator

__all__ = ["watch", "watch_function"]


_CACHE_METHODS = ("cache_info", "cache_clear", "cache_parameters")
Start: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], FastCall | Call | None]


def watch(target: Any, site: Site) -> Any:
    """Return `target` with its calls watched as `site` says.

    Raises:
        TypeError: `target` is a class, or cannot be called.
    """
    if isinstance(target, (classmethod, staticmethod)):
        return type(target)(watch(target.__func__, site))
    if inspect.isclass(target):
        raise TypeError(f"observe() takes a function or method, not the class {target.__name__}")
    if not callable(target):
        raise TypeError(f"observe() takes something callable, got {type(target).__name__}")
    if inspect.isroutine(target):
        return watch_function(target, site)
    return ObservedCallable(target, watch_function(target, site), watch, (site,))


def watch_function(function: Any, site: Site, signature_of: Any = None) -> Any:
    """Return a function of the same kind that calls `function` under watch.

    Args:
        function: A function, method or callable object.
        site: What is known about the model.
        signature_of: Whose signature names the arguments, if not `function`'s.
    """
    starter = Starter(site, Arguments(function if signature_of is None else signature_of))
    # A callable object is of the kind that its `__call__` is.
    routine = inspect.isroutine(function) or isinstance(function, functools.partial)
    kind = function if routine else type(function).__call__
    if inspect.isasyncgenfunction(kind):
        observed = watch_async_generator(function, starter.stream)
    elif inspect.isgeneratorfunction(kind):
        observed = watch_generator(function, starter.stream)
    elif inspect.iscoroutinefunction(kind):
        observed = _watch_coroutine(function, starter.start)
    else:
        observed = _watch_plain(function, starter.start)
    functools.update_wrapper(observed, function)
    for name in _CACHE_METHODS:  # not in the `__dict__` that `update_wrapper` copies
        if hasattr(function, name):
            setattr(observed, name, getattr(function, name))
    return observed


def _watch_plain(function: Any, start: Start) -> Callable[..., Any]:
    def observed(*args: Any, **kwargs: Any) -> Any:
        call = start(args, kwargs)
        if call is None:
            return function(*args, **kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            call.fail(error)
            raise
        kind = type(result)
        if not (kind is dict or kind is float or kind is str):  # in a hurry: these are no streams
            stream = stream_of(result, call)
            if stream is not None:
                return stream
        call.finish(result)
        return result

    return observed


def _watch_coroutine(function: Any, start: Start) -> Callable[..., Any]:
    async def observed(*args: Any, **kwargs: Any) -> Any:
        call = start(args, kwargs)
        if call is None:
            return await function(*args, **kwargs)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            call.fail(error)
            raise
        kind = type(result)
        if not (kind is dict or kind is float or kind is str):  # in a hurry: these are no streams
            stream = stream_of(result, call)
            if stream is not None:
                return stream
        call.finish(result)
        return result

    return observed
