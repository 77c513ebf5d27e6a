"""How calls that look alike are read: decided once, as `barograph.details` would decide it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from barograph import semconv
from barograph.inputs import attribute_key
from barograph.layout import Layout
from barograph.positions import Check, Kinds, Names, expression, getter
from barograph.redaction import CARD_FROM, Redactor
from barograph.result_plan import ResultPlan
from barograph.site import Site

__all__ = ["MAX_PLANNED", "InputPlan", "input_plan"]

MAX_PLANNED = 96  # features; OpenTelemetry's default limit is 128 attributes
_PLAIN = frozenset({float, int, bool, str})


@dataclass(slots=True)
class InputPlan:
    """How calls of one look are read. Only the layouts are filled in later."""

    keys: list[str] = field(default_factory=list)
    kinds: list[type] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    """Where the slices and features are among the call's values."""
    check: Check = field(default=lambda *_: True)
    """Whether the strings are categories, no float is NaN, no whole number might be a card's."""
    id: int | None = None
    time: int | None = None
    whole: bool = False
    """Whether all values are sent, in their order."""
    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]] = tuple
    layouts: dict[ResultPlan, Layout] = field(default_factory=dict)


def input_plan(site: Site, redactor: Redactor, names: Names, kinds: Kinds) -> InputPlan | None:
    """Return the plan of calls with these names and types; None for the general way."""
    at = {name: position for position, name in enumerate(names)}
    if len(at) != len(names) or len(names) > MAX_PLANNED or set(map(type, names)) - {str}:
        return None
    plan = InputPlan()
    if not _roles(plan, site, at, kinds):
        return None
    head = len(plan.keys)
    slices = site.slice_selectors()
    features = site.feature_names()
    if site.features is None:
        features = tuple(name for name in names if name not in {site.id, site.time})
    chosen = [(semconv.SLICE_PREFIX, name, how) for name, how in slices.items()]
    chosen += [(semconv.INPUT_PREFIX, name, name) for name in features]
    for prefix, name, how in chosen:
        position = at.get(how)
        if position is None or (prefix == semconv.SLICE_PREFIX and kinds[position] is not str):
            return None
        if kinds[position] is type(None):
            continue
        key = attribute_key(prefix, name)
        wordy = kinds[position] is str and site.generation
        if kinds[position] not in _PLAIN or wordy or redactor.secret(key):
            return None
        plan.keys.append(key)
        plan.kinds.append(kinds[position])
        plan.positions.append(position)
    plan.check = _check(plan.positions, kinds)
    plan.whole = not head and plan.positions == list(range(len(names)))
    plan.pick = getter(plan.positions)
    return plan


def _check(positions: list[int], kinds: Kinds) -> Check:
    terms = [f"(v[{at}] in known or clean(v[{at}]))" for at in positions if kinds[at] is str]
    # NaN, a gap, is left out by the general way; one sum finds it among all floats.
    floats = "+".join(f"v[{at}]" for at in positions if kinds[at] is float)
    terms += [f"((s := {floats}) == s)"] if floats else []
    terms += [f"-{CARD_FROM} < v[{at}] < {CARD_FROM}" for at in positions if kinds[at] is int]
    return expression(terms)


def _roles(plan: InputPlan, site: Site, at: dict[Any, int], kinds: Kinds) -> bool:
    """Find the id and the time; false if the general way must look for them."""
    if site.id is not None:
        plan.id = at.get(site.id)
        if plan.id is None or kinds[plan.id] not in {str, int}:
            return False
        plan.keys.append(semconv.PREDICTION_ID)
        plan.kinds.append(str)
    if site.time is not None:
        plan.time = at.get(site.time)
        if plan.time is None:
            return False
        plan.keys.append(semconv.EVENT_TIME)
        plan.kinds.append(str)
    return True
