"""What predictions that wait for their label go by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from barograph_processor.span_hexes import SpanHexes, span_bits
from barograph_processor.state.label.prediction_id import short_ids
from barograph_processor.state.label.span_slots import SpanSlots

__all__ = ["AskedIds", "PredictionNames"]


@dataclass(frozen=True, slots=True)
class AskedIds:
    """Ids that are looked for, perhaps in the tables of many models, told apart once.

    Attributes:
        spans: As ``span_bits`` has them, shape ``(n,)``.
        texts: The others, each with its place.
    """

    spans: npt.NDArray[np.uint64]
    texts: Sequence[tuple[int, str]]

    @classmethod
    def of(cls, names: Sequence[str]) -> Self:
        """Tell apart what are the ids of spans."""
        names = short_ids(names)
        spans = span_bits(names)
        return cls(spans, [(row, names[row]) for row in np.flatnonzero(spans == 0).tolist()])


class PredictionNames:
    """The id of each slot, and that of the provider's response where it has one.

    One that comes again names the newer prediction from then on. An id is its span's unless
    somebody chose another; of a span only the bits are kept.

    State size: 8 to 28 bytes a slot, about 200 more with an id of its own, and 200 more with
    a response. Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._spans = SpanSlots()
        # Of slots whose id is no span's.
        self._texts: dict[int, str] = {}
        self._slots: dict[str, int] = {}
        self._responses: dict[int, str] = {}
        self._of_responses: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._spans)

    @property
    def ids(self) -> Sequence[str]:
        """The id of each slot."""
        return self.at(np.arange(len(self._spans)))

    def at(self, slots: npt.NDArray[np.intp]) -> Sequence[str]:
        """Return the ids of slots."""
        spans = SpanHexes(self._spans.spans[slots])
        if not self._texts:
            return spans
        get = self._texts.get
        return [get(slot, span) for slot, span in zip(slots.tolist(), spans, strict=True)]

    def append(self, ids: Sequence[str], responses: Sequence[str | None] = ()) -> None:
        """Add slots by their ids, short already, and their responses'; none if there are none."""
        first = len(self._spans)
        spans = span_bits(ids)
        self._spans.append(spans)
        for row in np.flatnonzero(spans == 0).tolist():
            self._texts[first + row] = ids[row]
            self._slots[ids[row]] = first + row
        for slot, response in enumerate(responses, first):
            if response is not None:
                self._respond(slot, short_ids((response,))[0])

    def find(self, names: Sequence[str] | AskedIds) -> npt.NDArray[np.intp]:
        """Return the slot of each id, -1 where it is not known."""
        asked = names if isinstance(names, AskedIds) else AskedIds.of(names)
        found = self._spans.find(asked.spans)
        if self._texts:
            get = self._slots.get
            for row, name in asked.texts:
                found[row] = get(name, -1)
        return found

    def of_responses(self, names: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return the slot of each response, -1 if none that its own id still leads to has it."""
        found = np.full(len(names), -1, dtype=np.intp)
        if not self._of_responses:
            return found
        get = self._of_responses.get
        for at, name in enumerate(short_ids(names)):
            found[at] = get(name, -1)
        known = np.flatnonzero(found >= 0)
        replaced = self.find(self.at(found[known])) != found[known]
        found[known[replaced]] = -1
        return found

    def current(self) -> npt.NDArray[np.bool_]:
        """Slots that their id still leads to; others were replaced by a later prediction."""
        found = self._spans.newest()
        for slot, name in self._texts.items():
            found[slot] = self._slots[name] == slot
        return found

    def retain(self, slots: npt.NDArray[np.intp]) -> None:
        """Keep these slots alone, in their order, which is ascending."""
        self._fill(
            self._spans.spans[slots], _moved(self._texts, slots), _moved(self._responses, slots)
        )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "spans": self._spans.spans,
            "texts": _table(self._texts),
            "responses": _table(self._responses),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        texts, responses = (
            dict(zip(slots.tolist(), names, strict=True))
            for slots, names in (state["texts"], state["responses"])
        )
        self._fill(state["spans"], texts, responses)

    def _fill(
        self, spans: npt.NDArray[np.uint64], texts: dict[int, str], responses: dict[int, str]
    ) -> None:
        self._spans = SpanSlots()
        self._spans.append(spans)
        self._texts, self._responses = texts, responses
        # Of a name that came again, the later slot.
        self._slots = {name: slot for slot, name in texts.items()}
        self._of_responses = {name: slot for slot, name in responses.items()}

    def _respond(self, slot: int, response: str) -> None:
        self._responses[slot] = response
        self._of_responses[response] = slot


def _moved(names: Mapping[int, str], slots: npt.NDArray[np.intp]) -> dict[int, str]:
    """Return the names of these slots, by what their slots are then."""
    if not names:
        return {}
    return {at: names[slot] for at, slot in enumerate(slots.tolist()) if slot in names}


def _table(names: Mapping[int, str]) -> list[Any]:
    """Return slots and their names, apart."""
    return [np.fromiter(names, np.int64, len(names)), list(names.values())]
