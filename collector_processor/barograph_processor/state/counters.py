"""Cumulative figures of one model: what is counted once and only grows."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch
from barograph_processor.signal import HistogramValue, Signal
from barograph_processor.state.histogram import CumulativeHistogram, Sources

__all__ = ["ModelCounters"]

_MANY = 1000
_LARGE = 0.1


class ModelCounters:
    """Predictions, errors, latency, confidence, labels, reactions, outcomes, evaluations.

    Not locked; its owner is.

    Args:
        start_ns: Since when is counted, ns since the epoch.
        max_names: Evaluation names and outcome units kept; further ones are ``__other__``.
    """

    def __init__(self, start_ns: int, *, max_names: int = 50) -> None:
        self.start_ns = start_ns
        self._max_names = max_names
        self.predictions = 0
        self.late = 0
        self.labels = 0
        self.corrected = {"figures": 0, "none": 0}
        self.windows = 0
        self._calls = 0
        self._errors = 0
        self._reactions: dict[str, int] = {}
        self._outcomes: dict[str, float] = {}
        self._latency = CumulativeHistogram("barograph.latency")
        self._confidence = CumulativeHistogram("barograph.confidence")
        self._delay = CumulativeHistogram("barograph.labels.delay")
        self._evaluations: dict[str, CumulativeHistogram] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """That a large share of the predictions was in no window, as a sentence."""
        if self.late < _MANY or self.late < _LARGE * self.predictions:
            return ()
        warning = (
            f"{self.late / self.predictions:.0%} of its predictions came too late for a window "
            "(window.lateness): does one of those who send them have a wrong clock?"
        )
        return (warning,)

    def observe(self, batch: ObservationBatch) -> None:
        """Count a batch, late rows included."""
        self.predictions += len(batch)
        first = ~np.isnan(batch.latency)
        self._calls += int(first.sum())
        self._errors += int((batch.failed & first).sum())
        of = Sources(batch.ids, batch.event_time)
        self._latency.update(batch.latency, of)
        if batch.confidence is not None:
            self._confidence.update(batch.confidence, of)

    def label(self, delay_s: npt.NDArray[np.float64]) -> None:
        """Count labels that met their prediction; delays in seconds, shape ``(n,)``.

        A label from before its prediction has no delay: the sum must not fall.
        """
        self.labels += len(delay_s)
        self._delay.update(np.maximum(delay_s, 0.0))

    def correct(self, labels: int, *, replaced: int) -> None:
        """Count labels that corrected earlier ones, and how many changed a figure by it."""
        self.corrected["figures"] += replaced
        self.corrected["none"] += labels - replaced

    def react(self, kind: str) -> None:
        """Count a reaction of one of the kinds of the conventions."""
        self._reactions[kind] = self._reactions.get(kind, 0) + 1

    def outcome(self, unit: str, value: float) -> None:
        """Add business value."""
        unit = unit if unit in self._outcomes or self._room(self._outcomes) else "__other__"
        self._outcomes[unit] = self._outcomes.get(unit, 0.0) + value

    def evaluate(self, name: str, scores: npt.NDArray[np.float64], of: Sources) -> None:
        """Count the scores of an evaluation, shape ``(n,)``."""
        name = name if name in self._evaluations or self._room(self._evaluations) else "__other__"
        if name not in self._evaluations:
            self._evaluations[name] = CumulativeHistogram("barograph.evaluation.score")
        self._evaluations[name].update(scores, of)

    def signals(self, model: Mapping[str, str]) -> Iterator[Signal]:
        """Yield the points; ``model`` are the attributes of all of them."""

        def point(name: str, value: float | HistogramValue, **attributes: str) -> Signal:
            return Signal(name, value, {**model, **attributes}, self.start_ns)

        yield point("barograph.predictions", self.predictions)
        yield point("barograph.errors", self._errors)
        yield point("barograph.late", self.late)
        yield point("barograph.windows", self.windows)
        yield point("barograph.labels", self.labels)
        for effect, count in self.corrected.items():
            yield point("barograph.labels.corrected", count, effect=effect)
        for kind, count in self._reactions.items():
            yield point("barograph.reactions", count, kind=kind)
        for unit, total in self._outcomes.items():
            yield Signal("barograph.outcome", total, {**model, "unit": unit})
        for name, histogram in (
            ("barograph.latency", self._latency),
            ("barograph.confidence", self._confidence),
            ("barograph.labels.delay", self._delay),
        ):
            value = histogram.value()
            if value.count:
                yield Signal(name, value, model, self.start_ns, histogram.exemplars())
        for name, histogram in self._evaluations.items():
            yield Signal(
                "barograph.evaluation.score",
                histogram.value(),
                {**model, "name": name},
                self.start_ns,
                histogram.exemplars(),
            )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "start_ns": self.start_ns,
            "counts": [
                self.predictions,
                self.late,
                self.labels,
                self.windows,
                self._calls,
                self._errors,
            ],
            "corrected": dict(self.corrected),
            "reactions": dict(self._reactions),
            "outcomes": dict(self._outcomes),
            "latency": self._latency.state(),
            "confidence": self._confidence.state(),
            "delay": self._delay.state(),
            "evaluations": {name: h.state() for name, h in self._evaluations.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.start_ns = state["start_ns"]
        self.predictions, self.late, self.labels, self.windows, self._calls, self._errors = state[
            "counts"
        ]
        self.corrected = dict(state["corrected"])
        self._reactions = dict(state["reactions"])
        self._outcomes = dict(state["outcomes"])
        self._latency.load(state["latency"])
        self._confidence.load(state["confidence"])
        self._delay.load(state["delay"])
        self._evaluations = {}
        for name, plain in state["evaluations"].items():
            self._evaluations[name] = CumulativeHistogram("barograph.evaluation.score")
            self._evaluations[name].load(plain)

    def _room(self, names: Mapping[str, Any]) -> bool:
        return len(names) < self._max_names
