"""Requests of many threads at once: each is answered as if it had come alone, and once."""

import gc
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from barograph_processor.exceptions import OverloadedError, UndecodableError
from barograph_processor.journal import Journal, SignalKind
from barograph_processor.otlp import NOTHING
from barograph_processor.pipeline.decoder import Decoder
from barograph_processor.pipeline.inbox import Inbox
from barograph_processor.pipeline.reception import Reception
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.telemetry import Telemetry
from tests.processor.otlp.build import logs, prediction, record, traces

_MIB = 1024 * 1024


@pytest.fixture
def inbox() -> Inbox:
    inbox = Inbox(64 * _MIB)
    inbox.open(1)
    return inbox


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.db", max_bytes=_MIB, telemetry=Telemetry())
    yield journal
    journal.close()


@pytest.fixture
def reception(inbox: Inbox, journal: Journal) -> Iterator[Reception]:
    reception = Reception(Decoder(NOTHING), journal, inbox, Telemetry(), Courtesy())
    yield reception
    reception.close()


def _spans(count: int) -> bytes:
    return traces(*(prediction(n, {"input.x": 1.0}) for n in range(count)))


def _whole(payload: bytes) -> tuple[bytes, None]:
    return payload, None


class _Held:
    """A request that is not read until it is let: what comes meanwhile waits behind it."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> tuple[bytes, None]:
        self.begun.set()
        assert self.go_on.wait(30)
        return _spans(1), None


def test_each_of_a_group_has_its_own_answer(reception: Reception, inbox: Inbox) -> None:
    """Spans, records, what cannot be decoded, and what cannot be read."""
    held = _Held()
    first = reception.begin("traces", held)
    assert held.begun.wait(30)
    broken = traces(prediction(0, {}, span_id=b"\1"), prediction(1, {}))

    def fails() -> tuple[bytes, None]:
        raise ZeroDivisionError("a mistake")

    spans = [reception.begin("traces", partial(_whole, _spans(n))) for n in (1, 2, 3)]
    bad = reception.begin("traces", lambda: (b"\x0a\xff", None))
    in_part = reception.begin("traces", lambda: (broken, None))
    mistake = reception.begin("traces", fails)
    label = reception.begin("logs", lambda: (logs(record("barograph.label", {})), None))
    bad_logs = reception.begin("logs", lambda: (b"\xff", None))
    held.go_on.set()
    assert [done.result(30).rejected for done in (first, *spans, in_part, label)] == [0] * 4 + [
        1,
        1,
    ]
    for future in (bad, bad_logs):
        with pytest.raises(UndecodableError):
            future.result(30)
    with pytest.raises(ZeroDivisionError):
        mistake.result(30)
    taken = inbox.take(1)
    assert [item.seq for item in taken] == [1, 2, 3, 4, 5, 6]
    assert [item.rows for item in taken] == [1, 1, 2, 3, 1, 1]
    for item in taken:
        inbox.release(item.cost)
    # Nothing that was refused holds room.
    assert (inbox.size_bytes, inbox.is_empty) == (0, True)


def test_who_gave_up_waiting_is_not_taken(
    reception: Reception, inbox: Inbox, journal: Journal
) -> None:
    held = _Held()
    first = reception.begin("traces", held)
    assert held.begun.wait(30)
    gone = reception.begin("traces", lambda: (_spans(1), None))
    last = reception.begin("traces", lambda: (_spans(2), None))
    assert gone.cancel()
    assert not first.cancel()
    held.go_on.set()
    assert first.result(30) == last.result(30)
    with pytest.raises(CancelledError):
        gone.result(30)
    assert journal.last_seq == 2
    assert [item.rows for item in inbox.take(1)] == [1, 2]


def test_a_journal_that_is_full_refuses_one_and_takes_the_next(
    reception: Reception, inbox: Inbox
) -> None:
    held = _Held()
    first = reception.begin("traces", held)
    assert held.begun.wait(30)
    text = traces(prediction(0, {"input.t": "x" * 2 * _MIB}))
    large = reception.begin("traces", lambda: (text, None))
    small = reception.begin("traces", lambda: (_spans(1), None))
    held.go_on.set()
    with pytest.raises(OverloadedError, match="full"):
        large.result(30)
    assert first.result(30) == small.result(30)
    assert [item.seq for item in inbox.take(1)] == [1, 2]


def test_what_waits_at_the_end_is_taken_and_nothing_after(
    reception: Reception, inbox: Inbox
) -> None:
    held = _Held()
    begun = [reception.begin("traces", held)]
    assert held.begun.wait(30)
    begun += [reception.begin("traces", lambda: (_spans(1), None)) for _ in range(200)]
    closing = threading.Thread(target=reception.close)
    closing.start()
    held.go_on.set()
    closing.join(30)
    assert all(future.done() for future in begun)
    assert sum(item.rows for item in inbox.take(1)) == 201
    with pytest.raises(OverloadedError):
        reception.begin("traces", lambda: (_spans(1), None))


class _Bytes(bytes):
    """Says when it is gone."""

    gone: threading.Event

    def __del__(self) -> None:
        self.gone.set()


class _OvertakenQueue(queue.SimpleQueue[Any]):
    """Goes on only once what was put is answered, as where the other thread is the quicker."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        done = None if item is None else item.done
        super().put(item, block, timeout)
        if done is not None:
            done.exception(30)


def test_a_refusal_that_comes_before_its_future_is_handed_out(
    inbox: Inbox, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(queue, "SimpleQueue", _OvertakenQueue)
        reception = Reception(Decoder(NOTHING), journal, inbox, Telemetry(), Courtesy())

    def refuses() -> tuple[bytes, None]:
        raise OverloadedError("full")

    try:
        with pytest.raises(OverloadedError, match="full"):
            reception.begin("traces", refuses).result(30)
        reception.begin("traces", lambda: (_spans(1), None)).result(30)
    finally:
        reception.close()


@pytest.mark.parametrize("signal", ["traces", "logs"])
@pytest.mark.parametrize("reason", ["unreadable", "no OTLP", "full journal", "full inbox"])
def test_what_was_refused_is_gone_at_once(
    reception: Reception, reason: str, signal: SignalKind
) -> None:
    """Not once garbage is collected: requests may be large, and refusals many."""
    text = "x" * 2 * _MIB
    content = {
        "no OTLP": bytes(_MIB),
        "full inbox": bytes(65 * _MIB),
    }.get(reason, traces(prediction(0, {"input.t": text})))
    held, gone = _Held(), threading.Event()

    def read() -> tuple[bytes, None]:
        payload = _Bytes(content)
        payload.gone = gone
        if reason == "unreadable":
            raise OverloadedError("no room")
        return payload, None

    first = reception.begin("traces", held)
    refused = reception.begin(signal, read)
    gc.disable()
    try:
        held.go_on.set()
        expected = UndecodableError if reason == "no OTLP" else OverloadedError
        assert isinstance(refused.exception(30), expected)
        del refused
        first.result(30)
        assert gone.wait(10)
    finally:
        gc.enable()
