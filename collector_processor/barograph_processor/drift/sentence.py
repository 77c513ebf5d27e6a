"""One human sentence for a drift alarm."""

from barograph_processor.drift.alarm import Effect
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.written import to_interval, written

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
        'the mean of income fell from 3.20 to 2.50 (95% 2.40 to 2.60) since window 20'
        >>> describe(
        ...     StreamKey("input.drift", "grade"), Effect("share", "a", 0.331, 0.0, 0.0, 0.0), 20
        ... )
        'a, which was 33.1% of grade, no longer comes since window 20'
    """
    name = subject(key)
    if effect.gone:
        return (
            f"{effect.subject}, which was {effect.before:.1%} of {name}, no longer comes "
            f"since window {since_window}"
        )
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
        what = f"the share of {name} that is not {effect.subject}"
    else:
        what = f"the share of {effect.subject} in {name}"
    verb = "rose" if effect.now > effect.before else "fell"
    before, now, low, high = to_interval(effect.low, effect.high, effect.before, effect.now)
    return f"{what} {verb} from {before} to {now} (95% {low} to {high}) since window {since_window}"


def range_title(effect: Effect) -> str:
    """Return which numbers a range holds.

    >>> range_title(Effect("range", None, 0.1, 0.2, 0.18, 0.22, above=2.0, up_to=3.0))
    'above 2 and up to 3'
    >>> range_title(Effect("range", None, 0.1, 0.2, 0.18, 0.22, up_to=3.0))
    'up to 3'
    """
    above = None if effect.above is None else f"above {written(effect.above)}"
    up_to = None if effect.up_to is None else f"up to {written(effect.up_to)}"
    return " and ".join(filter(None, (above, up_to)))


def subject(key: StreamKey) -> str:
    """Return what a stream is of, as people would name it."""
    return key.feature if key.feature is not None else _SUBJECTS.get(key.signal, key.signal)
