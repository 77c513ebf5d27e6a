"""Drift of all inputs, outputs and confidence of one model, under one alarm budget."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from barograph_processor.drift.alarm import (
    DriftAlarm,
    DriftUpdate,
    Effect,
    StreamStatus,
    Transition,
)
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.evidence import Evidence
from barograph_processor.drift.profile import MIN_ROWS, ReferenceProfile
from barograph_processor.drift.proposal import propose_season
from barograph_processor.drift.recovery import Recovery
from barograph_processor.drift.season import Regressors
from barograph_processor.drift.sentence import describe
from barograph_processor.drift.summary import (
    Pooled,
    correlation_effect,
    distance,
    effect,
    shares,
)
from barograph_processor.sequential.budget import false_discovery_set
from barograph_processor.sequential.shiryaev_roberts import LARGEST

__all__ = ["MIN_REFERENCE_WINDOWS", "DriftMonitor"]

MIN_REFERENCE_WINDOWS = 8
"""With fewer windows in the reference the monitor says so, and learns from live ones first."""
_SCHEMA = 1
_FORGET = 0.8
_UPDATE_FACTOR = 1.5
_UPDATE_EVERY = 5


class DriftMonitor:
    """Judges closed windows against a reference profile.

    State: about 100 KiB for 12 numeric features. An update costs about a millisecond.
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
        self._alarms: list[DriftAlarm | None] = [None] * len(self.keys)
        self._recoveries: list[Recovery | None] = [None] * len(self.keys)
        self._windows: list[int] = []
        self._waiting: tuple[WindowCounts, float, float] | None = None
        self._pooled = Pooled.of(profile.empty())
        self._last: tuple[StreamStatus, ...] = self._statuses(self._pooled)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes this monitor less able or less reliable, as sentences."""
        found = []
        count = len(self.profile.rows)
        if count < MIN_REFERENCE_WINDOWS:
            found.append(
                f"the reference has {count} windows of at least {MIN_ROWS} rows; below "
                f"{MIN_REFERENCE_WINDOWS} the spread between windows is hardly known, and "
                "drift is found late"
            )
        if self._regressors.season is None and (season := propose_season(self.profile)):
            found.append(
                f"the windows of the reference follow a season: declare season = {season!r}, "
                "if that is how the traffic goes"
            )
        if self._evidence.persistent:
            found.append(
                "windows of the reference go on like the ones before them: small drift is "
                "found late; longer windows would be more independent"
            )
        return tuple(found)

    @property
    def streams(self) -> tuple[StreamStatus, ...]:
        """All streams after the latest window."""
        return self._last

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
        self._windows = [*self._windows[-127:], window]
        latched = np.array([alarm is not None for alarm in self._alarms])
        self._evidence.take(counts, time, log_rows, latched)
        self._pooled = self._pooled.then(counts, _FORGET)
        transitions = self._judge(window)
        self._last = self._statuses(Pooled.of(counts))
        return DriftUpdate(self._last, tuple(transitions))

    def _judge(self, window: int) -> list[Transition]:
        evidence = self._evidence.by_stream
        latched = np.array([alarm is not None for alarm in self._alarms])
        found = false_discovery_set(np.where(latched, LARGEST, evidence), self._budget)
        self._found = int(found.sum())
        transitions: list[Transition] = []
        for s, (alarm, recovery) in enumerate(zip(self._alarms, self._recoveries, strict=True)):
            if alarm is None or recovery is None:
                if found[s] and self._matters(s):
                    transitions.append(self._open(s, window, float(evidence[s])))
                continue
            recovery.update(float(self._evidence.deviates(1)[0, recovery.series]))
            if recovery.recovered:
                self._alarms[s] = self._recoveries[s] = None
                self._evidence.restart(s, drifted=0, forget_evidence=True)
                transitions.append((self.keys[s], "resolved", alarm))
            elif self._moved(s, alarm, window):
                renewed = self._renewed(s, alarm, recovery)
                self._alarms[s] = renewed
                transitions.append((self.keys[s], "updated", renewed))
        return transitions

    def _log10_threshold(self, *, found: bool) -> float:
        """What a stream's evidence has to reach: less if others drift at the same time."""
        rank = self._found if found else self._found + 1
        return math.log10(self._budget * len(self.keys) / max(rank, 1))

    def _matters(self, s: int) -> bool:
        if not self._tolerance:
            return True
        size = distance(self.profile, self._pooled, s)
        return size is None or size >= self._tolerance

    def _open(self, s: int, window: int, evidence: float) -> Transition:
        found, span = self._evidence.since(s)
        known = self._windows[-span:]
        first, low, high = (
            known[max(at - span, -len(known))] for at in (found.at, found.low, found.high)
        )
        series, direction = self._evidence.leading(s)
        towards = self._evidence.deviates(span - found.at)[:, series] * direction
        level = float(np.nanmean(towards)) if not np.isnan(towards).all() else 0.0
        recovery = Recovery(series, direction, level)
        change = self._effect(s, recovery)
        alarm = DriftAlarm(
            key=self.keys[s],
            since_window=first,
            since_low=low,
            since_high=high,
            raised_window=window,
            log10_evidence=math.log10(evidence),
            log10_threshold=self._log10_threshold(found=True),
            distance=distance(self.profile, self._pooled, s),
            effect=change,
            description=describe(self.keys[s], change, first),
        )
        self._alarms[s], self._recoveries[s] = alarm, recovery
        self._evidence.restart(s, drifted=span - found.at, forget_evidence=False)
        return (self.keys[s], "open", alarm)

    def _moved(self, s: int, alarm: DriftAlarm, window: int) -> bool:
        if (window - alarm.raised_window) % _UPDATE_EVERY:
            return False
        size = distance(self.profile, self._pooled, s)
        if size is None or alarm.distance is None:
            return size is not alarm.distance
        return not 1 / _UPDATE_FACTOR < (size + 1e-9) / (alarm.distance + 1e-9) < _UPDATE_FACTOR

    def _renewed(self, s: int, alarm: DriftAlarm, recovery: Recovery) -> DriftAlarm:
        change = self._effect(s, recovery)
        return replace(
            alarm,
            distance=distance(self.profile, self._pooled, s),
            effect=change,
            description=describe(self.keys[s], change, alarm.since_window),
        )

    def _effect(self, s: int, recovery: Recovery) -> Effect:
        score = self.profile.bank.scores[recovery.series]
        if score.name == "correlation":
            return correlation_effect(self.profile, self._pooled, score.level)
        rows = self._pooled.rows * (1 - _FORGET)
        inflation = max(float(self._evidence.spread[recovery.series]) ** 2 * rows, 1.0)
        return effect(self.profile, self._pooled, score, s, inflation)

    def _statuses(self, pooled: Pooled) -> tuple[StreamStatus, ...]:
        evidence = self._evidence.by_stream
        statuses = []
        for s, key in enumerate(self.keys):
            held = shares(self.profile, pooled, s)
            statuses.append(
                StreamStatus(
                    key=key,
                    distance=distance(self.profile, pooled, s),
                    missing=held.missing,
                    unseen=held.unseen,
                    out_of_range=held.out_of_range,
                    log10_evidence=math.log10(max(float(evidence[s]), 1e-300)),
                    log10_threshold=self._log10_threshold(found=self._alarms[s] is not None),
                    alarm=self._alarms[s],
                )
            )
        return tuple(statuses)

    def state(self) -> dict[str, Any]:
        """Return plain JSON types, numpy arrays and bytes, for `restore`."""
        waiting = self._waiting
        pooled = self._pooled
        return {
            "schema": _SCHEMA,
            "fingerprint": self.profile.total.fingerprint,
            "evidence": self._evidence.state(),
            "alarms": [None if alarm is None else alarm.to_json() for alarm in self._alarms],
            "recoveries": [None if r is None else r.state() for r in self._recoveries],
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
            "settings": [
                self._budget,
                self._regressors.season,
                self._tolerance,
            ],
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
        self._alarms = [
            None if alarm is None else DriftAlarm.from_json(key, alarm)
            for key, alarm in zip(keys, state["alarms"], strict=True)
        ]
        self._recoveries = [
            None if r is None else Recovery.restored(r) for r in state["recoveries"]
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
                alarm=alarm,
            )
            for key, (size, missing, unseen, out, evidence, threshold), alarm in zip(
                keys, state["streams"], self._alarms, strict=True
            )
        )
