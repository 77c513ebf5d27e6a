"""A span of OpenTelemetry's SDK that is cheap until someone touches it.

`PredictionSpan` is a `opentelemetry.sdk.trace.Span` in every respect. What an ordinary span
makes at its start (a lock, bounded containers, cleaned attributes) this one makes when it is
first needed, from then on being the same as any other. One that nobody touches ends as a tuple
of values and a layout, which the exporter can write without ever building a dict.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from time import time_ns
from typing import Any, TypeAlias

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Span
from opentelemetry.trace import Link, SpanContext, SpanKind
from opentelemetry.trace.status import Status, StatusCode

from barograph.layout import Layout

__all__ = ["NO_STATE", "PredictionSpan"]

_UNSET = Status(StatusCode.UNSET)
_NONE: tuple[Any, ...] = ()
NO_STATE = SpanContext(1, 1, is_remote=False).trace_state
"""The trace state of most spans: none."""
_Attributes: TypeAlias = Mapping[str, Any]
Ends: TypeAlias = tuple[Callable[["PredictionSpan"], None], ...]


class PredictionSpan(Span):
    """A span made by `barograph.span_factory.SpanFactory`; never call it.

    State: as little as a tuple of values and about ten references. Thread safety: as of the
    SDK's span once touched; before, only the thread that runs the call may end it.
    """

    # What most spans never change lives in the class.
    _kind = SpanKind.INTERNAL
    _instrumentation_info = None
    _sampler = None
    _trace_config = None
    _record_exception = True
    _set_status_on_exception = True
    _record_end_metrics = None
    _events: Any = _NONE
    _links: Any = _NONE
    _status = _UNSET
    _end_time: int | None = None
    touched = False
    """Whether attributes were set or read before the end, and are held as in an ordinary span."""
    _layout: Layout | None = None
    _values: tuple[Any, ...] = ()
    _ends: Ends
    """What each processor wants to be told at the end."""
    _constants: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        """Make what an ordinary span has from its start."""
        if name == "_attributes":
            layout = self._layout
            if layout is not None:  # ended: nothing changes any more
                self._attributes = layout.attributes(self._values)
            else:
                self.touched = True
                self._attributes = BoundedAttributes(
                    self._limits.max_span_attributes,
                    self._constants,
                    immutable=False,
                    max_value_len=self._limits.max_span_attribute_length,
                )
            return self._attributes
        if name == "_lock":
            return self.__dict__.setdefault("_lock", Lock())
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def is_recording(self) -> bool:
        """Whether the span has not ended."""
        return self._end_time is None

    def _add_event(self, event: Any) -> None:
        if self._events is _NONE and self._end_time is None:
            self._events = self._new_events()  # type: ignore[no-untyped-call]  # of the SDK
        super()._add_event(event)

    def _add_link(self, link: Link) -> None:
        if self._links is _NONE and self._end_time is None:
            self._links = self._new_links(())
        super()._add_link(link)

    @property
    def plain(self) -> bool:
        """Whether the span is nothing but its layout and values."""
        return (
            self._layout is not None
            and self._name is self._layout.name
            and self._events is _NONE
            and self._links is _NONE
            and self._status is _UNSET
            and self._context is not None
            and self._context[4] is NO_STATE
        )

    @property
    def planned(
        self,
    ) -> tuple[Layout, tuple[Any, ...], SpanContext, SpanContext | None, tuple[int, int]]:
        """The parts of a span that is `plain`: layout, values, context, parent, start and end."""
        return (  # type: ignore[return-value]  # an ended span has them all
            self._layout,
            self._values,
            self._context,
            self._parent,
            (self._start_time, self._end_time),
        )

    def restart(self) -> None:
        """Count the span's duration from now."""
        self._start_time = time_ns()

    def close(self, attributes: _Attributes, ended: int) -> bool:
        """End an untouched span with further attributes, which are ready to be sent.

        False if it is an ordinary span by now, or its limits ask for more care: then set the
        attributes and end it as any other.
        """
        limits = self._limits
        room = limits.max_span_attributes
        if (
            self.touched
            or self._end_time is not None
            or limits.max_span_attribute_length is not None
            or (room is not None and len(attributes) + len(self._constants) > room)
        ):
            return False
        self._attributes = {
            **self._constants,
            **{k: tuple(v) if type(v) is list else v for k, v in attributes.items()},
        }
        self._end_time = ended
        for end in self._ends:
            end(self)
        return True

    def conclude(self, layout: Layout, values: tuple[Any, ...], ended: int) -> None:
        """End an untouched span as `layout` and `values`, which are ready to be sent."""
        self._layout = layout
        self._values = values
        self._end_time = ended
        for end in self._ends:
            end(self)
