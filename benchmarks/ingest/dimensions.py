"""What dimensions of traces cost: ``python -m benchmarks.ingest.dimensions``.

CPU time of one process for decoding and for all that follows (duplicates, state, no
journal), least of several rounds in turn, with nothing read of traces, with resource and
latency, and with child spans as well. Bias: one thread, no socket, requests in the cache,
every model still learns its reference; a resource that has all of the default attributes.
"""

import random
import time
from collections.abc import Sequence

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from barograph_processor.config import TracesConfig, parse_config
from barograph_processor.otlp import NOTHING, TraceDimensions, decode_traces
from barograph_processor.pipeline.feeder import Feeder
from barograph_processor.pipeline.inbox import Item
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from benchmarks.ingest.load import Template
from benchmarks.machine import machine

_ROUNDS = 5
_REQUESTS = 120
_TOGETHER = 8
_NAMES = ("retrieve", "embed", "GET")
_READ = {
    "nothing": NOTHING,
    "resource, latency": TraceDimensions.of(TracesConfig(spans=0)),
    "child spans too": TraceDimensions.of(TracesConfig()),
}


def _request(template: Template, children: int, rng: random.Random) -> tuple[bytes, int]:
    """Return a request of predictions with so many spans below each, and its spans."""
    request = ExportTraceServiceRequest.FromString(template.request())
    (resource,) = request.resource_spans
    for key in TracesConfig().resource:
        resource.resource.attributes.add(key=key).value.string_value = f"{key}-1"
    (scope,) = resource.scope_spans
    calls = list(scope.spans)[: len(scope.spans) // (1 + children)]
    del scope.spans[:]
    for call in calls:
        for name in _NAMES[:children]:
            below = scope.spans.add(
                trace_id=call.trace_id,
                span_id=rng.randbytes(8),
                parent_span_id=call.span_id,
                name=name,
                start_time_unix_nano=call.start_time_unix_nano,
                end_time_unix_nano=call.end_time_unix_nano,
            )
            for key in ("http.method", "db.system", "server.address", "peer.service"):
                below.attributes.add(key=key).value.string_value = "v"
        scope.spans.add().CopyFrom(call)
    return request.SerializeToString(), len(scope.spans)


def _seconds(requests: Sequence[bytes], dimensions: TraceDimensions) -> tuple[float, float]:
    """Return the CPU time of decoding, and of all that follows."""
    start = time.process_time()
    items = [Item(1, "traces", decode_traces(each, dimensions), 1, 1, 1) for each in requests]
    decoded = time.process_time()
    registry = ModelRegistry(parse_config({}), Telemetry(), clock=lambda: 0)
    feeder = Feeder(
        registry, Telemetry(), spans=SeenSet(1_000_000), facts=SeenSet(1000), courtesy=Courtesy()
    )
    begun = time.process_time()
    for at in range(0, len(items), _TOGETHER):
        feeder.feed(items[at : at + _TOGETHER])
    return decoded - start, time.process_time() - begun


def main() -> None:
    print(machine("numpy"))
    for children in (0, 3):
        rng = random.Random(1)  # noqa: S311 - ids of a benchmark
        made = [_request(Template.make("one_model"), children, rng) for _ in range(_REQUESTS)]
        requests, spans = [payload for payload, _ in made], sum(count for _, count in made)
        best = dict.fromkeys(_READ, (1e9, 1e9))
        for _ in range(_ROUNDS):
            for name, dimensions in _READ.items():
                decode, follow = _seconds(requests, dimensions)
                best[name] = (min(best[name][0], decode), min(best[name][1], follow))
        print(f"{children} spans below each prediction, us/span: decode, what follows, ratio")
        for name, (decode, follow) in best.items():
            ratio = (decode + follow) / sum(best["nothing"])
            print(f"  {name:20}{decode / spans * 1e6:8.2f}{follow / spans * 1e6:8.2f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
