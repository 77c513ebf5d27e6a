"""One human sentence for a drift alarm."""

from barograph_processor.drift.alarm import Effect
from barograph_processor.drift.stream import StreamKey

__all__ = ["describe", "range_title", "subject"]

_SUBJECTS = {
    "prediction.drift": "the prediction",
    "confidence.drift": "the confidence",
    "input.drift": "the inputs",
}


def describe(key: StreamKey, effect: Effect, since_window: int) -> str:
    """Return what changed as a sentence without a full stop.

    Examples:
        >>> describe(
        ...     StreamKey("input.drift", "income"), Effect("mean", None, 3.2, 2.5, 2.4, 2.6), 20
        ... )
        'the mean of income fell from 3.2 to 2.5 (95% 2.4 to 2.6) since window 20'
    """
    name = subject(key)
    if effect.kind == "correlation":
        what = f"the rank correlation of {effect.subject}"
    elif effect.kind == "mean":
        what = f"the mean of {name}"
    elif effect.kind == "spread":
        what = f"the standard deviation of {name}"
    elif effect.kind == "range":
        what = f"the share of {name} {range_title(effect)}"
    elif effect.kind == "missing":
        what = f"the share of missing values of {name}"
    elif effect.kind == "outside":
        what = f"the share of {name} beyond its constant value"
    else:
        what = f"the share of {effect.subject} in {name}"
    verb = "rose" if effect.now > effect.before else "fell"
    return (
        f"{what} {verb} from {_number(effect.before)} to {_number(effect.now)} "
        f"(95% {_number(effect.low)} to {_number(effect.high)}) since window {since_window}"
    )


def range_title(effect: Effect) -> str:
    """Return which numbers a range holds.

    >>> range_title(Effect("range", None, 0.1, 0.2, 0.18, 0.22, above=2.0, up_to=3.0))
    'above 2 and up to 3'
    >>> range_title(Effect("range", None, 0.1, 0.2, 0.18, 0.22, up_to=3.0))
    'up to 3'
    """
    above = None if effect.above is None else f"above {_number(effect.above)}"
    up_to = None if effect.up_to is None else f"up to {_number(effect.up_to)}"
    return " and ".join(filter(None, (above, up_to)))


def subject(key: StreamKey) -> str:
    """Return what a stream is of, as people would name it."""
    return key.feature if key.feature is not None else _SUBJECTS.get(key.signal, key.signal)


def _number(value: float) -> str:
    return f"{value:.4g}"
