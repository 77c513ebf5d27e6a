"""What was worked out of a model's windows, so that whoever looks again does not wait for it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from barograph_processor.state.window.record import WindowRecord

__all__ = ["Kept"]

_View = TypeVar("_View")


class Kept(Generic[_View]):
    """Views of histories, kept for as long as no window closes.

    What was not asked for the longest gives way. Holds its own lock, and not while it works
    something out: two threads at worst do so twice.

    Args:
        most: Most views held.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, tuple[WindowRecord, _View]] = OrderedDict()

    def of(
        self, key: Hashable, history: Sequence[WindowRecord], work: Callable[[], _View]
    ) -> _View:
        """Return the view of a history, worked out if its last window is a new one.

        Args:
            key: Which view of which model.
            history: Closed windows, oldest first.
            work: Returns the view.
        """
        if not history:
            return work()
        last = history[-1]
        with self._lock:
            known = self._known.pop(key, None)
            if known is not None and known[0] is last:
                self._known[key] = known
                return known[1]
        view = work()
        with self._lock:
            self._known[key] = last, view
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return view
