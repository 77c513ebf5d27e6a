"""OpenTelemetry's limits of a span, with room for every feature."""

import os

from opentelemetry.sdk.trace import SpanLimits

from barograph.limits import MAX_FEATURES

__all__ = ["span_limits"]


def span_limits() -> SpanLimits:
    """Return OpenTelemetry's limits, with room for every feature unless a variable says less.

    Its default of 128 attributes would lose features of a wide model.
    """
    names = ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")
    if any(os.environ.get(name) for name in names):
        return SpanLimits()
    return SpanLimits(max_span_attributes=MAX_FEATURES + 128)
