"""Harm that is told once and lasts until recovery is: what several monitors have in common."""

import math
from collections.abc import Mapping
from typing import Any

from barograph_processor.sequential.cumulative import CumulativeSums
from barograph_processor.sequential.shiryaev_roberts import ShiryaevRoberts
from barograph_processor.stats.array import Floats

__all__ = ["DatedLatch", "Latch"]


class Latch:
    """Harmed from when one e-detector alarms until another does; at each turn both start anew.

    To be derived from by monitors, which make the bets.

    State: that of both detectors. Not locked: one writer.

    Args:
        onset: Takes the bets while there is no harm.
        recovery: Takes them while there is.
    """

    def __init__(self, onset: ShiryaevRoberts, recovery: ShiryaevRoberts) -> None:
        self.harmed = False
        self._onset = onset
        self._return = recovery

    @property
    def log10_evidence(self) -> float:
        """Of harm while unharmed, of recovery while harmed; at least -300."""
        return self._deciding.log10_evidence

    @property
    def log10_threshold(self) -> float:
        """What that evidence has to reach."""
        return math.log10(self._deciding.threshold)

    @property
    def _deciding(self) -> ShiryaevRoberts:
        return self._return if self.harmed else self._onset

    def _turn(self) -> None:
        self.harmed = not self.harmed
        self._onset.reset()
        self._return.reset()

    def _latched(self) -> dict[str, Any]:
        """Return plain JSON types for `_latch`."""
        return {
            "harmed": self.harmed,
            "onset": self._onset.state(),
            "return": self._return.state(),
        }

    def _latch(self, state: Mapping[str, Any]) -> None:
        """Continue where `_latched` was taken; other keys are left alone."""
        self.harmed = bool(state["harmed"])
        self._onset.restore(state["onset"])
        self._return.restore(state["return"])


class DatedLatch(Latch):
    """A latch on the same bets of every window, which says in which window harm began.

    State: that of a latch, and two numbers a bet. Not locked: one writer.

    Attributes:
        since_window: The window in which the last harm began.
        decision: log10 of the evidence by which it was latched, and of what that had to
            reach; zeros before any harm.

    Args:
        bets: How many bets there are on a window, at least 1.
        budget: Windows between false onsets, at least 1.
        recovery: Windows between false recoveries, at least 1.
        weights: Of the bets, shape ``(bets,)``, with sum 1; None for equal ones.

    Raises:
        ValueError: A number is out of range.
    """

    def __init__(
        self, bets: int, *, budget: float, recovery: float, weights: Floats | None = None
    ) -> None:
        if not (budget >= 1 and recovery >= 1):
            raise ValueError(f"budgets must be at least 1, got {budget!r} and {recovery!r}")
        super().__init__(
            ShiryaevRoberts(bets, threshold=budget, weights=weights),
            ShiryaevRoberts(bets, threshold=recovery, weights=weights),
        )
        self.since_window = 0
        self.decision = 0.0, 0.0
        self._start = CumulativeSums(bets)

    def _take(self, log_bets: Floats, window: int) -> bool:
        """Take a window's bets, shape ``(bets,)``; return whether harm began or ended with it."""
        self._deciding.update(log_bets)
        if not self.harmed:
            self._start.update(log_bets, window)
        if not self._deciding.alarmed:
            return False
        if not self.harmed:
            self.since_window = self._start.began
            self.decision = self.log10_evidence, self.log10_threshold
            self._start.reset()
        self._turn()
        return True

    def _latched(self) -> dict[str, Any]:
        return {
            **super()._latched(),
            "since_window": self.since_window,
            "decision": list(self.decision),
            **self._start.state(),
        }

    def _latch(self, state: Mapping[str, Any]) -> None:
        super()._latch(state)
        self.since_window = int(state["since_window"])
        evidence, threshold = state["decision"]
        self.decision = float(evidence), float(threshold)
        self._start.restore(state)
