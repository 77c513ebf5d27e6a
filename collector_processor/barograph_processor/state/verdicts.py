"""From evidence to alarms: what is raised, refreshed and resolved."""

from collections.abc import Mapping, Sequence

from barograph_processor.observation import ModelKey
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.state.alarm.alarms import AlarmBook, AlarmChange, AlarmKey, key_of
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.phrases import over
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.narrative import Cost, Narrator
from barograph_processor.state.watch.watch import ClosedWindow, Watch

__all__ = ["Verdicts"]

_RISK: AlarmKey = ("risk", None, ())
_SILENCE: AlarmKey = ("blind", "traffic", ())
_FOUND = frozenset({"trust", "outcome", "loop", "blind", "calibration", "evaluation"})
"""Signals whose alarms are findings."""


class Verdicts:
    """Keeps the alarm book of one model in step with its monitors.

    Not locked; its owner is.

    Args:
        key: The model.
        cost: Says what harm costs; see ``Outcomes.cost``.
    """

    def __init__(self, key: ModelKey, *, cost: Cost) -> None:
        self.book = AlarmBook()
        self._key = key
        self._narrator = Narrator(key, cost=cost)

    def harm(
        self,
        onset: RiskTransition,
        quality: LabelledQuality,
        *,
        watch: Watch,
        now_ns: int,
        window: int,
    ) -> AlarmChange | None:
        """Latch the onset of harm; None if harm is latched already."""
        if self.book.get(_RISK) is not None:
            return None
        since_ns = quality.since(onset.since_label)
        labels = max(onset.at_label - onset.since_label, 1)
        lower, upper = wilson_interval(onset.risk * labels, labels, alpha=0.05)
        alarm = self._narrator.risk(
            quality,
            (onset.risk, float(lower), float(upper)),
            operations=watch.operations,
            since_ns=since_ns,
            since_window=min(watch.number_at(since_ns), window),
            raised_ns=now_ns,
            window=window,
            evidence=(onset.log10_evidence, onset.log10_threshold),
        )
        return self.book.raise_(_RISK, alarm)

    def review_harm(
        self,
        closed: ClosedWindow,
        performance: RealizedPerformance | None,
        quality: LabelledQuality,
        *,
        operations: Mapping[str, str],
    ) -> AlarmChange | None:
        """Bring the alarm in line with the window: resolve it, raise it again, or refresh it.

        A window is under harm if the monitor saw harm at any time in it, and its own
        labels are worse than they may be. So bad hours after each other are one
        alarm, a good window between them ends it, and the next bad one raises it
        again on the evidence that stands, if it is bad beyond its own noise.
        """
        under = quality.take_harmed() and not quality.calm(performance)
        known = self.book.get(_RISK)
        if known is None:
            if under and performance is not None and quality.onset and quality.bad(performance):
                return self._again(closed, performance, quality, quality.onset, operations)
            return None
        if known.raised_window == closed.number:
            return None
        if not under:
            return self._over(_RISK, closed)
        alarm = self._narrator.risk(
            quality,
            None if performance is None else performance.risk(),
            operations=operations,
            since_ns=known.since_ns,
            since_window=known.since_window,
            raised_ns=known.raised_ns,
            window=known.raised_window,
            evidence=(known.evidence, known.threshold),
        )
        self.book.update(_RISK, alarm, window=closed.number)
        return None

    def _again(
        self,
        closed: ClosedWindow,
        performance: RealizedPerformance,
        quality: LabelledQuality,
        onset: RiskTransition,
        operations: Mapping[str, str],
    ) -> AlarmChange:
        alarm = self._narrator.risk(
            quality,
            performance.risk(),
            operations=operations,
            since_ns=closed.start_ns,
            since_window=closed.number,
            raised_ns=closed.end_ns,
            window=closed.number,
            evidence=(onset.log10_evidence, onset.log10_threshold),
        )
        return self.book.raise_(_RISK, alarm)

    def drift(
        self, closed: ClosedWindow, *, operations: Mapping[str, str], watch: Watch
    ) -> list[AlarmChange]:
        """Follow what the drift monitor made of a window."""
        if closed.update is None:
            return []
        changes: list[AlarmChange] = []
        for stream, what, drift in closed.update.transitions:
            key: AlarmKey = (stream.signal, stream.feature, ())
            if what == "resolved":
                resolved = self._over(key, closed)
                changes += [] if resolved is None else [resolved]
                continue
            alarm = self._narrator.drift(
                stream,
                drift,
                sample=closed.sample,
                operations=operations,
                since_ns=watch.start_of(drift.since_window),
                raised_ns=closed.end_ns,
                window=closed.number,
            )
            if what == "open" or self.book.get(key) is None:
                changes.append(self.book.raise_(key, alarm))
            else:
                changes.append(self.book.update(key, alarm, window=closed.number))
        return changes

    def slices(
        self, closed: ClosedWindow, quality: LabelledQuality, *, watch: Watch
    ) -> list[AlarmChange]:
        """Follow what the labels of a window say of the slices."""
        changes: list[AlarmChange] = []
        for step in quality.slices.close_window(closed.number):
            key: AlarmKey = ("slice", None, step.status.key)
            if step.kind == "resolved":
                resolved = self._over(key, closed)
                changes += [] if resolved is None else [resolved]
                continue
            alarm = self._narrator.slice(
                step,
                quality,
                operations=watch.operations,
                since_ns=watch.start_of(step.since_window),
                raised_ns=closed.end_ns,
                window=closed.number,
            )
            changes.append(self.book.raise_(key, alarm))
        return changes

    def follow(
        self, findings: Sequence[Finding], closed: ClosedWindow, *, operations: Mapping[str, str]
    ) -> list[AlarmChange]:
        """Bring alarms in line with what monitors hold to be wrong as of a window.

        What is found for the first time is raised, what is found again is refreshed,
        and what is no longer found is over.
        """
        changes: list[AlarmChange] = []
        for finding in findings:
            alarm = finding.alarm(
                self._key, operations=operations, raised_ns=closed.end_ns, window=closed.number
            )
            fresh = self.book.get(finding.key) is None
            change = self.book.raise_(finding.key, alarm)
            changes += [change] if fresh else []
        found = {finding.key for finding in findings}
        for alarm in self.book.open:
            key = key_of(alarm)
            if alarm.signal in _FOUND and key not in found:
                resolved = self._over(key, closed)
                changes += [] if resolved is None else [resolved]
        return changes

    @property
    def silent(self) -> bool:
        """Whether it is known that no predictions come."""
        return self.book.get(_SILENCE) is not None

    def silence(self, finding: Finding, raised_ns: int, window: int) -> list[AlarmChange]:
        """Raise the alarm that no predictions come."""
        alarm = finding.alarm(self._key, operations={}, raised_ns=raised_ns, window=window)
        return [self.book.raise_(_SILENCE, alarm)]

    def heard(self, time_ns: int, window: int) -> list[AlarmChange]:
        """Resolve it: one came."""
        known = self.book.get(_SILENCE)
        if known is None:
            return []
        sentence = over(known.sentence, time_ns)
        change = self.book.resolve(_SILENCE, time_ns=time_ns, window=window, sentence=sentence)
        return [] if change is None else [change]

    def _over(self, key: AlarmKey, closed: ClosedWindow) -> AlarmChange | None:
        known = self.book.get(key)
        if known is None:
            return None
        sentence = over(known.sentence, closed.end_ns)
        return self.book.resolve(
            key, time_ns=closed.end_ns, window=closed.number, sentence=sentence
        )
