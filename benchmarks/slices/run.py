"""How soon a failing slice is named, and whether it is named first.

``README.md`` says what is measured and its bias. ``python -m benchmarks.slices.run``.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph_processor.config import parse_config
from barograph_processor.observation import TRACE_PREFIX, ModelKey, ObservationBatch
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.stats.column import CategoricalColumn
from barograph_processor.telemetry import Telemetry
from benchmarks.machine import machine
from benchmarks.slices.bound import delays_of_knowing

__all__ = ["Case", "Outcome", "live_through"]

ROWS: Final = 1000
REFERENCE: Final = 20
BEFORE: Final = 3
AFTER: Final = 16
WITHIN: Final = 4
ERRORS: Final = 0.1
_KEY: Final = ModelKey("sliced", "1")
_SECOND: Final = 1_000_000_000
_START: Final = 1_700_000_000

SHARES: Final[Mapping[str, Mapping[str, float]]] = {
    "region": {
        "north": 0.27, "south": 0.2, "west": 0.16, "east": 0.12,
        "isles": 0.1, "coast": 0.074, "lakes": 0.046, "hills": 0.03,
    },
    "device": {"phone": 0.55, "desktop": 0.27, "tablet": 0.18},
    "plan": {"free": 0.5, "basic": 0.3, "plus": 0.13, "pro": 0.07},
}  # fmt: skip
"""How the traffic divides, each dimension for itself."""

SLICES: Final[Sequence[Mapping[str, str]]] = (
    {"region": "hills"},
    {"region": "lakes"},
    {"region": "coast"},
    {"region": "isles"},
    {"device": "tablet"},
    {"region": "north", "device": "tablet"},
    {"region": "south", "plan": "free"},
)
"""Those that fail, one a run."""

POINTS: Final = (0.1, 0.2, 0.28)
"""By how much their share of errors rises."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run: what fails by how much, and how it is drawn.

    Attributes:
        slice: What fails.
        points: By how much its share of errors rises.
        traces: Further slices, of dimensions of the trace, of which nothing is wrong.
        seed: Of the draws.
    """

    slice: tuple[tuple[str, str], ...]
    points: float
    traces: int
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it.

    Attributes:
        before: Alarms about quality before anything failed.
        first: Whether the first one after that named the slice, or one that holds the same.
        delay: Windows from the break to the slice's alarm, 1 for the first; None for none.
        whole: The same to the alarm about all traffic.
        wrong: Slices named that are no part of it and do not hold it.
    """

    before: int
    first: bool
    delay: int | None
    whole: int | None
    wrong: int


def share_of(slice_: Mapping[str, str]) -> float:
    """Return which share of the traffic a slice is."""
    return float(np.prod([SHARES[name][level] for name, level in slice_.items()]))


