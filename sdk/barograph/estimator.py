"""Estimators in the style of scikit-learn, under watch."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from barograph import semconv
from barograph.column import as_category
from barograph.observed import ObservedObject
from barograph.scalar import scalar
from barograph.selection import Features, Review, Selector, Slices
from barograph.site import Site
from barograph.watch import watch_function

__all__ = ["Instrumented", "instrument"]

E = TypeVar("E")
METHODS = ("predict_proba", "predict")
_CHAINED = ("fit", "partial_fit", "set_params", "set_output")
_FITTED = ("classes_", "feature_names_in_")


class Instrumented(ObservedObject):
    """An estimator whose predictions are watched. In all else it is the estimator itself.

    The estimator is not changed: its own methods, called by itself or by a pipeline around it,
    run as before. Pickles and copies as a watched estimator.
    """

    def __init__(self, estimator: Any, options: Mapping[str, Any]) -> None:
        super().__init__(estimator, Instrumented, (dict(options),))
        self._self_methods: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        (options,) = self._self_options
        method = getattr(self.__wrapped__, name)
        if name not in options["methods"]:
            return self._self_chained(method) if name in _CHAINED else method
        # Fitted anew, the estimator has other classes and columns.
        fitted = [getattr(self.__wrapped__, known, None) for known in _FITTED]
        watched, before = self._self_methods.get(name, (None, ()))
        if watched is None or any(a is not b for a, b in zip(fitted, before, strict=True)):
            watched = watch_function(method, _site(self.__wrapped__, options))
            self._self_methods[name] = (watched, fitted)
        return watched

    def _self_chained(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method that returns its estimator, so that it returns the watched one."""

        @functools.wraps(method)
        def chained(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return self if result is self.__wrapped__ else result

        return chained


def instrument(
    estimator: E,
    *,
    model: str | None = None,
    version: str = semconv.UNVERSIONED,
    task: str | None = None,
    methods: Sequence[str] = METHODS,
    features: Features | None = None,
    id: Selector | None = None,  # noqa: A002  # what it is called on the wire
    slices: Slices | None = None,
    time: Any = None,
    positive: Any = None,
    threshold: float | None = None,
    review: Review = None,
) -> E:
    """Return `estimator` with its predictions watched as batches.

    Works with scikit-learn and whatever looks like it: a `predict` or `predict_proba` that takes
    a table and returns one prediction a row. Class names and feature names are the estimator's.

    Args:
        estimator: A fitted estimator, or one to be fitted later. It is not changed.
        model: The model's name; by default that of the estimator's class.
        version: The model's version.
        task: By default `regression`, or for a classifier `binary` or `multiclass`.
        methods: The methods to watch.
        features: Names of the columns; by default those the estimator was fitted with.
        id: Name of the column, or a callable given the method's arguments.
        slices: As for `barograph.observe`.
        time: As for `barograph.observe`.
        positive: The positive class of a binary classifier; by default its second class.
        threshold: As for `barograph.observe`.
        review: As for `barograph.observe`.

    Raises:
        ValueError: An option is out of range.
    """
    options: dict[str, Any] = {
        "model": model if model is not None else type(estimator).__name__,
        "version": version,
        "task": task,
        "features": features,
        "id": id,
        "slices": slices,
        "time": time,
        "positive": positive,
        "threshold": threshold,
        "review": review,
        "methods": tuple(methods),
    }
    Site(**{name: value for name, value in options.items() if name != "methods"})
    return Instrumented(estimator, options)  # type: ignore[return-value]  # a proxy of it


def _site(estimator: Any, options: Mapping[str, Any]) -> Site:
    """Complete the options with what the fitted estimator knows."""
    classes = _names(getattr(estimator, "classes_", None))
    known = {name: value for name, value in options.items() if name != "methods"}
    if known["task"] is None:
        known["task"] = _task(estimator, classes)
    if known["task"] == "binary" and known["positive"] is None and len(classes) == 2:  # noqa: PLR2004  # binary
        known["positive"] = classes[1]
    if known["features"] is None:
        known["features"] = _names(getattr(estimator, "feature_names_in_", None)) or None
    return Site(batch=True, classes=classes, **known)


def _names(values: Any) -> tuple[str, ...]:
    """A one-dimensional array of classes or columns as names; empty for anything else."""
    if values is None or not hasattr(values, "tolist"):
        return ()
    plain = [scalar(value) for value in values.tolist()]
    return tuple(as_category(value) for value in plain if value is not None)


def _task(estimator: Any, classes: tuple[str, ...]) -> str:
    if classes:
        return "binary" if len(classes) == 2 else "multiclass"  # noqa: PLR2004  # binary
    return "multiclass" if hasattr(estimator, "predict_proba") else "regression"
