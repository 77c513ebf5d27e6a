"""The Shiryaev-Roberts recursion: evidence that something changed at an unknown time."""

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["LARGEST", "ShiryaevRoberts", "shiryaev_roberts"]

LARGEST = 1e250
"""Evidence is held below this, far beyond any threshold, so that it cannot overflow."""


def shiryaev_roberts(evidence: Floats, log_bets: Floats) -> Floats:
    """Return ``(evidence + 1) * exp(log_bets)``, at most `LARGEST`.

    If ``E[exp(log_bets) | past] <= 1`` while nothing changed, then evidence minus the number
    of steps is a supermartingale: it reaches ``A`` after ``A`` steps or later on average,
    and within ``T`` steps with probability at most ``T / A``.

    Args:
        evidence: After the last step, 0 at the start, any shape.
        log_bets: Of this step, the same shape.

    References:
        Shin, Ramdas and Rinaldo (2023), E-detectors, arXiv:2203.03532.
    """
    with np.errstate(over="ignore"):
        grown = (evidence + 1) * np.exp(log_bets)
    return np.asarray(np.minimum(grown, LARGEST), dtype=np.float64)


class ShiryaevRoberts:
    """An e-detector: a mixture of Shiryaev-Roberts processes over several bets.

    State: one float a bet. An update costs a few microseconds. Not locked: one writer.

    Examples:
        >>> detector = ShiryaevRoberts(2, threshold=100.0)
        >>> detector.update(np.log([3.0, 2.0]))
        >>> detector.evidence, detector.alarmed
        (2.5, False)
    """

    def __init__(self, bets: int, *, threshold: float, weights: Floats | None = None) -> None:
        """Start without evidence.

        Args:
            bets: How many bets are mixed, at least 1.
            threshold: ``A``, in steps between false alarms, at least 1.
            weights: Of the bets, shape ``(bets,)``, with sum 1; None for equal ones.

        Raises:
            ValueError: One of them is out of range.
        """
        if bets < 1:
            raise ValueError(f"bets must be at least 1, got {bets!r}")
        if not threshold >= 1:
            raise ValueError(f"threshold must be at least 1, got {threshold!r}")
        self.threshold = threshold
        self._weights = np.full(bets, 1 / bets) if weights is None else weights
        self._processes = np.zeros(bets)

    @property
    def evidence(self) -> float:
        """The weighted mean over the bets, 0 before the first step."""
        return float(self._processes @ self._weights)

    @property
    def log10_evidence(self) -> float:
        """The same as a decimal logarithm, at least -300."""
        return float(np.log10(max(self.evidence, 1e-300)))

    @property
    def alarmed(self) -> bool:
        """Whether the evidence is at the threshold now; it is not latched here."""
        return self.evidence >= self.threshold

    def update(self, log_bets: Floats) -> None:
        """Take the logarithms of this step's bets, shape ``(bets,)``."""
        self._processes = shiryaev_roberts(self._processes, log_bets)

    def reset(self) -> None:
        """Forget all evidence."""
        self._processes = np.zeros_like(self._processes)

    def state(self) -> list[float]:
        """Return what `restore` takes."""
        return self._processes.tolist()

    def restore(self, state: list[float]) -> None:
        """Continue where `state` was taken.

        Raises:
            ValueError: The state has another number of bets.
        """
        if len(state) != len(self._processes):
            raise ValueError(f"expected {len(self._processes)} bets, got {len(state)}")
        self._processes = np.array(state, dtype=np.float64)
