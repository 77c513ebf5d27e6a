"""What a prediction called is a dimension of it, whichever of the spans comes first."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from barograph_processor.config import Config, parse_config
from barograph_processor.observation import ModelKey
from barograph_processor.otlp import (
    DecodedLogs,
    DecodedTraces,
    TraceDimensions,
    decode_logs,
    decode_traces,
)
from barograph_processor.pipeline.feeder import Feeder
from barograph_processor.pipeline.inbox import Item
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.state.label.span_names import SpanNames
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from tests.processor.otlp.build import logs, prediction, record, span, traces
from tests.processor.state.rows import restore, snapshot

KEY = ModelKey("m", "1")
_SPANS = TraceDimensions(spans=True)
# A name has its place from its 20th sighting on.
_ENOUGH = 20


class Bench:
    """A registry behind a feeder, as in the service."""

    def __init__(self, capacity: int = 1000, config: dict[str, Any] | None = None) -> None:
        self.config: Config = parse_config({"traces": {"spans": capacity}, **(config or {})})
        self.telemetry = Telemetry()
        self._spans, self._facts = SeenSet(100_000), SeenSet(100_000)
        self._number = 90_000
        self._start()

    def _start(self) -> None:
        self.registry = ModelRegistry(self.config, self.telemetry, clock=lambda: 7)
        self._feeder = Feeder(
            self.registry, self.telemetry, spans=self._spans, facts=self._facts, courtesy=Courtesy()
        )

    def restart(self) -> None:
        blob = snapshot(self.registry)
        self._start()
        restore(self.registry, blob)

    def feed(self, *requests: bytes) -> None:
        """Take requests together."""
        self._feeder.feed([_item(request) for request in requests])

    def known(self, *names: str, model: str = "m") -> None:
        """Have names seen often enough, of predictions that are no matter."""
        spans = []
        for name in names:
            for _ in range(_ENOUGH):
                self._number += 2
                spans.append(child(self._number, self._number + 1, self._number, name))
                spans.append(root(self._number, self._number, None, {"model.name": model}))
        self.feed(traces(*spans))

    def levels(self, span_id: int, model: ModelKey = KEY) -> dict[str, str | None]:
        pending = self.registry.models[model].pending
        slots = pending.find([f"{span_id:016x}"])
        assert slots[0] >= 0
        return {
            name.removeprefix("trace.span."): column.values()[0]
            for name, column in pending.slices(slots).items()
        }

    def counted(self, what: str) -> float:
        key = ("barograph.monitor.evicted", (("what", what),))
        return self.telemetry.counters().get(key, 0.0)


def _item(request: bytes) -> Item:
    decoded: DecodedTraces | DecodedLogs
    if request.startswith(_LOGS):
        decoded = decode_logs(request.removeprefix(_LOGS))
        return Item(1, "logs", decoded, 1, 1, 1)
    decoded = decode_traces(request, _SPANS)
    return Item(1, "traces", decoded, 1, 1, 1)


_LOGS = b"LOGS"


def label(prediction_id: str, value: str) -> bytes:
    values = {"barograph.prediction.id": prediction_id, "barograph.label.value": value}
    return _LOGS + logs(record("barograph.label", values))


def _placed(each: Span, trace: int, number: int, parent: int | None, millis: float) -> Span:
    each.trace_id, each.span_id = trace.to_bytes(16), number.to_bytes(8)
    if parent is not None:
        each.parent_span_id = parent.to_bytes(8)
    each.end_time_unix_nano = each.start_time_unix_nano + round(millis * 1e6)
    return each


def root(
    trace: int, number: int, parent: int | None = None, values: dict[str, Any] | None = None
) -> Span:
    """A prediction."""
    each = prediction(number, {"prediction.label": "a", **(values or {})})
    return _placed(each, trace, number, parent, 9)


def child(
    trace: int, number: int, parent: int, name: str, millis: float = 2.0, *, failed: bool = False
) -> Span:
    status = Status(code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET)
    return _placed(span(number, {}, name=name, status=status), trace, number, parent, millis)


@pytest.mark.parametrize("order", ["before", "same", "after"])
def test_child_span_in_another_request_or_the_same(order: str) -> None:
    bench = Bench()
    bench.known("retrieve")
    above, below = root(1, 10), child(1, 11, 10, "retrieve", 70)
    if order == "same":
        bench.feed(traces(above, below))
    else:
        requests = [traces(below), traces(above)]
        for request in requests if order == "before" else reversed(requests):
            bench.feed(request)
    assert bench.levels(10) == {"retrieve": "64-256 ms"}


def test_spans_in_between_may_come_last() -> None:
    """The prediction is found as soon as nothing is missing on the way to it."""
    bench = Bench()
    bench.known("retrieve", "embed")
    bench.feed(traces(child(1, 12, 11, "embed")), traces(root(1, 10)))
    assert bench.levels(10) == {"retrieve": "absent", "embed": "absent"}
    bench.feed(traces(child(1, 11, 10, "retrieve")))
    assert bench.levels(10) == {"retrieve": "1-4 ms", "embed": "1-4 ms"}


def test_nearest_prediction_has_it_and_what_is_above_has_nothing() -> None:
    bench = Bench()
    bench.known("retrieve")
    spans = [
        child(1, 13, 12, "retrieve"),
        root(1, 12, 11),
        root(1, 11, 10),
        child(1, 10, 9, "retrieve"),
    ]
    bench.feed(traces(*spans))
    assert bench.levels(12) == {"retrieve": "1-4 ms"}
    assert bench.levels(11) == {"retrieve": "absent"}


def test_spans_of_another_trace_are_no_children() -> None:
    bench = Bench()
    bench.known("retrieve")
    bench.feed(traces(child(2, 11, 10, "retrieve"), root(1, 10)))
    assert bench.levels(10) == {"retrieve": "absent"}


def test_durations_are_summed_and_an_error_stays_one() -> None:
    bench = Bench()
    bench.known("retrieve", "store")
    bench.feed(traces(child(1, 11, 10, "retrieve", 3), child(1, 12, 10, "retrieve", 3)))
    bench.feed(traces(child(1, 13, 10, "store", failed=True), root(1, 10)))
    assert bench.levels(10) == {"retrieve": "4-16 ms", "store": "error"}
    bench.feed(traces(child(1, 14, 10, "retrieve", 100), child(1, 15, 10, "store")))
    assert bench.levels(10) == {"retrieve": "64-256 ms", "store": "error"}


def test_rows_of_a_batch_call_share_what_it_called() -> None:
    bench = Bench()
    bench.known("retrieve")
    batch = root(1, 10, None, {"batch.size": 2, "prediction.label": ["a", "b"]})
    bench.feed(traces(batch, child(1, 11, 10, "retrieve")))
    pending = bench.registry.models[KEY].pending
    slots = pending.find([f"{10:016x}:{row}" for row in range(2)])
    assert pending.slices(slots)["trace.span.retrieve"].values() == ["1-4 ms"] * 2


def test_spans_that_are_sent_again_count_once() -> None:
    bench = Bench()
    bench.known("retrieve")
    first, second = traces(child(1, 11, 10, "retrieve", 3)), traces(root(1, 10))
    bench.feed(first, first)
    bench.feed(second)
    bench.feed(first, second)
    bench.restart()
    bench.feed(first)
    assert bench.levels(10) == {"retrieve": "1-4 ms"}


def test_a_label_that_is_counted_keeps_what_it_was_counted_with() -> None:
    bench = Bench()
    bench.known("retrieve")
    bench.feed(traces(root(1, 10)), label(f"{10:016x}", "a"))
    bench.feed(traces(child(1, 11, 10, "retrieve")))
    assert bench.levels(10) == {"retrieve": "absent"}


def test_a_label_that_came_first_is_counted_with_what_is_known() -> None:
    bench = Bench()
    bench.known("retrieve")
    bench.feed(traces(child(1, 11, 10, "retrieve")), label(f"{10:016x}", "b"))
    bench.feed(traces(root(1, 10)))
    pending = bench.registry.models[KEY].pending
    assert pending.column("labelled", pending.find([f"{10:016x}"])).tolist() == [True]
    assert bench.levels(10) == {"retrieve": "1-4 ms"}


def test_spans_that_meet_no_prediction_are_forgotten_and_counted() -> None:
    bench = Bench(capacity=50)
    bench.feed(*(traces(child(n, 100 + n, 1, "other")) for n in range(1, 121)))
    assert bench.counted("spans") == 70


def test_names_with_an_id_get_no_place() -> None:
    bench = Bench()
    for n in range(600):
        spans = [child(n + 1, 10_000 + n, n + 1, f"GET /user/{n}"), root(n + 1, n + 1)]
        if n % 2:
            spans.insert(0, child(n + 1, 20_000 + n, n + 1, "retrieve"))
        bench.feed(traces(*spans))
    assert bench.levels(600) == {"retrieve": "1-4 ms"}
    assert bench.levels(599) == {"retrieve": "absent"}
    assert bench.counted("span_names") >= 600


def test_names_have_sixteen_places_and_old_ones_make_room() -> None:
    names = SpanNames()
    for place in range(17):
        assert names.see([f"n{place}"] * 25)[-1] == (place if place < 16 else -1)
    # 15 of them go on, and the first does not.
    others = [f"n{place}" for place in range(1, 16)]
    for _ in range(50_001 // 15 + 1):
        names.see(others)
    assert names.see(["new"] * 20)[-1] == 16
    assert "n0" not in names.numbers
    assert names.see(["n1"]) == [1]
    again = SpanNames()
    again.load(names.state())
    assert again.state() == names.state()


def test_nothing_is_kept_of_models_that_there_is_no_room_for() -> None:
    bench = Bench(config={"limits": {"models": 1}})
    bench.feed(traces(root(1, 10)), traces(root(2, 20, None, {"model.name": "other"})))
    bench.feed(traces(child(2, 21, 20, "retrieve")), traces(child(1, 11, 10, "retrieve")))
    assert list(bench.registry.models) == [KEY]


@st.composite
def streams(draw: st.DrawFn) -> list[Span]:
    """Spans of a few traces in any order: trees of up to three levels, some sent twice."""
    spans: list[Span] = []
    for trace in range(1, draw(st.integers(2, 6))):
        for call in range(draw(st.integers(1, 3))):
            number = 1000 * trace + 100 * call
            model = {"model.name": draw(st.sampled_from(["m", "n"]))}
            spans.append(root(trace, number, draw(st.sampled_from([None, 7])), model))
            for n in range(1, draw(st.integers(1, 6))):
                parent = number + draw(st.integers(0, n - 1))
                name = draw(st.sampled_from(["retrieve", "store"]))
                failed = draw(st.integers(0, 5)) == 0
                millis = draw(st.sampled_from([0.0001, 1.0, 3.0, 500.0]))
                spans.append(child(trace, number + n, parent, name, millis, failed=failed))
    spans = draw(st.permutations(spans))
    for _ in range(draw(st.integers(0, 3))):
        spans.insert(draw(st.integers(0, len(spans))), draw(st.sampled_from(spans)))
    return spans


@settings(max_examples=60, deadline=None)
@given(streams(), st.sampled_from([3, 8, 20, 1000]), st.data())
def test_how_spans_come_in_requests_and_batches_makes_no_difference(
    spans: Sequence[Span], capacity: int, data: st.DataObject
) -> None:
    """Nor a restart in between; a small capacity has chains that are too long."""
    spans = _resent_in_time(spans, capacity)
    expected = _ends(spans, capacity, [[[n]] for n in range(len(spans))], restarts=())
    cut = st.tuples(st.integers(1, 5), st.booleans())
    cuts = data.draw(st.lists(cut, min_size=len(spans), max_size=len(spans)))
    groups: list[list[list[int]]] = []
    left = list(range(len(spans)))
    for size, is_more in cuts:
        request, left = left[:size], left[size:]
        if groups and is_more:
            groups[-1].append(request)
        else:
            groups.append([request])
    restarts = data.draw(st.sets(st.integers(0, len(groups))))
    assert _ends(spans, capacity, groups, restarts) == expected


def _resent_in_time(spans: Sequence[Span], capacity: int) -> list[Span]:
    """Leave out what comes again after so many others that the first is no longer known."""
    kept: list[Span] = []
    for one in spans:
        later = next((n for n, each in enumerate(reversed(kept)) if each == one), 0)
        if later < capacity:
            kept.append(one)
    return kept


def _ends(
    spans: Sequence[Span], capacity: int, groups: Sequence[Sequence[Sequence[int]]], restarts: Any
) -> Any:
    bench = Bench(capacity)
    for name in ("m", "n"):
        bench.known("retrieve", "store", model=name)
    for number, group in enumerate(groups):
        bench.feed(*(traces(*(spans[n] for n in request)) for request in group))
        if number in restarts:
            bench.restart()
    names = sorted({f"{int.from_bytes(each.span_id):016x}" for each in spans})
    found = {}
    for key, model in bench.registry.models.items():
        slots = model.pending.find(names)
        columns = model.pending.slices(slots[slots >= 0])
        levels = {name: column.values() for name, column in sorted(columns.items())}
        found[key] = (np.flatnonzero(slots >= 0).tolist(), levels)
    return found, bench.counted("spans"), bench.counted("span_names")
