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
        name: The prediction's id, or that of its span or of its response.
        model: Model name, where the fact says it.
        version: Model version, where the fact says it.
        time_ns: When it became true, ns since the epoch.
        number: Its numeric part, NaN if there is none.
        text: Its textual part.
        title: An evaluation's name.
        source: Who says so: human, system, model.
        reviewer: Which person, in a review.
        response: The response's id, where ``name`` is perhaps another span's.
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
    response: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All by which its prediction may be found."""
        return (self.name,) if self.response in (None, self.name) else (self.name, self.response)

    def fits(self, model: ModelKey) -> bool:
        """Whether it can be about a prediction of this model, by what it says of that."""
        return self.model in (None, model.name) and self.version in (None, model.version)

    def about(self, name: str, model: ModelKey) -> "Fact":
        """Return it as a fact about a prediction that is known by id and model."""
        return structs.replace(
            self, name=name, model=model.name, version=model.version, response=None
        )


class EarlyFacts:
    """A bounded, first-in first-out store of facts by all that they name their prediction by.

    State size: ``capacity`` facts. Not locked; its owner is.

    Args:
        capacity: Most facts held. Positive.
    """

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._facts: OrderedDict[int, Fact] = OrderedDict()
        # Of each name its facts in order, as the keys of a dictionary: one goes in one step.
        self._of_names: dict[str, dict[int, None]] = {}
        self._added = 0

    def __len__(self) -> int:
        return len(self._facts)

    def add(self, fact: Fact) -> int:
        """Keep a fact; return how many older ones had to go."""
        self._facts[self._added] = fact
        for name in fact.names:
            self._of_names.setdefault(name, {})[self._added] = None
        self._added += 1
        evicted = 0
        while len(self._facts) > self._capacity:
            self._drop(next(iter(self._facts)))
            evicted += 1
        return evicted

    def awaits(self, names: Iterable[str]) -> bool:
        """Return whether a fact of one of these predictions waits."""
        return any(name in self._of_names for name in names)

    def take(self, names: Iterable[str]) -> list[Fact]:
        """Return and forget the facts of these predictions, in order of the names."""
        return [
            self._drop(number) for name in names for number in tuple(self._of_names.get(name, ()))
        ]

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return [msgspec.to_builtins(fact) for fact in self._facts.values()]

    def load(self, state: Iterable[Mapping[str, Any]]) -> None:
        """Undo ``state``."""
        self._facts.clear()
        self._of_names.clear()
        for plain in state:
            self.add(msgspec.convert(plain, Fact))

    def _drop(self, number: int) -> Fact:
        fact = self._facts.pop(number)
        for name in fact.names:
            del self._of_names[name][number]
            if not self._of_names[name]:
                del self._of_names[name]
        return fact
