"""Real flights, and parts of them that somebody breaks."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from barograph_demo.flights import table
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from benchmarks.risk.run import history

__all__ = ["WINDOW", "Flights", "Part", "draw_parts"]

WINDOW: Final = 1000
NUMBERS: Final = ("dep_delay", "hour", "distance", "temp", "wind_speed", "precip", "visib")
NAMES: Final = ("carrier", "dest", "weekday")
REGISTERED: Final = "origin"
_SHARES: Final = (0.04, 0.1)
_OPEN: Final = 0.3
_DAY: Final = 86_400
_NIGHT: Final = 5 * 3600
"""Days of New York begin at this hour of UTC, about."""

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Flights:
    """All flights of 2013 that arrived, and whether a model that knows the delay was wrong.

    Attributes:
        frame: A row a flight, in order of departure.
        losses: 1 where the model was wrong, shape ``(n,)``.
        time: Departures, epoch seconds, shape ``(n,)``.
    """

    def __init__(self) -> None:
        every = table()
        self.frame = every[every["late"].notna()].reset_index(drop=True)
        told = history(every, delay_known=True)
        wrong = (told["p"] >= 0.5) != told["y"].astype(bool)
        self.losses: Floats = wrong.to_numpy().astype(np.float64)
        self.time: Ints = self.frame["departure"].to_numpy(dtype=np.int64)
        self._names = {
            name: pd.factorize(self.frame[name], sort=True) for name in (*NAMES, REGISTERED)
        }

    def between(self, first: str, end: str) -> Ints:
        """Return the rows from one date until before another."""
        start, stop = (int(pd.Timestamp(day).timestamp()) for day in (first, end))
        return np.flatnonzero((self.time >= start) & (self.time < stop))

    def days_shuffled(self, seed: int) -> Ints:
        """Return all rows with the order of the days drawn anew: nothing changes, days swing."""
        day = (self.time - _NIGHT) // _DAY
        order = np.random.default_rng([5, seed]).permutation(int(np.ptp(day)) + 1)
        return np.argsort(order[day - day.min()], kind="stable")

    def columns(self, rows: Ints) -> tuple[dict[str, CategoricalColumn], dict[str, Column]]:
        """Return the registered dimension and the inputs of some rows."""
        named = {name: self._named(name, rows) for name in NAMES}
        numbers = {
            name: NumericColumn(self.frame[name].to_numpy(dtype=np.float64)[rows])
            for name in NUMBERS
        }
        return {REGISTERED: self._named(REGISTERED, rows)}, {**numbers, **named}

    def _named(self, name: str, rows: Ints) -> CategoricalColumn:
        codes, levels = self._names[name]
        return CategoricalColumn(codes[rows].astype(np.int32), tuple(map(str, levels)))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of the flights.

    Attributes:
        name: In words.
        inside: Which flights it holds, shape ``(n,)``.
    """

    name: str
    inside: Bools


def draw_parts(flights: Flights, rows: Ints, count: int, *, seed: int) -> list[Part]:
    """Draw parts of one or two attributes that hold 4 to 10% of some rows.

    Which attributes, which level, and between which values is drawn; three in ten ranges have
    no lower end, and of the others three in ten no upper one.
    """
    rng = np.random.default_rng(seed)
    found: list[Part] = []
    while len(found) < count:
        chosen = rng.choice([*NUMBERS, *NAMES, REGISTERED], rng.integers(1, 3), replace=False)
        inside, words = np.ones(len(flights.frame), dtype=np.bool_), []
        for name in chosen.tolist():
            values = flights.frame[name]
            if name not in NUMBERS:
                level = values.iloc[rng.choice(rows)]
                inside &= (values == level).to_numpy()
                words.append(f"{name} {level}")
                continue
            low, high = np.sort(values.iloc[rng.choice(rows, 2)].to_numpy(dtype=np.float64))
            low = -np.inf if rng.random() < _OPEN else low
            high = np.inf if low > -np.inf and rng.random() < _OPEN else high
            inside &= ((values >= low) & (values <= high)).to_numpy()
            words.append(f"{name} {low:g} to {high:g}")
        least, most = _SHARES
        if list(chosen) != [REGISTERED] and least <= inside[rows].mean() <= most:
            found.append(Part(", ".join(words), inside))
    return found
