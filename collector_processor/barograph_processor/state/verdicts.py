"""From evidence to alarms: what is raised, refreshed and resolved."""

from collections.abc import Mapping

from barograph_processor.observation import ModelKey
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.state.alarms import AlarmBook, AlarmChange, AlarmKey
from barograph_processor.state.labelled import LabelledQuality
from barograph_processor.state.narrative import Narrator
from barograph_processor.state.watch import ClosedWindow, Watch

__all__ = ["Verdicts"]

_RISK: AlarmKey = ("risk", None, ())


class Verdicts:
    """Keeps the alarm book of one model in step with its monitors.

    Not locked; its owner is.

    Args:
        key: The model.
    """

    def __init__(self, key: ModelKey) -> None:
        self.book = AlarmBook()
        self._narrator = Narrator(key)

    def risk(
        self,
        step: RiskTransition,
        quality: LabelledQuality,
        *,
        operations: Mapping[str, str],
        now_ns: int,
        window: int,
    ) -> AlarmChange | None:
        """Latch the onset of harm, or resolve it on recovery."""
        if not step.harmed:
            return self.book.resolve(_RISK, time_ns=now_ns, window=window)
        since_ns, since_window = quality.since(step.since_label)
        alarm = self._narrator.risk(
            quality,
            operations=operations,
            since_ns=since_ns,
            since_window=since_window,
            raised_ns=now_ns,
            window=window,
            evidence=(step.log10_evidence, step.log10_threshold),
        )
        return self.book.raise_(_RISK, alarm)

    def refresh(
        self, quality: LabelledQuality, *, operations: Mapping[str, str], window: int
    ) -> None:
        """Let an open risk alarm say what the figure is now; nobody is told anew."""
        known = self.book.get(_RISK)
        if known is None or known.raised_window == window:
            return
        alarm = self._narrator.risk(
            quality,
            operations=operations,
            since_ns=known.since_ns,
            since_window=known.since_window,
            raised_ns=known.raised_ns,
            window=known.raised_window,
            evidence=(known.evidence, known.threshold),
        )
        self.book.update(_RISK, alarm, window=window)

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
                resolved = self.book.resolve(key, time_ns=closed.end_ns, window=closed.number)
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
