"""Is one slice harmed more than the rest? Partial failures, which no average shows."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from barograph_processor.quality.slice.budget import slice_weights
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.evidence import MOST_RISK, SliceEvidence
from barograph_processor.quality.slice.layout import SliceCodes, SliceKey, SliceLayout
from barograph_processor.quality.slice.rest import moved_risk, noise_of_rest, spare_dispersion
from barograph_processor.quality.slice.sample import Coded, SliceSample
from barograph_processor.quality.slice.spare import SpareSlots
from barograph_processor.quality.slice.status import SliceStatus, SliceTransition
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["SliceMonitor"]

_FORGET: Final = 0.75
_SCHEMA: Final = 2


class SliceMonitor:
    """Watches all slices at once, each against the rest of the traffic.

    A slice may move with the rest: what is tolerated of it is its own risk in the
    reference at its upper bound, moved on the logit scale as the rest has moved,
    plus the tolerance; while the rest does better than it did, its own risk where it
    was: that others improve is no harm of a slice. Beyond that, bets are made and summed
    by Shiryaev and Roberts; a slice alarms at the budget over its weight (e-d-Bonferroni): 0.1 is
    spread over the 32 spare slots of levels that the reference did not hold, and the rest over
    the slices that it did, a third of it over dimensions that stand alone if there are any.
    A new level has no risk of its own, so that of all is taken for it.

    Bets of slices whose risk swings from window to window, as weather moves that of an airport,
    are tempered: raised to the power 1/phi with phi the dispersion of the reference's windows,
    which by Jensen's inequality keeps them fair. A new level has the least dispersion of its
    dimension. Where the rest is smaller than it was, phi grows with its noise.

    Of slices that explain each other only the one with the most evidence is named: a part of a
    failing slice is not told again, and neither is a whole that fails by one part alone, nor a
    slice of another dimension that holds the same predictions; how far they overlap, the last
    2,048 labels say.

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

        Raises:
            ValueError: An argument is out of range.
        """
        if not tolerance >= 0:
            raise ValueError(f"tolerance must not be negative, got {tolerance!r}")
        if not (budget >= 1 and recovery >= 1):
            raise ValueError(f"budgets must be at least 1, got {budget!r} and {recovery!r}")
        self.layout = layout
        self.reference = reference
        self.spare = SpareSlots(layout)
        self._sample = SliceSample(layout)
        self._tolerance, self._budget, self._recovery = tolerance, budget, recovery
        k = len(layout.slices)
        self.dispersion = np.ones(k) if dispersion is None else np.maximum(dispersion, 1.0)
        self._threshold = budget / slice_weights(layout, self.spare.size)
        self._before = replace(
            reference,
            labels=np.append(reference.labels, np.zeros(self.spare.size, dtype=np.int64)),
            losses=np.append(reference.losses, np.zeros(self.spare.size)),
        )
        shares = [*zip(reference.losses.tolist(), reference.labels.tolist(), strict=True)]
        shares += [(reference.all_losses, reference.all_labels)] * self.spare.size
        self._bound = np.array(
            [wilson_interval(min(s, float(n)), float(n), alpha=0.1)[1] for s, n in shares]
        )
        self._evidence = SliceEvidence(k + self.spare.size)
        self._opened = np.zeros(k + self.spare.size, dtype=np.int64)
        self._recent = np.zeros((3, k + self.spare.size))
        self._recent_all = np.zeros(2)
        self._shares = np.zeros(k + self.spare.size)
        self._windows = 0

    def observe(
        self, columns: Mapping[str, CategoricalColumn], losses: Floats, time_ns: Ints
    ) -> SliceCounts:
        """Take labels in order of arrival; return their counts, to be merged for ``update``.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
            time_ns: Event times of the predictions, shape ``(n,)``.
        """
        codes = self.layout.codes(columns, len(losses))
        self.spare.fill(codes, columns, time_ns)
        self._sample.add(codes, losses, window=self._windows)
        return self._counted(codes, losses)

    def count(self, columns: Mapping[str, CategoricalColumn], losses: Floats) -> SliceCounts:
        """Count labels as ``observe`` did, and take none."""
        codes = self.layout.codes(columns, len(losses))
        self.spare.fill(codes, columns)
        return self._counted(codes, losses)

    def update(self, counts: SliceCounts, *, window: int) -> list[SliceTransition]:
        """Judge the labels of a window; return which slices changed their state.

        Args:
            counts: Of its labels, from ``observe``.
            window: Its number.
        """
        n, s = counts.labels.astype(np.float64), counts.losses
        moved = moved_risk(self._bound, counts, self._before)
        tau = np.maximum(moved, self._bound) + self._tolerance
        tau = np.minimum(tau, MOST_RISK)
        spare = spare_dispersion(self.layout, self.dispersion, self.spare.keys)
        phi = np.append(self.dispersion, spare) * noise_of_rest(counts, self._before)
        self._evidence.update(n, s, tau, phi, window=window)
        self._recent = _FORGET * self._recent + np.array([n, s, n * tau])
        self._recent_all = _FORGET * self._recent_all + [counts.all_labels, counts.all_losses]
        self._shares = n / max(counts.all_labels, 1)
        self._windows = window + 1
        changed = self._recoveries() + self._onsets()
        return changed + self._departures(counts.labels[len(self.layout.slices) :])

    def statuses(self) -> list[SliceStatus]:
        """Return all slices, the worst first: those under an alarm, then by evidence."""
        order = np.lexsort((-self._evidence.of_harm / self._threshold, ~self._evidence.harmed))
        return [self._status(k) for k in order.tolist() if self._key(k)]

    def _counted(self, codes: SliceCodes, losses: Floats) -> SliceCounts:
        known = self.layout.count_codes(codes, losses)
        labels, sums = self.spare.count(codes, losses)
        return replace(
            known,
            labels=np.concatenate([known.labels, labels]),
            losses=np.concatenate([known.losses, sums]),
        )

    def _recoveries(self) -> list[SliceTransition]:
        over = np.flatnonzero(self._evidence.of_recovery >= self._recovery)
        return [self._resolved(k) for k in over.tolist()]

    def _departures(self, labels: Ints) -> list[SliceTransition]:
        """Let go of new levels that have no more labels, and of alarms about them."""
        resolved = []
        for slot in self.spare.leaving(labels):
            k = len(self.layout.slices) + slot
            if self._evidence.harmed[k]:
                resolved.append(self._resolved(k))
            self._sample.forget(*self._coded(self._key(k))[0])
            self._evidence.reset(k)
            self._recent[:, k] = 0.0
            self.spare.free(slot)
        return resolved

    def _onsets(self) -> list[SliceTransition]:
        relative = self._evidence.of_harm / self._threshold
        crossed = np.flatnonzero(~self._evidence.harmed & (relative >= 1))
        surest = crossed[np.argsort(-relative[crossed], kind="stable")]
        places = {self._key(k): k for k in surest.tolist()}
        found = []
        for key, k in places.items():
            if self._evidence.harmed[k]:
                continue
            since = self._evidence.began(k)
            if self._explained(k, since):
                # Its evidence is the other's; what is left when that is over counts anew.
                self._evidence.reset(k)
                continue
            same = [key, *self._alike(key, since)]
            # People know their own dimensions best.
            own = (o for o in same if o in places and o[0][0] not in self.layout.alone)
            named = next(own, key)
            if named != key:
                self._evidence.reset(k)
            self._evidence.latch(places[named])
            self._opened[places[named]] = since
            alike = tuple(other for other in same if other != named)
            found.append(SliceTransition("open", self._status(places[named]), since, alike))
        return found

    def _resolved(self, k: int) -> SliceTransition:
        self._evidence.reset(k)
        return SliceTransition("resolved", self._status(k), int(self._opened[k]))

    def _explained(self, k: int, since: int) -> bool:
        """Whether slices that are under an alarm already account for this one."""
        by = [self._coded(self._key(o)) for o in np.flatnonzero(self._evidence.harmed).tolist()]
        n, _, tolerated = self._recent[:, k].tolist()
        return self._sample.explained(self._coded(self._key(k)), by, tolerated / n, since=since)

    def _alike(self, key: SliceKey, since: int) -> list[SliceKey]:
        """Return the levels of other dimensions that hold the same predictions."""
        return [
            ((name, level),)
            for name, code in self._sample.alike(self._coded(key), since=since)
            if (level := self.spare.level(name, code)) is not None
        ]

    def _key(self, k: int) -> SliceKey:
        """Return the slice at a place; nothing where a spare slot is free."""
        known = self.layout.slices
        return known[k] if k < len(known) else self.spare.keys[k - len(known)]

    def _coded(self, key: SliceKey) -> Coded:
        return tuple((name, self.spare.code(name, level)) for name, level in key)

    def _status(self, k: int) -> SliceStatus:
        n, s, tolerated = self._recent[:, k].tolist()
        low, high = wilson_interval(min(max(s, 0.0), n), n)
        others, lost = (self._recent_all - [n, s]).tolist()
        slot = k - len(self.layout.slices)
        before = self.reference
        return SliceStatus(
            key=self._key(k),
            risk=s / n if n else 0.0,
            low=low,
            high=high,
            rest=lost / others if others else None,
            tolerated=tolerated / n if n else float(self._bound[k]) + self._tolerance,
            reference=None if slot >= 0 else float(before.losses[k] / max(before.labels[k], 1)),
            labels=n,
            share=float(self._shares[k]),
            log10_evidence=math.log10(max(float(self._evidence.of_harm[k]), 1e-300)),
            log10_threshold=math.log10(self._threshold[k]),
            harmed=bool(self._evidence.harmed[k]),
            came_ns=self.spare.came_ns(slot) if slot >= 0 else None,
        )

    def state(self) -> dict[str, Any]:
        """Return plain types and arrays for ``restore``."""
        return {
            "schema": _SCHEMA,
            "layout": self.layout.state(),
            "reference": self.reference.to_bytes(),
            "settings": [self._tolerance, self._budget, self._recovery],
            "dispersion": self.dispersion.copy(),
            "spare": self.spare.state(),
            "sample": self._sample.state(),
            "evidence": self._evidence.state(),
            "opened": self._opened.copy(),
            "recent": self._recent.copy(),
            "recent_all": self._recent_all.copy(),
            "shares": self._shares.copy(),
            "windows": self._windows,
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
        monitor = cls(
            SliceLayout.restore(state["layout"]),
            SliceCounts.from_bytes(bytes(state["reference"])),
            tolerance=tolerance,
            budget=budget,
            recovery=recovery,
            dispersion=np.array(state["dispersion"], dtype=np.float64),
        )
        monitor.spare.load(state["spare"])
        monitor._sample.load(state["sample"])
        monitor._evidence.load(state["evidence"])
        monitor._opened = np.array(state["opened"], dtype=np.int64)
        monitor._recent = np.array(state["recent"], dtype=np.float64).reshape(3, -1)
        monitor._recent_all = np.array(state["recent_all"], dtype=np.float64)
        monitor._shares = np.array(state["shares"], dtype=np.float64)
        monitor._windows = state["windows"]
        return monitor
