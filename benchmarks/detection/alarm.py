"""An alarm, as every detector of the benchmark reports it."""

from dataclasses import dataclass

__all__ = ["Alarm"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm at a live window, counted from 0.

    Attributes:
        window: In which it was raised, or changed its state.
        feature: None for all inputs together.
        state: ``open``, ``updated`` or ``resolved``.
        since: The window in which the detector thinks that it began.
    """

    window: int
    feature: str | None
    state: str
    since: int
