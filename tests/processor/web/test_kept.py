from collections.abc import Sequence

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.kept import Kept


def windows(count: int) -> Sequence[WindowRecord]:
    return [
        WindowRecord(
            window=n, start_ns=0, end_ns=1, rows=1, partial=False, condition="healthy", signals={}
        )
        for n in range(count)
    ]


class Worker:
    """Works out a view and counts how often."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self) -> int:
        self.done += 1
        return self.done


def test_a_view_is_worked_out_again_only_for_a_new_window() -> None:
    kept, work, history = Kept[int](2), Worker(), windows(3)
    assert [kept.of("a", history, work) for _ in range(3)] == [1, 1, 1]
    assert kept.of("a", [*history, *windows(1)], work) == 2
    assert kept.of("b", history, work) == 3


def test_nothing_is_kept_before_the_first_window() -> None:
    kept, work = Kept[int](2), Worker()
    assert [kept.of("a", [], work) for _ in range(2)] == [1, 2]


def test_what_nobody_asked_for_the_longest_gives_way() -> None:
    kept, work, history = Kept[int](2), Worker(), windows(1)
    for key in ("a", "b", "a", "c"):
        kept.of(key, history, work)
    assert kept.of("a", history, work) == 1
    assert kept.of("b", history, work) == 4
