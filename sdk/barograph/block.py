"""The manual form: a block of code as one prediction."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from barograph import semconv, telemetry
from barograph.arguments import Arguments
from barograph.call import Call
from barograph.capture import Capture
from barograph.current_prediction import CurrentPrediction
from barograph.fast_call import FastCall, Starter
from barograph.inputs import InputWriter
from barograph.site import Site

__all__ = ["Prediction", "prediction"]

# A block is watched as a call of a function that takes these beside its features.
_ID = "\0id"
_TIME = "\0time"
_SLICE = "\0slice."
_MAX_STARTERS = 256


def _block(**features: Any) -> None:
    """Stand for a block of code: what a block is given are this function's arguments."""


_arguments = Arguments(_block)
_starters: dict[tuple[Any, ...], Starter] = {}


class Prediction(CurrentPrediction):
    """A prediction in progress, made by `barograph.prediction`.

    A context manager, to be entered once. Its methods never raise. Owned by one thread or task.
    """

    def __init__(self, starter: Starter, given: dict[str, Any]) -> None:
        super().__init__()
        self._starter = starter
        self._given = given
        self._call: FastCall | Call | None = None
        self._result: Any = None
        self._stated: dict[str, Any] | None = None

    def input(self, **features: Any) -> None:
        """Add features that became known inside the block."""
        call = self._call
        if call is None or call.runtime.capture is Capture.OFF or not call.recording:
            return
        try:
            writer = InputWriter(
                call.runtime.redactor, call.runtime.capture, generation=call.site.generation
            )
            for key, value in writer.write(features).items():
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
        self._stated = None
        if summaries or not (value is label is confidence is None):
            self._stated = {"value": value, "label": label, "confidence": confidence, **summaries}

    def __enter__(self) -> Self:
        self._call = self._starter.start((), self._given)
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
        if error is not None:
            call.fail(error)
        else:
            call.finish(self._result, self._stated)


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
    given = dict(features) if features else {}
    names = tuple(given)
    if id is not None:
        given[_ID] = id
    if time is not None:
        given[_TIME] = time
    for name, value in slices.items() if slices else ():
        given[f"{_SLICE}{name}"] = value
    options = (model, version, task, positive, type(positive), threshold, holdout, review)
    look: tuple[Any, ...] = (*options, len(names), tuple(given))
    try:
        starter = _starters.get(look)
    except TypeError:  # an option that cannot be looked up, which may be fine all the same
        starter, look = None, ()
    if starter is None:
        site = Site(
            model=model,
            version=version,
            task=task,
            features=names,
            id=None if id is None else _ID,
            slices={name: f"{_SLICE}{name}" for name in slices or ()},
            time=None if time is None else _TIME,
            positive=positive,
            threshold=threshold,
            holdout=holdout,
            review=review,
        )
        starter = Starter(site, _arguments)
        if look and len(_starters) < _MAX_STARTERS:
            _starters[look] = starter
    return Prediction(starter, given)
