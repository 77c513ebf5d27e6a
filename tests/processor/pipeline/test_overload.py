"""More than can be worked off: what is refused may come again, what is taken is kept, in bounds."""

import threading
from collections.abc import Callable
from pathlib import Path

import grpc

from barograph_processor.journal import Journal
from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp.status import retry_seconds
from barograph_processor.pipeline import Pipeline
from barograph_processor.receiver import GrpcReceiver, Intake
from barograph_processor.telemetry import Telemetry
from tests.processor.otlp.build import prediction, traces
from tests.processor.pipeline.ledger import Ledger

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_SENDERS = 8
_REQUESTS = 20
_SPANS = 20


class _Stuck(Ledger):
    """Takes nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def observe(self, batch: ObservationBatch) -> None:
        self.free.wait()
        super().observe(batch)


def _request(number: int) -> bytes:
    first = number * _SPANS
    return traces(*(prediction(n, {"input.x": float(n)}) for n in range(first, first + _SPANS)))


class _Sender:
    """Sends its requests, each until it is acknowledged, and looks at every refusal."""

    def __init__(self, address: str, sink: _Stuck, number: int) -> None:
        self.refusals: list[tuple[grpc.StatusCode, float | None]] = []
        self._address = address
        self._sink = sink
        self._numbers = range(number * _REQUESTS, (number + 1) * _REQUESTS)

    def run(self) -> None:
        with grpc.insecure_channel(self._address) as channel:
            export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                _EXPORT, request_serializer=None, response_deserializer=None
            )
            for number in self._numbers:
                while not self._send(export, _request(number)):
                    # The first refusal frees the sink: there was overload, now it may end.
                    self._sink.free.set()

    def _send(self, export: Callable[..., bytes], payload: bytes) -> bool:
        try:
            export(payload, timeout=60)
        except grpc.RpcError as error:
            details = [
                entry.value
                for entry in error.trailing_metadata() or ()
                if entry.key == "grpc-status-details-bin"
            ]
            self.refusals.append((error.code(), retry_seconds(details[0])))
            return False
        return True


def test_everything_arrives_once_and_the_queue_keeps_its_bound(tmp_path: Path) -> None:
    sink, telemetry = _Stuck(), Telemetry()
    journal = Journal(tmp_path / "journal.db", max_bytes=1 << 26, telemetry=telemetry)
    bound = 5 * len(_request(0))
    pipeline = Pipeline(sink, journal, telemetry, max_queue_bytes=bound, seen_capacity=10_000)
    pipeline.start()
    receiver = GrpcReceiver("127.0.0.1:0", Intake(pipeline.begin, telemetry))
    receiver.start()
    senders = [_Sender(f"127.0.0.1:{receiver.port}", sink, n) for n in range(_SENDERS)]
    threads = [threading.Thread(target=sender.run) for sender in senders]
    for thread in threads:
        thread.start()
    largest = 0.0
    while any(thread.is_alive() for thread in threads):
        pipeline.measure()
        largest = max(largest, telemetry.gauges()["barograph.monitor.queue.bytes", ()])
        threads[0].join(timeout=0.005)
    receiver.stop()
    pipeline.close()
    journal.close()

    refusals = [refusal for sender in senders for refusal in sender.refusals]
    assert refusals
    assert {code for code, _ in refusals} == {grpc.StatusCode.UNAVAILABLE}
    assert all(seconds is not None and seconds > 0 for _, seconds in refusals)
    assert sink.rows == _SENDERS * _REQUESTS * _SPANS
    assert 0 < largest <= bound
    refused = telemetry.counters()["barograph.monitor.refused", (("reason", "overloaded"),)]
    assert refused == len(refusals)
