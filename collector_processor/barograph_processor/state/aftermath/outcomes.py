"""What came of predictions in the business's own terms."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.signal import Alarm
from barograph_processor.state.aftermath.outcome_unit import OutcomeUnit
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.alarm.phrases import clean, moment
from barograph_processor.state.label.examples import Examples
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.label.realized import Share
from barograph_processor.stats.written import to_interval

__all__ = ["LARGEST", "Outcomes"]

LARGEST: Final = 1e15
"""Values beyond this, in either direction, are mistakes."""

_MOST_UNITS: Final = 8
_WINDOWS: Final = 4096
_ADVICE: Final = (
    "Open the traces: these predictions were worth least. Ask whether what they led to changed, "
    "or the predictions did; compare with quality, and with what was released since then."
)


class Outcomes:
    """Follows business value by unit, and prices predictions that are wrong.

    The first eight units are followed, further ones only summed up. The first has half of
    the budget, each next one half of what is left.

    State size: a few KiB a unit, and the values of the baseline until it is fixed. Not
    locked; its owner is.

    Args:
        alarm: The budget and the tolerance.
        block: Predictions of a block of the reference. Positive.
    """

    def __init__(self, alarm: AlarmConfig, *, block: int) -> None:
        self._alarm = alarm
        self._block_rows = block
        self._seen = 0
        self._rows = 0
        self._traffic: deque[tuple[int, int]] = deque(maxlen=_WINDOWS)
        self._units: dict[str, OutcomeUnit] = {}
        self._low: dict[str, Examples] = {}

    @property
    def units(self) -> tuple[str, ...]:
        """The units that are followed, by the numbers under which predictions note them."""
        return tuple(self._units)

    def see(self, predictions: int) -> None:
        """Count predictions, in order of arrival."""
        self._rows += predictions
        if not self._units:
            return
        self._seen += predictions
        while self._seen >= self._block_rows:
            self._seen -= self._block_rows
            for unit in self._units.values():
                unit.end_block()

    def take(
        self,
        pending: PendingPredictions,
        slots: npt.NDArray[np.intp],
        units: Sequence[str],
        values: npt.NDArray[np.float64],
        losses: npt.NDArray[np.float64],
    ) -> None:
        """Take outcomes in order of arrival.

        Args:
            pending: The predictions.
            slots: Of theirs, all known, shape ``(n,)``.
            units: Of each.
            values: Finite, shape ``(n,)``.
            losses: Of the predictions in ``[0, 1]``, NaN where their quality is not known.
        """
        for name in dict.fromkeys(units):
            unit = self._unit(name)
            if unit is None:
                continue
            rows = np.array([row for row, each in enumerate(units) if each == name])
            worth = values[rows]
            pending.notes.outcomes(slots[rows], worth, unit=self.units.index(name))
            unit.judge(worth, losses[rows])
            low = rows if unit.range is None else rows[worth <= np.mean(unit.range)]
            some = slots[low[np.argsort(values[low], kind="stable")[::-1]]]
            self._low[name].add(
                pending.ids(some), pending.column("time", some), pending.slices(some)
            )
            unit.add(worth)

    def judge(
        self,
        pending: PendingPredictions,
        slots: npt.NDArray[np.intp],
        losses: npt.NDArray[np.float64],
    ) -> None:
        """Take the quality of predictions whose outcome came before: both of shape ``(n,)``."""
        if not self._units:
            return
        which, values = pending.notes.worth(slots)
        for place, unit in enumerate(self._units.values()):
            rows = which == place
            if rows.any():
                unit.judge(values[rows], losses[rows])

    def close(self, window: int) -> None:
        """End a window that is judged."""
        self._traffic.append((window, self._rows))
        self._rows = 0
        for unit in self._units.values():
            unit.close(window)

    def costs(
        self, now: Share | None, before: float | None, since_window: int
    ) -> dict[str, tuple[float, float, float]]:
        """Return what a degradation costs so far, by unit, where that is known.

        It is the excess of wrong predictions since then, times what a good one is worth
        more than a bad one, where that is above 0 beyond doubt.

        Args:
            now: The risk now.
            before: The risk in the reference.
            since_window: The first window under it.

        Returns:
            The cost, then with the least and the most that both intervals allow: that of the
            risk now, and that of the worth. Not negative.
        """
        if now is None or before is None or now[0] <= before:
            return {}
        predictions = self._rows + sum(n for window, n in self._traffic if window >= since_window)
        value, low, high = (max(risk - before, 0.0) * predictions for risk in now)
        found = {}
        for name, unit in self._units.items():
            apart = unit.by_quality.difference()
            if apart is not None and apart[1] > 0:
                found[name] = (value * apart[0], low * apart[1], high * apart[2])
        return found

    def cost(self, now: Share | None, before: float | None, since_window: int) -> str:
        """Say what ``costs`` returns; nothing where that is nothing."""
        found = self.costs(now, before, since_window).items()
        said = " and ".join(f"{cost[0]:,.0f}{_suffix(name)}" for name, cost in found)
        return f" It has cost about {said} so far." if said else ""

    def findings(self, start_of: Callable[[int], int]) -> list[Finding]:
        """Return which units fell, as of the last window.

        Args:
            start_of: When a window began, ns.
        """
        found = []
        for name, unit in self._units.items():
            monitor, mean = unit.monitor, unit.mean()
            if monitor is None or mean is None or not monitor.harmed:
                continue
            since_ns = start_of(monitor.since_window)
            unit_name, before = _suffix(name), monitor.reference.mean
            was, is_now, low, high = to_interval(*mean[1:], before, mean[0])
            found.append(
                Finding(
                    signal="outcome",
                    feature=name,
                    severity="page",
                    sentence=(
                        f"what a prediction is worth has fallen since {moment(since_ns)}: "
                        f"{is_now}{unit_name} ({low} to {high}), the reference had "
                        f"{was}{unit_name}"
                    ),
                    advice=_ADVICE,
                    since_ns=since_ns,
                    since_window=monitor.since_window,
                    before=before,
                    now=mean[0],
                    interval=mean[1:],
                    evidence=monitor.decision[0],
                    threshold=monitor.decision[1],
                    trace_ids=self._low[name].traces(since_ns),
                )
            )
        return found

    def figures(self, harm: Alarm | None) -> dict[str, Any]:
        """Return figures by unit; nothing before the first outcome.

        Args:
            harm: The alarm that quality is harmed, if it is open.
        """
        if not self._units:
            return {}
        costs = {} if harm is None else self._costs_of(harm)
        return {
            "outcome": {
                name: {**unit.figures(), "cost": costs.get(name)}
                for name, unit in self._units.items()
            }
        }

    def _costs_of(self, harm: Alarm) -> dict[str, dict[str, float]]:
        now = None
        if harm.now is not None:
            now = (harm.now, *(harm.interval or (harm.now, harm.now)))
        found = self.costs(now, harm.before, harm.since_window)
        return {
            name: dict(zip(("value", "lower", "upper"), cost, strict=True))
            for name, cost in found.items()
        }

    def _unit(self, name: str) -> OutcomeUnit | None:
        known = self._units.get(name)
        if known is None and len(self._units) < _MOST_UNITS:
            known = self._units[name] = self._fresh(len(self._units))
            self._low[name] = Examples()
        return known

    def _fresh(self, place: int) -> OutcomeUnit:
        budget = harm_budget(self._alarm, "outcome") * 2 ** (place + 1)
        return OutcomeUnit(tolerance=self._alarm.points, budget=budget)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "counts": [self._seen, self._rows],
            "traffic": [list(each) for each in self._traffic],
            "units": [[name, unit.state()] for name, unit in self._units.items()],
            "low": [examples.state() for examples in self._low.values()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._seen, self._rows = state["counts"]
        self._traffic = deque(((a, b) for a, b in state["traffic"]), maxlen=_WINDOWS)
        self._units, self._low = {}, {}
        for place, (name, plain) in enumerate(state["units"]):
            self._units[name] = self._fresh(place)
            self._units[name].load(plain)
            self._low[name] = Examples()
            self._low[name].load(state["low"][place])


def _suffix(unit: str) -> str:
    return "" if unit == "1" else f" {clean(unit)}"
