"""How soon a part of real flights that nobody registered is found and named, where it fails.

``README.md`` says what is measured and its bias. ``python -m benchmarks.slices.flights``.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.status import SliceTransition
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.label.sliced import SlicedQuality
from benchmarks.machine import machine
from benchmarks.slices.bound import windows_of_knowing
from benchmarks.slices.parts import WINDOW, Flights, Part, draw_parts

__all__ = ["Found", "break_part", "learnt", "reference_rows", "watched"]

_REFERENCE: Final = ("2013-06-01", "2013-09-01")
_LIVE: Final = ("2013-09-01", "2013-12-01")
_BEFORE: Final = 10
_AFTER: Final = 24
_TURNED: Final = 0.2
_SHARE: Final = 0.1 / 8
_SHUFFLED: Final = 83_000

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a part.

    Attributes:
        delay: Windows from the break to its alarm, 1 for the first; None for none.
        first: Whether no other part was named before.
        named: What was named.
        knowing: Windows that whoever knows the part needs; None for more than there are.
    """

    delay: int | None
    first: bool
    named: str
    knowing: int | None


def reference_rows(flights: Flights) -> Ints:
    """Return the rows that are taken for normal: those of the summer."""
    return flights.between(*_REFERENCE)


def learnt(flights: Flights, rows: Ints, *, budget: float, tolerance: float | None) -> Any:
    """Return the state of a monitor of slices that was taught by some rows."""
    quality = SlicedQuality(AlarmConfig(tolerance=tolerance), budget_windows=budget)
    columns, inputs = flights.columns(rows)
    quality.learn(columns, inputs, len(rows))
    quality.fix(flights.losses[rows], window_labels=WINDOW)
    return quality.state()


def watched(
    flights: Flights, state: Mapping[str, Any], windows: Mapping[int, Ints], losses: Floats
) -> Iterator[tuple[int, SlicedQuality, SliceTransition]]:
    """Yield the alarms of some windows as they are raised."""
    quality = SlicedQuality(AlarmConfig(), budget_windows=1)
    quality.load(state)
    for number, rows in windows.items():
        columns, inputs = flights.columns(rows)
        quality.observe(columns, inputs, losses[rows], flights.time[rows] * 10**9)
        for step in quality.close_window(number):
            if step.kind == "open":
                yield number, quality, step


