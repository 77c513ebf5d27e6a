"""What was acknowledged is processed once, in order, and after a crash nothing is missing."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from barograph_processor.exceptions import OverloadedError, StateError, UndecodableError
from barograph_processor.journal import Journal
from barograph_processor.journal.store import Store
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.pipeline import Pipeline, feeder
from barograph_processor.telemetry import Telemetry
from tests.processor.otlp.build import logs, prediction, record, span, traces
from tests.processor.pipeline.ledger import Ledger
from tests.processor.test_service import eventually

_MIB = 1024 * 1024


def request(*numbers: int) -> bytes:
    return traces(*(prediction(n, {"input.x": float(n)}) for n in numbers))


def label(target: str, value: str = "a") -> bytes:
    values = {"barograph.prediction.id": target, "barograph.label.value": value}
    return logs(record("barograph.label", values))


@contextmanager
def running(
    path: Path, sink: Ledger, telemetry: Telemetry | None = None, **options: Any
) -> Iterator[Pipeline]:
    """A pipeline that is closed in the end."""
    telemetry = telemetry or Telemetry()
    journal = Journal(path / "journal.db", max_bytes=64 * _MIB, telemetry=telemetry)
    pipeline = Pipeline(sink, journal, telemetry, **{"seen_capacity": 1000, **options})
    try:
        pipeline.start()
        yield pipeline
        pipeline.close()
    finally:
        journal.close()


def abandon(path: Path, sink: Ledger, work: Callable[[Pipeline], None]) -> None:
    """Run a pipeline that writes no checkpoint in the end, as if it had been killed."""
    telemetry = Telemetry()
    journal = Journal(path / "journal.db", max_bytes=64 * _MIB, telemetry=telemetry)
    pipeline = Pipeline(sink, journal, telemetry, seen_capacity=1000, checkpoint_seconds=1e9)
    pipeline.start()
    work(pipeline)
    journal.close()
    # The worker finds the journal closed when it tries the checkpoint.
    pipeline.close()


def counter(telemetry: Telemetry, metric: str, **attributes: str) -> float:
    return telemetry.counters().get((metric, tuple(sorted(attributes.items()))), 0.0)


def items(telemetry: Telemetry) -> dict[Any, float]:
    """What was counted, but for the time that it took."""
    counters = telemetry.counters().items()
    return {key: value for key, value in counters if not key[0].endswith(".seconds")}


def test_acknowledged_requests_reach_the_sink(tmp_path: Path) -> None:
    sink, telemetry = Ledger(), Telemetry()
    with running(tmp_path, sink, telemetry) as pipeline:
        assert pipeline.ready
        done = pipeline.submit("traces", request(0, 1))
        assert (done.rejected, done.message) == (0, "")
        pipeline.submit("logs", label("p"))
    assert (sink.rows, sink.events) == (2, 1)
    assert counter(telemetry, "barograph.monitor.accepted", signal="traces") == 2
    assert counter(telemetry, "barograph.monitor.accepted", signal="logs") == 1


def test_room_is_made_after_the_same_requests_however_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, all at once, or in two lives: what gives way then must be the same."""
    monkeypatch.setattr(feeder, "_SETTLE_ITEMS", 10)
    requests = [request(*range(start, start + 3)) for start in range(0, 60, 3)]
    whole, split, crashed = Ledger(), Ledger(), Ledger()
    for name in ("whole", "split", "crashed"):
        (tmp_path / name).mkdir()

    def send(pipeline: Pipeline, some: list[bytes]) -> None:
        for one in some:
            pipeline.submit("traces", one)

    with running(tmp_path / "whole", whole) as pipeline:
        send(pipeline, requests)
    for part in (requests[:7], requests[7:]):
        split = Ledger()
        with running(tmp_path / "split", split) as pipeline:
            send(pipeline, part)
    abandon(tmp_path / "crashed", Ledger(), lambda pipeline: send(pipeline, requests))
    with running(tmp_path / "crashed", crashed):
        pass
    assert whole.settled == 5
    assert whole.chain == split.chain == crashed.chain


def test_a_look_at_the_clock_is_an_event_like_any_other(tmp_path: Path) -> None:
    """In its place among the requests, and in a replay at the same moment again."""

    def work(pipeline: Pipeline) -> None:
        pipeline.submit("traces", request(0, 1))
        pipeline.look(1234, since_ns=56)
        pipeline.submit("traces", request(2))

    for name in "ab":
        (tmp_path / name).mkdir()
    first, second, other = Ledger(), Ledger(), Ledger()
    abandon(tmp_path / "a", first, work)
    with running(tmp_path / "a", second):
        pass
    assert second.chain == first.chain
    with running(tmp_path / "b", other) as pipeline:
        pipeline.submit("traces", request(0, 1))
        pipeline.submit("traces", request(2))
    assert other.chain != first.chain


