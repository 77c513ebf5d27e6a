"""An alarm from the window that raises it to the one that resolves it."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from barograph_processor.drift.alarm import DriftAlarm, Effect
from barograph_processor.drift.evidence import Evidence
from barograph_processor.drift.pooled import FORGET, Pooled
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.recovery import Recovery
from barograph_processor.drift.score import Score
from barograph_processor.drift.sentence import describe
from barograph_processor.drift.stream import StreamKey
from barograph_processor.drift.summary import correlation_effect, effect, gone_level

__all__ = ["Latch", "Recent"]

_UPDATE_FACTOR = 1.5
_UPDATE_EVERY = 5
_SUDDEN = 2
_MOST = 0.5
_UNDIRECTED = frozenset({"shape", "trend"})


@dataclass(frozen=True, slots=True, eq=False)
class Recent:
    """What is known after a window.

    Attributes:
        profile: The reference.
        evidence: Of all streams.
        pooled: Counts of the last few windows.
        newest: Those of the newest.
        windows: Numbers of the last windows that were judged, the newest last.
    """

    profile: ReferenceProfile
    evidence: Evidence
    pooled: Pooled
    newest: Pooled
    windows: list[int]

    def distance(self, stream: int) -> float | None:
        """Return the effect size of a stream over the last few windows."""
        now = self.profile.bank.correlations(self.pooled)
        size = float(self.profile.comparison.distances(self.pooled, now)[stream])
        return None if math.isnan(size) else size

    def watched(
        self, stream: int, leading: int, direction: float, windows: int
    ) -> tuple[int, float, float]:
        """Return the series by which recovery is judged, its direction, and its mean in it.

        That is the leading one, or where that is the shape or the trend, the series that
        moved most: a chi-square has no direction, and goes up and down with the season around
        a shift; a trend says how steady the direction is, not how far away the stream is.

        Args:
            stream: The stream.
            leading: Its series with the most evidence.
            direction: In which that one went.
            windows: How many windows ago the change began, at least 1.
        """
        deviates = np.nan_to_num(self.evidence.deviates(windows)).mean(axis=0)
        scores = self.profile.bank.scores
        if scores[leading].name not in _UNDIRECTED:
            return leading, direction, direction * float(deviates[leading])
        own = [
            j
            for j in np.flatnonzero(self.evidence.owner == stream).tolist()
            if scores[j].name not in _UNDIRECTED
        ]
        most = own[int(np.abs(deviates[own]).argmax())]
        return most, 1.0 if deviates[most] >= 0 else -1.0, abs(float(deviates[most]))

    def effect(self, stream: int, series: int, windows: float = math.inf) -> Effect:
        """Return what changed in one series of a stream.

        Args:
            stream: The stream.
            series: The series.
            windows: How many windows ago the change began: at most two and it is told of the
                newest, since the windows of before would dilute it by a quarter or more.
        """
        score = self.profile.bank.scores[series]
        if score.name == "correlation":
            return correlation_effect(self.profile, self.pooled, score.level)
        rows = self.pooled.rows * (1 - FORGET)
        inflation = max(float(self.evidence.spread[series]) ** 2 * rows, 1.0)
        stopped = self._stopped(stream, score, inflation)
        # What stops does so from one row to the next: it is told of the newest however long ago.
        newest = stopped is not None or windows <= _SUDDEN
        counts = self.newest if newest else self.pooled
        return effect(self.profile, counts, stopped or score, stream, inflation)

    def _stopped(self, stream: int, score: Score, inflation: float) -> Score | None:
        """Return what is told where what came does not any more; None where it still does.

        Args:
            stream: The stream.
            score: Of the series that has the evidence.
            inflation: Variance of a window's mean relative to independent rows, at least 1.
        """
        if self.profile.comparison.shares(self.newest).broken[stream]:
            return self._unlike(stream) or score
        if score.name == "missing":
            return score
        if score.name == "new":
            return None
        return gone_level(self.profile, self.newest, stream, inflation)

    def _unlike(self, stream: int) -> Score | None:
        """Return what most rows of the newest window are: missing or new; None if neither."""
        shares = self.profile.comparison.shares(self.newest)
        missing, new = float(shares.missing[stream]), float(shares.unseen[stream])
        name = "missing" if missing >= new else "new"
        own = np.flatnonzero(self.evidence.owner == stream).tolist()
        scores = (self.profile.bank.scores[j] for j in own if max(missing, new) > _MOST)
        return next((score for score in scores if score.name == name), None)


@dataclass(slots=True, eq=False)
class Latch:
    """An alarm, and the bets that the drift is over."""

    alarm: DriftAlarm
    recovery: Recovery

    @classmethod
    def close(
        cls, recent: Recent, stream: int, *, log10_evidence: float, log10_threshold: float
    ) -> tuple["Latch", int]:
        """Raise an alarm.

        Returns:
            The latch, and how many of the last windows had drifted.
        """
        found, span = recent.evidence.since(stream)
        known = recent.windows[-span:]
        first, low, high = (
            known[max(at - span, -len(known))] for at in (found.at, found.low, found.high)
        )
        series, direction = recent.evidence.leading(stream)
        watched = recent.watched(stream, series, direction, span - found.at)
        series = watched[0]
        change = recent.effect(stream, series, span - found.at)
        key = recent.profile.bank.keys[stream]
        alarm = DriftAlarm(
            key=key,
            since_window=first,
            since_low=low,
            since_high=high,
            raised_window=recent.windows[-1],
            log10_evidence=log10_evidence,
            log10_threshold=log10_threshold,
            distance=recent.distance(stream),
            effect=change,
            description=describe(key, change, first),
        )
        return cls(alarm, Recovery(*watched)), span - found.at

    def update(self, recent: Recent, stream: int) -> str | None:
        """Take a window; return ``resolved``, ``updated`` if the effect moved much, or None.

        Much is more than its interval allowed for when it was told last.
        """
        series = self.recovery.series
        self.recovery.update(float(recent.evidence.deviates(1)[0, series]))
        if self.recovery.recovered:
            return "resolved"
        if (recent.windows[-1] - self.alarm.raised_window) % _UPDATE_EVERY:
            return None
        size = recent.distance(stream)
        change, told = recent.effect(stream, series), self.alarm.effect
        if told.tells(change) or not _moved(self.alarm.distance, size):
            return None
        self.alarm = replace(
            self.alarm,
            distance=size,
            effect=change,
            description=describe(self.alarm.key, change, self.alarm.since_window),
        )
        return "updated"

    def state(self) -> dict[str, Any]:
        """Return what `restored` takes."""
        return {"alarm": self.alarm.to_json(), "recovery": self.recovery.state()}

    @classmethod
    def restored(cls, key: StreamKey, state: dict[str, Any]) -> "Latch":
        """Continue where `state` was taken."""
        alarm = DriftAlarm.from_json(key, state["alarm"])
        return cls(alarm, Recovery.restored(state["recovery"]))


def _moved(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is not now
    return abs(math.log((now + 1e-9) / (before + 1e-9))) > math.log(_UPDATE_FACTOR)
