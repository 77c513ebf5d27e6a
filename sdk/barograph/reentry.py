"""Keeps the SDK from watching itself.

While a user's mask or selector runs on behalf of a call, decorated functions that it
happens to call run bare: otherwise a mask that calls the model would never end.
"""

import contextvars
from functools import partial
from types import TracebackType

__all__ = ["enter", "guard", "inside", "leave"]

_inside: contextvars.ContextVar[bool] = contextvars.ContextVar("barograph_inside", default=False)

inside = _inside.get


enter = partial(_inside.set, True)  # noqa: FBT003  # the variable's value
"""Mark the code up to `leave` as the SDK's own: what `guard` does, where it is done very often."""
leave = _inside.reset


class guard:  # noqa: N801  # reads as a statement: `with reentry.guard():`
    """Mark the code under `with` as the SDK's own."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _inside.set(True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _inside.reset(self._token)