def test_partial_success_and_counts(tmp_path: Path) -> None:
    sink, telemetry = Ledger(), Telemetry()
    payload = traces(
        prediction(0, {}),
        prediction(1, {}, span_id=b"\1"),
        prediction(2, {"task": "divination"}),
        span(3, {}),
    )
    with running(tmp_path, sink, telemetry) as pipeline:
        done = pipeline.submit("traces", payload)
    assert done.rejected == 1
    assert "rejected 1 span" in done.message
    metric = "barograph.monitor."
    assert counter(telemetry, metric + "accepted", signal="traces") == 3
    assert counter(telemetry, metric + "rejected", signal="traces", reason="invalid_id") == 1
    assert counter(telemetry, metric + "warnings", reason="unknown_task") == 1
    assert counter(telemetry, metric + "passed_over", signal="traces") == 1


def test_what_was_seen_is_dropped_and_counted(tmp_path: Path) -> None:
    """In one request, in the next, after a restart, and in part."""
    sink, telemetry = Ledger(), Telemetry()
    with running(tmp_path, sink, telemetry) as pipeline:
        pipeline.submit("traces", request(0, 1, 1))
        pipeline.submit("traces", request(1, 2))
        pipeline.submit("logs", label("p"))
        pipeline.submit("logs", label("p"))
        pipeline.submit("logs", label("p", "b"))
    again = Ledger()
    with running(tmp_path, again, telemetry) as pipeline:
        pipeline.submit("traces", request(0, 1, 2, 3))
        pipeline.submit("logs", label("p"))
    assert (sink.rows, sink.events) == (3, 2)
    assert (again.rows, again.events) == (4, 2)
    assert counter(telemetry, "barograph.monitor.duplicates", signal="traces") == 5
    assert counter(telemetry, "barograph.monitor.duplicates", signal="logs") == 2


def test_duplicate_of_a_batch_call_takes_all_of_its_rows(tmp_path: Path) -> None:
    call = prediction(0, {"batch.size": 3, "input.x": [1.0, 2.0, 3.0]})
    other = prediction(1, {"batch.size": 2, "input.x": [4.0, 5.0]})
    sink = Ledger()
    with running(tmp_path, sink) as pipeline:
        pipeline.submit("traces", traces(call))
        pipeline.submit("traces", traces(call, other))
    assert sink.rows == 5


def test_crash_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    straight, crashed = Ledger(), Ledger()
    counted = Telemetry()
    with running(tmp_path / "straight", straight, counted) as pipeline:
        for n in range(20):
            pipeline.submit("traces", request(n, n + 1))
            pipeline.submit("logs", label(str(n)))

    for start in (0, 7, 14):
        numbers = range(start, min(start + 7, 20))

        def work(pipeline: Pipeline, numbers: range = numbers) -> None:
            for n in numbers:
                pipeline.submit("traces", request(n, n + 1))
                pipeline.submit("logs", label(str(n)))

        abandon(tmp_path / "crashed", Ledger(), work)
    recounted = Telemetry()
    with running(tmp_path / "crashed", crashed, recounted):
        pass
    assert (crashed.rows, crashed.events) == (21, 20)
    assert crashed.chain == straight.chain
    assert items(recounted) == items(counted)


def test_time_is_told_by_stage(tmp_path: Path) -> None:
    telemetry = Telemetry()
    with running(tmp_path, Ledger(), telemetry) as pipeline:
        pipeline.submit("traces", request(*range(500)))
    stages = ("decode", "journal", "observe", "checkpoint")
    spent = [counter(telemetry, "barograph.monitor.stage.seconds", stage=name) for name in stages]
    assert min(spent) > 0.0
    assert counter(telemetry, "barograph.monitor.sync.seconds") > 0.0


@pytest.mark.parametrize("damage", [b"", b"\1"])
def test_journal_keeps_gzip_as_it_came(tmp_path: Path, damage: bytes) -> None:
    payload = request(*range(100))
    packed = gzip.compress(payload)[: -len(damage) or None]

    def work(pipeline: Pipeline) -> None:
        pipeline.submit("traces", payload, packed)

    abandon(tmp_path, Ledger(), work)
    sink, telemetry = Ledger(), Telemetry()
    with running(tmp_path, sink, telemetry):
        pass
    assert sink.rows == (0 if damage else 100)
    lost = counter(telemetry, "barograph.monitor.dropped", reason="undecodable_record")
    assert lost == len(damage)


