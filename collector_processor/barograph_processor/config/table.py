"""What all tables have in common."""

import math
from typing import Final

import msgspec

__all__ = ["Table", "positive", "waits"]

_LONGEST_SECONDS: Final = 1e9


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A TOML table: unknown keys are errors, since a misspelt key is a silent default."""


def positive(**values: float | None) -> None:
    """Refuse values that are given and not positive and finite.

    Raises:
        ValueError: One is not; the message has its name.
    """
    for name, value in values.items():
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be positive, got {value!r}")


def waits(**seconds: float) -> None:
    """Refuse times that nobody can wait for: at most 1e9 s, since clocks have an end.

    Raises:
        ValueError: One is not positive, or longer; the message has its name.
    """
    positive(**seconds)
    for name, value in seconds.items():
        if value > _LONGEST_SECONDS:
            raise ValueError(f"{name} must be at most 1e9, got {value!r}")
