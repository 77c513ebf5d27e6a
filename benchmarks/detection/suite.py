"""Which streams the benchmark runs."""

from collections.abc import Callable

from benchmarks.detection.flights import FlightStream, make_flight_run
from benchmarks.detection.labelled import LabelledStream, make_labelled_run
from benchmarks.detection.streams import Run, Stream, make_run

__all__ = ["SUITES", "AnyStream", "draw"]

AnyStream = Stream | FlightStream | LabelledStream

HOUR_OF_DAY = "hour_of_day"


def _step(size: float) -> Callable[[int], float]:
    return lambda _: size


def _ramp(size: float, windows: int) -> Callable[[int], float]:
    return lambda t: size * min(t / windows, 1.0)


def _pulse(size: float, windows: int) -> Callable[[int], float]:
    return lambda t: size if t <= windows else 0.0


_INPUTS: tuple[AnyStream, ...] = (
    Stream("iid"),
    Stream("iid, reference of 50", reference=50),
    Stream("AR(1) .5", ar=0.5),
    Stream("AR(1) .9", ar=0.9),
    Stream("AR(1) .98", ar=0.98),
    Stream("window effects .1", effect=0.1),
    Stream("window effects .1, t3", effect=0.1, heavy=True),
    Stream("window effects .1, persistence .5", effect=0.1, persistence=0.5),
    Stream(
        "window effects .1, persistence .5, reference of 50",
        effect=0.1,
        persistence=0.5,
        reference=50,
    ),
    Stream("traffic 100 to 5,000, goes with the score", rows=None, traffic=0.15),
    Stream(
        "traffic 100 to 5,000, goes with the score, reference of 50",
        rows=None,
        traffic=0.15,
        reference=50,
    ),
    Stream("season .3, declared", reference=50, season=0.3, season_declared=HOUR_OF_DAY),
    Stream("season .3, not declared", reference=50, season=0.3),
    Stream("gradual .5 over 50", windows=80, drift=_ramp(0.5, 50)),
    Stream("gradual .5 over 50, reference of 50", windows=80, reference=50, drift=_ramp(0.5, 50)),
    Stream("gradual .5 over 300", windows=330, drift=_ramp(0.5, 300)),
    Stream("step .05, reference of 50", windows=100, reference=50, drift=_step(0.05)),
    Stream("step .1", windows=100, drift=_step(0.1)),
    Stream("step .2", windows=100, drift=_step(0.2)),
    Stream("step .5", windows=100, drift=_step(0.5)),
    Stream("AR(1) .9, step .5", ar=0.9, windows=60, drift=_step(0.5)),
    Stream("step .5 for 40 windows", windows=140, drift=_pulse(0.5, 40)),
    Stream(
        "season .3 declared, step .2",
        reference=50,
        season=0.3,
        season_declared=HOUR_OF_DAY,
        windows=60,
        drift=_step(0.2),
    ),
    FlightStream("real flights, days permuted, reference of 50"),
)
"""Inputs, in the order of the table. Windows are of 1,000 rows, the reference of 10 unless said."""

_LABELLED: tuple[AnyStream, ...] = (
    LabelledStream("answers as good as ever"),
    LabelledStream("concept shift: one weight at .3", concept=0.3),
    LabelledStream("one slice of 9% with 35% of labels flipped", flipped=0.35),
    LabelledStream("miscalibrated: log odds times 1.6", overconfidence=1.6),
)
"""Quality, with labels."""

_QUICK: tuple[AnyStream, ...] = (
    Stream("iid", windows=60),
    Stream("AR(1) .9", ar=0.9, windows=60),
    Stream(
        "season .3, declared", season=0.3, season_declared=HOUR_OF_DAY, reference=50, windows=60
    ),
    Stream("gradual .5 over 50", windows=80, drift=_ramp(0.5, 50)),
    Stream("step .1", windows=60, drift=_step(0.1)),
    LabelledStream("answers as good as ever", windows=60),
    LabelledStream("concept shift: one weight at .3", concept=0.3, windows=60),
)
"""A few of them, shorter."""

SUITES: dict[str, tuple[AnyStream, ...]] = {"full": (*_INPUTS, *_LABELLED), "quick": _QUICK}
"""By profile."""


def draw(stream: AnyStream, seed: int) -> Run:
    """Draw one run."""
    match stream:
        case LabelledStream():
            return make_labelled_run(stream, seed)
        case FlightStream():
            return make_flight_run(stream, seed)
        case _:
            return make_run(stream, seed)
