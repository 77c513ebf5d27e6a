"""What the deviates of past windows say about persistence between windows and heavy tails."""

import numpy as np

from barograph_processor.sequential.bets import CAP, TILTS, clipped_normal_log_mgf
from barograph_processor.sequential.regression import LAG
from barograph_processor.stats.array import Bools, Floats

__all__ = ["Calibration", "guarded_normalizers", "persistence_inflation"]

_BASE = clipped_normal_log_mgf(TILTS)
_UNKNOWN_INFLATION = 1.5
_MIN_WINDOWS = 10
_CAPACITY = 200
_EVERY_UNTIL, _EVERY = 60, 20
_RESOLUTION = 40.0
_ABSENT = -128


def persistence_inflation(deviates: Floats, present: Bools) -> Floats:
    """Return ``(1 + r) / (1 - r)``, by which persistence inflates the variance of sums.

    ``r`` is the lag-1 correlation, corrected for its bias; 0 unless it is larger than its
    standard error, else its upper estimate by one standard error, at most 0.95.

    Args:
        deviates: Of consecutive windows, shape ``(m, J)``; clipped at 3.
        present: Which of them count, the same shape.

    Returns:
        Shape ``(J,)``; 1.5 where there are fewer than 10 windows.
    """
    m = present.sum(axis=0)
    safe = np.maximum(m, _MIN_WINDOWS)
    c = np.where(present, np.clip(deviates, -3.0, 3.0), 0.0)
    c = np.where(present, c - c.sum(axis=0) / safe, 0.0)
    r = (c[1:] * c[:-1]).sum(axis=0) / np.maximum((c * c).sum(axis=0), 1e-12) + 1 / safe
    significant = r * np.sqrt(safe) > 1
    r = np.clip(r / (1 - 3 / safe), 0.0, 0.95)
    r = np.where(significant, np.minimum(r + np.sqrt((1 - r * r) / safe), 0.95), 0.0)
    return np.where(m >= _MIN_WINDOWS, (1 + r) / (1 - r), _UNKNOWN_INFLATION)


def guarded_normalizers(deviates: Floats, present: Bools, inflation: Floats) -> Floats:
    """Return log normalizers of the bets, at least those of a clipped normal deviate.

    Skewed or heavy-tailed window means pay the price that they had in the past.

    Args:
        deviates: Shape ``(m, J)``.
        present: Which of them count, the same shape.
        inflation: Shape ``(J,)``, see `persistence_inflation`.

    Returns:
        Shape ``(J, L)`` for the ``L`` tilts.
    """
    m = present.sum(axis=0)
    safe = np.maximum(m, 1)
    u = np.clip(deviates / np.sqrt(inflation), -CAP, CAP)
    u = np.where(present, u, 0.0)
    u = np.where(present, u - u.sum(axis=0) / safe, 0.0)
    absent = (len(u) - m)[:, None]
    seen = np.array([np.exp(u * tilt).sum(axis=0) for tilt in TILTS]).T - absent
    seen = np.log(np.maximum(seen / safe[:, None], 1e-300))
    return np.where((m >= _MIN_WINDOWS)[:, None], np.maximum(seen, _BASE), _BASE)


class Calibration:
    """Remembers the first 200 deviates of each series and what follows from them.

    Live windows enter 10 windows late, so that a change that is being found does not temper
    itself away. After 200 windows everything is frozen and the memory is given back.
    State: one byte a window and series until then, 13 floats a series after.
    """

    def __init__(self, series: int) -> None:
        """Start without windows, for so many series."""
        self.inflation = np.full(series, _UNKNOWN_INFLATION)
        self.normalizers = np.tile(_BASE, (series, 1))
        self._history: list[np.ndarray] | None = []
        self._reference = 0

    @property
    def frozen(self) -> bool:
        """Whether 200 windows have been seen."""
        return self._history is None

    def remember(self, nu: Floats, present: Bools, *, live: bool) -> None:
        """Take a window's deviates, shape ``(J,)``."""
        if self._history is None:
            return
        coded = np.clip(np.rint(nu * _RESOLUTION), -127, 127)
        self._history.append(np.where(present, coded, _ABSENT).astype(np.int8))
        if not live:
            del self._history[:-_CAPACITY]
            self._reference = len(self._history)
            return
        old = len(self._history) - LAG
        if old >= _CAPACITY or self._reference >= _CAPACITY:
            self.recompute()
            self._history = None
        elif old >= self._reference and (old <= _EVERY_UNTIL or old % _EVERY == 0):
            self.recompute()

    def recompute(self) -> None:
        """Derive persistence and guard from what is old enough."""
        history = self._history or []
        old = max(self._reference, len(history) - LAG)
        if old == 0:
            return
        coded = np.array(history[:old])
        present = coded != _ABSENT
        deviates = coded / _RESOLUTION
        self.inflation = persistence_inflation(deviates, present)
        self.normalizers = guarded_normalizers(deviates, present, self.inflation)

    def state(self) -> dict[str, object]:
        """Return what `restore` takes."""
        series = len(self.inflation)
        history = self._history
        return {
            "inflation": self.inflation,
            "normalizers": self.normalizers,
            "history": None if history is None else np.array(history).reshape(-1, series),
            "reference": self._reference,
        }

    def restore(self, state: dict[str, object]) -> None:
        """Continue where `state` was taken."""
        self.inflation = np.array(state["inflation"], dtype=np.float64)
        self.normalizers = np.array(state["normalizers"], dtype=np.float64)
        history = state["history"]
        self._history = None if history is None else list(np.array(history, dtype=np.int8))
        self._reference = int(str(state["reference"]))
