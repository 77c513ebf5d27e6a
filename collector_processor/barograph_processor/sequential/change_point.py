"""When did it start: a posterior over the windows at which the change can have begun."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["ChangePoint", "change_point"]


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """Positions in a sequence: the likeliest first changed one, and an interval around it.

    Attributes:
        at: Median of the posterior.
        low: 5% quantile: the change began here or later.
        high: 95% quantile: it began here or earlier.
    """

    at: int
    low: int
    high: int


def change_point(log_bets: Floats, log_weights: Floats | float = 0.0) -> ChangePoint:
    """Estimate where a sequence of bets began to win.

    The evidence of Shiryaev and Roberts is a sum over possible starts; its terms, normalized,
    are the posterior of the start under an even prior and the mixture of the bets.

    Args:
        log_bets: Log bets of ``m`` consecutive steps, shape ``(m, ...)``, the newest last.
        log_weights: Log weights of the bets, broadcast to shape ``(...)``.

    Raises:
        ValueError: There is no step.

    Examples:
        >>> change_point(np.array([[-0.5], [-0.5], [2.0], [2.0]])).at
        2
    """
    if not len(log_bets):
        raise ValueError("a change point needs at least one step")
    since = np.cumsum(log_bets[::-1], axis=0)[::-1] + log_weights
    flat = since.reshape(len(log_bets), -1)
    posterior = np.exp(flat - flat.max()).sum(axis=1)
    mass = np.cumsum(posterior) / posterior.sum()
    at, low, high = np.searchsorted(mass, [0.5, 0.05, 0.95])
    last = len(log_bets) - 1
    return ChangePoint(min(int(at), last), min(int(low), last), min(int(high), last))
