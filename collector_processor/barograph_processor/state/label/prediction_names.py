"""What predictions that wait for their label go by."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.prediction_id import short_ids

__all__ = ["PredictionNames"]


class PredictionNames:
    """The id of each slot, and that of the provider's response where it has one.

    One that comes again names the newer prediction from then on.

    State size: about 150 bytes a slot, twice that with a response. Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._slots: dict[str, int] = {}
        self._responses: dict[int, str] = {}
        self._of_responses: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def distinct(self) -> int:
        """Number of ids."""
        return len(self._slots)

    @property
    def ids(self) -> Sequence[str]:
        """The id of each slot."""
        return self._ids

    def append(self, ids: Sequence[str], responses: Sequence[str | None] = ()) -> None:
        """Add slots by their ids, short already, and their responses'; none if there are none."""
        first = len(self._ids)
        # Each text once, however often it can be written.
        texts = list(ids)
        self._ids.extend(texts)
        self._slots.update(zip(texts, range(first, len(self._ids)), strict=True))
        for slot, response in enumerate(responses, first):
            if response is not None:
                self._respond(slot, short_ids((response,))[0])

    def find(self, names: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return the slot of each id, -1 where it is not known."""
        get = self._slots.get
        return np.fromiter(
            (get(name, -1) for name in short_ids(names)), dtype=np.intp, count=len(names)
        )

    def of_responses(self, names: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return the slot of each response, -1 if none that its own id still leads to has it."""
        get = self._of_responses.get
        slots = [get(name, -1) for name in short_ids(names)] if self._of_responses else []
        found = np.full(len(names), -1, dtype=np.intp)
        for at, slot in enumerate(slots):
            if slot >= 0 and self._slots[self._ids[slot]] == slot:
                found[at] = slot
        return found

    def current(self) -> npt.NDArray[np.bool_]:
        """Slots that their id still leads to; others were replaced by a later prediction."""
        if len(self._slots) == len(self._ids):
            return np.ones(len(self._ids), dtype=np.bool_)
        return np.fromiter(
            (self._slots.get(name) == slot for slot, name in enumerate(self._ids)),
            dtype=np.bool_,
            count=len(self._ids),
        )

    def retain(self, slots: npt.NDArray[np.intp]) -> None:
        """Keep these slots alone, in their order."""
        kept = slots.tolist()
        responses = [self._responses.get(slot) for slot in kept] if self._responses else ()
        self._refill([self._ids[slot] for slot in kept], responses)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"ids": list(self._ids), "responses": [list(it) for it in self._responses.items()]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._refill(state["ids"])
        for slot, response in state["responses"]:
            self._respond(slot, response)

    def _refill(self, ids: Sequence[str], responses: Sequence[str | None] = ()) -> None:
        self._ids, self._slots, self._responses, self._of_responses = [], {}, {}, {}
        self.append(ids, responses)

    def _respond(self, slot: int, response: str) -> None:
        self._responses[slot] = response
        self._of_responses[response] = slot
