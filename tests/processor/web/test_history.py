"""A model's windows by column: each as it is, or as many together as a screen can show."""

from typing import Any

import pytest

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.history import series_view


def record(n: int, **signals: Any) -> WindowRecord:
    return WindowRecord(
        window=n,
        start_ns=n * 10**9,
        end_ns=(n + 1) * 10**9,
        rows=10,
        partial=False,
        condition=f"state {n}",
        signals=signals,
    )


def judged(n: int) -> WindowRecord:
    accuracy = {"value": n / 10_000, "lower": None, "upper": None}
    return record(
        n,
        latency={"p50_s": 0.01, "p95_s": n / 1000},
        performance={"labels": 4, "accuracy": accuracy},
    )


def test_each_of_a_few_windows_has_its_own_place() -> None:
    found = series_view([judged(n) for n in range(2000)])
    assert found["window"] == list(range(2000))
    assert found["latency_p95_s"][1:3] == [0.001, 0.002]
    assert found["labels"] == [4] * 2000


def test_a_long_history_is_thinned_to_sums_means_and_last_states() -> None:
    found = series_view([judged(n) for n in range(8760)])
    assert len(found["window"]) == 1752
    assert found["window"][-1] == 8759, "the page asks for what comes after it"
    assert found["state"][0] == "state 4"
    assert (found["start"][1], found["end"][1]) == (5000, 10_000)
    assert (sum(found["rows"]), sum(found["labels"])) == (87_600, 4 * 8760)
    assert found["latency_p95_s"][0] == pytest.approx(0.002)
    (accuracy,) = found["performance"]
    assert accuracy["name"] == "accuracy"
    assert accuracy["value"][1] == pytest.approx(0.0007)
    assert "lower" not in accuracy


def test_what_only_some_windows_know_is_their_mean_and_else_not_known() -> None:
    known = {"accuracy": {"value": 0.5, "lower": 0.4, "upper": 0.6}}
    history = [record(0), record(1, estimated=known), record(2, estimated=None), record(3)]
    (accuracy,) = series_view(history * 1000)["estimated"]
    assert accuracy["value"] == [0.5, None] * 1000
    assert accuracy["upper"] == [0.6, None] * 1000


def test_without_a_window_every_column_is_empty() -> None:
    found = series_view([])
    assert found["window"] == found["performance"] == found["drift"] == []
    assert found["coverage"] is None
