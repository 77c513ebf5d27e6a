"""Latency, errors and traffic of a window: a summary that merges, and bounds that are learnt."""

import math
from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph_processor.config import OperationsConfig
from barograph_processor.state.window.operations import OperationsReference, OperationsWindow

SECOND = 1_000_000_000


def window(
    latency: list[float], failed: list[bool] | None = None, *, every: float = 1.0, start: float = 0
) -> OperationsWindow:
    n = len(latency)
    return OperationsWindow.of(
        np.array(latency, dtype=np.float64),
        np.array([False] * n if failed is None else failed, dtype=np.bool_),
        ((start + every * np.arange(n)) * SECOND).astype(np.int64),
    )


@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(0, 2000)), max_size=40), st.integers(0, 40)
)
def test_split_and_merged_equals_whole(latency: list[float], cut: int) -> None:
    """In any order, with any neutral element."""
    failed = [i % 3 == 0 for i in range(len(latency))]
    whole = window(latency, failed)
    left = window(latency[:cut], failed[:cut])
    right = window(latency[cut:], failed[cut:], start=min(cut, len(latency)))
    nothing = OperationsWindow.empty()
    for merged in (left.merge(right), right.merge(left), left.merge(nothing).merge(right)):
        assert merged.state()["latency"].tolist() == whole.latency.tolist()
        assert (merged.rows, merged.calls, merged.errors) == (whole.rows, whole.calls, whole.errors)
        assert (merged.first_ns, merged.last_ns) == (whole.first_ns, whole.last_ns)
    restored = OperationsWindow.restore(whole.state())
    assert restored.latency.tolist() == whole.latency.tolist()


EDGES = (np.exp(np.arange(218) * np.log(1.1)) * 1e-6).tolist()


@given(
    st.lists(st.one_of(st.sampled_from([*EDGES, 0.0, float("inf"), float("nan")]), st.floats(0, 2)))
)
def test_each_is_in_the_first_bucket_that_ends_no_lower(latency: list[float]) -> None:
    """Whatever order they come in; what is no call's first row is in none."""
    expected = [0] * (len(EDGES) + 1)
    for value in latency:
        if not math.isnan(value):
            expected[bisect_left(EDGES, value)] += 1
    assert window(latency).latency.tolist() == expected


@pytest.mark.parametrize("q", [0.05, 0.5, 0.95, 0.99])
def test_quantiles_are_right_to_a_tenth(q: float) -> None:
    """Against numpy's, over six orders of magnitude."""
    latency = np.exp(np.random.default_rng(0).normal(-3, 2, 5000))
    found = window(latency.tolist()).quantile(q)
    assert found == pytest.approx(np.quantile(latency, q), rel=0.1)


@pytest.mark.parametrize(("latency", "expected"), [(0.0, 1e-6), (1e6, 960.0), (1e-9, 1e-6)])
def test_latencies_beyond_the_buckets(latency: float, expected: float) -> None:
    assert window([latency] * 3).quantile(0.5) == pytest.approx(expected, rel=0.1)


def test_without_calls_nothing_is_known() -> None:
    nothing = window([float("nan")] * 3)
    assert (nothing.quantile(0.5), nothing.error_rate, nothing.rows) == (None, None, 3)
    assert OperationsWindow.empty().traffic is None
    assert window([0.1]).traffic is None
    assert window([0.1, 0.1], every=0).traffic is None


def test_traffic_is_rows_by_event_time() -> None:
    assert window([0.1] * 11, every=0.5).traffic == pytest.approx(2.0)


def _reference() -> OperationsReference:
    slow = window([0.1] * 100, [i < 2 for i in range(100)], every=1.0)
    fast = window([0.1] * 100, [False] * 100, every=0.1, start=1000)
    return OperationsReference.learn([slow, fast])


@pytest.mark.parametrize(
    ("latency", "errors", "every", "expected"),
    [
        (0.1, 0, 1.0, ("normal", "normal", "normal")),
        (0.17, 2, 0.06, ("normal", "normal", "normal")),
        (0.25, 0, 1.0, ("high", "normal", "normal")),
        (0.1, 3, 1.0, ("normal", "high", "normal")),
        (0.1, 0, 0.04, ("normal", "normal", "high")),
        (0.1, 0, 2.5, ("normal", "normal", "low")),
        (0.01, 0, 1.0, ("normal", "normal", "normal")),
    ],
)
def test_bounds_learnt_from_the_reference(
    latency: float, errors: int, every: float, expected: tuple[str, str, str]
) -> None:
    """Twice its p95, one point more errors, half its lowest and twice its highest traffic."""
    now = window([latency] * 100, [i < errors for i in range(100)], every=every)
    found = _reference().judge(now, OperationsConfig())
    assert tuple(found[name] for name in ("latency", "errors", "traffic")) == expected


def test_a_function_of_microseconds_has_a_millisecond_of_room() -> None:
    quick = OperationsReference.learn([window([2e-5] * 100)] * 20)
    assert quick.judge(window([4e-4] * 100), OperationsConfig())["latency"] == "normal"
    assert quick.judge(window([2e-3] * 100), OperationsConfig())["latency"] == "high"


def test_objectives_replace_what_was_learnt() -> None:
    now = window([0.5] * 100, [i < 10 for i in range(100)])
    tight, wide = OperationsConfig(latency_p95_s=0.2), OperationsConfig(latency_p95_s=1.0)
    assert _reference().judge(now, tight)["latency"] == "high"
    assert _reference().judge(now, wide)["latency"] == "normal"
    assert _reference().judge(now, OperationsConfig(error_rate=0.2))["errors"] == "normal"


def test_what_was_never_seen_is_unknown() -> None:
    nothing = OperationsReference.learn([OperationsWindow.empty()])
    found = nothing.judge(window([0.1] * 3), OperationsConfig())
    assert set(found.values()) == {"unknown"}
