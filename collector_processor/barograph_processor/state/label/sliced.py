"""Quality by slice: what the labels say of parts of the traffic."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.observation import TRACE_PREFIX
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.layout import SliceKey, SliceLayout
from barograph_processor.quality.slice.monitor import SliceMonitor
from barograph_processor.quality.slice.proposals import SliceProposals
from barograph_processor.quality.slice.rest import slice_dispersion
from barograph_processor.quality.slice.searched_inputs import SearchedInputs
from barograph_processor.quality.slice.status import SliceStatus, SliceTransition
from barograph_processor.semconv import HOLDOUT
from barograph_processor.signal import Apart
from barograph_processor.state.label.input_columns import (
    SEARCHED_LABELS,
    InputColumns,
    inputs_state,
    joined_inputs,
    restored_inputs,
)
from barograph_processor.state.label.slice_columns import (
    SliceColumns,
    joined_slices,
    restored_slices,
    slices_state,
)

__all__ = ["SlicedQuality"]

_TOLD: Final = 3
_ALL: Final = 0.9


class SlicedQuality:
    """Learns the slices from the reference's labels, then watches them window by window.

    State size: the slice levels of the baseline's labels until it is fixed, and the inputs
    of the first 100,000; then that of the monitor. Not locked; its owner is.

    Args:
        alarm: Tolerance.
        budget_windows: Windows between false alarms of all slices together.
    """

    def __init__(self, alarm: AlarmConfig, *, budget_windows: float) -> None:
        self._alarm = alarm
        self._budget_windows = budget_windows
        self._baseline: list[tuple[SliceColumns, InputColumns, int]] = []
        self._learnt = 0
        self._window: SliceCounts | None = None
        self._closed = 0
        self.monitor: SliceMonitor | None = None

    def learn(self, slices: SliceColumns, inputs: InputColumns, rows: int) -> None:
        """Add the slices of ``rows`` labels of the baseline, in the order of their losses."""
        told = {name: column for name, column in slices.items() if name != HOLDOUT}
        room = min(max(SEARCHED_LABELS - self._learnt, 0), rows)
        kept = {name: column.take(np.arange(room)) for name, column in inputs.items() if room}
        self._baseline.append((told, kept, rows))
        self._learnt += rows

    def fix(self, losses: npt.NDArray[np.float64], *, window_labels: float) -> None:
        """Choose the slices, and watch them from now on.

        Args:
            losses: Of all labels of the baseline, each in ``[0, 1]``, in order.
            window_labels: Labels that a window has if all of it is labelled.
        """
        parts, self._baseline = self._baseline, []
        columns = joined_slices([(slices, rows) for slices, _, rows in parts])
        alone = [name for name in columns if name.startswith(TRACE_PREFIX)]
        layout = SliceLayout.learn(columns, alone=alone)
        blocks = max(len(losses) // max(round(window_labels), 1), 1)
        counts = [
            layout.count({n: column.take(rows) for n, column in columns.items()}, losses[rows])
            for rows in np.array_split(np.arange(len(losses)), blocks)
        ]
        first = np.arange(min(len(losses), SEARCHED_LABELS))
        searched = SearchedInputs.learn(
            layout,
            {name: column.take(first) for name, column in columns.items()},
            joined_inputs([(inputs, rows) for _, inputs, rows in parts]),
            losses[first],
            blocks=max(blocks * len(first) // len(losses), 1),
        )
        dispersion = slice_dispersion(layout, counts)
        self._watch(layout, layout.count(columns, losses), dispersion, searched)

    def adopt(self, slices: Mapping[str, Any]) -> None:
        """Watch the slices of a baseline that was learnt earlier; see ``as_baseline``."""
        layout = SliceLayout.restore(slices["layout"])
        counts = SliceCounts(
            np.array(slices["labels"], dtype=np.int64),
            np.array(slices["losses"], dtype=np.float64),
            int(slices["all_labels"]),
            float(slices["all_losses"]),
        )
        # A baseline that was learnt before they were searched has nothing of inputs, and one of
        # before their correlations were learnt does not say how far slices of them swing.
        learnt = (slices.get("inputs") or {}) if self._alarm.propose_slices else {}
        searched = SearchedInputs.from_json(learnt) if "correlations" in learnt else None
        dispersion = np.array(slices["dispersion"], dtype=np.float64)
        self._watch(layout, counts, dispersion, searched)

    def as_baseline(self) -> dict[str, Any] | None:
        """Return the slices and their counts in plain JSON types; None if there are none."""
        if self.monitor is None:
            return None
        counts, proposals = self.monitor.reference, self.monitor.places.proposals
        return {
            "layout": self.monitor.layout.state(),
            "labels": counts.labels.tolist(),
            "losses": counts.losses.tolist(),
            "all_labels": counts.all_labels,
            "all_losses": counts.all_losses,
            "dispersion": self.monitor.usual.dispersion.tolist(),
            "inputs": None if proposals is None else proposals.searched.to_json(),
        }

    def observe(
        self,
        slices: SliceColumns,
        inputs: InputColumns,
        losses: npt.NDArray[np.float64],
        time_ns: npt.NDArray[np.int64],
    ) -> None:
        """Add labels of later predictions, in order of arrival.

        Args:
            slices: Of each prediction.
            inputs: Of each prediction, as far as they are kept.
            losses: In ``[0, 1]``, shape ``(n,)``.
            time_ns: Event time of each prediction, shape ``(n,)``.
        """
        if self.monitor is not None:
            counts = self.monitor.observe(slices, losses, time_ns, inputs)
            self._window = counts if self._window is None else self._window.merge(counts)

    def correct(
        self,
        place: npt.NDArray[np.int64],
        slices: SliceColumns,
        inputs: InputColumns,
        before: npt.NDArray[np.float64],
        after: npt.NDArray[np.float64],
    ) -> None:
        """Replace losses of labels that came since the last window.

        Args:
            place: How many windows were closed when each label came, shape ``(n,)``.
            slices: Of its prediction.
            inputs: Of its prediction.
            before: The loss by the earlier label, in ``[0, 1]``, shape ``(n,)``.
            after: By the later one.
        """
        rows = np.flatnonzero(place >= self._closed)
        if self.monitor is None or self._window is None or len(rows) == 0:
            return
        columns = {name: column.take(rows) for name, column in slices.items()}
        values = {name: column.take(rows) for name, column in inputs.items()}
        change = self.monitor.count(columns, after[rows] - before[rows], values)
        self._window = replace(
            self._window,
            losses=self._window.losses + change.losses,
            all_losses=self._window.all_losses + change.all_losses,
        )

    def close_window(self, number: int, *, quiet_since: int | None = None) -> list[SliceTransition]:
        """Judge the labels that came since the last call; return what changed.

        Args:
            number: Of the window.
            quiet_since: The window in which the alarm about the model as a whole was raised;
                see ``SliceMonitor.update``.
        """
        self._closed = number + 1
        if self.monitor is None or self._window is None:
            return []
        counts, self._window = self._window, None
        return self.monitor.update(counts, window=number, quiet_since=quiet_since)

    def levels(
        self, slices: SliceColumns, inputs: InputColumns, rows: npt.NDArray[np.intp]
    ) -> SliceColumns:
        """Return what examples are told by: the slices of some rows, and levels of their inputs."""
        found = {name: column.take(rows) for name, column in slices.items()}
        proposals = None if self.monitor is None else self.monitor.places.proposals
        if proposals is None:
            return found
        values = {name: column.take(rows) for name, column in inputs.items()}
        return {**proposals.searched.bins.columns(values, len(rows)), **found}

    def within(self, key: SliceKey) -> Mapping[str, frozenset[str]]:
        """Return the levels that a slice holds, as ``levels`` names them, by dimension or input."""
        proposals = None if self.monitor is None else self.monitor.places.proposals
        found = {} if proposals is None else proposals.levels(key)
        return found or {name: frozenset((level,)) for name, level in key}

    def worst(self, limit: int = 10) -> list[SliceStatus]:
        """Return the slices that do worst, at most ``limit``."""
        return [] if self.monitor is None else self.monitor.statuses()[:limit]

    def apart(
        self, near_ns: tuple[int, int] | None = None, *, named: Sequence[Apart] = ()
    ) -> tuple[Apart, ...]:
        """Return the slices under an alarm, the worst first, and what all traffic moved to.

        Only those that do worse than the rest now, by their whole interval at first: an alarm
        about a slice says that it does worse than it used to, beside the rest.

        Args:
            near_ns: Between which event times a level must have come for the latter; None
                leaves them out.
            named: What was named before: it stays as long as it does worse at all.
        """
        before = [each.slice for each in named]
        statuses = [] if self.monitor is None else self.monitor.statuses()
        # Nothing is elsewhere then but what was before it came.
        moved = [
            status
            for status in statuses
            if near_ns is not None
            and status.came_ns is not None
            and near_ns[0] <= status.came_ns <= near_ns[1]
            and status.share >= _ALL
        ]
        worse = [
            (status.low - status.rest, status)
            for status in statuses
            if status.harmed
            and status not in moved
            and status.rest is not None
            and (status.risk if dict(status.key) in before else status.low) > status.rest
        ]
        found = [
            Apart(dict(status.key), status.risk, status.rest, status.came_ns)
            for _, status in sorted(worse, key=lambda pair: -pair[0])
        ][:_TOLD]
        found += [Apart(dict(each.key), each.risk, None, each.came_ns) for each in moved]
        return tuple(found[:_TOLD])

    def _watch(
        self,
        layout: SliceLayout,
        reference: SliceCounts,
        dispersion: npt.NDArray[np.float64],
        searched: SearchedInputs | None,
    ) -> None:
        if layout.levels or searched is not None:
            risk = reference.all_losses / max(reference.all_labels, 1)
            self.monitor = SliceMonitor(
                layout,
                reference,
                tolerance=self._alarm.above(risk),
                budget=max(self._budget_windows, 1.0),
                dispersion=dispersion,
                proposals=None if searched is None else SliceProposals(searched),
            )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "baseline": [
                [slices_state(slices), inputs_state(inputs), rows]
                for slices, inputs, rows in self._baseline
            ],
            "learnt": self._learnt,
            "window": None if self._window is None else self._window.to_bytes(),
            "closed": self._closed,
            "monitor": None if self.monitor is None else self.monitor.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._baseline = [
            (restored_slices(slices), restored_inputs(inputs), rows)
            for slices, inputs, rows in state["baseline"]
        ]
        self._learnt = state["learnt"]
        window, monitor = state["window"], state["monitor"]
        self._closed = state["closed"]
        self._window = None if window is None else SliceCounts.from_bytes(bytes(window))
        self.monitor = None if monitor is None else SliceMonitor.restore(monitor)
