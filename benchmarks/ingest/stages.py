"""What each stage of the intake costs, in one process: ``python -m benchmarks.ingest.stages``.

CPU time of the process, best of several rounds in turn, so that a busy machine
slows all contenders alike. Bias: no socket, no compression, one thread at a time,
and requests that are in the cache; the real service is in ``serve``.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from barograph_processor.codec import Tree
from barograph_processor.journal import Journal
from barograph_processor.observation import EventBatch, ModelKey, ObservationBatch, SpanBatch
from barograph_processor.otlp.decode import decode_traces, decode_traces_plainly
from barograph_processor.pipeline import Pipeline
from barograph_processor.telemetry import Telemetry
from benchmarks.ingest.load import SHAPES, SPANS, Template
from benchmarks.ingest.no_journal import NoJournal
from benchmarks.machine import machine

_ROUNDS = 7
_REQUESTS = 40


class _Nowhere:
    """A sink that counts, so that the pipeline's own cost stands alone."""

    schema = 1

    def __init__(self) -> None:
        self.rows = 0

    def observe(self, batch: ObservationBatch) -> None:
        self.rows += len(batch)

    def stretch(self, key: ModelKey, most: int) -> int:
        del key
        return most

    def admit(self, key: ModelKey) -> bool:
        del key
        return True

    def awaits(self, prediction_ids: Callable[[], Sequence[str]]) -> bool:
        del prediction_ids
        return False

    def relate(self, spans: Sequence[SpanBatch]) -> None:
        self.rows += 0 * len(spans)

    def attach(self, events: EventBatch) -> None:
        self.rows += len(events)

    def settle(self) -> None:
        pass

    def look(self, now_ns: int, *, since_ns: int) -> None:
        pass

    def snapshot(self) -> Iterator[Tree]:
        return iter(())

    def restore(self, trees: Iterator[Tree]) -> None:
        del trees


def _parse_only(payload: bytes) -> None:
    ExportTraceServiceRequest.FromString(payload)


def _microseconds(work: Callable[[bytes], object], requests: list[bytes]) -> float:
    start = time.process_time()
    for request in requests:
        work(request)
    return (time.process_time() - start) / len(requests) / SPANS * 1e6


def _decoders() -> None:
    print(f"{'':16}{'parse only':>12}{'plain way':>12}{'decode':>12}   us/span of CPU")
    for shape in SHAPES:
        template = Template.make(shape)
        best = {name: float("inf") for name in ("parse", "plain", "decode")}
        for _ in range(_ROUNDS):
            requests = [template.request() for _ in range(_REQUESTS)]
            for name, work, few in (
                ("parse", _parse_only, 40),
                ("plain", decode_traces_plainly, 4),
                ("decode", decode_traces, 40),
            ):
                best[name] = min(best[name], _microseconds(work, requests[:few]))
        print(f"{shape:16}" + "".join(f"{value:12.2f}" for value in best.values()))


def _pipeline(journal: Journal, telemetry: Telemetry) -> tuple[float, float]:
    """Return microseconds of CPU for each span, and of wall time for each request."""
    sink = _Nowhere()
    pipeline = Pipeline(sink, journal, telemetry)
    pipeline.start()
    template = Template.make("one_model")
    requests = [template.request() for _ in range(300)]
    cpu, wall = time.process_time(), time.perf_counter()
    for request in requests:
        pipeline.submit("traces", request)
    pipeline.close()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    journal.close()
    spans = len(requests) * SPANS
    assert sink.rows == spans
    return cpu / spans * 1e6, wall / len(requests) * 1e6


def _pipelines(directory: Path) -> None:
    best = {"without journal": (1e9, 1e9), "every request synced to disk": (1e9, 1e9)}
    for _ in range(5):
        telemetry = Telemetry()
        path = Path(tempfile.mkdtemp(dir=directory)) / "journal.db"
        journals = (NoJournal(), Journal(path, max_bytes=1 << 40, telemetry=telemetry))
        for name, journal in zip(best, journals, strict=True):
            best[name] = min(best[name], _pipeline(journal, telemetry))
    print("pipeline with duplicates dropped, one caller, no state:")
    for name, (cpu, wall) in best.items():
        print(
            f"  {name:30}{cpu:6.2f} us/span of CPU, {1e6 / cpu:9,.0f} spans/s/core, "
            f"{wall / 1e3:6.2f} ms a request on the wall"
        )


def main() -> None:
    print(machine("numpy", "protobuf"))
    _decoders()
    with tempfile.TemporaryDirectory() as directory:
        _pipelines(Path(directory))


if __name__ == "__main__":
    main()
