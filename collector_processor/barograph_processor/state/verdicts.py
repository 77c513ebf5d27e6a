"""From evidence to alarms: what is raised, refreshed and resolved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from barograph_processor.observation import ModelKey
from barograph_processor.quality.intervals import AT_ONE_TIME
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.signal import Apart
from barograph_processor.state.alarm.alarms import (
    AlarmBook,
    AlarmChange,
    AlarmKey,
    alarm_id,
    alarm_key,
    key_of,
)
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.phrases import over
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.realized import RealizedPerformance, Share
from barograph_processor.state.narrative import (
    drift_finding,
    harm_finding,
    slice_finding,
    stands,
)
from barograph_processor.state.watch.watch import ClosedWindow, Watch

__all__ = ["Verdicts"]

Cost = Callable[[Share | None, float | None, int], str]
"""Says what harm has cost, by the risk now, that before, and the first window under it."""

_RISK: Final = alarm_key("risk")
_SILENCE: Final = alarm_key("blind", "traffic")
_FOUND: Final = frozenset({"trust", "outcome", "loop", "blind", "calibration", "evaluation"})
"""Signals whose alarms are findings."""


class Verdicts:
    """Keeps the alarm book of one model in step with its monitors.

    Not locked; its owner is.

    Args:
        key: The model.
        cost: Says what harm costs; see ``Outcomes.cost``.
        hold_windows: See ``AlarmBook``.
    """

    def __init__(self, key: ModelKey, *, cost: Cost, hold_windows: int) -> None:
        self.book = AlarmBook(hold_windows=hold_windows)
        self._key = key
        self._cost = cost

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
        low, high = AT_ONE_TIME.share(onset.risk * labels, labels)
        finding = self._harm(
            quality,
            (onset.risk, low, high),
            since_ns=since_ns,
            since_window=min(watch.number_at(since_ns), window),
            evidence=(onset.log10_evidence, onset.log10_threshold),
            watch=watch,
        )
        return self._raise(finding, watch.operations, raised_ns=now_ns, window=window)

    def review_harm(
        self,
        closed: ClosedWindow,
        performance: RealizedPerformance | None,
        quality: LabelledQuality,
        *,
        watch: Watch,
    ) -> AlarmChange | None:
        """Bring the alarm in line with the window: resolve it, raise it again, or refresh it.

        A window is under harm if the monitor saw harm at any time in it, unless its own
        labels are enough to say that it is calm. So bad hours after each other are one
        alarm, a good window between them ends it, and the next bad one raises it
        again on the evidence that stands, if it is bad beyond its own noise.
        """
        under = quality.take_harmed() and not quality.recovered(performance)
        known = self.book.get(_RISK)
        if known is None:
            if under and performance is not None and quality.onset and quality.bad(performance):
                return self._again(closed, performance, quality, quality.onset, watch)
            return None
        if known.raised_window == closed.number:
            return None
        if not under:
            share = quality.risk_now(performance)
            return self._over(_RISK, closed, now=stands(quality.unit, share, quality.tolerated))
        finding = self._harm(
            quality,
            quality.risk_now(performance),
            since_ns=known.since_ns,
            since_window=known.since_window,
            evidence=(known.evidence, known.threshold),
            watch=watch,
            named=known.apart,
        )
        change = self._raise(
            finding, watch.operations, raised_ns=closed.end_ns, window=closed.number
        )
        # Its figures move with every window; what it can name at last is news.
        return change if change.alarm.apart and not known.apart else None

    def _again(
        self,
        closed: ClosedWindow,
        performance: RealizedPerformance,
        quality: LabelledQuality,
        onset: RiskTransition,
        watch: Watch,
    ) -> AlarmChange:
        finding = self._harm(
            quality,
            quality.risk_now(performance),
            since_ns=closed.start_ns,
            since_window=closed.number,
            evidence=(onset.log10_evidence, onset.log10_threshold),
            watch=watch,
        )
        return self._raise(finding, watch.operations, raised_ns=closed.end_ns, window=closed.number)

    def drift(
        self, closed: ClosedWindow, *, operations: Mapping[str, str], watch: Watch
    ) -> list[AlarmChange]:
        """Follow what the drift monitor made of a window."""
        if closed.update is None:
            return []
        changes: list[AlarmChange] = []
        for stream, what, drift in closed.update.transitions:
            if what == "resolved":
                resolved = self._over(alarm_key(stream.signal, stream.feature), closed)
                changes += [] if resolved is None else [resolved]
                continue
            since_ns = watch.start_of(drift.since_window)
            finding = drift_finding(stream, drift, sample=closed.sample, since_ns=since_ns)
            changes.append(
                self._raise(finding, operations, raised_ns=closed.end_ns, window=closed.number)
            )
        return changes

    def slices(
        self, closed: ClosedWindow, quality: LabelledQuality, *, watch: Watch
    ) -> list[AlarmChange]:
        """Follow what the labels of a window say of the slices."""
        changes: list[AlarmChange] = []
        alarm = self.book.get(_RISK)
        quiet_since = closed.number if quality.harmed else None
        if alarm is not None:
            quiet_since = alarm.raised_window
        for step in quality.slices.close_window(closed.number, quiet_since=quiet_since):
            if step.kind == "resolved":
                status = step.status
                share = status.risk, status.low, status.high
                resolved = self._over(
                    alarm_key("slice", None, status.key),
                    closed,
                    now=stands(quality.unit, share, status.tolerated),
                )
                changes += [] if resolved is None else [resolved]
                continue
            finding = slice_finding(step, quality, since_ns=watch.start_of(step.since_window))
            changes.append(
                self._raise(
                    finding, watch.operations, raised_ns=closed.end_ns, window=closed.number
                )
            )
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
            fresh = self.book.get(finding.key) is None
            change = self._raise(finding, operations, raised_ns=closed.end_ns, window=closed.number)
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

    def held_until(self, now_ns: int, watch: Watch) -> int:
        """Return by when an alarm must have ended to be held no more, were there no windows since.

        That is as long ago as the windows of a hold have lately taken.

        Args:
            now_ns: Event time now.
            watch: That closed them.
        """
        return now_ns - round(self.book.hold_windows / watch.windows_per_day * 86_400e9)

    def silence(
        self, finding: Finding, raised_ns: int, window: int, *, watch: Watch
    ) -> list[AlarmChange]:
        """Raise the alarm that no predictions come, and end what was held for too long since."""
        alarm = finding.alarm(self._key, operations={}, raised_ns=raised_ns, window=window)
        # While a window is open there may be several, and they are not the same.
        own = alarm_id(*self._key, _SILENCE, raised_ns)
        raised = self.book.raise_(_SILENCE, replace(alarm, id=own))
        before_ns = self.held_until(raised_ns, watch)
        return [raised, *self.book.settle(window, before_ns=before_ns)]

    def heard(self, time_ns: int, window: int) -> list[AlarmChange]:
        """Resolve it: one came."""
        known = self.book.get(_SILENCE)
        if known is None:
            return []
        sentence = over(known.sentence, time_ns)
        change = self.book.resolve(_SILENCE, time_ns=time_ns, window=window, sentence=sentence)
        return [] if change is None else [change]

    def _harm(
        self,
        quality: LabelledQuality,
        share: Share | None,
        *,
        since_ns: int,
        since_window: int,
        evidence: tuple[float, float],
        watch: Watch,
        named: Sequence[Apart] = (),
    ) -> Finding:
        # A beginning is known to within a window or two.
        before_ns = watch.start_of(since_window - 1)
        near_ns = before_ns, 2 * since_ns - before_ns
        is_share = quality.unit.is_share
        cost = self._cost(share, quality.baseline_risk, since_window) if is_share else ""
        return harm_finding(
            quality,
            share,
            cost=cost,
            since_ns=since_ns,
            since_window=since_window,
            evidence=evidence,
            apart=quality.slices.apart(near_ns, named=named),
        )

    def _raise(
        self, finding: Finding, operations: Mapping[str, str], *, raised_ns: int, window: int
    ) -> AlarmChange:
        """Raise the alarm that a finding asks for, or refresh it where it is open."""
        alarm = finding.alarm(self._key, operations=operations, raised_ns=raised_ns, window=window)
        return self.book.raise_(finding.key, alarm)

    def _over(self, key: AlarmKey, closed: ClosedWindow, now: str = "") -> AlarmChange | None:
        known = self.book.get(key)
        if known is None:
            return None
        sentence = over(known.sentence, closed.end_ns, now)
        return self.book.resolve(
            key, time_ns=closed.end_ns, window=closed.number, sentence=sentence
        )
