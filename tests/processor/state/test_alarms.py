"""The alarm book: at most one open alarm about one thing, and none forgotten while it is open."""

from dataclasses import replace

import pytest

from barograph_processor.signal import Alarm, Incident
from barograph_processor.state.alarm.alarms import AlarmBook, alarm_id, key_of
from tests.processor.state.test_condition import alarm


def _risk(window: int = 3) -> Alarm:
    return replace(alarm("risk", "page"), id=f"w{window}", raised_window=window)


def test_raised_once_then_updated() -> None:
    """Identity and times are those of the first; examples are kept if there are no newer ones."""
    book = AlarmBook()
    first = replace(_risk(3), trace_ids=("t",))
    key = key_of(first)
    assert book.raise_(key, first).change == "open"
    again = book.raise_(key, replace(_risk(5), now=0.5))
    assert (again.change, again.window) == ("updated", 5)
    (held,) = book.open
    assert (held.id, held.raised_window, held.now, held.trace_ids) == ("w3", 3, 0.5, ("t",))
    assert book.raised == {("risk", "page"): 1}


def test_resolved_once() -> None:
    book = AlarmBook()
    key = key_of(_risk())
    book.raise_(key, _risk())
    change = book.resolve(key, time_ns=7, window=9, sentence="over")
    assert change is not None
    assert (change.change, change.window, change.alarm.resolved_ns) == ("resolved", 9, 7)
    assert change.alarm.state == "resolved"
    assert book.resolve(key, time_ns=8, window=10, sentence="over") is None
    assert book.open == ()
    assert len(book.resolved) == 1


def test_open_ones_are_never_forgotten_and_resolved_ones_bounded() -> None:
    book = AlarmBook()
    for number in range(1500):
        one = replace(alarm("input.drift", "note"), feature=f"f{number}")
        book.raise_(key_of(one), one)
    assert len(book.open) == 1500
    for one in book.open:
        book.resolve(key_of(one), time_ns=1, window=1, sentence="over")
    assert len(book.resolved) == 1000
    assert book.resolved[-1].feature == "f1499"
    assert book.raised == {("input.drift", "note"): 1500}


def test_what_an_alarm_is_about() -> None:
    """Signal, feature, slice; the order of a slice's dimensions is none."""
    one = replace(alarm("slice", "page"), slice={"b": "2", "a": "1"})
    other = replace(alarm("slice", "page"), slice={"a": "1", "b": "2"})
    assert key_of(one) == key_of(other)
    assert key_of(one) != key_of(replace(one, slice={"a": "1"}))


def test_ids_tell_apart_what_is_apart() -> None:
    key = key_of(_risk())
    ids = {
        alarm_id("m", "1", key, 3),
        alarm_id("m", "1", key, 4),
        alarm_id("m", "2", key, 3),
        alarm_id("n", "1", key, 3),
        alarm_id("m", "1", ("input.drift", "a", ()), 3),
    }
    assert len(ids) == 5
    assert alarm_id("m", "1", key, 3) == alarm_id("m", "1", key, 3)


def test_restored_book_goes_on() -> None:
    book = AlarmBook()
    first = replace(alarm("slice", "page"), slice={"a": "1"}, interval=(0.1, 0.2))
    book.raise_(key_of(first), first)
    book.raise_(key_of(_risk()), _risk())
    book.resolve(key_of(_risk()), time_ns=1, window=4, sentence="over")
    other = AlarmBook()
    other.load(book.state())
    assert other.open == book.open
    assert other.resolved == book.resolved
    assert other.raised == book.raised
    assert other.state() == book.state()


def _told(book: AlarmBook, window: int, *, bad: bool) -> list[str]:
    """Let a window pass that is bad or good; return what became of the alarm."""
    one = replace(_risk(window), raised_ns=window)
    key = key_of(one)
    changes = []
    if bad and book.get(key) is None:
        changes.append(book.raise_(key, one).change)
    if not bad and (over := book.resolve(key, time_ns=window, window=window, sentence="over")):
        changes.append(over.change)
    return [*changes, *(change.change for change in book.settle(window))]


def test_what_comes_back_soon_goes_on_with_its_incident() -> None:
    """Within the hold, the last window included; it says how often, also once it is updated."""
    book = AlarmBook(hold_windows=3)
    for window in range(3, 10):
        _told(book, window, bad=window in (3, 5, 9))
    (back,) = book.open
    assert back.back_in == Incident("w3", 3, openings=3)
    assert back.sentence.endswith(" Opened 3 times since 1970-01-01 00:00 UTC.")
    told = book.raise_(key_of(back), replace(_risk(10), sentence="Worse.")).alarm
    assert told.incident == back.incident
    assert told.sentence == "Worse. Opened 3 times since 1970-01-01 00:00 UTC."


def test_what_stays_away_is_settled_once() -> None:
    book = AlarmBook(hold_windows=3)
    happened = [_told(book, window, bad=window in (0, 5)) for window in range(10)]
    assert happened == [["open"], ["resolved"], [], [], ["settled"]] * 2
    assert [alarm.incident for alarm in book.resolved] == [
        Incident("w0", 0),
        Incident("w5", 5),
    ]
    assert book.held == ()


def test_without_a_hold_each_end_settles_in_its_window() -> None:
    book = AlarmBook()
    happened = [_told(book, window, bad=window % 2 == 0) for window in range(4)]
    assert happened == [["open"], ["resolved", "settled"]] * 2
    assert all(alarm.back_in is None for alarm in book.resolved)


@pytest.mark.parametrize("stop", range(8))
def test_incidents_go_on_after_a_restart(stop: int) -> None:
    bad = (0, 2, 6)
    straight, book = AlarmBook(hold_windows=2), AlarmBook(hold_windows=2)
    for window in range(8):
        if window == stop:
            state = book.state()
            book = AlarmBook(hold_windows=2)
            book.load(state)
        told = _told(book, window, bad=window in bad)
        assert told == _told(straight, window, bad=window in bad)
    assert book.state() == straight.state()


def test_held_ones_are_bounded_by_settling_the_oldest() -> None:
    book = AlarmBook(hold_windows=5)
    for number in range(1002):
        one = replace(alarm("input.drift", "note"), feature=f"f{number}")
        book.raise_(key_of(one), one)
        book.resolve(key_of(one), time_ns=1, window=1, sentence="over")
    assert [change.alarm.feature for change in book.settle(1)] == ["f0", "f1"]
    assert len(book.held) == 1000


def test_update_of_what_is_not_open() -> None:
    with pytest.raises(KeyError):
        AlarmBook().update(key_of(_risk()), _risk(), window=1)
