"""The benchmark on public histories judges what its table says."""

from dataclasses import replace

import pandas as pd

from benchmarks.histories.data import shuffled
from benchmarks.histories.flag import Flag
from benchmarks.histories.history import History
from benchmarks.histories.verdict import Verdict

KNOWN = History("known", "binary", ("x",), ("c",), 100, 10, windows=20, change=8)
UNKNOWN = replace(KNOWN, change=None)


def test_a_flag_that_goes_on_is_one_alarm() -> None:
    flags = [Flag(w, "inputs", "x") for w in (2, 3, 4, 9)] + [Flag(3, "inputs", "c")]
    found = Verdict(KNOWN, flags)
    assert [(flag.window, flag.subject) for flag in found.alarms] == [(2, "x"), (9, "x"), (3, "c")]
    assert found.false is not None
    assert [flag.window for flag in found.false] == [2, 3]


def test_what_a_tool_opens_again_is_another_alarm() -> None:
    """Who has alarms that last says itself when one is new."""
    found = Verdict(KNOWN, [Flag(w, "labels", "risk", page=True) for w in (9, 10)])
    assert len(found.alarms) == found.pages == 2


def test_the_first_window_after_the_change_has_delay_1() -> None:
    flags = [Flag(7, "inputs", "x"), Flag(8, "inputs", "x"), Flag(12, "labels", "accuracy")]
    found = Verdict(KNOWN, flags)
    assert [found.delay(kind) for kind in ("inputs", "outputs", "labels")] == [1, None, 5]


def test_without_a_known_change_nothing_is_called_false() -> None:
    found = Verdict(UNKNOWN, [Flag(3, "labels", "accuracy")])
    assert found.false is None
    assert found.delay("labels") == 4


def test_all_alarms_about_shuffled_rows_are_false() -> None:
    rows = pd.DataFrame({"x": range(300)})
    history, order = shuffled(KNOWN, rows, seed=1)
    assert sorted(order["x"]) == list(range(300))
    assert order["x"].tolist() != list(range(300))
    found = Verdict(history, [Flag(3, "labels", "accuracy"), Flag(9, "inputs", "x")])
    assert found.false is not None
    assert len(found.false) == 2
