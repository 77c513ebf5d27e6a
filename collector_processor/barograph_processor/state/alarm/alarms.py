"""The alarms of one model: raised once, latched, updated, resolved."""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec

from barograph_processor.signal import Alarm
from barograph_processor.state.alarm.phrases import opened

__all__ = ["AlarmBook", "AlarmChange", "AlarmKey", "alarm_id", "alarm_key", "key_of"]

AlarmKey = tuple[str, str | None, tuple[tuple[str, str], ...]]
"""Signal, feature, slice: under each there is at most one open alarm."""

_RESOLVED_KEPT = 1000


class AlarmChange(msgspec.Struct, frozen=True):
    """One step in an alarm's life.

    Attributes:
        change: What happened. ``settled`` is that it stayed away after it was resolved.
        window: The window in which it happened, from 0 after the reference.
        alarm: The alarm as it is since then.
    """

    change: Literal["open", "updated", "resolved", "settled"]
    window: int
    alarm: Alarm


def alarm_id(model: str, version: str, key: AlarmKey, raised: int) -> str:
    """Return an id that a replay of the same history gives again, 16 hex digits.

    Args:
        model: Model name.
        version: Model version.
        key: What the alarm is about.
        raised: What tells it from others about the same: its window, or when it was raised.
    """
    text = repr((model, version, key, raised))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class AlarmBook:
    """Open alarms by what they are about, and the last thousand resolved ones.

    What comes back within a few windows of its end goes on with the same incident, however
    often; one that stays away for longer is settled, and so is one that would have, had traffic
    not stopped. Grafana calls the time between "recovering", Prometheus ``keep_firing_for``.

    Not locked; its owner is.

    Args:
        hold_windows: The windows within which an alarm comes back to the same incident.
    """

    def __init__(self, *, hold_windows: int = 0) -> None:
        self.hold_windows = hold_windows
        self._open: dict[AlarmKey, Alarm] = {}
        self._held: dict[AlarmKey, tuple[int, Alarm]] = {}
        self._resolved: deque[Alarm] = deque(maxlen=_RESOLVED_KEPT)
        self.raised: dict[tuple[str, str], int] = {}

    @property
    def open(self) -> tuple[Alarm, ...]:
        """The alarms that are open now, oldest first."""
        return tuple(self._open.values())

    @property
    def resolved(self) -> tuple[Alarm, ...]:
        """The alarms that were resolved, in that order."""
        return tuple(self._resolved)

    @property
    def held(self) -> tuple[Alarm, ...]:
        """The resolved alarms that are not settled yet, in that order."""
        return tuple(alarm for _, alarm in self._held.values())

    def get(self, key: AlarmKey) -> Alarm | None:
        """Return the open alarm about this, if there is one."""
        return self._open.get(key)

    def raise_(self, key: AlarmKey, alarm: Alarm) -> AlarmChange:
        """Latch an alarm. One that is open already is updated, not raised again."""
        known = self._open.get(key)
        if known is not None:
            return self.update(key, alarm, window=alarm.raised_window)
        held = self._held.pop(key, None)
        if held is not None:
            incident = held[1].incident
            alarm = replace(alarm, back_in=replace(incident, openings=incident.openings + 1))
        alarm = _counted(alarm)
        self._open[key] = alarm
        kind = (alarm.signal, alarm.severity)
        self.raised[kind] = self.raised.get(kind, 0) + 1
        return AlarmChange("open", alarm.raised_window, alarm)

    def update(self, key: AlarmKey, alarm: Alarm, *, window: int) -> AlarmChange:
        """Replace what an open alarm says; its identity and its times stay.

        Raises:
            KeyError: No such alarm is open.
        """
        known = self._open[key]
        kept = replace(
            alarm,
            id=known.id,
            raised_ns=known.raised_ns,
            raised_window=known.raised_window,
            trace_ids=alarm.trace_ids or known.trace_ids,
            back_in=known.back_in,
        )
        kept = _counted(kept)
        self._open[key] = kept
        return AlarmChange("updated", window, kept)

    def resolve(
        self, key: AlarmKey, *, time_ns: int, window: int, sentence: str
    ) -> AlarmChange | None:
        """Close an alarm; None if none is open."""
        known = self._open.pop(key, None)
        if known is None:
            return None
        closed = replace(known, state="resolved", resolved_ns=time_ns, sentence=sentence)
        self._resolved.append(closed)
        self._held[key] = window, closed
        return AlarmChange("resolved", window, closed)

    def lapsed(self, before_ns: int) -> list[AlarmKey]:
        """Return of which alarms the end was seen by an event time, and no window since."""
        return [
            key
            for key, (_, alarm) in self._held.items()
            if alarm.resolved_ns is not None and alarm.resolved_ns <= before_ns
        ]

    def settle(self, window: int, *, before_ns: int | None = None) -> list[AlarmChange]:
        """End the incidents whose alarm stayed away until the end of a window.

        Of more than a thousand that are held, the oldest end earlier.

        Args:
            window: Its number.
            before_ns: No predictions come, so no window may ever end a hold: those end as well
                whose alarm ended by this event time.
        """
        hold = self.hold_windows
        over = [key for key, (end, _) in self._held.items() if window - end >= hold]
        if before_ns is not None:
            over += [key for key in self.lapsed(before_ns) if key not in over]
        rest = [key for key in self._held if key not in over]
        over += rest[: max(len(rest) - _RESOLVED_KEPT, 0)]
        return [AlarmChange("settled", window, self._held.pop(key)[1]) for key in over]

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "open": [msgspec.to_builtins(alarm) for alarm in self._open.values()],
            "resolved": [msgspec.to_builtins(alarm) for alarm in self._resolved],
            "held": [[end, msgspec.to_builtins(alarm)] for end, alarm in self._held.values()],
            "raised": [[*kind, count] for kind, count in self.raised.items()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._open = {}
        for plain in state["open"]:
            alarm = msgspec.convert(plain, Alarm)
            self._open[key_of(alarm)] = alarm
        self._resolved = deque(
            (msgspec.convert(plain, Alarm) for plain in state["resolved"]), maxlen=_RESOLVED_KEPT
        )
        self._held = {}
        for end, plain in state["held"]:
            alarm = msgspec.convert(plain, Alarm)
            self._held[key_of(alarm)] = end, alarm
        self.raised = {(signal, severity): n for signal, severity, n in state["raised"]}


def alarm_key(
    signal: str, feature: str | None = None, levels: Iterable[tuple[str, str]] = ()
) -> AlarmKey:
    """Return what an alarm is about; the order of a slice's dimensions is none."""
    return signal, feature, tuple(sorted(levels))


def _counted(alarm: Alarm) -> Alarm:
    """Say in an alarm's sentence how often it came back."""
    back = alarm.back_in
    if back is None:
        return alarm
    told = opened(back.openings, back.raised_ns)
    return replace(alarm, sentence=f"{alarm.sentence} {told}")


def key_of(alarm: Alarm) -> AlarmKey:
    """Return what an alarm is about."""
    return alarm_key(alarm.signal, alarm.feature, (alarm.slice or {}).items())