def test_start_of_counting_is_restored(tmp_path: Path) -> None:
    with running(tmp_path, Ledger()) as pipeline:
        started = pipeline.started_ns
    with running(tmp_path, Ledger()) as pipeline:
        assert pipeline.started_ns == started


def test_bad_bytes_are_refused_and_not_kept(tmp_path: Path) -> None:
    with running(tmp_path, Ledger()) as pipeline:
        with pytest.raises(UndecodableError):
            pipeline.submit("traces", b"\xff")
        pipeline.measure()
        assert pipeline.submit("traces", b"").rejected == 0


class _Gate(Ledger):
    """Processes when it is let, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.entered = threading.Event()
        self.fails = False

    def admit(self, key: ModelKey) -> bool:
        # Where it waits nobody's turn is held: a sink that observes never blocks.
        self.entered.set()
        self.open.wait()
        return super().admit(key)

    def observe(self, batch: ObservationBatch) -> None:
        if self.fails:
            raise ZeroDivisionError("a mistake in the code")
        super().observe(batch)


def test_full_queue_refuses_what_can_be_sent_again(tmp_path: Path) -> None:
    sink, telemetry = _Gate(), Telemetry()
    payload = request(*range(50))
    with running(tmp_path, sink, telemetry, max_queue_bytes=len(payload) * 3) as pipeline:
        pipeline.submit("traces", payload)
        assert sink.entered.wait(30)
        pipeline.submit("traces", payload)
        pipeline.submit("traces", payload)
        with pytest.raises(OverloadedError, match="wait to be processed"):
            pipeline.submit("traces", payload)
        pipeline.measure()
        gauges = telemetry.gauges()
        assert gauges["barograph.monitor.queue.bytes", ()] == 3 * len(payload)
        assert gauges["barograph.monitor.journal.bytes", ()] > 3 * len(payload)
        assert gauges["barograph.monitor.lag", ()] >= 0
        sink.open.set()
    assert sink.rows == 50


def test_request_larger_than_the_queue_is_let_in_alone(tmp_path: Path) -> None:
    sink = Ledger()
    with running(tmp_path, sink, max_queue_bytes=1) as pipeline:
        pipeline.submit("traces", request(0))
    assert sink.rows == 1


def test_mistake_in_the_sink_drops_the_batch_and_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink, telemetry = _Gate(), Telemetry()
    sink.open.set()
    sink.fails = True
    with running(tmp_path, sink, telemetry) as pipeline:
        pipeline.submit("traces", request(0, 1))
        pipeline.submit("traces", request(2))
        pipeline.submit("logs", label("p"))
    assert (sink.rows, sink.events) == (0, 1)
    assert counter(telemetry, "barograph.monitor.dropped", reason="sink_error") == 3
    assert len(caplog.records) == 1


def test_reader_sees_no_request_half_done(tmp_path: Path) -> None:
    """Under a reader's hold the two models of a request have equal counts, always."""

    class Pair(Ledger):
        def __init__(self) -> None:
            super().__init__()
            self.by_model: dict[str, int] = {}

        def observe(self, batch: ObservationBatch) -> None:
            self.by_model[batch.model.name] = self.by_model.get(batch.model.name, 0) + len(batch)

    sink = Pair()
    with running(tmp_path, sink) as pipeline:
        for n in range(0, 200, 2):
            pipeline.submit(
                "traces",
                traces(prediction(n, {}), prediction(n + 1, {"model.name": "other"})),
            )
            with pipeline.hold():
                assert sink.by_model.get("m") == sink.by_model.get("other")
    assert sink.by_model == {"m": 100, "other": 100}


def test_checkpoints_are_written_while_requests_come(tmp_path: Path) -> None:
    telemetry = Telemetry()
    journal = Journal(tmp_path / "journal.db", max_bytes=64 * _MIB, telemetry=telemetry)
    pipeline = Pipeline(Ledger(), journal, telemetry, seen_capacity=1000, checkpoint_bytes=1)
    pipeline.start()
    pipeline.submit("traces", request(0))
    pipeline.submit("traces", request(1))
    pipeline.close()
    assert journal.size_bytes == 0
    checkpoint = journal.load_checkpoint()
    assert checkpoint is not None
    assert checkpoint.seq == 2
    journal.close()


