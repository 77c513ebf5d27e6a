"""What users do with predictions: rates of each kind, and the trust that they show."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.rate import RateMonitor, RateReference, RecentRate
from barograph_processor.semconv import REACTION_KINDS
from barograph_processor.state.aftermath.reaction_tally import (
    MONITORED,
    RATES,
    WIDTH,
    Place,
    Tally,
    tally,
)
from barograph_processor.state.aftermath.trust_findings import rate_finding, slice_finding
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.label.examples import Examples
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.label.sliced import SlicedQuality

__all__ = ["Reactions"]

_MIN_HEARD: Final = 200
_MIN_BLOCKS: Final = 8
_SHOWN: Final = {"edited": "edited.amount"}


class Reactions:
    """Counts reactions by window of arrival, and holds them against those of the reference.

    A prediction is *heard* with its first reaction, and once more when a later one turns
    it into one of distrust; the same kind twice counts once. A window's reactions are those
    that arrived since the window before, whenever their predictions were made: reactions
    take their time, and a window must not wait for them.

    Normal is learnt from the first reaction on, in blocks as long as a window (1,000
    predictions where windows are closed by time alone), until the model's reference is
    complete, 200 predictions were heard, and there are 8 blocks.

    State size: some 5 KiB, 256 examples, and the losses of the baseline until it is fixed.
    Not locked; its owner is.

    Args:
        alarm: The budget and the tolerance.
        block: Predictions of a block. Positive.
    """

    def __init__(self, alarm: AlarmConfig, *, block: int = 1000) -> None:
        self._alarm = alarm
        self._block_rows = block
        self._window = np.zeros(WIDTH)
        self._block = np.zeros(WIDTH)
        self._blocks: list[npt.NDArray[np.float64]] = []
        self._losses: list[npt.NDArray[np.float64]] = []
        self._begun = False
        self._recent = {name: RecentRate() for name in RATES}
        self._monitors: dict[str, RateMonitor] = {}
        self._slices = SlicedQuality(alarm, budget_windows=harm_budget(alarm, "trust.slice"))
        self._slice_since: dict[tuple[tuple[str, str], ...], int] = {}
        self._examples = {name: Examples() for name in MONITORED}

    def see(self, predictions: int) -> None:
        """Count predictions, of which some may be reacted to."""
        if not self._begun:
            return
        self._window[Place.PREDICTIONS] += predictions
        while predictions and not self._monitors:
            rows = min(predictions, self._block_rows - int(self._block[Place.PREDICTIONS]))
            self._block[Place.PREDICTIONS] += rows
            predictions -= rows
            if self._block[Place.PREDICTIONS] == self._block_rows:
                self._blocks.append(self._block)
                self._block = np.zeros(WIDTH)

    def take(
        self,
        pending: PendingPredictions,
        slots: npt.NDArray[np.intp],
        kinds: Sequence[str],
        magnitudes: Sequence[float],
    ) -> list[str]:
        """Take reactions in order of arrival.

        Args:
            pending: The predictions.
            slots: Of those reacted to, all known, shape ``(n,)``.
            kinds: What each reaction was, of ``REACTION_KINDS``.
            magnitudes: How much an edit changed, in ``[0, 1]``; anything else is not known.

        Returns:
            The kinds that were counted: all but those that a prediction had already.
        """
        self._begun = True
        known = pending.column("reacted", slots).tolist()
        found = tally(slots.tolist(), known, kinds, magnitudes)
        pending.notes.reactions(found.masks)
        self._window += found.counts
        self._learn_or_watch(pending, slots[found.heard], found)
        for name, rows in found.shown.items():
            some = slots[rows]
            self._examples[name].add(
                pending.ids(some), pending.column("time", some), pending.slices(some)
            )
        return found.counted

    def close(self, window: int) -> None:
        """End a window: fix the baseline as soon as it can be, judge what came since the last."""
        counts, self._window = self._window, np.zeros(WIDTH)
        for name, (successes, trials) in RATES.items():
            n = float(counts[trials])
            if n:
                self._recent[name].update(min(float(counts[successes]), n), n)
        if not self._monitors:
            self._fix()
            return
        for name, (_, successes, trials) in MONITORED.items():
            n = float(counts[trials])
            self._monitors[name].update(min(float(counts[successes]), n), n, window=window)
        for step in self._slices.close_window(window):
            if step.kind == "open":
                self._slice_since[step.status.key] = step.since_window
            else:
                self._slice_since.pop(step.status.key, None)

    def findings(self, start_of: Callable[[int], int], *, quality_harmed: bool) -> list[Finding]:
        """Return what is wrong as of the last window.

        Args:
            start_of: When a window began, ns.
            quality_harmed: Labels say that quality suffers; users who adapt are then no
                news of their own.
        """
        if not self._monitors:
            return []
        found = []
        for name, monitor in self._monitors.items():
            adapting = name in ("verified", "abandoned")
            if monitor.harmed and not (adapting and quality_harmed):
                since_ns = start_of(monitor.since_window)
                now = self._recent[_SHOWN.get(name, name)].estimate()
                found.append(
                    rate_finding(
                        name,
                        monitor,
                        now or (monitor.reference.rate, 0.0, 1.0),
                        since_ns=since_ns,
                        trace_ids=self._examples[name].traces(since_ns),
                        apart=self._slices.apart() if name == "trust" else (),
                    )
                )
        return found + self._slice_findings(start_of)

    def figures(self) -> dict[str, Any]:
        """Return figures by signal; nothing before the first reaction."""
        if not self._begun:
            return {}
        found: dict[str, Any] = {}
        trust = self._recent["trust"].estimate()
        if trust is not None:
            monitor = self._monitors.get("trust")
            coverage = self._recent["coverage"].estimate()
            found["trust"] = {
                "value": 1 - trust[0],
                "lower": 1 - trust[2],
                "upper": 1 - trust[1],
                "coverage": None if coverage is None else coverage[0],
                "heard": self._recent["trust"].trials,
                "reference": None if monitor is None else 1 - monitor.reference.rate,
                "tolerated": None if monitor is None else 1 - monitor.tolerated,
                "evidence": None if monitor is None else monitor.log10_evidence,
                "threshold": None if monitor is None else monitor.log10_threshold,
                "alarm": monitor is not None and monitor.harmed,
                "slices": self._worst(),
            }
        found["reactions"] = {
            kind: {
                "rate": _estimate(self._recent[kind]),
                "share": _estimate(self._recent[f"{kind}.share"]),
            }
            for kind in REACTION_KINDS
            if self._recent[kind].trials
        }
        return found

    def _learn_or_watch(
        self, pending: PendingPredictions, heard: npt.NDArray[np.intp], found: Tally
    ) -> None:
        slices = pending.slices(heard)
        if self._monitors:
            self._slices.observe(slices, {}, found.losses, pending.column("time", heard))
            return
        self._block += found.counts
        if len(heard):
            self._losses.append(found.losses)
            self._slices.learn(slices, {}, len(heard))

    def _fix(self) -> None:
        heard = sum(float(block[Place.HEARD]) for block in self._blocks)
        if heard < _MIN_HEARD or len(self._blocks) < _MIN_BLOCKS:
            return
        blocks = np.array(self._blocks)
        for name, (share, successes, trials) in MONITORED.items():
            n = blocks[:, trials]
            self._monitors[name] = RateMonitor(
                RateReference.learn(np.minimum(blocks[:, successes], n), n),
                tolerance=self._alarm.points,
                budget=harm_budget(self._alarm, share),
            )
        self._slices.fix(np.concatenate(self._losses), window_labels=heard / len(blocks))
        self._blocks, self._losses, self._block = [], [], np.zeros(WIDTH)

    def _slice_findings(self, start_of: Callable[[int], int]) -> list[Finding]:
        if self._slices.monitor is None or not self._slice_since:
            return []
        found = []
        for status in self._slices.monitor.statuses():
            since = self._slice_since.get(status.key)
            if since is not None:
                since_ns = start_of(since)
                within = self._slices.within(status.key)
                traces = self._examples["trust"].traces(since_ns, within=within)
                found.append(
                    slice_finding(status, since_ns=since_ns, since_window=since, trace_ids=traces)
                )
        return found

    def _worst(self) -> list[dict[str, Any]]:
        return [
            {
                "slice": dict(status.key),
                "value": 1 - status.risk,
                "lower": 1 - status.high,
                "upper": 1 - status.low,
                "heard": status.labels,
                "alarm": status.harmed,
            }
            for status in self._slices.worst()
        ]

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "begun": self._begun,
            "window": self._window.copy(),
            "block": self._block.copy(),
            "blocks": np.array(self._blocks).reshape(-1, WIDTH),
            "losses": np.concatenate([*self._losses, np.zeros(0)]),
            "recent": {name: recent.state() for name, recent in self._recent.items()},
            "monitors": {name: monitor.state() for name, monitor in self._monitors.items()},
            "slices": self._slices.state(),
            "slice_since": [[list(map(list, k)), since] for k, since in self._slice_since.items()],
            "examples": {name: examples.state() for name, examples in self._examples.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._begun = state["begun"]
        self._window = np.array(state["window"], dtype=np.float64)
        self._block = np.array(state["block"], dtype=np.float64)
        self._blocks = list(np.array(state["blocks"], dtype=np.float64).reshape(-1, WIDTH))
        losses = np.array(state["losses"], dtype=np.float64)
        self._losses = [losses] if len(losses) else []
        for name, recent in self._recent.items():
            recent.load(state["recent"][name])
        self._monitors = {name: RateMonitor.restore(s) for name, s in state["monitors"].items()}
        self._slices.load(state["slices"])
        self._slice_since = {
            tuple((name, level) for name, level in key): since
            for key, since in state["slice_since"]
        }
        for name, examples in self._examples.items():
            examples.load(state["examples"][name])


def _estimate(recent: RecentRate) -> dict[str, float] | None:
    found = recent.estimate()
    return None if found is None else dict(zip(("value", "lower", "upper"), found, strict=True))
