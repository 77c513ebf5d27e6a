"""How far a model has come: its reference first, then what windows are held against."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from barograph_processor.config import LimitsConfig, ModelConfig
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.observation import ModelKey
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.state.condition import Sight
from barograph_processor.state.counters import ModelCounters
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.standing import Standing
from barograph_processor.state.watch.watch import Watch
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.state.window.learning import Learner
from barograph_processor.state.window.reference_cells import ReferenceCells
from barograph_processor.state.window.windows import WindowClock

__all__ = ["Progress"]


class Progress:
    """One model's reference while it is learnt, its watch after that, and how it stands.

    Rows and late facts come in elsewhere, and both move it on: each may complete the
    reference, fix the baseline of quality, or show harm. Not locked; its owner is.

    Args:
        key: Whose it is.
        config: How the model is watched.
        limits: Bounds of what can grow.
        pending: The predictions that wait for their label.
        start_ns: Since when is counted, ns since the epoch.
        strict: A season that the reference cannot support is an error.
    """

    def __init__(
        self,
        key: ModelKey,
        *,
        config: ModelConfig,
        limits: LimitsConfig,
        pending: PendingPredictions,
        start_ns: int,
        strict: bool,
    ) -> None:
        self.counters = ModelCounters(start_ns)
        self.clock = WindowClock(
            max_rows=config.window.max_rows,
            seconds=config.window.seconds,
            lateness=config.window.lateness,
        )
        self.learner: Learner | None = Learner(config, max_levels=limits.categories)
        self.watch: Watch | None = None
        self._config = config
        self._limits = limits
        self._pending = pending
        self._strict = strict
        self._last_label_window: int | None = None
        self._last_evaluation_window: int | None = None
        sight = self.sight(patience=0)
        self.standing = Standing(key, config, kept=limits.history_windows, sight=sight)

    @property
    def reference(self) -> Baseline | None:
        """The reference, once it is complete, with quality as far as it is known."""
        if self.watch is None:
            return None
        quality = self.standing.quality
        return replace(
            self.watch.learnt,
            quality=quality.as_baseline(),
            promised=quality.promised,
            errors=quality.errors.model,
        )

    @property
    def reference_rows(self) -> int:
        """Rows of the reference, so far or in all."""
        if self.watch is not None:
            return self.watch.learnt.rows
        return 0 if self.learner is None else self.learner.rows

    @property
    def operations(self) -> Mapping[str, str]:
        """Whether latency, errors and traffic of the last window look normal."""
        return {} if self.watch is None else self.watch.operations

    def begin(self, learnt: Baseline, cells: ReferenceCells | None = None) -> None:
        """End the reference, and watch from now on.

        Args:
            learnt: The reference.
            cells: The slots of its rows, for labels that teach errors on them.

        Raises:
            ConfigurationError: The reference cannot support the season, and has to.
        """
        try:
            # What labels teach of errors is known with quality, and kept there alone.
            alone = replace(learnt, errors=None)
            self.watch = Watch.begin(alone, self._config, strict=self._strict)
        except ValueError as error:
            raise ConfigurationError(f"reference.season: {error}") from error
        self.learner = None
        self.standing.quality.promise(learnt)
        self.standing.quality.errors.begin(cells, learnt.errors)
        seconds = self._config.window.seconds
        self.standing.coverage.begin(learnt.profile.time, seconds=seconds)
        if learnt.quality is not None:
            self.standing.quality.adopt(
                learnt.quality, window_labels=float(learnt.profile.rows.mean())
            )

    def complete_reference(self) -> None:
        """End the reference with the rows it has: of data that is all reference."""
        if self.learner is not None and self.learner.rows:
            self.begin(*self.learner.finish())
            self.harm(self.settle(more_to_come=False))

    def look(self, now_ns: int, *, since_ns: int) -> None:
        """Look at the wall clock: no predictions for too long are an alarm.

        Args:
            now_ns: By the wall clock.
            since_ns: Since when anybody listened, by the same clock.
        """
        if self.watch is None:
            return
        told = self.standing.look(
            now_ns, since_ns=since_ns, watch=self.watch, window=self.counters.windows
        )
        if told:
            self.reassess(self.clock.watermark or 0)

    def deaf(self, now_ns: int, *, since_ns: int) -> bool:
        """Whether ``look`` would find something."""
        watch = self.watch
        return watch is not None and self.standing.deaf(now_ns, since_ns=since_ns, watch=watch)

    def sight(self, *, patience: int | None = None) -> Sight:
        """Return what can be seen of the model.

        Args:
            patience: Windows without a label before it is blind; None for what is usual for it.
        """
        if patience is None:
            patience = self.standing.aftermath.blindness.label_patience
        judged_by, since = "label", self._last_label_window
        if since is None:
            judged_by, since = "evaluation", self._last_evaluation_window
        return Sight(
            reference_rows=self.reference_rows,
            reference_wanted=None if self.learner is None else self.learner.wanted,
            learnt=self.watch is not None,
            judged_by=None if since is None else judged_by,
            windows_since_label=None if since is None else self.counters.windows - since,
            patience=patience,
            ahead_ns=self.clock.ahead_ns,
        )

    def reassess(self, now_ns: int) -> None:
        """Find the word for how the model does, as of an event time."""
        self.standing.reassess(now_ns, self.operations, self.sight())

    def settle(self, *, more_to_come: bool) -> list[RiskTransition]:
        """Freeze the baseline of quality as soon as its labels are in.

        Args:
            more_to_come: Labels of the reference's predictions may still come.

        Returns:
            Onsets of harm and recoveries, by the labels that waited for the baseline.
        """
        if self.watch is None or self.standing.quality.frozen:
            return []
        labelled, held = self._pending.labels.of_reference()
        return self.standing.quality.settle(
            complete=labelled == held or not more_to_come,
            window_labels=float(self.watch.learnt.profile.rows.mean()),
        )

    def harm(self, onsets: list[RiskTransition]) -> None:
        """Raise the alarm for onsets of harm that late labels brought."""
        now_ns = self.clock.watermark or 0
        if self.watch is not None and self.standing.harm(onsets, self.watch, now_ns=now_ns):
            self.reassess(now_ns)

    def note_label(self, window: int) -> None:
        """Note the window, by number, in which the last label came."""
        self._last_label_window = window

    def note_evaluation(self, window: int) -> None:
        """Note the window, by number, in which the last evaluation came."""
        self._last_evaluation_window = window

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "counters": self.counters.state(),
            "standing": self.standing.state(),
            "clock": self.clock.state(),
            "learner": None if self.learner is None else self.learner.state(),
            "watch": None if self.watch is None else self.watch.state(),
            "last_windows": [self._last_label_window, self._last_evaluation_window],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.counters.load(state["counters"])
        self.standing.load(state["standing"])
        self.clock.load(state["clock"])
        self.learner = None
        if state["learner"] is not None:
            self.learner = Learner(self._config, max_levels=self._limits.categories)
            self.learner.load(state["learner"])
        self.watch = None
        if state["watch"] is not None:
            self.watch = Watch.restore(state["watch"], self._config.operations)
            self.standing.quality.promise(self.watch.learnt)
        self._last_label_window, self._last_evaluation_window = state["last_windows"]
