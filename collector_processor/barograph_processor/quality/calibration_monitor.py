"""Have scores stopped meaning what they say? Evidence from windows of labels."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from barograph_processor.quality.calibration import equal_mass
from barograph_processor.quality.latch import Latch
from barograph_processor.quality.score_groups import ScoreGroups
from barograph_processor.quality.score_histogram import BINS, ScoreHistogram, score_bin
from barograph_processor.sequential.change_point import change_point
from barograph_processor.sequential.shiryaev_roberts import ShiryaevRoberts
from barograph_processor.stats.array import Floats

__all__ = ["CalibrationMonitor", "CalibrationTransition", "outcome_dispersion"]

_SHIFTS = np.array([0.2, 0.5, 1.0])
_QUARTERS = 4
_GROUPS = 10
_CAUTION = 1.645
_EDGE = 1e-4
_RECENT = 64
_RECOVERY = 100.0
_MIN_BLOCKS = 4
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CalibrationTransition:
    """The monitor changed its mind.

    Attributes:
        broken: True where calibration broke, False where it is back.
        since: The number of the first window after the change, as estimated.
        log10_evidence: At the decision.
        log10_threshold: That it had to reach.
    """

    broken: bool
    since: int
    log10_evidence: float
    log10_threshold: float


class CalibrationMonitor(Latch):
    """Latches when outcomes leave the band around scores, and recovery once they are back.

    The band of a score reaches from the score to what it meant in the reference, at its 95%
    bound, and beyond both by the tolerance. So a model whose scores never meant what they
    say is not told so every day (`calibration_error` does), one that loses its calibration
    is, and one that gains it is not.

    Each window of labels is bet on by likelihood ratios against the edge of that band: that
    everything comes true more often, or less; that high scores do less and low ones more
    (overconfidence), or the other way round; and each quarter of the scores by itself. Sums
    by Shiryaev and Roberts. While the conditional rate of outcomes given the score and the
    past is inside of the band there is at most one false alarm in ``budget`` windows on
    average. Bets are raised to the power ``1 / dispersion``, which by Jensen's inequality
    keeps them fair: windows of real outcomes swing more than independent ones.

    State: some 20 KiB, most of it the bets of 64 windows. An update costs some 100 us. Not
    locked: one writer.

    References:
        Shin, Ramdas and Rinaldo (2023), E-detectors, arXiv:2203.03532; the one-step bets are
        those of Henzi and Ziegel (2022), Valid sequential inference on probability forecast
        performance, Biometrika 109(3), against a band instead of a point.
    """

    def __init__(
        self,
        reference: ScoreHistogram,
        *,
        tolerance: float,
        budget: float,
        dispersion: float = 1.0,
    ) -> None:
        """Start unbroken.

        Args:
            reference: Labelled rows of the reference, 50 or more.
            tolerance: How far outcomes may leave the band at a score of one half, in
                ``[0, 1)``; less near 0 and 1, as the spread of outcomes is less there.
            budget: Windows between false alarms, at least 1.
            dispersion: How much more windows swing than independent labels do, at least 1.

        Raises:
            ValueError: An argument is out of range, or the reference too small.
        """
        known = ScoreGroups.learn(reference, groups=_GROUPS)
        if known is None:
            raise ValueError("the reference has too few labelled scores")
        if not 0 <= tolerance < 1:
            raise ValueError(f"tolerance must be in [0, 1), got {tolerance!r}")
        if not dispersion >= 1:
            raise ValueError(f"dispersion must be at least 1, got {dispersion!r}")
        self.reference = reference
        self._settings = (tolerance, budget, dispersion)
        self._sign = _directions(reference)
        self._known = known
        self._leading = 0
        super().__init__(
            ShiryaevRoberts(len(self._sign) * len(_SHIFTS), threshold=budget),
            ShiryaevRoberts(1, threshold=_RECOVERY),
        )
        self._bets: deque[tuple[int, Floats]] = deque(maxlen=_RECENT)

    @property
    def broken(self) -> bool:
        """Whether scores have stopped meaning what they say."""
        return self.harmed

    def update(self, scores: ScoreHistogram, *, window: int) -> CalibrationTransition | None:
        """Take the labelled scores of a window; ``window`` is any number to date it by."""
        bets = self._recovery_bets(scores) if self.harmed else self._alarm_bets(scores)
        self._bets.append((window, bets))
        self._deciding.update(bets)
        if not self._deciding.alarmed:
            return None
        found = change_point(np.array([bets for _, bets in self._bets]))
        moved = CalibrationTransition(
            not self.harmed,
            self._bets[found.at][0],
            self.log10_evidence,
            self.log10_threshold,
        )
        if not self.harmed:
            self._leading = int(np.argmax(self._onset.state()))
        self._bets.clear()
        self._turn()
        return moved

    def _band(self, scores: ScoreHistogram) -> tuple[Floats, Floats, Floats]:
        """Return the lower edge, the score and the upper edge in each bin, shape ``(256,)``."""
        known = self._known
        tolerance, _, dispersion = self._settings
        score = scores.mean_score
        meant = known.rates(scores.counts)
        doubt = _CAUTION * np.sqrt(known.variance * dispersion)[known.group]
        slack = tolerance * np.minimum(1.0, 4 * np.sqrt(score * (1 - score)))
        low = np.minimum(score, meant - doubt) - slack
        high = np.maximum(score, meant + doubt) + slack
        return np.clip(low, _EDGE, 1 - _EDGE), score, np.clip(high, _EDGE, 1 - _EDGE)

    def _alarm_bets(self, scores: ScoreHistogram) -> Floats:
        low, _, high = self._band(scores)
        gains = []
        for edge, sign in ((high, 1.0), (low, -1.0)):
            # Of an edge at the very end there is nothing beyond.
            usable = (edge > _EDGE) & (edge < 1 - _EDGE)
            by_bin = [self._gain(scores, edge, _moved(edge, sign * shift)) for shift in _SHIFTS]
            gains.append(np.where(usable, np.array(by_bin), 0.0))
        up, down = (self._sign > 0).astype(float), (self._sign < 0).astype(float)
        return np.asarray((gains[0] @ up.T + gains[1] @ down.T).T.ravel())

    def _recovery_bets(self, scores: ScoreHistogram) -> Floats:
        """Bet that what broke is less than half as far out as it had to be to be found."""
        low, score, high = self._band(scores)
        direction, shift = divmod(self._leading, len(_SHIFTS))
        sign = self._sign[direction]
        edge = np.where(sign > 0, high, low)
        still = _moved(edge, sign * float(_SHIFTS[shift]) / 2)
        inside = np.clip(np.where(sign == 0, still, (score + edge) / 2), _EDGE, 1 - _EDGE)
        return np.array([float(self._gain(scores, still, inside).sum())])

    def _gain(self, scores: ScoreHistogram, null: Floats, other: Floats) -> Floats:
        """Return the log likelihood ratio in each bin, tempered, shape ``(256,)``."""
        gained = scores.positive * np.log(other / null)
        gained += scores.negative * np.log((1 - other) / (1 - null))
        return np.asarray(gained * scores.rows_per_weight / self._settings[2])

    def state(self) -> dict[str, Any]:
        """Return plain values for `restore`."""
        return {
            "schema": _SCHEMA,
            "reference": self.reference.to_bytes(),
            "settings": list(self._settings),
            "leading": self._leading,
            **self._latched(),
            "bets": [[window, bets.tolist()] for window, bets in self._bets],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "CalibrationMonitor":
        """Continue exactly where `state` was taken.

        Raises:
            ValueError: The state is of an unknown version.
        """
        if state.get("schema") != _SCHEMA:
            raise ValueError(f"a calibration monitor of unknown schema {state.get('schema')!r}")
        tolerance, budget, dispersion = state["settings"]
        monitor = cls(
            ScoreHistogram.from_bytes(bytes(state["reference"])),
            tolerance=tolerance,
            budget=budget,
            dispersion=dispersion,
        )
        monitor._leading = int(state["leading"])
        monitor._latch(state)
        for window, bets in state["bets"]:
            monitor._bets.append((int(window), np.array(bets, dtype=np.float64)))
        return monitor


def outcome_dispersion(outcomes: Floats, *, block: int) -> float:
    """Return how much more blocks of outcomes swing around their scores than independent ones.

    The mean square of standardized sums of outcome minus score, after their common mean.

    Args:
        outcomes: Scores and whether they came true, in time order, shape ``(2, n)``; NaN scores
            are left out.
        block: Rows of a block. Positive.

    Returns:
        At least 1; 1 with fewer than 4 blocks, which tell too little.
    """
    score, true = outcomes[:, ~np.isnan(outcomes[0])]
    blocks = len(score) // block
    if blocks < _MIN_BLOCKS:
        return 1.0
    rest = (true - score)[: blocks * block].reshape(blocks, block)
    variance = (score * (1 - score))[: blocks * block].reshape(blocks, block).sum(axis=1)
    sums = (rest - rest.mean()).sum(axis=1)
    square = float((sums**2 / np.maximum(variance, _EDGE)).mean())
    return max(square * blocks / (blocks - 1), 1.0)


def _directions(reference: ScoreHistogram) -> Floats:
    """Return which bins each bet holds for too high or too low, shape ``(D, 256)``."""
    middle = float(score_bin(np.array([0.5]))[0])
    half = np.where(np.arange(BINS) >= middle, 1.0, -1.0)
    quarter = equal_mass(reference.total, _QUARTERS)
    parts = [np.ones(BINS), -half, *(quarter == q for q in range(int(quarter.max()) + 1))]
    up = np.array(parts, dtype=np.float64)
    return np.concatenate([up, -up])


def _moved(p: Floats, shift: Any) -> Floats:
    """Move probabilities by so much on the logit scale."""
    return np.asarray(1 / (1 + (1 - p) / p * np.exp(-shift)))
