"""Selectors: how a user says which parts of a call are its id, features, slices, time, output."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from barograph import reentry
from barograph.record import fields_of
from barograph.scalar import scalar

__all__ = [
    "MISSING",
    "Features",
    "Review",
    "Selector",
    "Slices",
    "ask",
    "find",
    "select_features",
    "select_output",
]

Selector: TypeAlias = str | Callable[..., Any]
"""The name of an argument or of a field in one (`request.amount`), or a callable that is given
the call's own arguments."""
Features: TypeAlias = Sequence[str] | Mapping[str, Selector] | Callable[..., Any]
Review: TypeAlias = float | str | Callable[[Any], Any] | None
"""A probability, the name of the result's field that holds it, or a callable given the result."""
Slices: TypeAlias = Sequence[Selector] | Mapping[str, Selector] | Callable[..., Any]


class _Missing:
    """The type of `MISSING`: not found, as opposed to found and None."""


MISSING = _Missing()


def ask(selector: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a selector with the call's own arguments; of a method, without `self` if it takes none.

    Raises:
        Exception: Whatever the selector raises.
    """
    try:
        inspect.signature(selector).bind(*args, **kwargs)
    except ValueError:  # it has no signature
        pass
    except TypeError:
        args = args[1:]
    with reentry.guard():
        return selector(*args, **kwargs)


def find(
    selector: Selector, arguments: Mapping[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Return what `selector` names in a call, or `MISSING`.

    A name is an argument's; else a field of an argument that is a dict or another record; else,
    with dots, a path into one.

    Raises:
        Exception: Whatever a callable selector raises.
    """
    if not isinstance(selector, str):
        return ask(selector, args, kwargs)
    if selector in arguments:
        return arguments[selector]
    for value in arguments.values():
        fields = fields_of(value)
        if fields is not None and selector in fields:
            return fields[selector]
    head, dot, rest = selector.partition(".")
    if dot and head in arguments:
        return _path(arguments[head], rest)
    return MISSING


def _path(value: Any, path: str) -> Any:
    for part in path.split("."):
        fields = fields_of(value)
        if fields is None or part not in fields:
            return MISSING
        value = fields[part]
    return value


def select_features(
    features: Features, arguments: Mapping[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the features that a selector names: by name, or the record a callable returns."""
    if callable(features):
        chosen = ask(features, args, kwargs)
        fields = fields_of(chosen)
        return (
            {"features": chosen} if fields is None else {str(scalar(k)): fields[k] for k in fields}
        )
    named = features if isinstance(features, Mapping) else {name: name for name in features}
    found = {name: find(how, arguments, args, kwargs) for name, how in named.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def select_output(output: Any, result: Any) -> Any:
    """Return the part of `result` that is the prediction.

    Args:
        output: A callable given the result, the name of one of its fields or attributes, or
            names of several.
        result: What the function returned.
    """
    if output is None:
        return result
    if callable(output):
        with reentry.guard():
            return output(result)
    if isinstance(output, str):
        return _part(result, output)
    return {name: _part(result, name) for name in output}


def _part(result: Any, name: str) -> Any:
    fields = fields_of(result)
    if fields is not None:
        return fields.get(name)
    # Named by the user, so reading it is asked for.
    return getattr(result, name, None)
