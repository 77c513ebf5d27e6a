"""What the demo claims, and whether it is so."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Finding", "Say"]

Say = Callable[[str], None]
"""Prints a line."""


@dataclass(frozen=True)
class Finding:
    """One thing that should hold, and whether it does."""

    what: str
    good: bool

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'FAIL'}  {self.what}"
