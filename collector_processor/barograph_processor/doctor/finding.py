"""What a check found, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Level", "error", "fine", "warning"]

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at, a few words.
        level: Whether it is as it should be, works but may hurt, or does not work.
        message: What is the case.
        remedy: What to do; empty if nothing is to be done.
    """

    check: str
    level: Level
    message: str
    remedy: str = ""


def fine(check: str, message: str) -> Finding:
    """Return a finding of something that is as it should be."""
    return Finding(check, "ok", message)


def warning(check: str, message: str, remedy: str) -> Finding:
    """Return a finding of something that works but may hurt."""
    return Finding(check, "warning", message, remedy)


def error(check: str, message: str, remedy: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(check, "error", message, remedy)
