"""Which facts may be about which model, by what they say of it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Generic, TypeVar

from barograph_processor.observation import ModelKey
from barograph_processor.state.early import Fact

__all__ = ["Meant"]

_M = TypeVar("_M")
_Claim = tuple[str | None, str | None]


class Meant(Generic[_M]):
    """Looks facts up by the models that they fit, and models by the fact.

    Most facts say no model, or all the same one: to ask each of them about each of a thousand
    models would take longer than all else that is done with it.

    Args:
        facts: As they came.
        models: Every model.
    """

    def __init__(self, facts: Sequence[Fact], models: Mapping[ModelKey, _M]) -> None:
        self._models = models
        self._rows: dict[_Claim, list[int]] = {}
        for row, fact in enumerate(facts):
            self._rows.setdefault((fact.model, fact.version), []).append(row)
        self._fitting: dict[_Claim, list[_M]] = {}

    def rows(self, key: ModelKey) -> Sequence[int]:
        """Return the places of the facts that fit a model, in order."""
        claims = ((None, None), (key.name, None), (None, key.version), (key.name, key.version))
        parts = [self._rows[claim] for claim in claims if claim in self._rows]
        if len(parts) > 1:
            return sorted(chain.from_iterable(parts))
        return parts[0] if parts else ()

    def models(self, fact: Fact) -> Sequence[_M]:
        """Return the models that a fact fits."""
        claim = fact.model, fact.version
        if claim not in self._fitting:
            among = self._models.items() if fact.model is None else self._named.get(fact.model, ())
            self._fitting[claim] = [model for key, model in among if fact.fits(key)]
        return self._fitting[claim]

    @cached_property
    def _named(self) -> dict[str, list[tuple[ModelKey, _M]]]:
        """Every model, by its name alone."""
        named: dict[str, list[tuple[ModelKey, _M]]] = {}
        for key, model in self._models.items():
            named.setdefault(key.name, []).append((key, model))
        return named
