"""How a model stands: its quality, its alarms, the word for it, and its windows so far."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.config import ModelConfig
from barograph_processor.observation import ModelKey
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.semconv import HOLDOUT
from barograph_processor.state.aftermath.aftermath import Aftermath
from barograph_processor.state.alarm.alarms import AlarmChange, alarm_key
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.calibration_findings import calibration_findings
from barograph_processor.state.condition import Condition, Sight, assess
from barograph_processor.state.label.coverage import LabelCoverage
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.labels import LabelledRows
from barograph_processor.state.label.promises import remarks
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.verdicts import Verdicts
from barograph_processor.state.watch.watch import ClosedWindow, Watch
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.state.window.window_history import WindowHistory

__all__ = ["Standing"]


class Standing:
    """Turns closed windows and onsets of harm into records, alarms and a condition.

    What happened is kept in order until it is drained. Not locked; its owner is.

    Args:
        key: Whose it is.
        config: How the model is watched.
        kept: Closed windows that are remembered.
        sight: What can be seen of the model at the beginning.
    """

    def __init__(self, key: ModelKey, config: ModelConfig, *, kept: int, sight: Sight) -> None:
        self.quality = LabelledQuality(config.alarm, offline=config.baseline.offline)
        self.aftermath = Aftermath(config)
        self.verdicts = Verdicts(
            key, cost=self.aftermath.outcomes.cost, hold_windows=config.alarm.hold_windows
        )
        self.history = WindowHistory(kept)
        self.condition = Condition("blind", sight.blindness())
        self.condition_since_ns: int | None = None
        self._remarks: tuple[str, ...] = ()
        self.coverage = LabelCoverage(budget_windows=config.alarm.windows_between_false_alarms)
        self._outbox: list[WindowRecord | AlarmChange] = []

    def drain(self) -> list[WindowRecord | AlarmChange]:
        """Return what happened since the last call, in order, and forget it."""
        happened, self._outbox = self._outbox, []
        return happened

    def label(self, labels: LabelledRows) -> list[RiskTransition]:
        """Add labels of predictions after the reference; return onsets of harm and recoveries."""
        if self.quality.frozen:
            losses = self.quality.bounded(labels.loss)
            self.aftermath.loops.label(labels.slices.get(HOLDOUT), losses)
        return self.quality.observe(labels)

    def harm(self, onsets: Sequence[RiskTransition], watch: Watch, *, now_ns: int) -> bool:
        """Raise the alarm for onsets of harm that labels of earlier windows brought.

        It belongs to the last window that was closed by then. While the labels since
        that window are no worse than they may be, the alarm waits: an hour of a bad
        day is no bad week.

        Returns:
            Whether an alarm was raised.
        """
        if self.quality.calm_so_far:
            return False
        standing = self.quality.onset
        if not onsets and standing is not None and self.quality.harmed:
            onsets = [standing]
        window = max(watch.windows - 1, 0)
        raised = self._raise(onsets, watch, now_ns=now_ns, window=window)
        self._outbox += raised
        return bool(raised)

    def close(
        self,
        closed: ClosedWindow,
        onsets: Sequence[RiskTransition],
        watch: Watch,
        sight: Sight,
        *,
        review: Mapping[str, Any] | None = None,
    ) -> None:
        """Judge a window, or only report it if it is partial.

        Args:
            closed: The window.
            onsets: Of harm, that the labels which came with its rows brought.
            watch: That closed it.
            sight: What can be seen of the model with this window.
            review: What the answers of reviewers say by then, if anything.
        """
        performance = self._performance(closed)
        changes: list[AlarmChange] = []
        if not closed.partial:
            self.aftermath.close(closed, watch, sight)
            self._outbox += self._silences(closed, watch)
            changes = self._judge(closed, onsets, watch, performance)
            changes += self.verdicts.book.settle(closed.number)
        self.coverage.close_window(closed.end_ns)
        self._remarks = remarks(self.quality)
        self.reassess(closed.end_ns, watch.operations, sight)
        record = closed.record(self.condition.state, performance, self.quality)
        # What is no share of wrong predictions has no number of them to be counted.
        harm = self.verdicts.book.get(alarm_key("risk")) if self.quality.unit.is_share else None
        record.signals.update(self.aftermath.figures(harm))
        calibration = record.signals.get("calibration")
        if calibration is not None:
            # Scores that are off as well while there is harm are no alarm of their own.
            told = self.verdicts.book.get(alarm_key("calibration"))
            calibration["alarm"] = told is not None
        labels = self.coverage.figures(closed.end_ns)
        if labels:
            record.signals["labels"] = labels
        if review is not None:
            record.signals["review"] = review
        self.history.append(record)
        self._outbox += [record, *changes]

    def hear(
        self, newest_ns: npt.NDArray[np.int64], *, received_ns: int | None, window: int
    ) -> bool:
        """Take note that predictions came; return whether an alarm about silence is over.

        Args:
            newest_ns: The newest event time as of each, shape ``(n,)``.
            received_ns: When they came, by the wall clock; None where there is none.
            window: The window that is open.
        """
        silence = self.aftermath.blindness.silence
        silence.see(newest_ns, received_ns=received_ns)
        if not self.verdicts.silent:
            return False
        # That silence was told while it lasted.
        silence.take_episode()
        self._outbox += self.verdicts.heard(int(newest_ns[0]), window)
        return True

    def look(self, now_ns: int, *, since_ns: int, watch: Watch, window: int) -> bool:
        """Look at the wall clock: whether no prediction came for too long, which is then told.

        What was held open by windows is held no more once the silence has lasted for as long
        as those would have taken.

        Args:
            now_ns: By the wall clock.
            since_ns: Since when anybody listened, by the same clock.
            watch: That closes windows.
            window: The window that is open.
        """
        silence = self.aftermath.blindness.silence
        if not self.deaf(now_ns, since_ns=since_ns, watch=watch) or silence.last_ns is None:
            return False
        event_ns = silence.last_ns + silence.elapsed_ns(now_ns)
        if self.verdicts.silent:
            before_ns = self.verdicts.held_until(event_ns, watch)
            self._outbox += self.verdicts.book.settle(window, before_ns=before_ns)
            return False
        begin_ns = silence.last_ns
        finding = self.aftermath.blindness.silent(begin_ns, event_ns - begin_ns, window)
        self._outbox += self.verdicts.silence(finding, event_ns, window, watch=watch)
        return True

    def deaf(self, now_ns: int, *, since_ns: int, watch: Watch) -> bool:
        """Whether ``look`` would find something."""
        silence = self.aftermath.blindness.silence
        if not self.verdicts.silent:
            return silence.too_long(now_ns, since_ns=since_ns)
        event_ns = (silence.last_ns or 0) + silence.elapsed_ns(now_ns)
        return bool(self.verdicts.book.lapsed(self.verdicts.held_until(event_ns, watch)))

    def reassess(self, now_ns: int, operations: Mapping[str, str], sight: Sight) -> None:
        """Find the word for how the model does, as of an event time."""
        before = self.condition.state
        self.condition = assess(self.verdicts.book.open, operations, sight, remarks=self._remarks)
        if self.condition.state != before or self.condition_since_ns is None:
            self.condition_since_ns = now_ns

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "quality": self.quality.state(),
            "aftermath": self.aftermath.state(),
            "alarms": self.verdicts.book.state(),
            "history": self.history.state(),
            "condition": [self.condition.state, list(self.condition.reasons)],
            "condition_since_ns": self.condition_since_ns,
            "remarks": list(self._remarks),
            "coverage": self.coverage.state(),
            "outbox": [
                [type(event).__name__, msgspec.to_builtins(event)] for event in self._outbox
            ],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.quality.load(state["quality"])
        self.aftermath.load(state["aftermath"])
        self.verdicts.book.load(state["alarms"])
        self.history.load(state["history"])
        self.condition = Condition(state["condition"][0], tuple(state["condition"][1]))
        self.condition_since_ns = state["condition_since_ns"]
        self._remarks = tuple(state["remarks"])
        self.coverage.load(state["coverage"])
        kinds: dict[str, Any] = {"WindowRecord": WindowRecord, "AlarmChange": AlarmChange}
        self._outbox = [msgspec.convert(plain, kinds[name]) for name, plain in state["outbox"]]

    def _performance(self, closed: ClosedWindow) -> RealizedPerformance | None:
        """Return the quality by the window's own labels, else by those that came meanwhile."""
        if closed.labels is None:
            return self.quality.close_window(closed.number + 1)
        self.quality.close_window(closed.number + 1, at_least=1)
        return closed.labels.performance

    def _silences(self, closed: ClosedWindow, watch: Watch) -> list[AlarmChange]:
        """Tell the longest silence within the window, by event time, though it is over.

        What was silent in the reference is not missed.
        """
        blindness = self.aftermath.blindness
        episode = blindness.silence.take_episode()
        if episode is None or episode[1] <= watch.learnt.end_ns:
            return []
        begin_ns, end_ns = episode
        finding = blindness.silent(begin_ns, end_ns - begin_ns, closed.number)
        raised = self.verdicts.silence(finding, end_ns, closed.number, watch=watch)
        return raised + self.verdicts.heard(end_ns, closed.number)

    def _judge(
        self,
        closed: ClosedWindow,
        onsets: Sequence[RiskTransition],
        watch: Watch,
        performance: RealizedPerformance | None,
    ) -> list[AlarmChange]:
        changes = self.verdicts.drift(closed, operations=watch.operations, watch=watch)
        # The window's own labels must agree.
        if not self.quality.calm(performance):
            changes += self._raise(onsets, watch, now_ns=closed.end_ns, window=closed.number)
        changes += self.verdicts.slices(closed, self.quality, watch=watch)
        resolved = self.verdicts.review_harm(closed, performance, self.quality, watch=watch)
        changes += [] if resolved is None else [resolved]
        findings = self._calibration(performance, watch)
        findings += self.aftermath.findings(watch, self.quality)
        return changes + self.verdicts.follow(findings, closed, operations=watch.operations)

    def _calibration(self, performance: RealizedPerformance | None, watch: Watch) -> list[Finding]:
        """Follow what the labels of a window say of the scores.

        While there is harm, or the window's labels look like it, that is the alarm, or the
        alarm to come: that scores are off as well is no news.
        """
        self.quality.scores.close_window(performance)
        found = calibration_findings(self.quality, watch.number_at)
        harm = self.verdicts.book.get(alarm_key("risk")) is not None or self.quality.harmed
        told = any(self.verdicts.book.get(finding.key) is not None for finding in found)
        return found if told or (self.quality.calm(performance) and not harm) else []

    def _raise(
        self, onsets: Sequence[RiskTransition], watch: Watch, *, now_ns: int, window: int
    ) -> list[AlarmChange]:
        raised = [
            self.verdicts.harm(onset, self.quality, watch=watch, now_ns=now_ns, window=window)
            for onset in onsets
            if onset.harmed
        ]
        return [change for change in raised if change is not None]
