"""A packed history is a sequence of its records."""

import math

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.state.window.window_history import WindowHistory


def _record(number: int) -> WindowRecord:
    signals = {"latency": {"p50_s": 0.1 * number, "p95_s": None}, "errors": {"rate": math.inf}}
    return WindowRecord(number, number, number + 1, 1000, number < 0, "good", signals)


def _history(records: int, *, kept: int = 3) -> WindowHistory:
    history = WindowHistory(kept)
    for number in range(records):
        history.append(_record(number))
    return history


def test_it_reads_as_a_list_of_the_last() -> None:
    history, expected = _history(5), [_record(2), _record(3), _record(4)]
    assert len(history) == 3
    assert list(history) == expected
    assert list(reversed(history)) == expected[::-1]
    assert history[-1] == expected[-1]
    assert history[0] == expected[0]
    assert history[1:] == expected[1:]


def test_empty_history_is_false() -> None:
    assert not _history(0)


def test_restored_history_is_the_same() -> None:
    again = WindowHistory(3)
    again.load(_history(5).state())
    assert list(again) == list(_history(5))
    assert again[-1] == _record(4)
    again.append(_record(5))
    assert [record.window for record in again] == [3, 4, 5]
