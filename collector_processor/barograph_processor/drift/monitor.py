"""Drift of all inputs, outputs and confidence of one model, under one alarm budget."""

import math
from functools import cached_property
from typing import Any

import numpy as np

from barograph_processor.drift.alarm import (
    DriftAlarm,
    DriftUpdate,
    StreamStatus,
    Transition,
)
from barograph_processor.drift.comparison import Shares
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.evidence import Evidence
from barograph_processor.drift.latch import Latch, Recent
from barograph_processor.drift.pooled import Pooled
from barograph_processor.drift.profile import MIN_ROWS, ReferenceProfile
from barograph_processor.drift.season import Regressors
from barograph_processor.drift.warning import PERSISTENT, reference_warnings
from barograph_processor.sequential.budget import false_discovery_set
from barograph_processor.sequential.shiryaev_roberts import LARGEST
from barograph_processor.stats.array import Bools, Floats

__all__ = ["DriftMonitor"]

_SCHEMA = 2


class DriftMonitor:
    """Judges closed windows against a reference profile.

    State: about 100 KiB for 12 numeric features. An update costs about 0.4 ms.
    Not locked: one writer. Nothing here is random: a replay agrees exactly.

    Examples:
        >>> from barograph_processor.drift import StreamKey
        >>> from barograph_processor.stats import NumericColumn
        >>> rng, key = np.random.default_rng(1), StreamKey("input.drift", "age")
        >>> column = NumericColumn(rng.normal(size=10_000))
        >>> window = np.arange(10_000) // 500
        >>> profile = ReferenceProfile.learn({key: column}, window, np.arange(10_000.0))
        >>> monitor = DriftMonitor(profile, budget=1000.0)
        >>> shifted = profile.count({key: NumericColumn(rng.normal(1.0, 1.0, size=500))})
        >>> for w in range(6):
        ...     update = monitor.update(shifted, time=10_000.0 + 500 * w, window=w)
        ...     opened = [alarm.key.feature for _, what, alarm in update.transitions]
        ...     print(w, opened) if opened else None
        1 ['age']
    """

    def __init__(
        self,
        profile: ReferenceProfile,
        *,
        budget: float,
        season: str | None = None,
        tolerance: float = 0.0,
    ) -> None:
        """Start at the end of the reference.

        Args:
            profile: The reference.
            budget: Windows between false alarms of all streams together while none of them
                drifts, at least 1. While some do, few of the streams that are named are
                named wrongly (e-d-BH): streams that drift together need less evidence each.
            season: ``hour_of_day``, ``day_of_week`` or ``hour_of_week``, declared; else None.
            tolerance: Effect size (see `StreamStatus.distance`) below which no alarm is
                raised, whatever the evidence.

        Raises:
            ValueError: An argument is out of range, or the reference is too short for the season.
        """
        if not budget >= 1 or not math.isfinite(budget):
            raise ValueError(f"budget must be a number of windows from 1, got {budget!r}")
        if not tolerance >= 0:
            raise ValueError(f"tolerance must not be negative, got {tolerance!r}")
        self.profile = profile
        self.keys = profile.bank.keys
        self._tolerance = tolerance
        self._regressors = Regressors.learn(profile.log_rows, profile.time, season)
        self._budget = budget
        self._found = 0
        self._evidence = Evidence(profile, self._regressors)
        self._latches: list[Latch | None] = [None] * len(self.keys)
        self._windows: list[int] = []
        self._waiting: tuple[WindowCounts, float, float] | None = None
        self._pooled = Pooled.of(profile.empty())
        self._last: tuple[StreamStatus, ...] = self._statuses(
            self._pooled, profile.bank.reference, profile.comparison.shares(self._pooled)
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes this monitor less able or less reliable, as sentences."""
        if self._evidence.persistent:
            return (*self._of_reference, PERSISTENT)
        return self._of_reference

    @cached_property
    def _of_reference(self) -> tuple[str, ...]:
        return reference_warnings(self.profile, self._regressors)

    @property
    def streams(self) -> tuple[StreamStatus, ...]:
        """All streams after the latest window."""
        return self._last

    @property
    def recent(self) -> Pooled:
        """Counts of the last windows, each weighing half of the one after it."""
        return self._pooled

    def update(self, counts: WindowCounts, *, time: float, window: int) -> DriftUpdate:
        """Take a closed window.

        A window of fewer than 100 rows waits and is merged into the next: the streams are
        then those of the window before.

        Args:
            counts: Of its rows, counted by the same profile.
            time: Its midpoint, epoch seconds.
            window: Its number, for the alarms.

        Raises:
            ValueError: It was counted by another profile.
        """
        if counts.fingerprint != self.profile.total.fingerprint:
            raise ValueError("the window was counted by another reference profile")
        log_rows = math.log(max(counts.rows, 1))
        if self._waiting is not None:
            waiting, before, level = self._waiting
            if waiting.rows:
                share = counts.rows / (waiting.rows + counts.rows)
                time = before + (time - before) * share if counts.rows else before
                log_rows = level + (log_rows - level) * share
            counts = waiting.merge(counts)
        if counts.rows < MIN_ROWS:
            self._waiting = (counts, time, log_rows)
            return DriftUpdate(self._last, ())
        self._waiting = None
        bank, newest = self.profile.bank, Pooled.of(counts)
        correlations, shares = bank.correlations(newest), self.profile.comparison.shares(newest)
        x, z = self._regressors.of(log_rows, time), bank.means(counts, correlations)
        latched = np.array([latch is not None for latch in self._latches])
        self._evidence.step(x, counts.rows, z, latched, shares.broken)
        self._pooled = self._pooled.then(newest)
        transitions = self._judge(window, newest, latched)
        self._last = self._statuses(newest, correlations, shares)
        return DriftUpdate(self._last, tuple(transitions))

    def _judge(self, window: int, newest: Pooled, latched: Bools) -> list[Transition]:
        evidence = self._evidence.by_stream
        found = false_discovery_set(np.where(latched, LARGEST, evidence), self._budget)
        self._found = int(found.sum())
        self._windows = [*self._windows[-127:], window]
        recent = Recent(self.profile, self._evidence, self._pooled, newest, self._windows)
        transitions: list[Transition] = []
        for s, latch in enumerate(self._latches):
            if latch is None:
                if found[s] and self._matters(recent, s):
                    alarm = self._open(recent, s, float(evidence[s]))
                    transitions.append((self.keys[s], "open", alarm))
            elif what := latch.update(recent, s):
                transitions.append((self.keys[s], what, latch.alarm))
                if what == "resolved":
                    self._latches[s] = None
                    self._evidence.restart(s, drifted=0, forget_evidence=True)
        return transitions

    def _open(self, recent: Recent, s: int, evidence: float) -> DriftAlarm:
        latch, drifted = Latch.close(
            recent,
            s,
            log10_evidence=math.log10(evidence),
            log10_threshold=self._log10_threshold(found=True),
        )
        self._latches[s] = latch
        self._evidence.restart(s, drifted=drifted, forget_evidence=False)
        return latch.alarm

    def _matters(self, recent: Recent, s: int) -> bool:
        size = recent.distance(s) if self._tolerance else None
        return size is None or size >= self._tolerance

    def _log10_threshold(self, *, found: bool) -> float:
        """What a stream's evidence has to reach: less if others drift at the same time."""
        rank = self._found if found else self._found + 1
        return math.log10(self._budget * len(self.keys) / max(rank, 1))

    def _statuses(
        self, newest: Pooled, correlations: Floats, shares: Shares
    ) -> tuple[StreamStatus, ...]:
        distances = self.profile.comparison.distances(newest, correlations)
        thresholds = [self._log10_threshold(found=found) for found in (False, True)]
        # Field by field: one of each stream and window adds up.
        return tuple(
            map(
                StreamStatus,
                self.keys,
                [None if math.isnan(size) else size for size in distances.tolist()],
                shares.missing.tolist(),
                shares.unseen.tolist(),
                shares.out_of_range.tolist(),
                [math.log10(max(held, 1e-300)) for held in self._evidence.by_stream.tolist()],
                [thresholds[latch is not None] for latch in self._latches],
                [None if latch is None else latch.alarm for latch in self._latches],
            )
        )

    def state(self) -> dict[str, Any]:
        """Return plain JSON types, numpy arrays and bytes, for `restore`."""
        waiting = self._waiting
        pooled = self._pooled
        return {
            "schema": _SCHEMA,
            "fingerprint": self.profile.total.fingerprint,
            "evidence": self._evidence.state(),
            "latches": [None if latch is None else latch.state() for latch in self._latches],
            "windows": list(self._windows),
            "waiting": None if waiting is None else [waiting[0].to_bytes(), *waiting[1:]],
            "found": self._found,
            "pooled": [pooled.rows, pooled.slots, pooled.sums, pooled.cross],
            "streams": [
                [
                    s.distance,
                    s.missing,
                    s.unseen,
                    s.out_of_range,
                    s.log10_evidence,
                    s.log10_threshold,
                ]
                for s in self._last
            ],
            "settings": [self._budget, self._regressors.season, self._tolerance],
        }

    @classmethod
    def restore(cls, profile: ReferenceProfile, state: dict[str, Any]) -> "DriftMonitor":
        """Continue exactly where `state` was taken.

        Raises:
            ValueError: The state is of an unknown version or belongs to another profile.
        """
        if state.get("schema") != _SCHEMA:
            raise ValueError(f"a drift monitor's state of unknown schema {state.get('schema')!r}")
        if bytes(state["fingerprint"]) != profile.total.fingerprint:
            raise ValueError("the drift monitor's state belongs to another reference profile")
        budget, season, tolerance = state["settings"]
        monitor = cls(profile, budget=budget, season=season, tolerance=tolerance)
        monitor._take(state)
        return monitor

    def _take(self, state: dict[str, Any]) -> None:
        self._evidence.restore(state["evidence"])
        keys = self.keys
        self._latches = [
            None if latch is None else Latch.restored(key, latch)
            for key, latch in zip(keys, state["latches"], strict=True)
        ]
        self._windows = [int(w) for w in state["windows"]]
        self._found = int(state["found"])
        waiting = state["waiting"]
        if waiting is not None:
            held, time, level = waiting
            self._waiting = (WindowCounts.from_bytes(bytes(held)), float(time), float(level))
        rows, *arrays = state["pooled"]
        slots, sums, cross = (np.array(array, dtype=np.float64) for array in arrays)
        self._pooled = Pooled(float(rows), slots, sums, cross)
        self._last = tuple(
            StreamStatus(
                key=key,
                distance=size,
                missing=missing,
                unseen=unseen,
                out_of_range=out,
                log10_evidence=evidence,
                log10_threshold=threshold,
                alarm=None if latch is None else latch.alarm,
            )
            for key, (size, missing, unseen, out, evidence, threshold), latch in zip(
                keys, state["streams"], self._latches, strict=True
            )
        )
