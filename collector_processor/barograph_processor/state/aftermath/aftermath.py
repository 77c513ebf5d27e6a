"""What follows predictions beside their labels, and what it says of the model."""

from collections.abc import Mapping
from typing import Any, Final

from barograph_processor.config import ModelConfig
from barograph_processor.drift.stream import StreamKey
from barograph_processor.observation import ObservationBatch
from barograph_processor.signal import Alarm
from barograph_processor.state.aftermath.blindness import Blindness
from barograph_processor.state.aftermath.evaluations import Evaluations
from barograph_processor.state.aftermath.loops import Loops
from barograph_processor.state.aftermath.outcomes import Outcomes
from barograph_processor.state.aftermath.reactions import Reactions
from barograph_processor.state.aftermath.slice_traffic import SliceTraffic
from barograph_processor.state.aftermath.usage import Usage
from barograph_processor.state.aftermath.window_rows import WindowRows
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.condition import Sight
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.watch.watch import ClosedWindow, Watch
from barograph_processor.state.window.windows import Slot

__all__ = ["Aftermath"]

_CONFIDENCE: Final = StreamKey("confidence.drift", None)


class Aftermath:
    """The monitors of one model that live on rows, late facts and closed windows alone.

    Not locked; its owner is.

    Args:
        config: How the model is watched.
    """

    def __init__(self, config: ModelConfig) -> None:
        block = config.window.max_rows or 1000
        self.reactions = Reactions(config.alarm, block=block)
        self.outcomes = Outcomes(config.alarm, block=block)
        self.evaluations = Evaluations(
            config.alarm, block=block, lower_is_better=config.lower_is_better
        )
        self.loops = Loops(config.alarm, block=block)
        self.usage = Usage(config.alarm)
        self.traffic = SliceTraffic(
            budget_windows=config.alarm.windows_between_false_alarms, block=block
        )
        self._open: dict[Slot, WindowRows] = {}
        self._lateness_ns = round(config.window.lateness * 1e9)
        self.blindness = Blindness(
            silence_s=config.operations.silence_s,
            stale_s=config.reference.stale_days * 86_400,
        )

    def learn(self, rows: ObservationBatch) -> None:
        """Take rows of the reference, in order of arrival."""
        self.reactions.see(len(rows))
        self.outcomes.see(len(rows))
        self.evaluations.see(len(rows))
        self.loops.outputs.see(rows.label)
        self.traffic.learn(rows)

    def hold(self, slot: Slot, rows: ObservationBatch) -> None:
        """Take rows of a window that is open: they count when it closes."""
        self.evaluations.see(len(rows))
        self._open.setdefault(slot, WindowRows()).add(rows)

    def settle(self, slot: Slot) -> None:
        """Count the rows of a window that closes."""
        held = self._open.pop(slot, None)
        if held is None:
            return
        self.reactions.see(held.rows)
        self.outcomes.see(held.rows)
        self.loops.outputs.add(held.outputs)
        self.blindness.see(held.confident)
        self.traffic.settle(held.levels)

    def close(self, closed: ClosedWindow, watch: Watch, sight: Sight) -> None:
        """End a window that is judged.

        Args:
            closed: The window.
            watch: That closed it.
            sight: What can be seen of the model with this window.
        """
        self.reactions.close(closed.number)
        self.outcomes.close(closed.number)
        self.evaluations.close(closed.number)
        self.loops.close(closed.number)
        self.traffic.close(closed.end_ns, watch.number_at)
        self.usage.close(
            closed.end_ns - self._lateness_ns,
            reference_end_ns=watch.learnt.end_ns,
            windows_per_day=watch.windows_per_day,
        )
        self.blindness.close(
            closed.number,
            end_ns=closed.end_ns,
            sight=sight,
            had_confidence=watch.learnt.profile.layout.has_numbers(_CONFIDENCE),
            reference_end_ns=watch.learnt.end_ns,
            start_of=watch.start_of,
        )

    def findings(self, watch: Watch, quality: LabelledQuality) -> list[Finding]:
        """Return what is wrong as of the last window.

        Args:
            watch: That closed it.
            quality: By labels.
        """
        start_of, number_at = watch.start_of, watch.number_at
        usage = self.usage.finding(number_at, quality_harmed=quality.harmed)
        return [
            *self.evaluations.findings(number_at),
            *self.reactions.findings(start_of, quality_harmed=quality.harmed),
            *self.outcomes.findings(start_of),
            *self.loops.findings(start_of, reference_risk=quality.baseline_risk, unit=quality.unit),
            *([] if usage is None else [usage]),
            *self.blindness.findings(),
            *self.traffic.findings(),
        ]

    def figures(self, harm: Alarm | None = None) -> dict[str, Any]:
        """Return the figures of the last window by signal, in plain values.

        Args:
            harm: The alarm that quality is harmed, if it is open.
        """
        return {
            **self.reactions.figures(),
            **self.outcomes.figures(harm),
            **self.evaluations.figures(),
            **self.loops.figures(),
            **self.traffic.figures(),
        }

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "reactions": self.reactions.state(),
            "outcomes": self.outcomes.state(),
            "evaluations": self.evaluations.state(),
            "loops": self.loops.state(),
            "usage": self.usage.state(),
            "traffic": self.traffic.state(),
            "open": [[s.period, s.part, rows.state()] for s, rows in self._open.items()],
            "blindness": self.blindness.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.reactions.load(state["reactions"])
        self.traffic.load(state["traffic"])
        self.outcomes.load(state["outcomes"])
        self.evaluations.load(state["evaluations"])
        self.loops.load(state["loops"])
        self.usage.load(state["usage"])
        self._open = {
            Slot(period, part): WindowRows.restore(plain) for period, part, plain in state["open"]
        }
        self.blindness.load(state["blindness"])
