"""Is the model harmed now? The risk from labels, in order of arrival, against a tolerated one."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.latch import Latch
from barograph_processor.sequential.ageing_sums import AgeingSums
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.sequential.level_change import level_change
from barograph_processor.sequential.shiryaev_roberts import ShiryaevRoberts
from barograph_processor.stats.array import Floats
from barograph_processor.stats.dispersion import Dispersion
from barograph_processor.stats.student import student_quantile

__all__ = ["RiskMonitor", "RiskTransition", "tolerated_risk"]

_STEPS = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32])
_EDGE = 1e-4
_STAKE = 0.75
_SCHEMA = 3
_BLOCK = 500
_MIN_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class RiskTransition:
    """The monitor changed its mind.

    Attributes:
        harmed: True at an onset, False at a recovery.
        at_label: How many labels had been seen at the end of the block that decided it.
        since_label: The count of labels after which the change probably began.
        since_low: It began after this many labels or more, with probability 95%.
        since_high: It began after this many labels or fewer, with probability 95%.
        risk: Mean loss since ``since_label``.
        log10_evidence: At the decision.
        log10_threshold: That it had to reach.
    """

    harmed: bool
    at_label: int
    since_label: int
    since_low: int
    since_high: int
    risk: float
    log10_evidence: float
    log10_threshold: float


class RiskMonitor(Latch):
    """Latches harm while the risk is above ``tolerated``, and recovery once it is back below.

    Each loss x is bet on with ``1 + stake (x - tolerated)``, and what blocks of labels win is
    summed by Shiryaev and Roberts. The guarantee needs no independence: as long as the
    conditional mean of each loss given the past is at most ``tolerated``, there is at most one
    false onset in ``budget_labels`` labels on average. Of yes/no losses the bets are likelihood
    ratios. Losses may be fractions: the less they have been spread so far, the higher the
    stakes, so that a shift of scores is found by their own noise.

    State: 2 KiB for each doubling of the labels since the last change, for its date. An update
    costs some 30 us a block. Not locked: one writer.

    Examples:
        >>> monitor = RiskMonitor(0.1, budget_labels=100_000)
        >>> monitor.update(np.tile([0.0] * 9 + [1.0], 50))
        ()
        >>> onset, = monitor.update(np.tile([0.0, 0.0, 1.0], 100))
        >>> onset.harmed, onset.since_label
        (True, 500)

    References:
        Podkopaev and Ramdas (2022), Tracking the risk of a deployed model, arXiv:2110.06177;
        Shin, Ramdas and Rinaldo (2023), E-detectors, arXiv:2203.03532;
        Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by
        betting, JRSS B 86(1), arXiv:2010.09686 (stakes from the variance of the past).
    """

    def __init__(
        self,
        tolerated: float,
        *,
        budget_labels: float,
        block: int = 50,
        recovery: float = 100.0,
    ) -> None:
        """Start unharmed.

        Args:
            tolerated: The largest risk that is no harm, in ``[0, 1)``; moved to at least 1e-4.
            budget_labels: Labels between false onsets, at least one block.
            block: Labels that are judged together, at least 1.
            recovery: Blocks between false recoveries, at least 1.

        Raises:
            ValueError: An argument is out of range.
        """
        if not 0 <= tolerated < 1:
            raise ValueError(f"tolerated must be in [0, 1), got {tolerated!r}")
        if block < 1:
            raise ValueError(f"block must be at least 1, got {block!r}")
        if not budget_labels >= block:
            raise ValueError(f"budget_labels must be at least one block, got {budget_labels!r}")
        self.tolerated = min(max(tolerated, _EDGE), 1 - _EDGE)
        self._block = block
        self._budget, self._recovery = budget_labels, recovery
        self.labels = 0
        self._open: list[float] = []
        self._sums = AgeingSums()
        self._spread = Dispersion()
        above = self.tolerated + _STEPS
        above = above[above < 1 - _EDGE]
        below = self.tolerated - _STEPS
        below = below[below > self.tolerated / 20]
        self._above = above if len(above) else np.array([(1 + self.tolerated) / 2])
        self._below = below if len(below) else np.array([self.tolerated / 2])
        super().__init__(
            ShiryaevRoberts(len(self._above), threshold=budget_labels / block),
            ShiryaevRoberts(len(self._below), threshold=recovery),
        )

    def update(self, losses: npt.ArrayLike) -> tuple[RiskTransition, ...]:
        """Take losses in order of arrival, shape ``(n,)``, each in ``[0, 1]``.

        What does not fill a block waits for the next call.

        Raises:
            ValueError: A loss is out of range or NaN; then none is taken.
        """
        losses = np.asarray(losses, dtype=np.float64).ravel()
        if not ((losses >= 0) & (losses <= 1)).all():
            raise ValueError("losses must be in [0, 1]")
        losses = np.concatenate([self._open, losses])
        end = len(losses) // self._block * self._block
        self._open = losses[end:].tolist()
        blocks = losses[:end].reshape(-1, self._block)
        return tuple(step for block in blocks for step in self._judge(block))

    def _judge(self, losses: Floats) -> list[RiskTransition]:
        self.labels += self._block
        self._sums.add(float(losses.sum()))
        risks = self._below if self.harmed else self._above
        bets = np.log1p(self._stakes(risks)[:, None] * (losses - self.tolerated))
        self._deciding.update(bets.sum(axis=1))
        # What is staked must not know what it is staked on.
        self._spread.update(losses)
        if not self._deciding.alarmed:
            return []
        transition = self._transition()
        self._sums.reset()
        self._turn()
        return [transition]

    def _stakes(self, risks: Floats) -> Floats:
        """Return what wins most if the risk is one of ``risks``, by the spread of the past.

        It is a likelihood ratio if losses are yes or no, and no less if they are spread less.
        """
        tau, ratio = self.tolerated, self._spread.ratio
        step, widest = np.abs(risks - tau), tau * (1 - tau)
        least = step / widest
        best = step / (ratio * widest + (1 - ratio) * step**2)
        sign, most = (-1.0, _STAKE / (1 - tau)) if self.harmed else (1.0, _STAKE / tau)
        return np.asarray(sign * np.maximum(least, np.minimum(best, most)))

    def _transition(self) -> RiskTransition:
        sums, rows = self._sums.values, self._sums.blocks * self._block
        found = level_change(
            sums, rows, self.tolerated, upwards=not self.harmed, ratio=self._spread.ratio
        )
        first, since = self.labels - int(rows.sum()), np.cumsum(rows) > found.at
        return RiskTransition(
            harmed=not self.harmed,
            at_label=self.labels,
            since_label=first + found.at,
            since_low=first + found.low,
            since_high=first + found.high,
            risk=float(sums[since].sum() / rows[since].sum()),
            log10_evidence=self.log10_evidence,
            log10_threshold=self.log10_threshold,
        )

    def state(self) -> dict[str, Any]:
        """Return plain JSON types for `restore`."""
        return {
            "schema": _SCHEMA,
            "settings": [self.tolerated, self._budget, self._block, self._recovery],
            "labels": self.labels,
            "open_block": list(self._open),
            "spread": self._spread.state(),
            "sums": self._sums.state(),
            **self._latched(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "RiskMonitor":
        """Continue exactly where `state` was taken.

        Raises:
            ValueError: The state is of an unknown version.
        """
        if state.get("schema") != _SCHEMA:
            raise ValueError(f"a risk monitor's state of unknown schema {state.get('schema')!r}")
        tolerated, budget, block, recovery = state["settings"]
        monitor = cls(tolerated, budget_labels=budget, block=int(block), recovery=recovery)
        monitor.labels = int(state["labels"])
        monitor._open = [float(loss) for loss in state["open_block"]]
        monitor._spread.restore(state["spread"])
        monitor._sums.restore(state["sums"])
        monitor._latch(state)
        return monitor


def tolerated_risk(
    losses: npt.ArrayLike, tolerance: float = 0.0, *, confidence: float = 0.95
) -> float:
    """Return the reference's risk at its upper confidence bound, plus a tolerance.

    The bound comes from means of blocks of up to 500 losses in time order, so that it
    carries autocorrelation, and is never below the one for independent losses, which is
    Wilson's for as many yes/no losses as have the same standard error. With fewer than 8
    blocks of 20 losses it is the one for independent losses.

    Args:
        losses: Of the reference in time order, shape ``(n,)``, each in ``[0, 1]``.
        tolerance: Added, not negative.
        confidence: One-sided, in ``(0.5, 1)``.

    Returns:
        At most 1 - 1e-4, which it is without losses, so that nothing can be called harm.

    Raises:
        ValueError: An argument is out of range.
    """
    losses = np.asarray(losses, dtype=np.float64).ravel()
    if not ((losses >= 0) & (losses <= 1)).all():
        raise ValueError("losses must be in [0, 1]")
    if not tolerance >= 0:
        raise ValueError(f"tolerance must not be negative, got {tolerance!r}")
    if not 0.5 < confidence < 1:  # noqa: PLR2004 - below it, it is no upper bound
        raise ValueError(f"confidence must be in (0.5, 1), got {confidence!r}")
    n = len(losses)
    if not n:
        return 1 - _EDGE
    mean = float(losses.mean())
    spread = Dispersion()
    spread.update(losses)
    ratio = spread.ratio
    _, bound = wilson_interval(mean * n / ratio, n / ratio, alpha=2 * (1 - confidence))
    block = min(_BLOCK, n // _MIN_BLOCKS)
    if block >= 20:  # noqa: PLR2004 - else a block mean is hardly normal
        blocks = n // block
        means = losses[: blocks * block].reshape(blocks, block).mean(axis=1)
        error = float(means.std(ddof=1)) / math.sqrt(blocks)
        bound = max(bound, mean + student_quantile(confidence, blocks - 1) * error)
    return float(min(bound + tolerance, 1 - _EDGE))
