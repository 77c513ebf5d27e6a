"""Which predictions get their label: evenly, or more of one kind than of another."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from barograph_processor.sequential.shiryaev_roberts import shiryaev_roberts
from barograph_processor.stats.array import Floats

__all__ = ["CoverageBias", "CoverageMonitor"]

_TILTS = np.array([-1.0, -0.5, -0.25, 0.25, 0.5, 1.0])
_CAP = 3.0
_MIN_VARIANCE = 2.0
_MEMORY = 16
_EFFECT = 0.05
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CoverageBias:
    """A stratum whose predictions are labelled more or less often than the rest.

    Attributes:
        stratum: Its number.
        coverage: Share of its predictions with a label.
        rest: The same of all others.
        log10_evidence: That this is no chance.
        log10_threshold: That it had to reach.
    """

    stratum: int
    coverage: float
    rest: float
    log10_evidence: float
    log10_threshold: float


class CoverageMonitor:
    """Compares the share of labelled predictions of strata with that of the rest.

    Of each period, given how many of all its predictions were labelled, the labelled ones of
    a stratum are hypergeometric if labels come whatever the stratum; so delays and periods of
    few labels do no harm. Standardized and clipped at 3, the deviations are bet on by tilts
    and summed by Shiryaev and Roberts, with one false mark in ``budget`` periods for all
    strata together, as far as the deviations are about normal and labels come one by one. A
    mark needs evidence and an effect: 5 points of coverage over the last 16 periods, and it is
    withdrawn below half of that.

    State: some 300 bytes a stratum. Not locked: one writer.
    """

    def __init__(self, *, budget: float) -> None:
        """Start without strata; they come as they are seen.

        Args:
            budget: Periods between false marks, at least 1.

        Raises:
            ValueError: It is out of range.
        """
        if not budget >= 1:
            raise ValueError(f"budget must be at least 1, got {budget!r}")
        self._budget = budget
        self._evidence: Floats = np.zeros((0, len(_TILTS)))
        self._marked: dict[int, None] = {}
        self._recent: list[Floats] = []

    def update(self, predictions: Floats, labels: Floats) -> None:
        """Take a period; once for each.

        Args:
            predictions: In all, then in each stratum, shape ``(1 + S,)``; there may be more
                strata than before.
            labels: How many of them have their label, the same shape.
        """
        strata = len(predictions) - 1
        if strata > len(self._evidence):
            fresh = np.zeros((strata - len(self._evidence), len(_TILTS)))
            self._evidence = np.concatenate([self._evidence, fresh])
        self._recent = [*self._recent[1 - _MEMORY :], np.stack([predictions, labels])]
        n, total = predictions[1:], float(predictions[0])
        share = float(labels[0]) / total if total else 0.0
        variance = n * (total - n) / max(total - 1, 1) * share * (1 - share)
        usable = variance >= _MIN_VARIANCE
        z = (labels[1:] - n * share) / np.sqrt(np.maximum(variance, _MIN_VARIANCE))
        bets = np.clip(z, -_CAP, _CAP)[:, None] * _TILTS - _TILTS**2 / 2
        grown = shiryaev_roberts(self._evidence[:strata], bets)
        self._evidence[:strata] = np.where(usable[:, None], grown, self._evidence[:strata])
        self._mark()

    @property
    def biased(self) -> list[CoverageBias]:
        """The strata that are marked, the widest apart first."""
        if not self._marked:
            return []
        coverage, rest = self._effects()
        found = [
            CoverageBias(
                k, float(coverage[k]), float(rest[k]), self._log10(k), math.log10(self._limit)
            )
            for k in self._marked
        ]
        return sorted(found, key=lambda bias: -abs(bias.coverage - bias.rest))

    @property
    def _limit(self) -> float:
        return self._budget * max(len(self._evidence), 1)

    def _log10(self, stratum: int) -> float:
        return float(np.log10(max(self._evidence[stratum].mean(), 1e-300)))

    def _effects(self) -> tuple[Floats, Floats]:
        """Return the coverage of each stratum and of the rest lately, shape ``(S,)``; or NaN."""
        sums = np.zeros((2, 1 + len(self._evidence)))
        for part in self._recent:
            sums[:, : part.shape[1]] += part
        predictions, labels = sums
        own = _coverage(labels[1:], predictions[1:])
        return own, _coverage(labels[0] - labels[1:], predictions[0] - predictions[1:])

    def _mark(self) -> None:
        coverage, rest = self._effects()
        apart = np.abs(np.nan_to_num(coverage - rest))
        sure = self._evidence.mean(axis=1) >= self._limit
        for k in np.flatnonzero(sure & (apart >= _EFFECT)).tolist():
            self._marked[k] = None
        for k in [k for k in self._marked if apart[k] < _EFFECT / 2]:
            del self._marked[k]
            self._evidence[k] = 0.0

    def state(self) -> dict[str, Any]:
        """Return plain values for `restore`."""
        return {
            "schema": _SCHEMA,
            "budget": self._budget,
            "evidence": self._evidence.tolist(),
            "marked": list(self._marked),
            "recent": [part.tolist() for part in self._recent],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "CoverageMonitor":
        """Continue exactly where `state` was taken.

        Raises:
            ValueError: The state is of an unknown version.
        """
        if state.get("schema") != _SCHEMA:
            raise ValueError(f"a coverage monitor of unknown schema {state.get('schema')!r}")
        monitor = cls(budget=state["budget"])
        evidence = np.array(state["evidence"], dtype=np.float64)
        monitor._evidence = evidence.reshape(-1, len(_TILTS))
        monitor._marked = dict.fromkeys(int(k) for k in state["marked"])
        monitor._recent = [np.array(part, dtype=np.float64) for part in state["recent"]]
        return monitor


def _coverage(labels: Floats, predictions: Floats) -> Floats:
    """Return shares up to 1; NaN without predictions.

    Labels are counted as they come, predictions with their window: there may be more labels.
    """
    shares = np.full(len(labels), np.nan)
    np.divide(labels, predictions, out=shares, where=predictions > 0)
    return shares.clip(max=1.0)
