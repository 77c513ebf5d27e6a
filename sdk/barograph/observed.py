"""Objects under watch: they stay themselves in all but what is watched."""

import copy
from collections.abc import Callable
from typing import Any

import wrapt

__all__ = ["ObservedCallable", "ObservedObject", "Proxy"]


class Proxy(wrapt.ObjectProxy):  # type: ignore[type-arg]  # no generic at run time before wrapt 2
    """Stands for an object, and looks like it."""

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


class ObservedObject(Proxy):
    """A proxy that pickles and copies as one; what it watches is its subclasses' business.

    Args:
        target: The object.
        rebuild: Makes the same proxy again, of a copy of the object.
        options: What `rebuild` takes besides the object.
    """

    def __init__(self, target: Any, rebuild: Callable[..., Any], options: tuple[Any, ...]) -> None:
        super().__init__(target)
        self._self_rebuild = rebuild
        self._self_options = options

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._self_rebuild, (self.__wrapped__, *self._self_options)

    def __reduce__(self) -> Any:
        return self.__reduce_ex__(2)

    def __copy__(self) -> Any:
        return self._self_rebuild(copy.copy(self.__wrapped__), *self._self_options)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self._self_rebuild(copy.deepcopy(self.__wrapped__, memo), *self._self_options)


class ObservedCallable(ObservedObject):
    """A callable object whose calls are watched; everything else goes to the object.

    Args:
        target: The object.
        call: Calls it under watch.
        rebuild: As for `ObservedObject`.
        options: The same.
    """

    def __init__(
        self,
        target: Any,
        call: Callable[..., Any],
        rebuild: Callable[..., Any],
        options: tuple[Any, ...],
    ) -> None:
        super().__init__(target, rebuild, options)
        self._self_call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object under watch."""
        return self._self_call(*args, **kwargs)
