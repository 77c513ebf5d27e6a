"""What sets the wrong predictions apart is told with the alarm about them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp.encode import encode_alarms
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.stats.column import CategoricalColumn
from barograph_processor.web.views import alarm_view
from tests.processor.state.rows import Bench, rows

RETRIEVE, VERSION = "trace.span.retrieve", "trace.service.version"
LEVELS = ("to 1 s", "1-4 s")
TABLES = {
    "reference": {"rows": 5000},
    "window": {"rows": 500},
    "alarm": {"windows_between_false_alarms": 1000},
}

Wrong = Callable[[npt.NDArray[np.bool_]], npt.NDArray[np.float64]]


def _rows(n: int, *, start: int, slow: float, version: str, wrong: Wrong) -> ObservationBatch:
    """Rows of which a share has a slow retriever, wrong at a rate that depends on that."""
    rng = np.random.default_rng([1, start])
    late = rng.random(n) < slow
    batch = rows(n, start=start, wrong=0.0)
    assert isinstance(batch.truth, CategoricalColumn)
    missed = rng.random(n) < wrong(late)
    label = CategoricalColumn(
        (batch.truth.codes.astype(np.bool_) ^ missed).astype(np.int32), ("0", "1")
    )
    slices = {
        **batch.slices,
        RETRIEVE: CategoricalColumn(late.astype(np.int32), LEVELS),
        VERSION: CategoricalColumn.of([version] * n),
    }
    return replace(batch, label=label, slices=slices)


def _alarms(*, slow: float, version: str, wrong: Wrong) -> tuple[Bench, list[AlarmChange]]:
    """Six thousand good rows, then two thousand others."""
    bench = Bench.of(TABLES)
    bench.registry.observe(
        _rows(6000, start=0, slow=0.1, version="2.0", wrong=lambda late: np.full(len(late), 0.08))
    )
    bench.registry.observe(_rows(2000, start=6000, slow=slow, version=version, wrong=wrong))
    steps = [step for _, step in bench.registry.drain() if isinstance(step, AlarmChange)]
    return bench, [step for step in steps if step.alarm.signal == "risk"]


@pytest.fixture(scope="module")
def slow_retriever() -> tuple[Bench, list[AlarmChange]]:
    return _alarms(slow=0.4, version="2.0", wrong=lambda late: np.where(late, 0.41, 0.08))


def test_the_risk_alarm_names_the_slow_child_span(
    slow_retriever: tuple[Bench, list[AlarmChange]],
) -> None:
    """When it is known: the alarm is told again with it, once."""
    _, changes = slow_retriever
    named = [change for change in changes if change.alarm.apart]
    assert changes[0].change == "open"
    assert len(changes) - len(named) <= 1
    alarm = named[-1].alarm
    (apart,) = alarm.apart
    assert dict(apart.slice) == {RETRIEVE: "1-4 s"}
    assert apart.now == pytest.approx(0.41, abs=0.06)
    assert apart.rest == pytest.approx(0.08, abs=0.03)
    assert f" Worst where {RETRIEVE}=1-4 s: {apart.now:.1%} against" in alarm.sentence


def test_it_is_shown_wherever_the_alarm_is(
    slow_retriever: tuple[Bench, list[AlarmChange]],
) -> None:
    bench, _ = slow_retriever
    (alarm,) = [a for a in bench.model.verdicts.book.open if a.signal == "risk"]
    (shown,) = alarm_view(alarm)["apart"]
    assert shown["slice"] == [[RETRIEVE, "1-4 s"]]
    assert shown["came"] is None
    sent = encode_alarms([alarm], now_ns=0, resource={})
    assert b"barograph.alarm.apart" in sent
    assert b"trace.span.retrieve=1-4 s" in sent
    again = bench.restarted().model.verdicts.book.open
    assert [a.apart for a in again] == [a.apart for a in bench.model.verdicts.book.open]


def test_a_full_deployment_is_told_by_its_time_alone() -> None:
    """There is nothing that it does worse than, so no cause is claimed."""
    bench, changes = _alarms(slow=0.1, version="2.1", wrong=lambda late: np.full(len(late), 0.3))
    assert {a.signal for a in bench.model.verdicts.book.open} >= {"risk"}
    assert "slice" not in {a.signal for a in bench.model.verdicts.book.open}
    (apart,) = changes[-1].alarm.apart
    assert dict(apart.slice) == {VERSION: "2.1"}
    assert apart.rest is None
    assert (
        f" All traffic has {VERSION}=2.1, which came at 2020-09-13 14:06 UTC."
        in changes[-1].alarm.sentence
    )


def test_what_all_traffic_moved_to_is_not_told_as_worse_than_elsewhere() -> None:
    """In the middle of a window: elsewhere are then the rows of it before that."""
    bench = Bench.of(TABLES)
    good = _rows(
        6250, start=0, slow=0.1, version="2.0", wrong=lambda late: np.full(len(late), 0.08)
    )
    bad = _rows(
        3000, start=6250, slow=0.1, version="2.1", wrong=lambda late: np.full(len(late), 0.6)
    )
    bench.registry.observe(good)
    bench.registry.observe(bad)
    told = {alarm.signal: alarm for alarm in bench.model.verdicts.book.open}
    assert "slice" in told
    named = [each for each in told["risk"].apart if VERSION in each.slice]
    assert [each.rest for each in named] == [None]
    assert "elsewhere" not in told["risk"].sentence


def test_nothing_is_named_where_all_fall_alike() -> None:
    _, changes = _alarms(slow=0.1, version="2.0", wrong=lambda late: np.full(len(late), 0.3))
    assert changes
    assert all(change.alarm.apart == () for change in changes)


def test_what_is_worse_than_it_was_but_better_than_the_rest_sets_nothing_apart() -> None:
    """It has an alarm of its own; most of what is wrong is elsewhere."""
    bench = Bench.of(TABLES)

    def rows_of(n: int, start: int, good: float, others: float) -> ObservationBatch:
        return _rows(
            n,
            start=start,
            slow=0.4,
            version="2.0",
            wrong=lambda slow: np.where(slow, good, others),
        )

    bench.registry.observe(rows_of(6000, 0, 0.01, 0.2))
    bench.registry.observe(rows_of(8000, 6000, 0.12, 0.2))
    bench.registry.observe(rows_of(4000, 14000, 0.25, 0.4))
    alarms = {alarm.signal: alarm for alarm in bench.model.verdicts.book.open}
    assert alarms["slice"].slice == {RETRIEVE: "1-4 s"}
    assert alarms["risk"].apart == ()
    assert "Worst where" not in alarms["risk"].sentence
