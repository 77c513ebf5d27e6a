"""How slices stand, and what changed of that."""

from dataclasses import dataclass
from typing import Literal

from barograph_processor.quality.slice.layout import SliceKey

__all__ = ["SliceStatus", "SliceTransition"]


@dataclass(frozen=True, slots=True)
class SliceStatus:
    """How one slice stands.

    Attributes:
        key: The slice.
        risk: Share of its labels lost over the last few windows, the latest weighing most; of
            a slice under an alarm over those since its harm began.
        low: Lower end of a 95% interval of it.
        high: Its upper end.
        rest: The same share of all other labels; None if there are none.
        tolerated: What its risk may be, given how the rest does now.
        reference: Its risk in the reference; None if that did not hold it.
        labels: Labels that ``risk`` rests on.
        share: That of all labels in the last window.
        log10_evidence: That it does worse than is tolerated; at least -300.
        log10_threshold: At which an alarm is raised.
        harmed: Whether it is under an alarm.
        came_ns: Event time of its first labelled prediction, if the reference did not hold it.
        proposed: Whether nobody registered it: it was found in the inputs.
    """

    key: SliceKey
    risk: float
    low: float
    high: float
    rest: float | None
    tolerated: float
    reference: float | None
    labels: float
    share: float
    log10_evidence: float
    log10_threshold: float
    harmed: bool
    came_ns: int | None = None
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class SliceTransition:
    """A slice began, or ceased, to be harmed more than the rest.

    Attributes:
        kind: Which of both.
        status: How it stands.
        since_window: The window in which the harm began.
        alike: Slices of other dimensions that hold the same predictions.
    """

    kind: Literal["open", "resolved"]
    status: SliceStatus
    since_window: int
    alike: tuple[SliceKey, ...] = ()
