"""The predictions of late facts that name them otherwise than by their id."""

from collections.abc import Mapping

import numpy as np

from barograph_processor.observation import EventBatch, ModelKey, span_keys, trace_keys
from barograph_processor.state.early import Fact
from barograph_processor.state.label.prediction_names import AskedIds
from barograph_processor.state.model import ModelState

__all__ = ["of_responses", "of_spans", "without_id"]

_Models = Mapping[ModelKey, ModelState]


def without_id(models: _Models, facts: Mapping[int, Fact]) -> dict[int, Fact]:
    """Return the facts whose name is no prediction's id, by row as they come."""
    names = [fact.name for fact in facts.values()]
    unknown, asked = np.ones(len(names), dtype=np.bool_), AskedIds.of(names)
    for model in models.values():
        unknown &= model.pending.find(asked) < 0
    return {row: facts[row] for row, none in zip(facts, unknown.tolist(), strict=True) if none}


def of_spans(models: _Models, events: EventBatch, facts: Mapping[int, Fact]) -> dict[int, Fact]:
    """Return the facts whose span is known, about its prediction.

    What names a span of several predictions, or one whose id names a later prediction by
    now, is about none that is known.

    Args:
        models: Whose predictions wait.
        events: Where the facts are from.
        facts: By row of ``events``.
    """
    rows = [row for row in facts if events.ids[row, 2]]
    if not rows:
        return {}
    ids = events.ids[rows]
    keys, which = np.unique(span_keys(trace_keys(ids), ids[:, 2]), return_inverse=True)
    known: dict[int, tuple[str, ModelKey]] = {}
    for key, model in models.items():
        slots, of = model.pending.of_spans(keys)
        own = model.pending.names(slots)
        alone = np.bincount(of, minlength=len(keys))[of] == 1
        alone &= model.pending.find(own) == slots
        known |= {int(of[at]): (own[at], key) for at in np.flatnonzero(alone).tolist()}
    return {
        row: facts[row].about(*known[of])
        for row, of in zip(rows, which.tolist(), strict=True)
        if of in known and facts[row].fits(known[of][1])
    }


def of_responses(models: _Models, facts: Mapping[int, Fact]) -> dict[int, list[Fact]]:
    """Return the facts whose response is known, about each prediction that is that response."""
    rows = list(facts)
    names = [fact.response or fact.name for fact in facts.values()]
    found: dict[int, list[Fact]] = {}
    for key, model in models.items():
        slots = model.pending.of_responses(names)
        places = [at for at in np.flatnonzero(slots >= 0).tolist() if facts[rows[at]].fits(key)]
        for at, own in zip(places, model.pending.names(slots[places]), strict=True):
            found.setdefault(rows[at], []).append(facts[rows[at]].about(own, key))
    return found
