"""What the deviates of past windows say about persistence between windows and heavy tails."""

import numpy as np

from barograph_processor.sequential.bets import CAP, TILTS, clipped_normal_log_mgf
from barograph_processor.sequential.regression import LAG
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["Calibration", "guarded_normalizers", "persistence_inflation"]

_BASE = clipped_normal_log_mgf(TILTS)
_UNKNOWN_INFLATION, _UNKNOWN_R = 1.5, 0.2
_MIN_SHARED = 6
_KNOWN_WINDOWS = 25
_LARGE_GROUP, _CLEAR = 4, 2.5
_MIN_WINDOWS = 10
_OWN_SIGNIFICANCE = 2.0
_SHRINK = 10.0
_DOUBTFUL = 8.0
_CAPACITY = 200
_UNEQUAL = 1.5
_EVERY_UNTIL, _EVERY = 60, 20
_RESOLUTION = 40.0
_ABSENT = -128


def persistence_inflation(deviates: Floats, present: Bools, groups: Ints) -> Floats:
    """Return ``(1 + r) / (1 - r)``, by which persistence inflates the variance of sums.

    ``r`` is a lag-1 correlation, corrected for its bias, at its upper estimate by one standard
    error, at most 0.95: the larger of

    - that of all series of the same group together, if it is larger than its standard error
      (up to 8 windows: if there is any); what moves the mean of one input from hour to hour
      usually moves the others too;
    - the series' own, if it is larger than two of its own, shrunk by ten windows without
      persistence: the largest of many is large by chance.

    Args:
        deviates: Of consecutive windows, shape ``(m, J)``; clipped at 3.
        present: Which of them count, the same shape.
        groups: The group of each series, from 0, shape ``(J,)``. Half as many series as a
            group has are taken to be independent; groups of fewer than four take the
            largest value of the others, and all take one that is beyond doubt.

    Returns:
        Shape ``(J,)``; at least 1.5 up to 10 windows, which fades to 1 with 25 of them.
    """
    m = present.sum(axis=0)
    safe = np.maximum(m, _MIN_SHARED)
    c = np.where(present, np.clip(deviates, -3.0, 3.0), 0.0)
    c = np.where(present, c - c.sum(axis=0) / safe, 0.0)
    size = (c * c).sum(axis=0)
    raw = (c[1:] * c[:-1]).sum(axis=0) / np.maximum(size, 1e-12) + 1 / safe
    shrunk = raw * safe / (safe + _SHRINK)
    own = np.where(raw > _OWN_SIGNIFICANCE / np.sqrt(safe), _plus_error(shrunk, safe), 0.0)
    own = np.where(m >= _MIN_WINDOWS, own, _UNKNOWN_R)
    counted = (m >= _MIN_SHARED) & (size > 0)
    held = np.bincount(groups, counted)
    typical = np.bincount(groups, np.where(counted, raw, 0.0)) / np.maximum(held, 1)
    length = np.bincount(groups, np.where(counted, safe, 0.0)) / np.maximum(held, 1)
    length = np.maximum(length, _MIN_SHARED)
    weight = length * np.maximum(held / 2, 1.0)
    mended = np.clip(typical / (1 - 3 / length), 0.0, 0.95)
    # Too few windows to prove persistence are too few to rule it out.
    known = np.clip((length - _DOUBTFUL) / _DOUBTFUL, 0.0, 1.0)
    strength = typical * np.sqrt(weight)
    shared = np.where(strength > known, _plus_error(mended, weight), 0.0)
    large = held >= _LARGE_GROUP
    clear = large & (strength > 1 + (_CLEAR - 1) * known)
    borrowed = np.where(large, 0.0, np.max(shared, initial=0.0, where=large))
    shared = np.where(large, shared, 0.0)
    shared = np.maximum(shared, np.maximum(borrowed, np.max(shared, initial=0.0, where=clear)))
    short = _UNKNOWN_R * np.clip((_KNOWN_WINDOWS - m) / (_KNOWN_WINDOWS - _MIN_WINDOWS), 0.0, 1.0)
    r = np.maximum(np.maximum(own, shared[groups]), short)
    return np.asarray((1 + r) / (1 - r))


def _plus_error(r: Floats, windows: Floats) -> Floats:
    """Return a correlation in ``[-1, 1]`` one standard error higher, at most 0.95."""
    return np.minimum(r + np.sqrt(1 - r * r) / np.sqrt(windows), 0.95)


def guarded_normalizers(deviates: Floats, present: Bools, inflation: Floats) -> Floats:
    """Return log normalizers of the bets, at least those of a clipped normal deviate.

    Skewed or heavy-tailed window means pay the price that they had in the past: that of all
    series of the model together, or their own less one standard error, if that is more.

    Args:
        deviates: Shape ``(m, J)``.
        present: Which of them count, the same shape.
        inflation: Shape ``(J,)``, see `persistence_inflation`.

    Returns:
        Shape ``(J, L)`` for the ``L`` tilts.
    """
    m = present.sum(axis=0)
    if not (m >= _MIN_WINDOWS).any():
        return np.tile(_BASE, (len(m), 1))
    safe = np.maximum(m, 1)[:, None]
    u = np.clip(deviates / np.sqrt(inflation), -CAP, CAP)
    u = np.where(present, u, 0.0)
    u = np.where(present, u - u.sum(axis=0) / safe[:, 0], 0.0)
    absent = len(u) - m
    sums = _sums_of_powers(u) - absent
    total, square = (each.reshape(-1, len(m)).T for each in (sums[:, :-1], sums[:, 1:]))
    mean = total / safe
    error = np.sqrt(np.maximum(square / safe - mean * mean, 0.0) / safe)
    own = np.log(np.maximum(mean - error, 1e-300))
    shared = np.log(np.maximum(total.sum(axis=0) / m.sum(), 1e-300))
    return np.where(safe >= _MIN_WINDOWS, np.maximum(np.maximum(own, shared), _BASE), _BASE)


