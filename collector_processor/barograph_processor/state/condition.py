"""The one word for how a model does, and the reasons for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from barograph_processor.signal import Alarm
from barograph_processor.state.alarm.phrases import abnormal, moment

__all__ = ["Condition", "Sight", "assess"]


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen of a model at all.

    Attributes:
        reference_rows: Rows of the reference so far.
        reference_wanted: Rows that it needs, None if it ends at a time.
        learnt: The reference is complete.
        judged_by: ``label``, ``evaluation`` where no label ever came; None before either.
        windows_since_label: Windows closed since the last of these; None if there was none.
        patience: Windows without a label after which quality counts as unknown.
        ahead_ns: Newest event time, if predictions come too late for a window because of it.
    """

    reference_rows: int
    reference_wanted: int | None
    learnt: bool
    judged_by: str | None
    windows_since_label: int | None
    patience: int = 20
    ahead_ns: int | None = None

    def blindness(self) -> tuple[str, ...]:
        """Return what cannot be seen, one sentence each; empty if all can."""
        if not self.learnt:
            wanted = "" if self.reference_wanted is None else f" of {self.reference_wanted:,}"
            return (f"the reference is still being learnt ({self.reference_rows:,}{wanted} rows)",)
        if self.judged_by is None:
            return ("no label has arrived yet, so quality is not known",)
        since = self.windows_since_label
        if since is not None and since > self.patience:
            return (
                f"no {self.judged_by} has arrived for {since} windows, so quality is not known",
            )
        return ()

    def behind(self) -> tuple[str, ...]:
        """Return that predictions are in no window, as a sentence, if that is so."""
        if self.ahead_ns is None:
            return ()
        reason = (
            f"predictions are in no window: one came of {moment(self.ahead_ns)}, and those "
            "since are too far behind it. Is a clock wrong?"
        )
        return (reason,)


@dataclass(frozen=True, slots=True)
class Condition:
    """A state of the catalog's ``STATES`` and why.

    Attributes:
        state: healthy, watch, drifting, degraded, silent_degradation or blind.
        reasons: Sentences, the weightiest first; empty only when healthy.
    """

    state: str
    reasons: tuple[str, ...]


def assess(
    open_alarms: Iterable[Alarm],
    operations: Mapping[str, str],
    sight: Sight,
    *,
    remarks: Sequence[str] = (),
) -> Condition:
    """Weigh alarms, operations and blindness against each other.

    Harm outranks everything. It is silent while latency, errors and traffic
    look normal, because then nothing else would tell. A change of the outputs
    outranks blindness, blindness outranks a change of the inputs alone.

    Args:
        open_alarms: The model's open alarms.
        operations: ``normal``, ``high``, ``low`` or ``unknown`` by figure.
        sight: What can be seen.
        remarks: Promises of quality that are surely not kept.
    """
    alarms = list(open_alarms)
    harm = [alarm.sentence for alarm in alarms if alarm.severity == "page"]
    tickets = [a.sentence for a in alarms if a.severity == "ticket" and a.signal != "blind"]
    # A part of the traffic that is gone leaves the rest to be seen.
    parts = [a.sentence for a in alarms if a.signal == "blind" and a.slice is not None]
    notes = [*parts, *(a.sentence for a in alarms if a.severity == "note")]
    unseen = [a.sentence for a in alarms if a.signal == "blind" and a.slice is None]
    told = any(alarm.feature == "labels" for alarm in alarms if alarm.signal == "blind")
    blind = [*unseen, *sight.behind(), *(() if told else sight.blindness())]
    odd = abnormal(operations)
    reasons: Sequence[str] = [*harm, *remarks, *tickets, *blind, *notes, *odd]
    if harm:
        state = "degraded" if odd else "silent_degradation"
    elif tickets:
        state = "drifting"
    elif blind:
        state = "blind"
    elif notes or odd or remarks:
        state = "watch"
    else:
        state = "healthy"
    return Condition(state, tuple(reasons))
