"""Is one slice harmed more than the rest? Partial failures, which no average shows."""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from barograph_processor.quality.intervals import AT_ONE_TIME
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.evidence import SliceEvidence
from barograph_processor.quality.slice.hindsight import Hindsight
from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.quality.slice.naming import SliceNaming
from barograph_processor.quality.slice.places import SlicePlaces
from barograph_processor.quality.slice.proposals import SliceProposals
from barograph_processor.quality.slice.recent import RecentCounts
from barograph_processor.quality.slice.sample import SliceSample
from barograph_processor.quality.slice.status import SliceStatus, SliceTransition
from barograph_processor.quality.slice.usual_risk import UsualRisk
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["SliceMonitor"]

_SCHEMA: Final = 4
_NOTHING: Final[Mapping[str, Column]] = {}
_HOLDS: Final = 100.0
_MISDATED: Final = 2


class SliceMonitor:
    """Watches all slices at once, each against the rest of the traffic.

    A slice may move with the rest: what is tolerated of it is its own risk in the
    reference, moved on the logit scale as the rest has moved, plus the tolerance; or
    that risk at its upper bound, where so few labels tell it that this is more; while the
    rest does better than it did, its own risk where it was: that others improve is no harm
    of a slice. Beyond that, bets are made and summed
    by Shiryaev and Roberts; a slice alarms at the budget over its weight (e-d-Bonferroni), see
    ``slice_weights``; ``UsualRisk`` says what the reference knows of each.

    Bets allow for slices whose risk swings from window to window, as weather moves that of an
    airport: they are ratios of beta-binomial likelihoods, with the dispersion of the
    reference's windows. The smaller the rest beside a slice, the more that grows with its
    noise.

    Of slices that explain each other one is named; see ``SliceNaming``.

    State: some 200 bytes a slice, and the sample's. An update costs some 0.2 ms for 500
    slices. Not locked: one writer.

    References:
        Shin, Ramdas and Rinaldo (2023), E-detectors, arXiv:2203.03532; e-d-Bonferroni:
        arXiv:2501.04130.
    """

    def __init__(
        self,
        layout: SliceLayout,
        reference: SliceCounts,
        *,
        tolerance: float,
        budget: float,
        recovery: float = 20.0,
        dispersion: Floats | None = None,
        proposals: SliceProposals | None = None,
    ) -> None:
        """Start unharmed.

        Args:
            layout: The slices.
            reference: Labels and losses of the reference by slice.
            tolerance: Risk above that of the reference that is tolerated, not negative.
            budget: Windows between false alarms of all slices together, at least 1.
            recovery: Windows between false recoveries of a slice, at least 1.
            dispersion: ``phi`` of each slice, at least 1, shape ``(K,)``; see
                ``slice_dispersion``. None is 1: independent labels.
            proposals: Of slices of the inputs; None if there are none.

        Raises:
            ValueError: An argument is out of range.
        """
        if not tolerance >= 0:
            raise ValueError(f"tolerance must not be negative, got {tolerance!r}")
        if not (budget >= 1 and recovery >= 1):
            raise ValueError(f"budgets must be at least 1, got {budget!r} and {recovery!r}")
        self.layout = layout
        self.reference = reference
        self.places = SlicePlaces(layout, proposals)
        self._sample = SliceSample(layout, self.places.inputs)
        most = 1.0 if proposals is None else proposals.searched.most
        self._hindsight = Hindsight(reference, tolerance, most)
        self._tolerance, self._budget, self._recovery = tolerance, budget, recovery
        size = self.places.size
        phi = np.ones(len(layout.slices)) if dispersion is None else np.maximum(dispersion, 1.0)
        self.usual = UsualRisk(self.places, reference, phi)
        self._threshold = budget / self.places.weights()
        self._evidence = SliceEvidence(size)
        self._opened = np.zeros(size, dtype=np.int64)
        self._recent = RecentCounts(size)
        self._naming = SliceNaming(self.places, self._sample, self._evidence, self._recent)
        self._windows = 0
        self._waiting: list[int] = []

    def observe(
        self,
        columns: Mapping[str, CategoricalColumn],
        losses: Floats,
        time_ns: Ints,
        inputs: Mapping[str, Column] = _NOTHING,
    ) -> SliceCounts:
        """Take labels in order of arrival; return their counts, to be merged for ``update``.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
            time_ns: Event times of the predictions, shape ``(n,)``.
            inputs: By name, all of ``n`` rows.
        """
        codes = self.places.codes(columns, inputs, len(losses), time_ns)
        self._sample.add(codes, losses, window=self._windows)
        return self.places.count(codes, losses)

    def count(
        self,
        columns: Mapping[str, CategoricalColumn],
        losses: Floats,
        inputs: Mapping[str, Column] = _NOTHING,
    ) -> SliceCounts:
        """Count labels as ``observe`` did, and take none."""
        return self.places.count(self.places.codes(columns, inputs, len(losses)), losses)

    def update(
        self, counts: SliceCounts, *, window: int, quiet_since: int | None = None
    ) -> list[SliceTransition]:
        """Judge the labels of a window; return which slices changed their state.

        Args:
            counts: Of its labels, from ``observe``.
            window: Its number.
            quiet_since: The window in which all was told to be bad, if it is now: proposals
                that do worse since then, give or take two windows, or longer wait, as it may be
                they that all is bad by, and are returned once that is over, if they are still
                harmed.
        """
        tau, phi = self.usual.tolerated(counts, self._tolerance), self.usual.swings(counts)
        labels = counts.labels.astype(np.float64)
        self._evidence.update(labels, counts.losses, tau, phi, window=window, most=self.usual.most)
        self._recent.add(counts, tau)
        self._windows = window + 1
        changed = self._recoveries() + self._told(self._onsets(), quiet_since)
        changed += self._departures(counts.labels[len(self.layout.slices) : self.places.proposed])
        self._propose(window)
        return changed

    def statuses(self) -> list[SliceStatus]:
        """Return all slices, the worst first: those under an alarm, then by evidence.

        Of proposals those that have some: what just looks bad, looks so by chance.
        """
        evidence, harmed = self._evidence.of_harm, self._evidence.harmed
        shown = harmed | (evidence >= _HOLDS) | (np.arange(len(harmed)) < self.places.proposed)
        order = np.lexsort((-evidence / self._threshold, ~harmed))
        named = (k for k in order.tolist() if self.places.key(k) and not self.places.double(k))
        return [self._status(k) for k in named if shown[k]]

    def _recoveries(self) -> list[SliceTransition]:
        over = np.flatnonzero(self._evidence.of_recovery >= self._recovery)
        return [self._resolved(k) for k in over.tolist()]

    def _departures(self, labels: Ints) -> list[SliceTransition]:
        """Let go of new levels that have no more labels, and of alarms about them."""
        resolved = []
        for slot in self.places.spare.leaving(labels):
            k = len(self.layout.slices) + slot
            if self._evidence.harmed[k]:
                resolved.append(self._resolved(k))
            name, code, _ = self.places.coded(k)[0]
            self._sample.forget(name, code)
            self._evidence.reset(k)
            self._recent.forget(k)
            self.places.spare.free(slot)
        return resolved

    def _propose(self, window: int) -> None:
        """Give places to slices of inputs that look worse than those which have them."""
        proposals, first = self.places.proposals, self.places.proposed
        if proposals is None:
            return
        kept = self._evidence.harmed[first:] | (self._evidence.of_harm[first:] >= _HOLDS)
        turned, cut = proposals.turn(
            self._sample, self._hindsight, self._naming.harmed, kept, window=window
        )
        self.usual.hold([first + place for place in turned + cut])
        for k in (first + place for place in turned):
            self._evidence.reset(k)
            self._recent.forget(k)

    def _onsets(self) -> list[SliceTransition]:
        relative = self._evidence.of_harm / self._threshold
        crossed = np.flatnonzero(~self._evidence.harmed & (relative >= 1))
        surest = crossed[np.argsort(-relative[crossed], kind="stable")]
        opened = []
        for k, since, alike in self._naming.name(surest.tolist()):
            self._opened[k] = since
            self._begin(k, since)
            opened.append(SliceTransition("open", self._status(k), since, alike))
        return opened

    def _begin(self, k: int, since: int) -> None:
        """Let the figure of a slice be about the time since its harm began."""
        held = self._sample.window >= since
        inside = self._sample.inside(self.places.coded(k))[held]
        age = self._windows - 1 - self._sample.window[held]
        self._recent.begin(k, inside, self._sample.losses[held], age)

    def _told(
        self, opened: list[SliceTransition], quiet_since: int | None
    ) -> list[SliceTransition]:
        """Return what is to be told, now or no longer held back."""
        if quiet_since is not None:
            last = quiet_since + _MISDATED
            waits = [s for s in opened if s.status.proposed and s.since_window <= last]
            held = {step.status.key for step in waits}
            first = range(self.places.proposed, self.places.size)
            self._waiting += [k for k in first if self.places.key(k) in held]
            return [step for step in opened if step not in waits]
        waited, self._waiting = self._waiting, []
        return opened + [
            SliceTransition("open", self._status(k), int(self._opened[k])) for k in waited
        ]

    def _resolved(self, k: int) -> SliceTransition:
        self._evidence.reset(k)
        self._waiting = [each for each in self._waiting if each != k]
        return SliceTransition("resolved", self._status(k), int(self._opened[k]))

    def _status(self, k: int) -> SliceStatus:
        n, lost, tolerated, rest, share = self._recent.of(k)
        low, high = AT_ONE_TIME.share(min(max(lost, 0.0), n), n)
        return SliceStatus(
            key=self.places.key(k),
            risk=lost / n if n else 0.0,
            low=low,
            high=high,
            rest=rest,
            tolerated=tolerated / n if n else self.usual.tolerated_once(k, self._tolerance),
            reference=self.usual.risk(k),
            labels=n,
            share=share,
            log10_evidence=math.log10(max(float(self._evidence.of_harm[k]), 1e-300)),
            log10_threshold=math.log10(self._threshold[k]),
            harmed=bool(self._evidence.harmed[k]),
            came_ns=self.places.came_ns(k),
            proposed=k >= self.places.proposed,
        )

    def state(self) -> dict[str, Any]:
        """Return plain types and arrays for ``restore``."""
        proposals = self.places.proposals
        return {
            "schema": _SCHEMA,
            "layout": self.layout.state(),
            "reference": self.reference.to_bytes(),
            "settings": [self._tolerance, self._budget, self._recovery],
            "dispersion": self.usual.dispersion.copy(),
            "proposals": None if proposals is None else proposals.state(),
            "spare": self.places.spare.state(),
            "sample": self._sample.state(),
            "evidence": self._evidence.state(),
            "opened": self._opened.copy(),
            **self._recent.state(),
            "windows": self._windows,
            "waiting": list(self._waiting),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "SliceMonitor":
        """Continue exactly where ``state`` was taken.

        Raises:
            ValueError: The state is of an unknown version.
        """
        if state["schema"] != _SCHEMA:
            raise ValueError(f"a slice monitor's state of unknown schema {state['schema']!r}")
        tolerance, budget, recovery = state["settings"]
        proposals = state["proposals"]
        monitor = cls(
            SliceLayout.restore(state["layout"]),
            SliceCounts.from_bytes(bytes(state["reference"])),
            tolerance=tolerance,
            budget=budget,
            recovery=recovery,
            dispersion=np.array(state["dispersion"], dtype=np.float64),
            proposals=None if proposals is None else SliceProposals.restore(proposals),
        )
        monitor.places.spare.load(state["spare"])
        monitor._sample.load(state["sample"])
        monitor._evidence.load(state["evidence"])
        monitor._opened = np.array(state["opened"], dtype=np.int64)
        monitor._recent.load(state)
        monitor._windows = state["windows"]
        monitor._waiting = list(state["waiting"])
        return monitor
