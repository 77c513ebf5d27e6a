"""What comes together is taken together, up to a bound, and by number."""

from barograph_processor.otlp import DecodedTraces
from barograph_processor.pipeline.inbox import ENOUGH_ITEMS, Inbox, Item

_HALF = DecodedTraces(accepted=ENOUGH_ITEMS // 2)


def _inbox(*numbers: int) -> Inbox:
    inbox = Inbox(1000)
    inbox.open(1)
    for number in numbers:
        inbox.reserve(1)
        inbox.put(Item(number, "traces", _HALF, 1, 0, 1))
    return inbox


def test_no_more_is_taken_than_is_enough() -> None:
    """All that is taken at once is held as rows, whatever waits."""
    inbox = _inbox(3, 1, 2, 5, 4)
    taken = [[item.seq for item in inbox.take(0.0)] for _ in range(3)]
    assert taken == [[1, 2], [3, 4], [5]]


def test_less_is_taken_where_less_is_enough() -> None:
    """What is best taken together is not cut in two by what came before it."""
    inbox = _inbox(1, 2, 3)
    assert [[item.seq for item in inbox.take(0.0, enough=enough)] for enough in (1, 2)] == [
        [1],
        [2],
    ]
    assert [item.seq for item in inbox.take(0.0, enough=4 * ENOUGH_ITEMS)] == [3]


def test_nothing_is_taken_before_what_is_next() -> None:
    assert not _inbox(2, 3).take(0.0)
