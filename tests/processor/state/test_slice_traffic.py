"""A part of the traffic that stops is told; one that pauses at night or at weekends is not."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import ObservationBatch
from barograph_processor.state.aftermath.level_tally import LevelTally
from barograph_processor.state.aftermath.slice_traffic import SliceTraffic
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.condition import Sight, assess
from barograph_processor.stats.column import CategoricalColumn
from tests.processor.state.rows import KEY

HOUR = 3_600_000_000_000
DAY = 24
REFERENCE = 3 * DAY
"""Hours, from a Monday's first on: no weekend was seen when the reference ends."""

Comes = Callable[[str, int], bool]
SHARES = {"big": 0.5, "other": 0.3, "day": 0.1, "office": 0.05, "small": 0.05}


def usual(level: str, hour: int) -> bool:
    """Whether a carrier flies: some do not at night, some do not at weekends either."""
    awake = 8 <= hour % DAY < 20
    return {"day": awake, "office": awake and hour // DAY % 7 < 5}.get(level, True)


def always(level: str, hour: int) -> bool:
    """Everybody flies: the other of two wants no arguments."""
    return bool(level) and hour >= 0


def hour_of(rng: np.random.Generator, hour: int, comes: Comes, *, n: int = 100) -> ObservationBatch:
    shares = np.array([share * comes(level, hour) for level, share in SHARES.items()])
    codes = rng.choice(len(shares), n, p=shares / shares.sum()).astype(np.int32)
    hosts = CategoricalColumn(codes, tuple(f"h-{level}" for level in SHARES))
    return ObservationBatch(
        model=KEY,
        ids=np.zeros((n, 3), dtype=np.uint64),
        prediction_ids=(),
        event_time=hour * HOUR + np.sort(rng.integers(0, HOUR, n)),
        latency=np.full(n, np.nan),
        failed=np.zeros(n, dtype=np.bool_),
        slices={
            "carrier": CategoricalColumn(codes, tuple(SHARES)),
            "trace.host.name": hosts,
            "trace.span.retrieve": hosts,
        },
    )


def _pass_hour(traffic: SliceTraffic, hour: int, batch: ObservationBatch) -> None:
    """Learn from an hour of the reference, or close a later one as a window."""
    if hour < REFERENCE:
        traffic.learn(batch)
        return
    tally = LevelTally()
    tally.add(batch)
    traffic.settle(tally)
    traffic.close((hour + 1) * HOUR, lambda time_ns: time_ns // HOUR)


def followed(
    hours: Iterable[int], comes: Comes, *, seed: int = 0, restarts: bool = False
) -> list[tuple[int, Finding]]:
    """Run hours as windows behind the reference; return what is found, with its hour."""
    rng = np.random.default_rng(seed)
    traffic = SliceTraffic(budget_windows=10_000, block=500)
    found = []
    for hour in hours:
        batch = hour_of(rng, hour, comes)
        _pass_hour(traffic, hour, batch)
        found += [(hour, finding) for finding in traffic.findings()]
        if restarts:
            again = SliceTraffic(budget_windows=10_000, block=500)
            again.load(traffic.state())
            traffic = again
    return found


def test_pauses_at_night_and_at_weekends_are_no_failure() -> None:
    """Over eight weeks, of which the reference has seen three days; ten runs."""
    for seed in range(10):
        assert followed(range(8 * 7 * DAY), usual, seed=seed) == []


@pytest.mark.parametrize("level", ["small", "day", "office"])
def test_a_carrier_that_stops_is_told_until_it_is_back(level: str) -> None:
    """One alarm for the carrier, which names its host; nothing of how its spans went."""
    stop, back = 21 * DAY, 38 * DAY + 12

    def comes(name: str, hour: int) -> bool:
        return usual(name, hour) and not (name == level and stop <= hour < back)

    found = followed(range(42 * DAY), comes)
    hours = [hour for hour, _ in found]
    first = found[0][1]
    assert {finding.slice for _, finding in found} == {(("carrier", level),)}
    assert hours == list(range(hours[0], back))
    assert hours[0] - stop <= {"small": 1, "day": 3, "office": 10}[level] * DAY
    assert (first.signal, first.feature, first.severity) == ("blind", "traffic", "ticket")
    assert first.since_ns <= stop * HOUR
    assert f"no prediction for carrier={level} has come for" in first.sentence
    assert first.sentence.endswith(f"(also: trace.host.name=h-{level})")


def test_a_restart_makes_no_difference() -> None:
    def comes(name: str, hour: int) -> bool:
        return usual(name, hour) and not (name == "small" and hour >= 10 * DAY)

    assert followed(range(13 * DAY), comes, restarts=True) == followed(range(13 * DAY), comes)


def test_a_part_that_is_gone_for_good_is_forgotten_after_a_month() -> None:
    def comes(name: str, hour: int) -> bool:
        return usual(name, hour) and not (name == "small" and hour >= 10 * DAY)

    found = followed(range(45 * DAY), comes)
    assert found[-1][0] in range(40 * DAY - 2, 40 * DAY + 2)


def test_machines_that_are_replaced_are_not_told() -> None:
    """While their dimension has machines that the reference did not hold."""
    rng = np.random.default_rng(1)
    traffic = SliceTraffic(budget_windows=1000, block=100)
    told = []
    for hour in range(30 * DAY):
        batch = hour_of(rng, hour, always)
        old = batch.slices["trace.host.name"]
        new = tuple(f"n-{level}" for level in old.levels)
        levels = old.levels if hour < 10 * DAY else new
        hosts = CategoricalColumn(old.codes, levels)
        batch = replace(batch, slices={**batch.slices, "trace.host.name": hosts})
        _pass_hour(traffic, hour, batch)
        told += traffic.findings()
    assert told == []


def test_how_rows_come_in_batches_makes_no_difference() -> None:
    rng = np.random.default_rng(2)
    batch = hour_of(rng, 0, always, n=1000)
    states = []
    for parts in (1, 7, 1000):
        traffic, tally = SliceTraffic(budget_windows=1000, block=100), LevelTally()
        for rows in np.array_split(np.arange(1000), parts):
            traffic.learn(batch.take(rows))
            tally.add(batch.take(rows))
        states.append((traffic.state(), tally.state()))
    assert states[0] == states[1] == states[2]


def _routes(hour: int, codes: np.ndarray[Any, Any]) -> ObservationBatch:
    """An hour of rows by route, in that order."""
    batch = hour_of(np.random.default_rng(hour), hour, always, n=len(codes))
    levels = tuple(f"r{code}" for code in range(codes.max() + 1))
    routes = CategoricalColumn(codes.astype(np.int32), levels)
    return replace(batch, slices={"route": routes})


def test_a_dimension_that_outgrows_what_is_counted_is_no_longer_followed() -> None:
    """Those of its levels that come after the 64th are there, though nobody counts them."""
    traffic = SliceTraffic(budget_windows=100, block=500)
    told = []
    for hour in range(30 * DAY):
        levels = 50 if hour < 8 * DAY else 49 if hour < 16 * DAY else 100
        batch = _routes(hour, np.tile(np.arange(levels), 10)[::-1])
        _pass_hour(traffic, hour, batch)
        told += [(hour, finding.slice) for finding in traffic.findings()]
    assert {slice_ for _, slice_ in told} == {(("route", "r49"),)}
    assert max(hour for hour, _ in told) == 16 * DAY - 1


def test_nothing_is_kept_of_dimensions_that_the_reference_did_not_hold() -> None:
    traffic = SliceTraffic(budget_windows=100, block=500)
    traffic.learn(_routes(0, np.tile(np.arange(50), 80)))
    traffic.settle(LevelTally())
    sizes = set()
    for number in range(1, 30):
        tally = LevelTally()
        for levels in (20, 100):
            routes = _routes(number, np.arange(levels))
            tally.add(replace(routes, slices={f"{number} {levels}": routes.slices["route"]}))
        traffic.settle(tally)
        state = traffic.state()
        sizes.add((len(state["new_ns"]), len(state["full"])))
    assert sizes == {(0, 0)}


def test_how_rows_of_too_many_levels_come_in_batches_makes_no_difference() -> None:
    batch = _routes(0, np.tile(np.arange(100), 3))
    states = []
    for parts in (1, 7, 300):
        tally = LevelTally()
        for rows in np.array_split(np.arange(300), parts):
            tally.add(batch.take(rows))
        states.append(tally.state())
    assert states[0] == states[1] == states[2]


def test_a_part_that_is_gone_does_not_make_the_model_blind() -> None:
    def comes(name: str, hour: int) -> bool:
        return usual(name, hour) and not (name == "small" and hour >= 10 * DAY)

    finding = followed(range(13 * DAY), comes)[-1][1]
    alarm = finding.alarm(KEY, operations={}, raised_ns=0, window=0)
    sight = Sight(100, None, learnt=True, judged_by="label", windows_since_label=0)
    condition = assess([alarm], {}, sight)
    assert condition.state == "watch"
    assert condition.reasons == (alarm.sentence,)
