"""What a closed window showed."""

from typing import Any

import msgspec

__all__ = ["WindowRecord"]


class WindowRecord(msgspec.Struct, frozen=True):
    """One window after the reference, as it was judged when it closed.

    Attributes:
        window: Its number, from 0 after the reference.
        start_ns: Event time of its first row.
        end_ns: Event time of its last row.
        rows: Rows in it.
        partial: It never filled; it was not judged.
        condition: The model's state once it was judged.
        signals: Figures by signal, in plain values; keys as ``docs/api.md`` lists them.
    """

    window: int
    start_ns: int
    end_ns: int
    rows: int
    partial: bool
    condition: str
    signals: dict[str, Any]
