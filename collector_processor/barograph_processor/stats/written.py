"""Numbers as people write them."""

import math

__all__ = ["to_interval", "written"]

_NOISE = 1e-5
_SHORT = range(-5, 15)
"""Powers of ten of numbers that are written without an exponent."""


def written(value: float, digits: int = 4) -> str:
    """Write a number to so many significant digits.

    >>> written(45_963.2), written(0.40541), written(1200.0), written(-0.0), written(1.5e-9)
    ('45,960', '0.4054', '1,200', '0', '1.5e-09')
    """
    if not math.isfinite(value) or value == 0:
        return f"{value + 0.0:g}"
    power = math.floor(math.log10(abs(value)))
    if power not in _SHORT:
        return f"{value:.{digits}g}"
    text = _rounded(value, digits - 1 - power)
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_interval(low: float, high: float, *values: float) -> tuple[str, ...]:
    """Write values, then both ends of an interval, to as many places as it is narrow.

    These are two significant digits of half of its width: what lies beyond is noise. A value
    of which nothing would be left keeps two digits of its own.

    >>> to_interval(44_970.0, 46_963.0, 29_641.2, 45_961.1)
    ('29,640', '45,960', '44,970', '46,960')
    >>> to_interval(1_110_000.0, 1_430_000.0, 1_512.0, 1_270_000.0)
    ('1,500', '1,270,000', '1,110,000', '1,430,000')
    >>> to_interval(0.6577, 0.7046, 0.0, 0.6819)
    ('0.000', '0.682', '0.658', '0.705')
    >>> to_interval(3.0, 3.0, 2.51234), to_interval(-1e-9, -1e-9, 50.0)
    (('2.512', '3', '3'), ('50', '0', '0'))
    """
    half = (high - low) / 2
    known = 0 < half < math.inf
    power = math.floor(math.log10(half)) if known else 0
    if not known or power not in _SHORT:
        every = (*values, low, high)
        noise = _NOISE * max(map(abs, every))
        return tuple(written(v if not abs(v) < noise else 0.0) for v in every)
    places = 1 - power
    own = [_rounded(v, places) if v == 0 or round(v, places) else written(v, 2) for v in values]
    return (*own, _rounded(low, places), _rounded(high, places))


def _rounded(value: float, places: int) -> str:
    # Adding nothing makes a negative zero a plain one.
    return f"{round(value, places) + 0.0:,.{max(places, 0)}f}"
