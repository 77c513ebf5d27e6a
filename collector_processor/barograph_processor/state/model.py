"""Everything that is known of one version of one model."""

import zlib
from collections.abc import Mapping
from typing import Any

from barograph_processor.config import LimitsConfig, ModelConfig
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.condition import Condition
from barograph_processor.state.counters import ModelCounters
from barograph_processor.state.fact_intake import FactIntake
from barograph_processor.state.label.joining import Joiner
from barograph_processor.state.label.judging import Judge
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.progress import Progress
from barograph_processor.state.review.reviews import Reviews
from barograph_processor.state.row_intake import RowIntake
from barograph_processor.state.standing import Standing
from barograph_processor.state.verdicts import Verdicts
from barograph_processor.state.watch.watch import Watch
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.state.window.window_history import WindowHistory
from barograph_processor.telemetry import Telemetry

__all__ = ["ModelState"]


class ModelState:
    """One model's way: a reference is learnt, then windows are held against it.

    Every row goes through ``observe`` once, every late fact through ``facts``; what
    came of it is taken with ``drain``. Nothing here reads a clock, and it makes no
    difference how the rows came in batches, so the same rows in the same order give
    the same figures.

    State size: bounded by the limits; about 150 KiB for 12 features, and the
    predictions that wait for labels. Not locked; the pipeline is.

    Args:
        key: Whose state this is.
        config: How it is watched.
        limits: Bounds of what can grow.
        telemetry: Where what is dropped is counted.
        start_ns: Since when is counted, ns since the epoch.
        baseline: A reference that was learnt earlier; else it is learnt from the first rows.
        strict: A season that the reference cannot support is an error; else it is
            left out, and ``warnings`` says so.
    """

    def __init__(
        self,
        key: ModelKey,
        *,
        config: ModelConfig,
        limits: LimitsConfig,
        telemetry: Telemetry,
        start_ns: int,
        baseline: Baseline | None = None,
        strict: bool = False,
    ) -> None:
        self.key = key
        self._joiner = Joiner(config, limits)
        self.reviews = Reviews(config.review, self._joiner.judge, seed=_seed(key))
        self._progress = Progress(
            key,
            config=config,
            limits=limits,
            pending=self._joiner.pending,
            start_ns=start_ns,
            strict=strict,
        )
        self._rows = RowIntake(
            self._progress,
            self._joiner,
            self.reviews,
            max_features=limits.features,
            telemetry=telemetry,
        )
        self.facts = FactIntake(self._progress, self._joiner, telemetry)
        if baseline is not None:
            self._progress.begin(baseline)

    # What comes in.

    def observe(self, batch: ObservationBatch) -> None:
        """Take rows in order of arrival."""
        self._rows.observe(batch)

    def stretch(self, most: int) -> int:
        """Return how many rows are best taken at once; see ``WindowClock.stretch``."""
        return self._progress.clock.stretch(most)

    def look(self, now_ns: int, *, since_ns: int) -> None:
        """Look at the wall clock: no predictions for too long are an alarm.

        Args:
            now_ns: By the wall clock.
            since_ns: Since when anybody listened, by the same clock.
        """
        self._progress.look(now_ns, since_ns=since_ns)

    def deaf(self, now_ns: int, *, since_ns: int) -> bool:
        """Whether ``look`` would find something."""
        return self._progress.deaf(now_ns, since_ns=since_ns)

    def flush(self) -> None:
        """Close what is still open, for want of further rows: the end of a history."""
        self._rows.flush()

    def complete_reference(self) -> None:
        """End the reference with the rows it has: of data that is all reference."""
        self._progress.complete_reference()

    def drain(self) -> list[WindowRecord | AlarmChange]:
        """Return what happened since the last call, in order, and forget it."""
        return self.standing.drain()

    # What can be asked.

    @property
    def counters(self) -> ModelCounters:
        """What was counted since the start."""
        return self._progress.counters

    @property
    def judge(self) -> Judge:
        """How predictions are compared with labels."""
        return self._joiner.judge

    @property
    def pending(self) -> PendingPredictions:
        """The predictions that wait for their label."""
        return self._joiner.pending

    @property
    def standing(self) -> Standing:
        """How the model stands."""
        return self._progress.standing

    @property
    def quality(self) -> LabelledQuality:
        """Quality by true labels."""
        return self.standing.quality

    @property
    def verdicts(self) -> Verdicts:
        """Alarms, open and resolved."""
        return self.standing.verdicts

    @property
    def history(self) -> WindowHistory:
        """The last closed windows, oldest first."""
        return self.standing.history

    @property
    def condition(self) -> Condition:
        """The word for how the model does, and why."""
        return self.standing.condition

    @property
    def condition_since_ns(self) -> int | None:
        """Event time since when it does so; None before any row."""
        return self.standing.condition_since_ns

    @property
    def watermark_ns(self) -> int | None:
        """The newest event time; None before any row."""
        return self._progress.clock.watermark

    @property
    def reference(self) -> Baseline | None:
        """The reference, once it is complete, with quality as far as it is known."""
        return self._progress.reference

    @property
    def watch(self) -> Watch | None:
        """What later windows are held against; None until the reference is complete."""
        return self._progress.watch

    @property
    def reference_rows(self) -> int:
        """Rows of the reference, so far or in all."""
        return self._progress.reference_rows

    @property
    def operations(self) -> Mapping[str, str]:
        """Whether latency, errors and traffic of the last window look normal."""
        return self._progress.operations

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the figures less sure than the budget says, as sentences."""
        drift = () if self.watch is None else self.watch.warnings
        late = self.counters.warnings
        return (*late, *drift, *self.judge.warnings, *self.standing.coverage.warnings)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "joiner": self._joiner.state(),
            "reviews": self.reviews.state(),
            **self._progress.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._joiner.load(state["joiner"])
        self.reviews.load(state["reviews"])
        self._progress.load(state)


def _seed(key: ModelKey) -> int:
    """Return a number of a model's own, the same on every machine."""
    return zlib.crc32(repr(key).encode("utf-8", "backslashreplace"))