def _rows(case: Case, windows: int) -> Iterator[tuple[int, ObservationBatch]]:
    rng = np.random.default_rng([int(1000 * case.points), case.seed])
    size = windows * ROWS
    columns = {
        name: CategoricalColumn(
            rng.choice(len(shares), size, p=[*shares.values()]).astype(np.int32), tuple(shares)
        )
        for name, shares in SHARES.items()
    }
    failing = np.ones(size, dtype=np.bool_)
    for name, level in case.slice:
        failing &= columns[name].codes == columns[name].levels.index(level)
    failing[: (REFERENCE + BEFORE) * ROWS] = False
    wrong = rng.random(size) < ERRORS + case.points * failing
    for number in range(case.traces // 10):
        codes = rng.integers(0, 10, size).astype(np.int32)
        columns[f"{TRACE_PREFIX}{number}"] = CategoricalColumn(codes, tuple("abcdefghij"))
    truth = (rng.random(size) < 0.5).astype(np.int32)
    for window in range(windows):
        at = np.arange(window * ROWS, (window + 1) * ROWS)
        yield (
            window,
            ObservationBatch(
                model=_KEY,
                ids=np.stack([at + 1, at + 1, at + 1], axis=1).astype(np.uint64),
                prediction_ids=(),
                event_time=(_START + at) * _SECOND,
                latency=np.full(ROWS, 0.01),
                failed=np.zeros(ROWS, dtype=np.bool_),
                task="binary",
                label=CategoricalColumn(truth[at] ^ wrong[at].astype(np.int32), ("0", "1")),
                slices={name: column.take(at) for name, column in columns.items()},
                truth=CategoricalColumn(truth[at], ("0", "1")),
            ),
        )


def live_through(case: Case) -> Outcome:
    """Let a slice fail, and return what was told of it."""
    tables = {"reference": {"rows": REFERENCE * ROWS}, "window": {"rows": ROWS}}
    registry = ModelRegistry(parse_config(tables), Telemetry(), clock=lambda: 0)
    told: list[tuple[int, tuple[tuple[str, str], ...]]] = []
    for window, batch in _rows(case, REFERENCE + BEFORE + AFTER):
        registry.observe(batch)
        told += [
            (window - REFERENCE - BEFORE, tuple(sorted((event.alarm.slice or {}).items())))
            for _, event in registry.drain()
            if isinstance(event, AlarmChange)
            and event.change == "open"
            and event.alarm.signal in {"risk", "slice"}
        ]
    wanted = tuple(sorted(case.slice))
    after = [(window + 1, slice_) for window, slice_ in told if window >= 0]
    right = [window for window, slice_ in after if slice_ == wanted]
    whole = [window for window, slice_ in after if not slice_]
    others = [slice_ for _, slice_ in after if slice_ and slice_ != wanted]
    return Outcome(
        before=len(told) - len(after),
        first=bool(after) and after[0][1] == wanted,
        delay=right[0] if right else None,
        whole=whole[0] if whole else None,
        wrong=sum(
            not set(other) >= set(wanted) and not set(other) <= set(wanted) for other in others
        ),
    )


def _quantiles(delays: Sequence[int | None]) -> str:
    """Return the middle, nine in ten and the longest; those that were not found come last."""
    ordered = sorted(AFTER + 1 if delay is None else delay for delay in delays)
    places = (len(ordered) // 2, (9 * len(ordered)) // 10, -1)
    shown = (ordered[place] for place in places)
    return ", ".join("none" if delay > AFTER else str(delay) for delay in shown)


def main(arguments: list[str]) -> None:
    """Print a row for each slice and size of the failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--traces", type=int, default=0, help="further slices, of traces")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--points", type=float, nargs="*", default=POINTS)
    given = parser.parse_args(arguments)
    print(machine("numpy"), end="\n\n")
    print(
        "| slice | labels a window | points more | first | within 4 windows | half, nine in ten, "
        "all within | all traffic | named wrongly | knowing all: within 4, half, nine in ten, all |"
    )
    print("|" + " --- |" * 9)
    with ProcessPoolExecutor(given.workers) as pool:
        for points in given.points:
            for slice_ in SLICES:
                cases = [
                    Case(tuple(slice_.items()), points, given.traces, seed)
                    for seed in range(given.runs)
                ]
                found = [*pool.map(live_through, cases)]
                print(_line(slice_, points, found), flush=True)


def _line(slice_: Mapping[str, str], points: float, found: Sequence[Outcome]) -> str:
    delays = [each.delay for each in found]
    whole = sorted(AFTER + 1 if each.whole is None else each.whole for each in found)
    knowing = delays_of_knowing(
        [ROWS * share_of(slice_)] * AFTER,
        risk=ERRORS + 0.02,
        broken=ERRORS + points,
        threshold=1e5 * 83,
        runs=10_000,
        seed=0,
    )
    return (
        f"| {', '.join(slice_.values())} | {ROWS * share_of(slice_):.0f} | {100 * points:.0f} "
        f"| {sum(each.first for each in found)} "
        f"| {sum(delay is not None and delay <= WITHIN for delay in delays)} of {len(found)} "
        f"| {_quantiles(delays)} "
        f"| {'none' if whole[len(whole) // 2] > AFTER else whole[len(whole) // 2]} "
        f"| {sum(each.wrong + each.before for each in found)} "
        f"| {(knowing <= WITHIN).mean():.0%}; {_quantiles(knowing.tolist())} |"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
