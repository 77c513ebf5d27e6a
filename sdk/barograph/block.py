"""The manual form: a block of code as one prediction."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from barograph import semconv, telemetry
from barograph.call import Call
from barograph.capture import Capture
from barograph.current_prediction import CurrentPrediction
from barograph.details import Details, identity_of, write_slices
from barograph.event_time import event_time
from barograph.inputs import InputWriter
from barograph.opening import open_call
from barograph.runtime import Runtime
from barograph.site import Site

__all__ = ["Prediction", "prediction"]


class Prediction(CurrentPrediction):
    """A prediction in progress, made by `barograph.prediction`.

    A context manager, to be entered once. Its methods never raise. Owned by one thread or task.
    """

    def __init__(
        self,
        site: Site,
        features: Mapping[str, Any],
        slices: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self._site = site
        self._features = features
        self._slices = slices
        self._call: Call | None = None
        self._result: Any = None
        self._stated: dict[str, Any] = {}

    def input(self, **features: Any) -> None:
        """Add features that became known inside the block."""
        call = self._call
        if call is None or call.runtime.capture is Capture.OFF or not call.recording:
            return
        try:
            for key, value in self._written(call.runtime, features).items():
                call.note(key, value)
        except Exception as error:  # noqa: BLE001  # a hostile value
            telemetry.failed("input", error)

    def output(
        self,
        result: Any = None,
        *,
        value: float | None = None,
        label: Any = None,
        confidence: float | None = None,
        **summaries: Any,
    ) -> None:
        """State the prediction; a second call replaces what the first one stated.

        Args:
            result: Anything that `barograph.observe` understands as a result.
            value: A quantity, or the probability of the positive class.
            label: The chosen class.
            confidence: In [0, 1].
            summaries: Numbers about the output.
        """
        self._result = result
        self._stated = {"value": value, "label": label, "confidence": confidence, **summaries}

    def __enter__(self) -> Self:
        self._call = open_call(self._site, self._describe)
        if self._call is not None:
            self._call.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        call = self._call
        if call is None:
            return
        call.leave()
        if error is not None:
            call.fail(error)
        else:
            call.finish(self._result, self._stated)

    def _describe(self, runtime: Runtime, *, kept: bool) -> Details:
        details = Details(prediction_id=identity_of(self._site.id, runtime))
        if kept:
            written = event_time(self._site.time)
            if written is not None:
                details.attributes[semconv.EVENT_TIME] = written
            write_slices(details.attributes, dict(self._slices), runtime)
            if runtime.capture is not Capture.OFF:
                details.attributes.update(self._written(runtime, self._features))
        return details

    def _written(self, runtime: Runtime, features: Mapping[str, Any]) -> dict[str, Any]:
        writer = InputWriter(runtime.redactor, runtime.capture, generation=self._site.generation)
        return writer.write(dict(features))


def prediction(
    *,
    model: str,
    version: str = semconv.UNVERSIONED,
    task: str | None = None,
    id: str | int | None = None,  # noqa: A002  # what it is called on the wire
    features: Mapping[str, Any] | None = None,
    slices: Mapping[str, Any] | None = None,
    time: Any = None,
    positive: Any = None,
    threshold: float | None = None,
    holdout: float = 0.0,
    review: float | None = None,
) -> Prediction:
    """Return a block that is one prediction, where no single function is.

    Args:
        model: The model's name.
        version: The model's version.
        task: As for `barograph.observe`.
        id: The application's own key of the prediction.
        features: Inputs by name.
        slices: What quality is broken down by.
        time: When the event took place, if not now.
        positive: The positive class of a binary model.
        threshold: Probability from which a binary model decides for the positive class.
        holdout: Share of the predictions to be made without the model, in [0, 1]; `p.holdout`
            says whether this is one of them.
        review: Probability with which the prediction is sent to human review.

    Raises:
        ValueError: An option is out of range.

    Examples:
        >>> with prediction(model="gpt-x", task="generation") as p:
        ...     p.output("It will rain.", confidence=0.8)
    """
    site = Site(
        model=model,
        version=version,
        task=task,
        id=id,  # type: ignore[arg-type]  # here the key itself
        time=time,
        positive=positive,
        threshold=threshold,
        holdout=holdout,
        review=review,
    )
    return Prediction(site, features or {}, slices or {})
