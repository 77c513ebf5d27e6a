"""What all tables have in common."""

import math

import msgspec

__all__ = ["Table", "positive"]


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
