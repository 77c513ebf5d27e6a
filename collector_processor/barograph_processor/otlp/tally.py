"""What was wrong with a request's items, counted by reason and told to the sender."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["MAX_EVENTS", "MAX_REPEATED_CELLS", "PHRASES", "RejectedItemError", "Tally"]

MAX_REPEATED_CELLS: Final = 8_000_000
"""Cells that one request may ask for without sending a byte for each: a batch
call's rows, and its values that hold for all rows."""

MAX_EVENTS: Final = 200_000
"""Events of spans that are read of one request."""

PHRASES: Final = {
    # rejections
    "invalid_id": "a trace or span id of the wrong length or of zeros",
    "invalid_times": "times that end before they start or do not fit 64 bits",
    "invalid_batch_size": "a batch size that is no whole number, or a negative one",
    "array_length": "arrays whose length is not the batch size",
    "too_large": "more bytes than one may have",
    "too_many_rows": "more rows than one request may carry",
    "no_prediction": "neither a prediction id, a span id nor a response id",
    "no_value": "no usable value",
    "unknown_kind": "an unknown kind of reaction",
    # warnings
    "array_outside_batch": "an array in a call that is no batch, left out",
    "large_resource": "a resource of more than 64 KiB, left out",
    "mixed_types": "numbers and text in one feature",
    "newer_schema": "a newer major version of the conventions, read as far as known",
    "too_many_events": "more events than are read of one request, the rest left out",
    "too_many_features": "more features than are read, the rest left out",
    "too_many_annotations": "more judgements than are read of one span",
    "truncated": "attributes dropped by the sender's limits",
    "unknown_source": "an unknown source, left out",
    "unknown_task": "an unknown task, left out",
    "unusable_value": "a value of an unusable type or out of range, left out",
    "unreadable_time": "an unreadable time, replaced by the record's own",
}


class RejectedItemError(Exception):
    """One span or log record contradicts itself; the others of its request stand.

    Attributes:
        reason: A key of ``PHRASES``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(PHRASES[reason])
        self.reason = reason


class Tally:
    """Counts of one request, not safe across threads; a number for each reason.

    Attributes:
        rejections: Items refused, by reason.
        warnings: Items of which a part was left out, by reason, once an item.
        passed_over: Items that are none of ours.
    """

    def __init__(self) -> None:
        self.rejections: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.passed_over = 0
        self._of_item: set[str] = set()
        self._repeatable = MAX_REPEATED_CELLS
        self._events = MAX_EVENTS

    def warn(self, reason: str) -> None:
        """Note that a part of the current item is left out."""
        self._of_item.add(reason)

    def spend(self, cells: int) -> None:
        """Take repeated cells from the request's budget.

        Raises:
            RejectedItemError: It is spent. What is taken by a refused item stays taken.
        """
        if cells > self._repeatable:
            raise RejectedItemError("too_many_rows")
        self._repeatable -= cells

    def events(self, count: int) -> int:
        """Return how many of the current span's events are read, the first of them."""
        read = min(count, self._events)
        self._events -= read
        if read < count:
            self.warn("too_many_events")
        return read

    @contextmanager
    def item(self) -> Iterator[None]:
        """Read an item in the context, and count what was wrong: each of its warnings once.

        Where a RejectedItemError ends it, it counts as refused, and its warnings do not.
        """
        try:
            yield
        except RejectedItemError as error:
            self.rejections[error.reason] += 1
        else:
            self.warnings.update(self._of_item)
        finally:
            self._of_item.clear()

    def reject_oversized(self, items: int) -> None:
        """Count items that were too large to be looked at."""
        if items:
            self.rejections["too_large"] += items

    @property
    def rejected(self) -> int:
        """Items refused, for whatever reason."""
        return self.rejections.total()

    def message(self, noun: str) -> str:
        """Say it in one line; empty if there is nothing to say.

        >>> tally = Tally()
        >>> with tally.item():
        ...     raise RejectedItemError("array_length")
        >>> tally.message("span")
        'rejected 1 span with arrays whose length is not the batch size'
        """
        parts = [
            f"{verb} {count} {noun}{'' if count == 1 else 's'} with {PHRASES[reason]}"
            for verb, counts in (("rejected", self.rejections), ("accepted", self.warnings))
            for reason, count in sorted(counts.items())
        ]
        return "; ".join(parts)
