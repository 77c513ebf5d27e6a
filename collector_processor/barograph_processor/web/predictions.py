"""``/api/predictions``: what is known of one prediction, by its id or by its trace."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from barograph_processor.observation import span_hex, trace_hex
from barograph_processor.otlp.values import bounded
from barograph_processor.pipeline import Pipeline
from barograph_processor.quality.loss import canonical_class
from barograph_processor.semconv import REACTION_KINDS
from barograph_processor.state.label.pending_columns import KEPT_EVALUATIONS
from barograph_processor.state.model import ModelState
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.state.review.review_item import ReviewItem
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.responses import OrjsonResponse, error_response
from barograph_processor.web.views import iso, trace_link

__all__ = ["PredictionLookup"]

_HALF: Final = 64
_TRACE_DIGITS: Final = 32
_MOST: Final = 100
_SOURCES: Final = {3: "human", 2: "system", 1: "model"}


class PredictionLookup:
    """Goes the way from a trace, or an application's own key, to what became of it.

    Args:
        registry: Read only while the pipeline is held.
        pipeline: Its lock.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
    """

    def __init__(
        self, registry: ModelRegistry, pipeline: Pipeline, *, trace_url: str | None
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._trace_url = trace_url

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/api/predictions", self.find)]

    def find(self, request: Request) -> Response:
        """Answer with the predictions of an ``id`` or a ``trace_id``, at most 100 of them.

        Query: one of the two; ``model`` and ``version`` for one model.
        """
        query = request.query_params
        name, trace = query.get("id"), query.get("trace_id")
        if (name is None) == (trace is None):
            return error_response(400, "ask for an id or for a trace_id")
        if trace is not None and not _is_trace(trace):
            return error_response(400, f"a trace_id has {_TRACE_DIGITS} hex digits, got {trace!r}")
        if name is not None:
            name = bounded(name)  # as the decoder reads it
        found: list[dict[str, Any]] = []
        with self._pipeline.hold():
            for key, model in self._registry.models.items():
                if query.get("model") not in (None, key.name):
                    continue
                if query.get("version") not in (None, key.version):
                    continue
                slots = _slots(model, name, trace)[: _MOST - len(found)]
                found += [self._view(model, row) for row in _rows(model, slots)]
        if not found:
            asked = f"the id {name!r}" if name is not None else f"the trace {trace}"
            return error_response(404, f"no prediction of {asked} is known, or no longer")
        return OrjsonResponse({"predictions": found})

    def _view(self, model: ModelState, row: dict[str, Any]) -> dict[str, Any]:
        item = model.reviews.queue.get(row["id"])
        time_ns = row.pop("time_ns")
        return {
            "model": model.key.name,
            "version": model.key.version,
            **row,
            "time": iso(time_ns),
            "trace_link": trace_link(self._trace_url, row["trace_id"]),
            "review": None if item is None else _review(item),
            "window": _window(model, time_ns),
        }


def _is_trace(text: str) -> bool:
    return len(text) == _TRACE_DIGITS and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _slots(model: ModelState, name: str | None, trace: str | None) -> npt.NDArray[np.intp]:
    if name is not None:
        slots = model.pending.find((name,))
        if slots[0] < 0:
            slots = model.pending.of_responses((name,))
        return slots[slots >= 0]
    number = int(trace or "0", 16)
    return model.pending.of_trace(number >> _HALF, number & (2**_HALF - 1))


def _rows(model: ModelState, slots: npt.NDArray[np.intp]) -> Iterator[dict[str, Any]]:
    """Yield what the table of pending predictions holds of each slot."""
    pending = model.pending

    def column(name: str) -> list[Any]:
        values: list[Any] = pending.column(name, slots).tolist()
        return values

    names, ids = pending.names(slots), pending.ids(slots)
    truths = pending.labels.names(slots).values()
    slices = {name: levels.values() for name, levels in pending.slices(slots).items()}
    columns = {
        name: column(name)
        for name in ("time", "reference", "predicted", "value", "confidence", "labelled")
    }
    late = {name: column(name) for name in ("truth_number", "source", "label_time", "reacted")}
    units, worth = (column(name) for name in ("outcome_unit", "outcome"))
    unit_names = model.standing.aftermath.outcomes.units
    judged = model.standing.aftermath.evaluations.names[:KEPT_EVALUATIONS]
    scores = {each: column(f"evaluation.{place}") for place, each in enumerate(judged)}
    for row, name in enumerate(names):
        code = columns["predicted"][row]
        label: dict[str, Any] | None = None
        if columns["labelled"][row]:
            label = {
                "value": truths[row] if truths[row] is not None else late["truth_number"][row],
                "source": _SOURCES.get(late["source"][row]),
                "time": iso(late["label_time"][row]),
            }
        predicted = pending.classes[code] if code >= 0 else None
        yield {
            "id": name,
            "time_ns": columns["time"][row],
            "trace_id": trace_hex(ids, row),
            "span_id": span_hex(ids, row),
            "in_reference": columns["reference"][row],
            "prediction": {
                "label": predicted,
                "value": columns["value"][row],
                "confidence": columns["confidence"][row],
            },
            "slices": {name: levels[row] for name, levels in slices.items()},
            "label": label,
            "right": None
            if label is None
            else _is_right(model, predicted, columns["value"][row], label["value"]),
            "reactions": [
                kind for bit, kind in enumerate(REACTION_KINDS) if late["reacted"][row] >> bit & 1
            ],
            "evaluations": {
                each: given[row] for each, given in scores.items() if not np.isnan(given[row])
            },
            "outcome": None
            if units[row] < 0
            else {"unit": unit_names[units[row]], "value": worth[row]},
        }


def _is_right(
    model: ModelState, predicted: str | None, value: float, truth: str | float
) -> bool | None:
    """Whether a class was right; None for what is no class."""
    said = canonical_class(truth)
    if predicted is not None:
        return said == predicted
    if model.judge.task != "binary" or np.isnan(value):
        return None
    return (said == model.judge.positive) == (value >= model.judge.threshold)


def _review(item: ReviewItem) -> dict[str, Any]:
    return {
        "propensity": item.propensity,
        "open": item.open,
        "answers": [
            {"reviewer": answer.reviewer, "verdict": answer.verdict} for answer in item.answers
        ],
        **item.details(),
    }


def _window(model: ModelState, time_ns: int) -> dict[str, Any] | None:
    """Return how the model stood in the window that a time falls into; None if it is forgotten."""
    found: WindowRecord | None = next(
        (w for w in reversed(model.history) if w.start_ns <= time_ns <= w.end_ns), None
    )
    if found is None:
        return None
    return {
        "window": found.window,
        "start": iso(found.start_ns),
        "end": iso(found.end_ns),
        "state": found.condition,
        "signals": found.signals,
    }
