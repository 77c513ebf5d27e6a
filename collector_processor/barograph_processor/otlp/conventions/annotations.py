"""Judgements in the attributes of a span: OpenInference's annotations and evaluations."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from barograph_processor.otlp.conventions.late_facts import LateFact
from barograph_processor.otlp.rows import Ids
from barograph_processor.otlp.tally import Tally
from barograph_processor.otlp.values import Cell, Value, number_of, text_of

__all__ = ["MAX_ANNOTATIONS", "read_annotations"]

MAX_ANNOTATIONS: Final = 32
"""Most judgements of one span."""

# `annotations.*` judge the span that carries them, `evaluations.*` one that it links to.
_KEY: Final = re.compile(r"(annotation|evaluation)s\.(\d{1,4})\.\1\.(\w+)")
_SOURCES: Final = {"HUMAN": "human", "LLM": "model", "CODE": "system"}


def read_annotations(
    attributes: Mapping[str, Value],
    *,
    own: Ids | None,
    linked: Sequence[Ids],
    time_ns: int,
    tally: Tally,
) -> list[LateFact]:
    """Read the judgements that a span carries.

    Args:
        attributes: Of the span.
        own: Its ids if it is a prediction, which annotations are about.
        linked: Of the spans that it links to; evaluations are about the first.
        time_ns: When the span ended, ns since the epoch.
        tally: Where warnings go.

    Returns:
        One evaluation for each that has a name and a score or label.
    """
    if not any(key.startswith(("annotations.", "evaluations.")) for key in attributes):
        return []
    found: dict[tuple[str, int], dict[str, Cell]] = {}
    for key, value in attributes.items():
        match = _KEY.fullmatch(key)
        if match is None or not isinstance(value, str | int | float | bool):
            continue
        place = match[1], int(match[2])
        if place not in found and len(found) >= MAX_ANNOTATIONS:
            tally.warn("too_many_annotations")
            break
        found.setdefault(place, {})[match[3]] = value
    facts = []
    for (kind, _), fields in sorted(found.items()):
        target = own if kind == "annotation" else next(iter(linked), None)
        if target is not None and (fact := _fact(fields, target, time_ns)) is not None:
            facts.append(fact)
    return facts


def _fact(fields: Mapping[str, Cell], ids: Ids, time_ns: int) -> LateFact | None:
    name, score = text_of(fields.get("name")), number_of(fields.get("score"))
    label = text_of(fields.get("label"))
    if name is None or (not math.isfinite(score) and label is None):
        return None
    return LateFact(
        kind="evaluation",
        prediction_id=None,
        ids=ids,
        time=time_ns,
        number=score if math.isfinite(score) else math.nan,
        text=label,
        name=name,
        source=_SOURCES.get(str(fields.get("annotator_kind")).upper()),
        reviewer=None,
        model_name=None,
        model_version=None,
    )
