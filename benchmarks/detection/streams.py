"""Streams of inputs with a known change: numpy arrays of whole runs, from a seed.

Every stream has ten features, ``f0`` to ``f7`` numeric and ``c8``, ``c9`` categorical, each a
function of a latent standard normal, so that one effect size means the same everywhere. A
run is a reference followed by live windows; what changes, changes at live window `ONSET`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["DRIFTED", "ONSET", "Outcome", "Run", "Stream", "make_run"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FEATURES = tuple([f"f{i}" for i in range(8)] + ["c8", "c9"])
_CATEGORICAL = frozenset(["c8", "c9"])
DRIFTED = ("f0", "f5", "c8")
ONSET = 20
WINDOW_SECONDS = 3600.0
_HOURS = 24.0
# Zipf-like shares of the 12 levels of c8 and the 5 of c9, as cuts of the latent normal.
_CUTS = {
    "c8": np.array([-1.6, -1.2, -0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.3, 1.8]),
    "c9": np.array([-0.4, 0.5, 1.2, 1.9]),
}


@dataclass(frozen=True, slots=True)
class Stream:
    """What a stream is like.

    Attributes:
        name: Its name.
        windows: Live windows.
        reference: Reference windows.
        rows: Rows of a window; None for hourly traffic of 100 to 5,000, some hours empty.
        ar: Autocorrelation of successive rows.
        effect: Standard deviation of a random shift of each window, in sigma.
        heavy: Whether those effects are Student t with 3 degrees of freedom.
        persistence: Their own autocorrelation from window to window.
        season: Amplitude of a daily season, in sigma.
        traffic: How much the score goes with the log of the window's rows.
        drift: Shift in sigma at live window ``t - ONSET + 1`` (1 for the first drifted one).
        season_declared: What a monitor that can be told is told.
    """

    name: str
    windows: int = 200
    reference: int = 10
    rows: int | None = 1000
    ar: float = 0.0
    effect: float = 0.0
    heavy: bool = False
    persistence: float = 0.0
    season: float = 0.0
    traffic: float = 0.0
    drift: Callable[[int], float] | None = None
    season_declared: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The features that an alarm should name."""
        return () if self.drift is None else DRIFTED


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a model said of the rows of a run, and what was true.

    Attributes:
        score: Its probability of the positive class, shape ``(n,)``.
        predicted: Its choice, shape ``(n,)``.
        label: The truth, shape ``(n,)``.
    """

    score: Floats
    predicted: Bools
    label: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One run: rows in time order.

    Attributes:
        columns: The values of each feature, shape ``(n,)``; categories as integer codes,
            missing numbers as NaN.
        categorical: Which of them are categories.
        window: Window of each row, shape ``(n,)``, from 0 with the reference.
        time: Epoch seconds of each row.
        reference: Windows of the reference.
        windows: Windows in all.
        outcome: On streams about quality; None on those about drift.
    """

    columns: dict[str, Floats]
    categorical: frozenset[str]
    window: Ints
    time: Floats
    reference: int
    windows: int
    outcome: Outcome | None = None

    def rows(self, window: int) -> slice:
        """Return where the rows of a window stand."""
        return slice(*np.searchsorted(self.window, [window, window + 1]).tolist())

    @property
    def reference_rows(self) -> slice:
        """Where the reference's rows stand."""
        return slice(0, int(np.searchsorted(self.window, self.reference)))

    @property
    def live(self) -> int:
        """How many windows come after the reference."""
        return self.windows - self.reference


def make_run(stream: Stream, seed: int) -> Run:
    """Draw one run."""
    rng = np.random.default_rng([seed, 20_251])
    total = stream.reference + stream.windows
    phase = rng.uniform(0, _HOURS)
    hour = phase + np.arange(total, dtype=np.float64)
    sizes = _sizes(stream, rng, hour)
    window = np.repeat(np.arange(total), sizes)
    place = np.arange(len(window)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    time = WINDOW_SECONDS * (hour[window] + place / np.maximum(sizes, 1)[window])
    columns = {}
    for name in _FEATURES:
        latent = _latent(stream, rng, window, sizes, hour)
        if stream.drift is not None and name in DRIFTED:
            first = stream.reference + ONSET
            shift = [stream.drift(t - first + 1) if t >= first else 0.0 for t in range(total)]
            latent = latent + np.array(shift)[window]
        columns[name] = _value(name, latent)
    return Run(columns, _CATEGORICAL, window, time, stream.reference, total)


def autoregression(rng: np.random.Generator, n: int, rho: float) -> Floats:
    """Return a stationary AR(1) sequence with unit variance."""
    noise = rng.normal(size=n)
    if rho == 0 or n == 0:
        return noise
    noise[1:] *= np.sqrt(1 - rho * rho)
    # Doubling: after k steps the sum holds the last 2**k terms, exactly up to rounding.
    total, step, factor = noise.copy(), 1, rho
    while step < n and factor > 1e-18:
        total[step:] = total[step:] + factor * total[:-step]
        step, factor = 2 * step, factor * factor
    return total


def _sizes(stream: Stream, rng: np.random.Generator, hour: Floats) -> Ints:
    if stream.rows is not None:
        return np.full(len(hour), stream.rows)
    log = np.log(707.0) + 1.956 * np.sin(2 * np.pi * hour / _HOURS)
    log += (0.5 if stream.traffic else 0.2) * rng.normal(size=len(hour))
    sizes = np.exp(log).round().astype(np.int64)
    chance = rng.uniform(size=len(hour))
    sizes[chance < 0.02] = 0
    sizes[(chance >= 0.02) & (chance < 0.04)] = 5
    return np.asarray(sizes)


def _latent(
    stream: Stream, rng: np.random.Generator, window: Ints, sizes: Ints, hour: Floats
) -> Floats:
    latent = autoregression(rng, len(window), stream.ar)
    level = np.zeros(len(hour))
    if stream.effect:
        if stream.heavy:
            level += stream.effect * rng.standard_t(3, size=len(hour)) / np.sqrt(3)
        else:
            level += stream.effect * autoregression(rng, len(hour), stream.persistence)
    if stream.season:
        level += stream.season * np.sin(2 * np.pi * hour / _HOURS)
    if stream.traffic:
        level += stream.traffic * (np.log(np.maximum(sizes, 1)) - np.log(707.0))
    return latent + level[window]


def _value(name: str, latent: Floats) -> Floats:
    if name in _CUTS:
        return np.searchsorted(_CUTS[name], latent).astype(np.float64)
    if name in {"f2", "f5"}:
        return np.exp(latent)
    if name in {"f3", "f6"}:
        return np.round(3 * latent)
    return latent
