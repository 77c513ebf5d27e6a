"""The prediction in progress, as the code that makes it sees it."""

from collections.abc import Sequence
from typing import Any, Protocol

from barograph import semconv, telemetry
from barograph.batch_outputs import confidences_of
from barograph.column import Array
from barograph.current_context import CALL_KEY, get_current
from barograph.details import Details
from barograph.holdout import held_out, rows_held_out
from barograph.outputs import confidence_of
from barograph.reference import PredictionRef
from barograph.site import Site

__all__ = ["CurrentPrediction", "Ongoing", "current_prediction"]


class Ongoing(Protocol):
    """A call in progress."""

    @property
    def site(self) -> Site:
        """What is known about the model."""

    @property
    def ref(self) -> PredictionRef:
        """The prediction's name for late facts."""

    @property
    def details(self) -> Details:
        """What is known of the call before its result."""

    @property
    def recording(self) -> bool:
        """Whether the call is sent."""

    def note(self, key: str, value: Any) -> None:
        """Add an attribute that is ready to be sent."""


class CurrentPrediction:
    """What code inside of a call may ask and say about its prediction. Its methods never raise.

    Args:
        call: The call in progress; None if there is none, or it is not watched.
    """

    def __init__(self, call: Ongoing | None = None) -> None:
        self._call = call

    @property
    def ref(self) -> PredictionRef | None:
        """The prediction's name for late facts; None if there is none, or it is not watched."""
        return None if self._call is None else self._call.ref

    @property
    def holdout(self) -> bool:
        """Whether this call is in the random hold-out, and to be served without the model.

        Drawn by the prediction's id, so asking again gives the same answer. Asking is what
        makes the call part of the experiment: only then is `barograph.holdout` sent. Always
        False without a rate, in a call that is not sent, and in a batch: ask `holdouts` there.
        """
        call = self._call
        if call is None or not call.site.holdout or call.site.batch or not call.recording:
            return False
        held = held_out(call.site.model, call.ref.id, call.site.holdout)
        call.note(semconv.HOLDOUT, held)
        return held

    @property
    def holdouts(self) -> list[bool]:
        """For each row of a batch, whether it is in the hold-out; empty if there is no table."""
        call = self._call
        if call is None or not call.site.batch:
            return [self.holdout]
        batch = call.details.batch
        if batch is None:
            return []
        if not call.site.holdout or not call.recording:
            return [False] * batch.total
        site, name = call.site, call.ref.id
        held = rows_held_out(site.model, name, site.holdout, batch.total)
        keys = call.details.attributes.get(semconv.PREDICTION_ID)
        if keys and batch.step == 1:
            held = [
                held_out(site.model, key, site.holdout) if key else drawn
                for key, drawn in zip(keys, held, strict=True)
            ]
        call.note(semconv.HOLDOUT, held[batch.offset :: batch.step])
        return held

    def review(self, propensity: float | Sequence[float]) -> None:
        """State the probability with which this prediction is sent to human review.

        Args:
            propensity: In [0, 1]; of a batch one for all rows, or one a row.
        """
        call = self._call
        if call is None or not call.recording:
            return
        try:
            found = propensity_of(propensity, call.details)
        except Exception as error:  # noqa: BLE001  # a hostile value
            telemetry.failed("review", error)
            return
        if found is None:
            telemetry.failed("review", ValueError("a propensity is in [0, 1]"))
        else:
            call.note(semconv.REVIEW_PROPENSITY, found)


def propensity_of(value: Any, details: Details) -> float | Array | None:
    """Return a propensity as it is sent, of a batch perhaps one a row; None if it is none."""
    single = confidence_of(value)
    if single is not None or details.batch is None:
        return single
    return confidences_of(value, details.batch)


def current_prediction() -> CurrentPrediction:
    """Return the prediction that the code which asks is part of.

    Outside of any, or where watching is switched off, it is one that is not watched: without a
    reference, and never held out.

    Examples:
        >>> current_prediction().holdout
        False
    """
    call: Any = get_current().get(CALL_KEY)
    return CurrentPrediction(call)
