"""Predictions that were drawn for review, until they are answered or too old."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from barograph_processor.state.review.review_item import ReviewItem

__all__ = ["ReviewQueue"]


class ReviewQueue:
    """Items by prediction id, in the order in which they were drawn.

    Not locked; its owner is.

    Args:
        capacity: Most items held; the oldest go first. Positive.
        max_age_ns: Event time after which one is no longer asked about.
    """

    def __init__(self, *, capacity: int, max_age_ns: int) -> None:
        self._capacity = capacity
        self._max_age_ns = max_age_ns
        self._items: OrderedDict[str, ReviewItem] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[ReviewItem]:
        return iter(self._items.values())

    def get(self, name: str) -> ReviewItem | None:
        """Return the item of a prediction; None if it is not held."""
        return self._items.get(name)

    def add(self, item: ReviewItem) -> int:
        """Keep an item; an id that comes again names the newer prediction from now on.

        Returns:
            How many of those that had to go for it were unanswered.
        """
        lost = int(self._forget(item.id))
        self._items[item.id] = item
        while len(self._items) > self._capacity:
            lost += self._forget(next(iter(self._items)))
        return lost

    def expire(self, now_ns: int) -> int:
        """Forget what is too old, as of an event time; return how many were unanswered."""
        lost = 0
        while self._items:
            oldest = next(iter(self._items.values()))
            if oldest.time_ns >= now_ns - self._max_age_ns:
                break
            lost += self._forget(oldest.id)
        return lost

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return [msgspec.to_builtins(item, builtin_types=(bytes,)) for item in self]

    def load(self, state: Iterable[Mapping[str, Any]]) -> None:
        """Undo ``state``."""
        self._items.clear()
        for plain in state:
            item = msgspec.convert(plain, ReviewItem, builtin_types=(bytes,))
            self._items[item.id] = item

    def _forget(self, name: str) -> bool:
        """Drop an item, if it is held; return whether it lacked any answer."""
        item = self._items.pop(name, None)
        return item is not None and not item.answers
