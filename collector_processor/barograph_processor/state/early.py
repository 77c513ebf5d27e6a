"""Late facts that came before their prediction."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import structs

from barograph_processor.observation import ModelKey

__all__ = ["EarlyFacts", "Fact"]


class Fact(msgspec.Struct, frozen=True):
    """One late fact, as it waits.

    Attributes:
        kind: label, reaction, evaluation or outcome.
        name: The prediction's id.
        model: Model name, where the fact says it.
        version: Model version, where the fact says it.
        time_ns: When it became true, ns since the epoch.
        number: Its numeric part, NaN if there is none.
        text: Its textual part.
        title: An evaluation's name.
        source: Who says so: human, system, model.
        reviewer: Which person, in a review.
    """

    kind: str
    name: str
    model: str | None
    version: str | None
    time_ns: int
    number: float
    text: str | None
    title: str | None
    source: str | None = None
    reviewer: str | None = None

    def fits(self, model: ModelKey) -> bool:
        """Whether it can be about a prediction of this model, by what it says of that."""
        return self.model in (None, model.name) and self.version in (None, model.version)

    def about(self, name: str, model: ModelKey) -> "Fact":
        """Return it as a fact about a prediction that is known by id and model."""
        return structs.replace(self, name=name, model=model.name, version=model.version)


class EarlyFacts:
    """A bounded, first-in first-out store of facts by prediction id.

    State size: ``capacity`` facts. Not locked; its owner is.

    Args:
        capacity: Most facts held. Positive.
    """

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._facts: OrderedDict[str, list[Fact]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, fact: Fact) -> int:
        """Keep a fact; return how many older ones had to go."""
        self._facts.setdefault(fact.name, []).append(fact)
        self._count += 1
        evicted = 0
        while self._count > self._capacity:
            _, oldest = self._facts.popitem(last=False)
            self._count -= len(oldest)
            evicted += len(oldest)
        return evicted

    def awaits(self, names: Iterable[str]) -> bool:
        """Return whether a fact of one of these predictions waits."""
        return any(name in self._facts for name in names)

    def take(self, names: Iterable[str]) -> list[Fact]:
        """Return and forget the facts of these predictions, in order of the names."""
        if not self._facts:
            return []
        found: list[Fact] = []
        for name in names:
            facts = self._facts.pop(name, None)
            if facts is not None:
                self._count -= len(facts)
                found += facts
        return found

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return [msgspec.to_builtins(fact) for facts in self._facts.values() for fact in facts]

    def load(self, state: Iterable[Mapping[str, Any]]) -> None:
        """Undo ``state``."""
        self._facts.clear()
        self._count = 0
        for plain in state:
            self.add(msgspec.convert(plain, Fact))
