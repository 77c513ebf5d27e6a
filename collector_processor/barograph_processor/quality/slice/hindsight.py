"""What slices would have shown of late, had they been watched."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.evidence import SliceEvidence
from barograph_processor.quality.slice.rest import design_effect, noise_of_rest, tolerated_risk
from barograph_processor.quality.slice.searched_inputs import KnownSlice
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["Hindsight"]


@dataclass(frozen=True, slots=True, eq=False)
class Hindsight:
    """Bets on labels that came already, as they would have been made.

    It says which of some slices is worth to be watched. It is no evidence: they were chosen
    by these very labels.

    Attributes:
        reference: Labels and losses of all in the reference.
        tolerance: Risk above that of the reference that is tolerated.
        most: What a bet on one window makes at most.
    """

    reference: SliceCounts
    tolerance: float
    most: float

    def evidence(
        self,
        known: Sequence[KnownSlice],
        inside: Sequence[Bools],
        losses: Floats,
        window: Ints,
    ) -> SliceEvidence:
        """Return the evidence of ``K`` slices after the last window.

        Args:
            known: What the reference knew of each.
            inside: Which labels are in each, of shape ``(n,)``.
            losses: Of the labels, each in ``[0, 1]``, shape ``(n,)``.
            window: That each came in, shape ``(n,)``.
        """
        found = SliceEvidence(len(known))
        if not known:
            return found
        numbers, of = np.unique(window, return_inverse=True)
        size = len(numbers)
        labels = np.array([np.bincount(of[rows], minlength=size) for rows in inside])
        lost = np.array([np.bincount(of[rows], losses[rows], minlength=size) for rows in inside])
        likely, bound, correlation = (
            np.array(values)
            for values in zip(*((k.risk, k.bound, k.correlation) for k in known), strict=True)
        )
        before = SliceCounts(
            np.array([each.labels for each in known]),
            np.array([each.losses for each in known]),
            self.reference.all_labels,
            self.reference.all_losses,
        )
        all_labels, all_losses = np.bincount(of).tolist(), np.bincount(of, losses).tolist()
        for at, number in enumerate(numbers.tolist()):
            now = SliceCounts(labels[:, at], lost[:, at], all_labels[at], all_losses[at])
            tau = tolerated_risk(likely, bound, now, before, tolerance=self.tolerance)
            phi = design_effect(now.labels, correlation) * noise_of_rest(now)
            labels_now = now.labels.astype(np.float64)
            found.update(labels_now, now.losses, tau, phi, window=number, most=self.most)
        return found