def _sums_of_powers(u: Floats) -> Floats:
    """Return the sums of ``exp(tilt * u)`` over windows, of ``u`` of shape ``(m, J)``.

    Each tilt is twice the one before, so each power is the square of the one before: one
    exponential for all of them, as this is done at every early window of every model.

    Returns:
        Shape ``(2, L / 2 + 1, J)``: upwards and downwards, by tilt, the last twice the largest.
    """
    each = len(TILTS) // 2
    power = np.exp(np.multiply.outer(TILTS[::each], u))
    sums = np.empty((2, each + 1, u.shape[1]))
    power.sum(axis=1, out=sums[:, 0])
    for at in range(1, each + 1):
        power *= power
        power.sum(axis=1, out=sums[:, at])
    return sums


class Calibration:
    """Remembers the first 200 deviates of each series and what follows from them.

    Live windows enter 10 windows late, so that a change that is being found does not temper
    itself away. After 200 windows everything is frozen and the memory is given back.
    Where windows differ in size, persistence is estimated from the larger half of them too,
    and the larger estimate counts: what goes on from window to window drowns in the noise of
    small ones, but it is there when large ones follow each other.

    State: one byte a window and series until then, 13 floats a series after.

    Attributes:
        inflation: See `persistence_inflation`; another array once it changes.
        normalizers: See `guarded_normalizers`.
    """

    def __init__(self, groups: Ints) -> None:
        """Start without windows.

        Args:
            groups: The group of each series, see `persistence_inflation`, shape ``(J,)``.
        """
        series = len(groups)
        self._groups = groups
        self.inflation = np.full(series, _UNKNOWN_INFLATION)
        self.normalizers = np.tile(_BASE, (series, 1))
        self._history: list[np.ndarray] | None = []
        self._rows: list[float] = []
        self._reference = 0

    @property
    def frozen(self) -> bool:
        """Whether 200 windows have been seen."""
        return self._history is None

    def remember(self, nu: Floats, present: Bools, rows: float, *, live: bool) -> None:
        """Take a window's deviates, shape ``(J,)``, and how many rows it had."""
        if self._history is None:
            return
        coded = np.clip(np.rint(nu * _RESOLUTION), -127, 127)
        self._history.append(np.where(present, coded, _ABSENT).astype(np.int8))
        self._rows.append(float(rows))
        if not live:
            del self._history[:-_CAPACITY], self._rows[:-_CAPACITY]
            self._reference = len(self._history)
            return
        old = len(self._history) - LAG
        if old >= _CAPACITY or self._reference >= _CAPACITY:
            self.recompute()
            self._history, self._rows = None, []
        elif old >= self._reference and (old <= _EVERY_UNTIL or old % _EVERY == 0):
            self.recompute()

    def forget(self, series: Bools, windows: int) -> None:
        """Take back the last ``windows`` of some series: they turned out to have drifted.

        Args:
            series: Which ones, shape ``(J,)``.
            windows: How many, at least 1; windows of the reference are kept.
        """
        if self._history is None:
            return
        live = len(self._history) - self._reference
        for row in self._history[len(self._history) - min(windows, live) :]:
            row[series] = _ABSENT
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
        self.inflation = persistence_inflation(deviates, present, self._groups)
        rows = np.array(self._rows[:old])
        # Of equal windows, as most are, quartiles need not be looked for.
        if rows.max() > _UNEQUAL * rows.min():
            small, median, great = np.quantile(rows, [0.25, 0.5, 0.75])
            if great > _UNEQUAL * small:
                large = (rows >= median)[:, None]
                among_large = persistence_inflation(deviates, present & large, self._groups)
                self.inflation = np.maximum(self.inflation, among_large)
        self.normalizers = guarded_normalizers(deviates, present, self.inflation)

    def state(self) -> dict[str, object]:
        """Return what `restore` takes."""
        series = len(self.inflation)
        history = self._history
        return {
            "inflation": self.inflation,
            "normalizers": self.normalizers,
            "history": None if history is None else np.array(history).reshape(-1, series),
            "rows": list(self._rows),
            "reference": self._reference,
        }

    def restore(self, state: dict[str, object]) -> None:
        """Continue where `state` was taken."""
        self.inflation = np.array(state["inflation"], dtype=np.float64)
        self.normalizers = np.array(state["normalizers"], dtype=np.float64)
        history = state["history"]
        self._history = None if history is None else list(np.array(history, dtype=np.int8))
        self._rows = np.array(state["rows"], dtype=np.float64).tolist()
        self._reference = int(str(state["reference"]))