def break_part(
    flights: Flights, part: Part, state: Mapping[str, Any], live: Ints, *, seed: int
) -> Found:
    """Turn a fifth of a part's predictions round from one window on, and see who tells."""
    rng = np.random.default_rng([7, seed])
    size = len(live) // WINDOW
    broken = int(rng.integers(2 * _BEFORE, size - _AFTER))
    windows = {
        number: live[number * WINDOW : (number + 1) * WINDOW]
        for number in range(broken - _BEFORE, broken + _AFTER)
    }
    since = np.arange(len(flights.losses)) >= windows[broken][0]
    turned = since & part.inside & (rng.random(len(since)) < _TURNED)
    losses = np.where(turned, 1 - flights.losses, flights.losses)
    after = np.concatenate([windows[number] for number in range(broken, broken + _AFTER)])
    delay, wrong, named = None, False, "none"
    for number, quality, step in watched(flights, state, windows, losses):
        levels = quality.levels(*flights.columns(after), np.arange(len(after)))
        told = np.ones(len(after), dtype=np.bool_)
        for name, held in quality.within(step.status.key).items():
            column = levels[name]
            known = np.array([level in held for level in column.levels] + [False])
            told &= known[column.codes]
        both = (told & part.inside[after]).sum()
        if number >= broken and 2 * both >= max(told.sum(), part.inside[after].sum()):
            delay = number - broken + 1
            named = ", ".join(" ".join(pair) for pair in step.status.key)
            break
        wrong = True
    reference = reference_rows(flights)
    blocks = np.array_split(reference, len(reference) // WINDOW)
    knowing = windows_of_knowing(
        [_counts(part, flights.losses, rows) for rows in blocks],
        [_counts(part, losses, windows[number]) for number in range(broken, broken + _AFTER)],
        broken=float(losses[after][part.inside[after]].mean()),
        threshold=harm_budget(AlarmConfig(), "slice") / _SHARE,
    )
    return Found(delay, delay is not None and not wrong, named, knowing)


def _counts(part: Part, losses: Floats, rows: Ints) -> SliceCounts:
    inside = part.inside[rows]
    return SliceCounts(
        np.array([inside.sum()]),
        np.array([losses[rows][inside].sum()]),
        len(rows),
        float(losses[rows].sum()),
    )


def print_parts(flights: Flights, count: int, seed: int) -> None:
    """Print a row for each part."""
    budget = harm_budget(AlarmConfig(), "slice")
    state = learnt(flights, reference_rows(flights), budget=budget, tolerance=None)
    live = flights.between(*_LIVE)
    print("| part | labels a window | named | within | named first | knowing it |")
    print("|" + " --- |" * 6)
    found = []
    for number, part in enumerate(draw_parts(flights, live, count, seed=seed)):
        each = break_part(flights, part, state, live, seed=number)
        found.append(each)
        print(
            f"| {part.name} | {WINDOW * part.inside[live].mean():.0f} | {each.named} "
            f"| {each.delay or 'none'} | {'yes' if each.first else 'no'} "
            f"| {each.knowing or 'none'} |",
            flush=True,
        )
    for most in (4, 8, 12, 16, _AFTER):
        ours, theirs = (
            sum(delay is not None and delay <= most for delay in delays)
            for delays in ([each.delay for each in found], [each.knowing for each in found])
        )
        print(f"within {most} windows: {ours}, who knows the part {theirs}")
    easy = [each for each in found if each.knowing is not None and each.knowing <= _AFTER / 2]
    print(
        f"of {len(found)}; of {len(easy)} that such a one finds within {_AFTER // 2}, "
        f"{sum(each.delay is not None for each in easy)} were found, and "
        f"{sum(each.first for each in easy)} first; of all, {sum(each.first for each in found)}"
    )


def print_unbroken(flights: Flights, runs: int, budget: float, tolerance: float | None) -> None:
    """Print the alarms where nothing is broken and days come in random order."""
    alarms, windows = [0, 0], 0
    for seed in range(runs):
        order = flights.days_shuffled(seed)
        state = learnt(flights, order[:_SHUFFLED], budget=budget, tolerance=tolerance)
        live = order[_SHUFFLED:]
        size = len(live) // WINDOW
        parts = {number: live[number * WINDOW : (number + 1) * WINDOW] for number in range(size)}
        for _, _, step in watched(flights, state, parts, flights.losses):
            alarms[step.status.proposed] += 1
        windows += size
    print(
        f"{windows} windows, one false alarm in {budget:g} promised, a tenth of them of proposals: "
        f"{alarms[1]} where {0.1 * windows / budget:.1f} are promised; "
        f"{alarms[0]} of registered slices where {0.9 * windows / budget:.1f} are"
    )


def main(arguments: list[str]) -> None:
    """Print what is found of broken parts, or what is raised where nothing is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1, help="of the parts")
    parser.add_argument("--shuffled", type=int, default=0, help="runs in which nothing is broken")
    parser.add_argument("--budget", type=float, default=2, help="of these, in windows")
    parser.add_argument("--tolerance", type=float, default=None, help="of these")
    given = parser.parse_args(arguments)
    print(machine("numpy"), end="\n\n")
    flights = Flights()
    if given.shuffled:
        print_unbroken(flights, given.shuffled, given.budget, given.tolerance)
    else:
        print_parts(flights, given.parts, given.seed)


if __name__ == "__main__":
    main(sys.argv[1:])
