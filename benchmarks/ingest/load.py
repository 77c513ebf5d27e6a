"""The load: requests of 512 spans with 14 flat attributes, every id new, all of them just ended."""

import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

__all__ = ["SHAPES", "SPANS", "Shape", "Template"]

SPANS = 512
Shape = Literal["one_model", "sixteen_models", "ragged"]
SHAPES: tuple[Shape, ...] = ("one_model", "sixteen_models", "ragged")

_MARK = b"\xf5" * 5
# The kind of a span, with the tag of the start that follows it.
_KIND = b"\x30\x01\x39"
_BETWEEN_NS = 20_000
"""Between two spans of a request: as if one service had 50,000 a second."""
_FIELDS = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}


@dataclass(frozen=True, slots=True)
class Template:
    """A request of which each copy has ids of its own.

    Attributes:
        payload: The request, with placeholders for ids, and with times from the epoch on.
        ids: Where the bytes of the ids are.
        times: Where the bytes of the times are, shape ``(2 * spans, 8)``.
    """

    payload: npt.NDArray[np.uint8]
    ids: npt.NDArray[np.intp]
    times: npt.NDArray[np.intp]

    @classmethod
    def make(cls, shape: Shape, *, seed: int = 7, spans: int = SPANS) -> "Template":
        """Build a request: one model; 16 of them interleaved; or one with gaps in its features."""
        rng = random.Random(seed)  # noqa: S311 - a load, not a secret
        request = ExportTraceServiceRequest(
            resource_spans=[
                ResourceSpans(
                    resource=Resource(attributes=_pairs({"service.name": "bench"})),
                    scope_spans=[
                        ScopeSpans(spans=[_span(number, shape, rng) for number in range(spans)])
                    ],
                )
            ]
        )
        payload = np.frombuffer(request.SerializeToString(), np.uint8).copy()
        raw = payload.tobytes()
        ids: list[int] = []
        times: list[int] = []
        at = raw.find(_MARK)
        while at >= 0:
            length = 16 if raw[at - 1] == 16 else 8  # the length that stands before the id
            ids.extend(range(at, at + length))
            if length == 8:  # of a span id
                start = raw.index(_KIND, at) + len(_KIND)
                times += (start, start + 9)
            at = raw.find(_MARK, at + length)
        assert len(ids) == spans * 24
        return cls(payload, np.array(ids, np.intp), np.add.outer(times, np.arange(8)))

    def request(self) -> bytes:
        """Return a copy with new random ids, whose last span began just now."""
        copy = self.payload.copy()
        copy[self.ids] = np.frombuffer(os.urandom(len(self.ids)), np.uint8)
        times = copy[self.times].view("<u8")
        times += np.uint64(time.time_ns()) - times[-2]
        copy[self.times] = times.view(np.uint8)
        return copy.tobytes()


def _span(number: int, shape: Shape, rng: random.Random) -> Span:
    features: dict[str, Any] = {
        "amount": rng.lognormvariate(3, 1),
        "avg_amount_30d": rng.lognormvariate(3, 0.5),
        "hour": rng.randrange(24),
        "n_tx_24h": rng.randrange(30),
        "device_age_days": rng.expovariate(0.01),
        "ip_risk": rng.random(),
        "distance_km": rng.expovariate(0.1),
        "merchant_category": rng.choice(("food", "travel", "fuel", "online", "other")),
        "country": rng.choice(("DE", "FR", "NL", "ES", "IT", "PL")),
        "card_type": rng.choice(("debit", "credit", "prepaid")),
    }
    if shape == "ragged":
        features = {key: value for key, value in features.items() if rng.random() < 0.8}
    name = f"model-{number % 16}" if shape == "sixteen_models" else "fraud-xgb"
    values = {
        "barograph.model.name": name,
        "barograph.model.version": "3.1",
        "barograph.task": "binary",
        **{f"barograph.input.{key}": value for key, value in features.items()},
        "barograph.prediction.value": rng.random(),
    }
    start = (1 + number) * _BETWEEN_NS  # zero would not be sent
    return Span(
        trace_id=_MARK + bytes(11),
        span_id=_MARK + bytes(3),
        name=f"predict {name}",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=start + rng.randrange(1_000_000, 60_000_000),
        attributes=_pairs(values),
    )


def _pairs(values: Mapping[str, Any]) -> list[KeyValue]:
    return [
        KeyValue(key=key, value=AnyValue(**{_FIELDS[type(value)]: value}))
        for key, value in values.items()
    ]
