"""Rows are dealt out to windows one by one, by count and by event time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph_processor.state.window.windows import Slot, WindowClock

NS = 1_000_000_000


def dealt(clock: WindowClock, seconds: list[float]) -> tuple[list[tuple[Slot, list[int]]], int]:
    """Closed windows with their event times in s, and how many rows were late."""
    return deal_in(clock, [seconds])


def deal_in(
    clock: WindowClock, batches: list[list[float]]
) -> tuple[list[tuple[Slot, list[int]]], int]:
    members: dict[Slot, list[int]] = {}
    closed: list[tuple[Slot, list[int]]] = []
    late = 0
    for batch in batches:
        time = (np.array(batch) * NS).astype(np.int64)
        punctual, newest = clock.admit(time)
        late += int((~punctual).sum())
        time, newest = time[punctual], newest[punctual]
        for slot, rows, closes in clock.deal(time, newest):
            members.setdefault(slot, []).extend((time[rows] // NS).tolist())
            if closes:
                closed.append((slot, members.pop(slot)))
    return closed, late


def test_windows_by_rows_take_rows_in_order_of_arrival() -> None:
    """Event time plays no part, but for lateness."""
    clock = WindowClock(max_rows=3, seconds=None, lateness=100)
    closed, late = dealt(clock, [5, 1, 3, 2, 9, 4, 7])
    assert [times for _, times in closed] == [[5, 1, 3], [2, 9, 4]]
    assert late == 0
    assert clock.remaining() == [(Slot(0, 2), False)]


def test_windows_by_seconds_wait_for_the_lateness() -> None:
    """A window closes once event time is past its end by the lateness, not before."""
    clock = WindowClock(max_rows=None, seconds=10, lateness=5)
    closed, late = deal_in(clock, [[1, 12, 8, 14], [14.9]])
    assert (closed, late) == ([], 0)
    closed, late = deal_in(clock, [[15, 9, 10]])
    assert [slot for slot, _ in closed] == [Slot(0, 0)]
    assert late == 1, "9 s is further behind 15 s than 5 s"


def test_a_stretch_ends_with_the_last_window_that_it_fills() -> None:
    """Of windows by rows, as far as rows can tell; else it is as long as it may be."""
    clock = WindowClock(max_rows=30, seconds=None, lateness=100)
    assert clock.stretch(100) == 90
    deal_in(clock, [[1.0] * 50])
    assert [clock.stretch(most) for most in (9, 10, 39, 40, 100)] == [9, 10, 10, 40, 100]
    assert WindowClock(max_rows=None, seconds=5, lateness=0).stretch(7) == 7


def test_windows_by_both_close_by_whichever_comes_first() -> None:
    clock = WindowClock(max_rows=2, seconds=10, lateness=0)
    closed, _ = dealt(clock, [1, 2, 3, 11, 12, 13, 40])
    assert closed == [
        (Slot(0, 0), [1, 2]),
        (Slot(0, 1), [3]),
        (Slot(1, 0), [11, 12]),
        (Slot(1, 1), [13]),
    ]


def test_jump_over_many_periods_costs_nothing_for_the_empty_ones() -> None:
    """Decades ahead: the open window closes; there is no window without rows."""
    clock = WindowClock(max_rows=None, seconds=0.5, lateness=0)
    closed, _ = dealt(clock, [1.0, 1.2, 3e9])
    assert closed == [(Slot(2, 0), [1, 1])]


def test_times_before_the_epoch_have_periods_too() -> None:
    clock = WindowClock(max_rows=None, seconds=10, lateness=0)
    closed, late = dealt(clock, [-3e9, -2.5e9, 5.0, 20.0])
    assert [len(times) for _, times in closed] == [1, 1, 1]
    assert late == 0


def test_event_time_at_the_edge_of_int64_is_not_late_by_overflow() -> None:
    clock = WindowClock(max_rows=10, seconds=None, lateness=3600)
    first = np.array([np.iinfo(np.int64).min + 1], dtype=np.int64)
    assert clock.admit(first)[0].tolist() == [True]


def test_no_row_is_no_event() -> None:
    clock = WindowClock(max_rows=1, seconds=None, lateness=0)
    punctual, newest = clock.admit(np.zeros(0, dtype=np.int64))
    assert len(punctual) == len(newest) == 0
    assert clock.watermark is None
    assert list(clock.deal(np.zeros(0, dtype=np.int64), newest)) == []


def test_one_row_from_the_future_does_not_make_all_others_late() -> None:
    """After so many late rows without a punctual one event time steps back to them."""
    clock = WindowClock(max_rows=2, seconds=None, lateness=10, patience=5)
    closed, late = dealt(clock, [1, 2, 3e9, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    assert [times for _, times in closed] == [[1, 2], [3_000_000_000, 8], [9, 10]]
    assert late == 5
    assert clock.steps_back == 1
    assert clock.watermark == 11 * NS


def test_late_rows_among_punctual_ones_change_nothing() -> None:
    clock = WindowClock(max_rows=100, seconds=None, lateness=10, patience=3)
    _, late = dealt(clock, [1000, 1, 2, 1001, 3, 4, 1002, 5, 6, 1003])
    assert (late, clock.steps_back) == (6, 0)
    assert clock.watermark == 1003 * NS


def test_a_window_needs_an_end() -> None:
    with pytest.raises(ValueError, match="rows or seconds"):
        WindowClock(max_rows=None, seconds=None, lateness=0)


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.integers(-15, 12), min_size=1, max_size=60),
    cuts=st.lists(st.integers(1, 60), max_size=6),
    max_rows=st.one_of(st.none(), st.integers(1, 7)),
    seconds=st.one_of(st.none(), st.sampled_from([3.0, 10.0])),
    lateness=st.sampled_from([0.0, 4.0, 25.0]),
    patience=st.sampled_from([1, 2, 5, 10_000]),
)
def test_how_rows_come_in_batches_makes_no_difference(
    steps: list[int],
    cuts: list[int],
    max_rows: int | None,
    seconds: float | None,
    lateness: float,
    patience: int,
) -> None:
    """Windows, their rows, their order and what is late are the same for every chunking,
    and a clock that is saved and restored between batches goes on as if it had not been."""
    if max_rows is None and seconds is None:
        max_rows = 3
    times = [float(t) for t in 1000 + np.cumsum(steps)]
    edges = sorted({0, len(times), *(cut for cut in cuts if cut < len(times))})
    batches = [times[a:b] for a, b in pairwise(edges)]

    def clock() -> WindowClock:
        return WindowClock(max_rows=max_rows, seconds=seconds, lateness=lateness, patience=patience)

    whole, single = clock(), clock()
    expected = deal_in(whole, [times])
    assert deal_in(single, [[t] for t in times]) == expected
    assert deal_in(clock(), batches) == expected
    restored = clock()
    restored.load(single.state())
    assert restored.state() == single.state()
    assert sorted(restored.remaining()) == sorted(whole.remaining())
