"""How results that look alike are read: decided once, as `barograph.outputs` would decide it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from barograph import semconv
from barograph.inputs import attribute_key
from barograph.outputs import LABEL_KEYS, VALUE_KEYS
from barograph.positions import Check, Kinds, Names, expression, getter
from barograph.redaction import CARD_FROM, Redactor
from barograph.site import Site

__all__ = ["MAX_FIELDS", "ResultPlan", "noted_plan", "plain_plan", "record_plan", "text_plan"]

_CLASSES = frozenset({"binary", "multiclass"})
MAX_FIELDS = 16
_MAX_NOTED = 64


class ResultPlan:
    """How results of one look are read. Only what was noted beside it is filled in later."""

    __slots__ = ("check", "keys", "kinds", "noted", "read")

    def __init__(
        self,
        keys: tuple[str, ...],
        kinds: Kinds,
        read: Callable[[Any], tuple[Any, ...]],
        check: Check | None = None,
    ) -> None:
        self.keys = keys
        self.kinds = kinds
        self.read = read
        self.check = check
        """Whether a label is a category and a confidence is in [0, 1]."""
        self.noted: dict[tuple[Names, Kinds], ResultPlan] = {}
        """The same with further attributes, by their names and types."""


def _check(label: int | None, confidence: int | None) -> Check | None:
    """Return the check of a result's values, as one expression."""
    terms = []
    if label is not None:
        terms.append(f"(v[{label}] in known or clean(v[{label}]))")
    if confidence is not None:
        terms.append(f"0.0 <= v[{confidence}] <= 1.0")
    return expression(terms) if terms else None


_NOTHING = ResultPlan((), (), lambda _: ())
_VALUE = ResultPlan((semconv.PREDICTION_VALUE,), (float,), lambda result: (result,))
_WHOLE_VALUE = ResultPlan((semconv.PREDICTION_VALUE,), (float,), lambda result: (float(result),))
_LABEL = ResultPlan((semconv.PREDICTION_LABEL,), (str,), lambda result: (result,), _check(0, None))
_CODE = ResultPlan((semconv.PREDICTION_LABEL,), (str,), lambda result: (str(result),))
_PAIR = ResultPlan(
    (semconv.PREDICTION_LABEL, semconv.PREDICTION_CONFIDENCE),
    (str, float),
    lambda result: result,
    _check(0, 1),
)


_texts: dict[Names, ResultPlan] = {}


def text_plan(parts: Names) -> ResultPlan:
    """Return the plan of texts whose summary has these parts: one of three."""
    plan = _texts.get(parts)
    if plan is None:
        keys = tuple(attribute_key(semconv.OUTPUT_PREFIX, part) for part in parts)
        kinds = tuple(float if part == "repetition" else int for part in parts)
        plan = _texts[parts] = ResultPlan(keys, kinds, lambda _: ())
    return plan


def plain_plan(result: Any, kind: type, task: str | None) -> ResultPlan | None:
    """Return the plan of a result that is no record; None for the general way."""
    if result is None:
        return _NOTHING
    classes = task in _CLASSES
    if kind is float:
        return None if task == "multiclass" else _VALUE
    if kind is str:
        return _LABEL if classes else None
    if kind is int and -CARD_FROM < result < CARD_FROM:
        return _CODE if classes else _WHOLE_VALUE
    if kind is tuple and task != "generation" and tuple(map(type, result)) == (str, float):
        return _PAIR
    return None


def record_plan(site: Site, redactor: Redactor, names: Names, kinds: Kinds) -> ResultPlan | None:
    """Return the plan of dicts with these keys and types; None for the general way."""
    at = {name: position for position, name in enumerate(names)}
    odd = set(map(type, names)) - {str} or set(kinds) - {str, float} or len(names) > MAX_FIELDS
    if odd or site.generation or site.id in at:
        return None
    label = next((key for key in LABEL_KEYS if key in at and kinds[at[key]] is str), None)
    value = next((key for key in VALUE_KEYS if key in at and kinds[at[key]] is float), None)
    if any(key in at and key != label for key in LABEL_KEYS):
        return None
    roles = {
        semconv.PREDICTION_LABEL: label,
        semconv.PREDICTION_VALUE: value,
        semconv.PREDICTION_CONFIDENCE: "confidence" if "confidence" in at else None,
    }
    chosen = {key: name for key, name in roles.items() if name is not None}
    taken = set(chosen.values())
    chosen |= {
        attribute_key(semconv.OUTPUT_PREFIX, name): name for name in names if name not in taken
    }
    keys = tuple(chosen)
    found = tuple(kinds[at[name]] for name in chosen.values())
    if any(
        (kind is str) != (key == semconv.PREDICTION_LABEL) or redactor.secret(key)
        for key, kind in zip(keys, found, strict=True)
    ):
        return None
    position = {key: at for at, key in enumerate(keys)}
    return ResultPlan(
        keys,
        found,
        getter(list(chosen.values())),
        _check(position.get(semconv.PREDICTION_LABEL), position.get(semconv.PREDICTION_CONFIDENCE)),
    )


def noted_plan(
    plan: ResultPlan, values: tuple[Any, ...], noted: Mapping[str, Any], inputs: Sequence[str]
) -> tuple[ResultPlan, tuple[Any, ...]] | None:
    """Return `plan` and its values with further attributes, which are ready to be sent.

    None if one of them takes the place of an input, or of a part of the result.
    """
    if not (noted.keys().isdisjoint(plan.keys) and noted.keys().isdisjoint(inputs)):
        return None
    look = (tuple(noted), tuple(map(type, noted.values())))
    longer = plan.noted.get(look)
    if longer is None:
        longer = ResultPlan(plan.keys + look[0], plan.kinds + look[1], plan.read)
        if len(plan.noted) < _MAX_NOTED:
            plan.noted[look] = longer
    return longer, values + tuple(noted.values())
