"""The current context, without the detours.

`opentelemetry.context` asks an exchangeable runtime at each step. Where that is the ordinary one,
built on `contextvars`, its variable is used directly; otherwise the public functions.
"""

from collections.abc import Callable
from contextvars import Token

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext

__all__ = ["CALL_KEY", "attach", "get_current", "leave"]

CALL_KEY = otel_context.create_key("barograph-call")
"""Under which a context holds the call that is in progress."""

get_current: Callable[[], Context] = otel_context.get_current
attach: Callable[[Context], Token[Context]] = otel_context.attach
_detach: Callable[[Token[Context]], None] = otel_context.detach

_runtime = getattr(otel_context, "_RUNTIME_CONTEXT", None)
if type(_runtime) is ContextVarsRuntimeContext and hasattr(_runtime, "_current_context"):
    _variable = _runtime._current_context  # noqa: SLF001  # no public way, checked above
    get_current = _variable.get
    attach = _variable.set
    _detach = _variable.reset


def leave(token: Token[Context]) -> None:
    """Restore the context before `token`; nothing in another context than it was made in.

    That happens where a coroutine is closed by the garbage collector.
    """
    try:
        _detach(token)
    except ValueError:
        return
