"""A rate by window against that of the reference: has it risen beyond what is tolerated?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from barograph_processor.quality.latch import DatedLatch
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.sequential.mixtures import beta_binomial_interval
from barograph_processor.stats.array import Floats
from barograph_processor.stats.chi_square import chi_square_quantile

__all__ = ["RateMonitor", "RateReference", "RecentRate"]

_STEPS = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32])
_MOST = 0.95
_MIN_BLOCKS = 4
_SCHEMA = 2


@dataclass(frozen=True, slots=True)
class RateReference:
    """A rate in the reference, and how it swings from window to window.

    Attributes:
        rate: Successes over trials.
        bound: Its upper 95% bound, the swings included.
        correlation: Of two trials of the same window, in ``[0, 1]``: 0 if windows differ no
            more than independent trials would.
        trials: How many.
    """

    rate: float
    bound: float
    correlation: float
    trials: float

    @classmethod
    def learn(cls, successes: Floats, trials: Floats) -> "RateReference":
        """Learn from blocks about as long as a window.

        Args:
            successes: In each block, shape ``(B,)``; fractions are allowed.
            trials: In each block, shape ``(B,)``, not fewer than its successes.

        With fewer than 4 blocks trials count as independent.

        Raises:
            ValueError: There is no trial.
        """
        used = trials > 0
        s, n = successes[used], trials[used]
        total = float(n.sum())
        if total <= 0:
            raise ValueError("a rate needs trials")
        rate = float(s.sum()) / total
        # Half a success keeps a rate that was never seen off 0.
        p = (float(s.sum()) + 0.5) / (total + 1)
        mean_size = float((n * n).sum()) / total
        dispersion = 1.0
        if len(n) >= _MIN_BLOCKS and mean_size > 1:
            squares = float(((s - n * rate) ** 2 / (n * p * (1 - p))).sum())
            # Towards the upper bound: few blocks tell little of how much windows swing.
            dispersion = squares / float(chi_square_quantile(0.5, float(len(n) - 1)))
        dispersion = max(dispersion, 1.0)
        correlation = min((dispersion - 1) / max(mean_size - 1, 1.0), 1.0)
        effective = total / dispersion
        _, bound = wilson_interval(min(rate * effective, effective), effective, alpha=0.1)
        return cls(rate, bound, correlation, total)


class RecentRate:
    """A rate about now, with an interval that may be looked at at all times.

    A confidence sequence is begun again every ``span`` windows, and the one before is
    kept until then: the interval rests on the last ``span`` to twice as many windows.
    State: five numbers.

    Args:
        span: Positive.
    """

    def __init__(self, span: int = 5) -> None:
        self._span = span
        self._windows = 0
        self._before = (0.0, 0.0)
        self._now = (0.0, 0.0)

    @property
    def trials(self) -> float:
        """Trials that it rests on."""
        return self._before[1] + self._now[1]

    def update(self, successes: float, trials: float) -> None:
        """Add a window's trials, of which so many succeeded."""
        if self._windows == self._span:
            self._before, self._now, self._windows = self._now, (0.0, 0.0), 0
        self._windows += 1
        self._now = (self._now[0] + successes, self._now[1] + trials)

    def estimate(self) -> tuple[float, float, float] | None:
        """Return the rate and the ends of its 95% interval; None without trials."""
        s, n = self._before[0] + self._now[0], self.trials
        if n <= 0:
            return None
        low, high = beta_binomial_interval(min(max(s, 0.0), n), n)
        return s / n, low, high

    def state(self) -> list[float]:
        """Return what ``load`` takes."""
        return [*self._before, *self._now, self._windows]

    def load(self, state: list[float]) -> None:
        """Continue where ``state`` was taken."""
        self._before = float(state[0]), float(state[1])
        self._now = float(state[2]), float(state[3])
        self._windows = int(state[4])


class RateMonitor(DatedLatch):
    """Latches a rate that has risen above what is tolerated, and its return.

    Windows are bet on by binomial likelihood ratios against the tolerated rate, summed by
    Shiryaev and Roberts. Where windows swing more than independent trials, as days go well
    or badly, bets are tempered: raised to the power ``1 / (1 + (n - 1) r)`` with ``r`` the
    correlation of two trials of the same window, which to second order leaves them fair.
    While the rate is at most tolerated, there is one false onset in ``budget`` windows on
    average, or fewer.

    State: a few hundred bytes. An update costs some 10 us. Not locked: one writer.

    Args:
        reference: The rate in the reference.
        tolerance: Added to its upper bound, not negative.
        budget: Windows between false onsets, at least 1.
        recovery: Windows between false recoveries, at least 1.

    Raises:
        ValueError: An argument is out of range.

    References:
        Shin, Ramdas and Rinaldo (2023), E-detectors, arXiv:2203.03532; Wedderburn (1974),
        Quasi-likelihood functions, Biometrika 61(3), 439-447, for the tempering.
    """

    def __init__(
        self, reference: RateReference, *, tolerance: float, budget: float, recovery: float = 20.0
    ) -> None:
        if not tolerance >= 0:
            raise ValueError(f"tolerance must not be negative, got {tolerance!r}")
        super().__init__(len(_STEPS), budget=budget, recovery=recovery)
        self.reference = reference
        self._settings = tolerance, budget, recovery
        self.tolerated = min(reference.bound + tolerance, _MOST)

    def update(
        self, successes: float, trials: float, *, window: int, tolerated: float | None = None
    ) -> None:
        """Take a window; ``harmed`` and ``since_window`` are then up to date.

        Args:
            successes: In ``[0, trials]``; fractions are allowed.
            trials: In the window; with 0 it tells nothing and is left out.
            window: Its number.
            tolerated: For this window, where something beside the reference says so.

        Raises:
            ValueError: There are more successes than trials.
        """
        if not 0 <= successes <= trials:
            raise ValueError(f"successes must be in [0, {trials}], got {successes!r}")
        if trials == 0:
            return
        tau = self.tolerated if tolerated is None else min(max(tolerated, 1e-4), _MOST)
        above = np.minimum(tau + _STEPS, (1 + _MOST) / 2)
        below = np.maximum(tau - _STEPS, 0.3 * tau)
        bets = _log_bets(successes, trials, tau, below if self.harmed else above)
        bets /= 1 + (trials - 1) * self.reference.correlation
        self._take(bets, window)

    def state(self) -> dict[str, Any]:
        """Return plain JSON types for ``restore``."""
        return {
            "schema": _SCHEMA,
            "reference": asdict(self.reference),
            "settings": list(self._settings),
            **self._latched(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "RateMonitor":
        """Continue exactly where ``state`` was taken.

        Raises:
            ValueError: The state is of an unknown version.
        """
        if state.get("schema") != _SCHEMA:
            raise ValueError(f"a rate monitor's state of unknown schema {state.get('schema')!r}")
        tolerance, budget, recovery = state["settings"]
        monitor = cls(
            RateReference(**state["reference"]),
            tolerance=tolerance,
            budget=budget,
            recovery=recovery,
        )
        monitor._latch(state)
        return monitor


def _log_bets(s: float, n: float, tau: float, rates: Floats) -> Floats:
    return np.asarray(s * np.log(rates / tau) + (n - s) * np.log((1 - rates) / (1 - tau)))
