"""Harm that is told once and lasts until recovery is: what several monitors have in common."""

import math

from barograph_processor.sequential.shiryaev_roberts import ShiryaevRoberts

__all__ = ["Latch"]


class Latch:
    """Harmed from when one e-detector alarms until another does; at each turn both start anew.

    To be derived from by monitors, which make the bets.

    State: that of both detectors. Not locked: one writer.

    Args:
        onset: Takes the bets while there is no harm.
        recovery: Takes them while there is.
    """

    def __init__(self, onset: ShiryaevRoberts, recovery: ShiryaevRoberts) -> None:
        self.harmed = False
        self._onset = onset
        self._return = recovery

    @property
    def log10_evidence(self) -> float:
        """Of harm while unharmed, of recovery while harmed; at least -300."""
        return self._deciding.log10_evidence

    @property
    def log10_threshold(self) -> float:
        """What that evidence has to reach."""
        return math.log10(self._deciding.threshold)

    @property
    def _deciding(self) -> ShiryaevRoberts:
        return self._return if self.harmed else self._onset

    def _turn(self) -> None:
        self.harmed = not self.harmed
        self._onset.reset()
        self._return.reset()
