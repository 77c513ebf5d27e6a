"""The arguments of a call by name."""

import inspect
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

__all__ = ["Arguments"]

_RECEIVERS = frozenset({"self", "cls", "mcs"})
_MAX_VARIADIC = 64
_MAX_FLAT = 128


class Arguments:
    """Names the arguments of one function's calls, as its signature does.

    Made once for a function. Defaults count as arguments; the receiver of a method does not.
    Without a signature (some builtins have none) the names are `arg0`, `arg1`, ...
    """

    __slots__ = ("_defaults", "_names", "_receiver", "_simple", "_variadic")

    def __init__(self, function: Callable[..., Any]) -> None:
        self._names: tuple[str, ...] = ()
        self._defaults: dict[str, Any] = {}
        self._variadic: str | None = None
        self._receiver = False
        self._simple = False
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            self._variadic = "arg"
            return
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self._names = tuple(entry.name for entry in parameters if entry.kind in positional)
        for entry in parameters:
            if entry.kind is inspect.Parameter.VAR_POSITIONAL:
                self._variadic = entry.name
            elif entry.default is not inspect.Parameter.empty:
                self._defaults[entry.name] = entry.default
        if self._names and self._names[0] in _RECEIVERS:
            self._receiver = True
            self._names = self._names[1:]
        # All that can be given is given by position: then no default is ever missing.
        self._simple = self._variadic is None and self._defaults.keys() <= set(self._names)

    def flat(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return names and values, those of dicts among the arguments in place of the dicts.

        Of many, more than 128, only some: too many for a plan, and enough to see that.
        """
        if self._simple and not kwargs:
            if self._receiver:
                args = args[1:]
            names = self._names
            if len(args) == len(names):
                if len(args) == 1 and type(args[0]) is dict and len(args[0]) <= _MAX_FLAT:
                    return tuple(args[0]), tuple(args[0].values())
                if dict not in map(type, args):
                    return names, args
        found: list[Any] = []
        values: list[Any] = []
        for name, value in self.bind(args, kwargs).items():
            if len(found) > _MAX_FLAT:
                break
            if type(value) is dict:
                found.extend(islice(value, _MAX_FLAT))
                values.extend(islice(value.values(), _MAX_FLAT))
            else:
                found.append(name)
                values.append(value)
        return tuple(found), tuple(values)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name; a call that Python will refuse, as far as it goes."""
        if self._receiver:
            args = args[1:]
        names = self._names
        if self._simple and not kwargs and len(args) == len(names):
            return dict(zip(names, args, strict=True))
        bound = dict(zip(names, args, strict=False))
        for name, value in self._defaults.items():
            bound.setdefault(name, value)
        bound.update(kwargs)
        if self._variadic is not None and len(args) > len(names):
            extra = args[len(names) : len(names) + _MAX_VARIADIC]
            bound.update({f"{self._variadic}{at}": value for at, value in enumerate(extra)})
        return bound
