"""The decorator."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

from barograph import semconv
from barograph.selection import Features, Review, Selector, Slices
from barograph.site import Site
from barograph.watch import watch

__all__ = ["observe"]

F = TypeVar("F")


@overload
def observe(function: F, /) -> F: ...


@overload
def observe(
    *,
    model: str | None = None,
    version: str = semconv.UNVERSIONED,
    task: str | None = None,
    batch: bool = False,
    features: Features | None = None,
    output: str | Sequence[str] | Callable[[Any], Any] | None = None,
    id: Selector | None = None,
    slices: Slices | None = None,
    time: Any = None,
    positive: Any = None,
    threshold: float | None = None,
    classes: Sequence[Any] = (),
    holdout: float = 0.0,
    review: Review = None,
) -> Callable[[F], F]: ...


def observe(
    function: Any = None,
    /,
    *,
    model: str | None = None,
    version: str = semconv.UNVERSIONED,
    task: str | None = None,
    batch: bool = False,
    features: Features | None = None,
    output: str | Sequence[str] | Callable[[Any], Any] | None = None,
    id: Selector | None = None,  # noqa: A002  # what it is called on the wire
    slices: Slices | None = None,
    time: Any = None,
    positive: Any = None,
    threshold: float | None = None,
    classes: Sequence[Any] = (),
    holdout: float = 0.0,
    review: Review = None,
) -> Any:
    """Turn every call of a model into a span with its inputs and its prediction.

    Works bare and with arguments, on functions, coroutines, generators, async generators,
    methods, callable objects, and above or below `classmethod` and `staticmethod`. What it
    returns has the same signature, `__wrapped__`, and pickles as the original does. It never
    changes a result and never raises into a call.

    Args:
        function: The callable, when used bare.
        model: The model's name; by default the function's.
        version: The model's version.
        task: `binary`, `multiclass`, `regression`, `ranking`, `embedding` or `generation`. It
            says what an ambiguous result means: a float, a string, a vector.
        batch: One call is many predictions: the argument is a data frame, an array, or a list.
        features: Names of arguments or of their fields, or a callable given the arguments that
            returns a dict. For an array without column names: the names of its columns.
        output: Where in the result the prediction is: a field's name, or a callable.
        id: The application's own key of a prediction: a name, or a callable.
        slices: What quality is broken down by: names, a dict of names or callables, or a
            callable that returns a dict.
        time: When the event took place, if not now: a name, a callable, a datetime, or seconds
            since the epoch.
        positive: The positive class of a binary model.
        threshold: Probability from which a binary model decides for the positive class.
        classes: Names of the classes, in the order of a vector of probabilities.
        holdout: Share of the predictions to be made without the model, in [0, 1]; the function
            asks `barograph.current_prediction().holdout` whether this is one of them.
        review: Probability with which the prediction is sent to human review: a number, the
            name of the result's field that holds it, or a callable given the result.

    Raises:
        ValueError: At decoration, if an option is out of range.
        TypeError: At decoration, if what is decorated is a class or cannot be called.

    Examples:
        >>> @observe(model="fraud", task="binary", id="order")
        ... def predict(order: str, amount: float) -> float:
        ...     return 0.25
        >>> predict("order-17", 99.5)
        0.25
    """

    def decorate(target: Any) -> Any:
        inner = target.__func__ if isinstance(target, (classmethod, staticmethod)) else target
        site = Site(
            model=model if model is not None else _name_of(inner),
            version=version,
            task=task,
            batch=batch,
            features=features,
            output=output,
            id=id,
            slices=slices,
            time=time,
            positive=positive,
            threshold=threshold,
            classes=tuple(map(str, classes)),
            holdout=holdout,
            review=review,
        )
        return watch(target, site)

    return decorate if function is None else decorate(function)


def _name_of(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]