@pytest.mark.parametrize("packed", [False, True])
def test_what_a_replay_has_to_read_is_counted_as_it_is_kept(tmp_path: Path, packed: bool) -> None:
    payload = request(*range(500))
    small = gzip.compress(payload)
    assert 4 * len(small) < len(payload)
    sink, telemetry = Ledger(), Telemetry()
    journal = Journal(tmp_path / "journal.db", max_bytes=64 * _MIB, telemetry=telemetry)
    half = len(payload) // 2
    pipeline = Pipeline(sink, journal, telemetry, seen_capacity=1000, checkpoint_bytes=half)
    pipeline.start()
    pipeline.submit("traces", payload, small if packed else None)
    eventually(lambda: sink.rows == 500)
    # The worker comes to it when it has decided about the first.
    pipeline.submit("traces", request(500))
    eventually(lambda: sink.rows == 501)
    checkpoint = journal.load_checkpoint()
    assert checkpoint is not None
    assert checkpoint.seq == (0 if packed else 1)
    pipeline.close()
    journal.close()


def test_not_started_or_closed_pipeline_refuses(tmp_path: Path) -> None:
    telemetry = Telemetry()
    journal = Journal(tmp_path / "journal.db", max_bytes=_MIB, telemetry=telemetry)
    pipeline = Pipeline(Ledger(), journal, telemetry, seen_capacity=10)
    with pytest.raises(OverloadedError):
        pipeline.submit("traces", b"")
    pipeline.start()
    pipeline.close()
    pipeline.close()
    assert not pipeline.ready
    with pytest.raises(OverloadedError):
        pipeline.submit("traces", b"")
    journal.close()


@pytest.mark.parametrize("step", ["settle", "admit", "look"])
def test_mistake_in_any_step_drops_what_was_in_hand_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Also in a replay: the same requests must not stop every restart."""

    def fails(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(feeder, "_SETTLE_ITEMS", 1)

    def work(pipeline: Pipeline) -> None:
        pipeline.submit("traces", request(0))
        if step == "look":
            pipeline.look(2, since_ns=1)

    before, sink, telemetry = Ledger(), Ledger(), Telemetry()
    monkeypatch.setattr(before, step, fails)
    abandon(tmp_path, before, work)
    monkeypatch.setattr(sink, step, fails)
    with running(tmp_path, sink, telemetry) as pipeline:
        assert counter(telemetry, "barograph.monitor.dropped", reason="sink_error")
        monkeypatch.undo()
        pipeline.submit("traces", request(1))
        eventually(lambda: sink.rows >= 1)
        assert pipeline.ready


def test_mistake_in_a_checkpoint_leaves_the_journal(tmp_path: Path) -> None:
    class Broken(Ledger):
        fails = False

        def snapshot(self) -> Iterator[Any]:
            if self.fails:
                raise TypeError("a mistake")
            return super().snapshot()

    sink = Broken()
    with running(tmp_path, sink, checkpoint_seconds=0.0) as pipeline:
        sink.fails = True
        pipeline.submit("traces", request(0))
        eventually(lambda: sink.rows == 1)
        pipeline.submit("traces", request(1))
        eventually(lambda: sink.rows == 2)
        assert pipeline.ready
    restored = Ledger()
    with running(tmp_path, restored):
        assert restored.chain == sink.chain


def test_who_reads_the_state_does_not_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a checkpoint is written, by a disk that takes as long as it likes."""
    slow, go_on = threading.Event(), threading.Event()
    writes = Store.add_block

    def slowly(store: Store, generation: int, number: int, content: bytes) -> None:
        slow.set()
        assert go_on.wait(60)
        writes(store, generation, number, content)

    sink = Ledger()
    with running(tmp_path, sink, checkpoint_seconds=0.0) as pipeline:
        monkeypatch.setattr(Store, "add_block", slowly)
        pipeline.submit("traces", request(0))
        assert slow.wait(30)
        read = threading.Event()

        def reads() -> None:
            with pipeline.hold():
                read.set()

        reader = threading.Thread(target=reads)
        reader.start()
        in_time = read.wait(30)
        go_on.set()
        reader.join()
        assert in_time
    restored = Ledger()
    with running(tmp_path, restored):
        assert restored.chain == sink.chain


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_death_of_a_thread_is_no_readiness(tmp_path: Path) -> None:
    def dies() -> tuple[bytes, None]:
        raise SystemExit

    with running(tmp_path, Ledger()) as pipeline:
        assert not pipeline.broken
        pipeline.begin("traces", dies)
        eventually(lambda: pipeline.broken)
        assert not pipeline.ready
    assert not pipeline.broken


def test_checkpoint_of_another_schema_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, Ledger()) as pipeline:
        pipeline.submit("traces", request(0))

    class Later(Ledger):
        schema = 2

    with (
        pytest.raises(StateError, match="schema 1, this version reads 2"),
        running(tmp_path, Later()),
    ):
        pass
