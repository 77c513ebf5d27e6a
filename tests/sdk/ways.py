"""A call made three times: by plan; by the general way on the same cheap span; and officially.

The last is the general way on a span of OpenTelemetry's own making, which is the reference.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

from barograph.plan import Plans
from barograph.span import PredictionSpan
from barograph.testing import Recorder

__all__ = [
    "WAYS",
    "by_all_ways",
    "features",
    "number",
    "plain",
    "results",
    "tasks",
    "text",
    "way",
    "written",
]

WAYS = ("plan", "general", "official")


@contextmanager
def way(name: str) -> Iterator[None]:
    with (
        mock.patch("barograph.runtime.factory_of", return_value=None)
        if name == "official"
        else mock.patch.object(Plans, "possible", return_value=False)
        if name == "general"
        else mock.patch.object(Plans, "_", None, create=True)
    ):
        yield


def written(span: ReadableSpan) -> Any:
    """A span as the official encoder writes it, without what differs from call to call."""
    message = encode_spans([span]).resource_spans[0]
    (encoded,) = message.scope_spans[0].spans
    attributes = sorted(encoded.attributes, key=lambda entry: entry.key)
    del encoded.attributes[:]
    encoded.attributes.extend(attributes)
    for event in encoded.events:
        event.time_unix_nano = 0
    encoded.start_time_unix_nano = encoded.end_time_unix_nano = 0
    encoded.trace_id = encoded.span_id = b""
    return message.SerializeToString(deterministic=True)


def by_all_ways(
    call: Callable[[], Any],
    *,
    touched: bool = False,
    rate: float = 1.0,
    capture: str = "summary",
) -> list[list[Any]]:
    found = []
    for name in WAYS:
        recorder = Recorder(sample_rate=rate, capture=capture)
        with way(name), recorder, suppress(ZeroDivisionError):
            call()
        fast = {type(span) is PredictionSpan for span in recorder.spans}
        assert fast == {name != "official" and not touched}
        found.append([written(span) for span in recorder.spans])
    return found


text = st.text(max_size=70) | st.sampled_from(["EU", "US", "ada@example.org", "sk-" + "a" * 20])
number = st.floats() | st.integers() | st.booleans()
plain = st.none() | text | number
features = st.dictionaries(st.text(max_size=8) | st.sampled_from(["id", "region", "token"]), plain)
results = (
    plain
    | st.tuples(text, st.floats(-0.5, 1.5))
    | st.lists(st.floats(0, 1), max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["label", "class", "prediction", "score", "value", "confidence", "n", "id"]
        ),
        plain,
    )
)
tasks = st.sampled_from([None, "binary", "multiclass", "regression", "ranking", "generation"])
