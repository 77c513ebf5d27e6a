"""How much of a call is sent."""

from enum import StrEnum

__all__ = ["Capture"]


class Capture(StrEnum):
    """`off`, `summary` (the default) or `full`.

    In `summary` no raw text leaves the process: a string is sent only as a category, that is
    at most 64 characters on one line, as an argument of a call that is no generation.
    """

    OFF = "off"
    """No inputs and no outputs: the model, ids, slices, times and errors remain."""
    SUMMARY = "summary"
    FULL = "full"
    """Texts too, and of an exception its message and stack trace."""

    @classmethod
    def parse(cls, value: str) -> "Capture":
        """Return the mode named `value`.

        Raises:
            ValueError: `value` names no mode.
        """
        try:
            return cls(value.strip().lower())
        except ValueError:
            modes = ", ".join(repr(mode.value) for mode in cls)
            raise ValueError(f"capture must be one of {modes}, got {value!r}") from None
