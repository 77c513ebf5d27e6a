"""``/api/review``: what people are asked, and what they answer."""

import time
from collections import OrderedDict
from threading import Lock
from typing import Annotated, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from barograph_processor.exceptions import OverloadedError
from barograph_processor.observation import ModelKey
from barograph_processor.otlp.encode_answer import encode_answer
from barograph_processor.pipeline import Pipeline
from barograph_processor.state.label.prediction_id import short_ids
from barograph_processor.state.model import ModelState
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.state.review.review_item import ReviewItem
from barograph_processor.web.guard import Guard
from barograph_processor.web.question import Question
from barograph_processor.web.responses import OrjsonResponse, error_response
from barograph_processor.web.views import iso, trace_link

__all__ = ["ReviewDesk"]

_MAX_BODY: Final = 16 * 1024
_MAX_ITEMS: Final = 200
_MAX_TAKEN: Final = 10_000
"""Answers remembered until the queue has heard of them, far more than come in that second."""

_Taken = tuple[str, str, str, str]
"""Model, version, prediction and reviewer of an answer."""
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an answer: a label, or whether the prediction is right."""

    id: _Name
    model: _Name
    version: _Name
    reviewer: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | float | bool | None = None
    right: bool | None = None


class ReviewDesk:
    """Shows drawn predictions, and passes answers on as late facts of the usual way.

    An answer is journalled before it is acknowledged, and counted as a label of a
    human source, or as an evaluation named ``review``.

    Args:
        registry: Read only while the pipeline is held.
        pipeline: Where answers go, and its lock.
        guard: Decides who may answer.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        pipeline: Pipeline,
        guard: Guard,
        *,
        trace_url: str | None,
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._guard = guard
        self._trace_url = trace_url
        self._taken: OrderedDict[_Taken, None] = OrderedDict()
        self._lock = Lock()

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/api/review", self.queue, methods=["GET"]),
            Route("/api/review", self.answer, methods=["POST"]),
        ]

    def queue(self, request: Request) -> Response:
        """Answer with the models that have a queue, and with their open items.

        Query: ``name`` and ``version`` for one model; ``limit`` items of each, at most 200;
        ``reviewer``, to leave out what this person has answered.
        """
        query = request.query_params
        try:
            limit = int(query.get("limit", "20"))
        except ValueError:
            limit = 0
        if not 0 < limit <= _MAX_ITEMS:
            return error_response(400, f"limit must be a whole number in 1..{_MAX_ITEMS}")
        with self._pipeline.hold():
            models = [
                self._model(model, limit=limit, reviewer=query.get("reviewer"))
                for key, model in self._registry.models.items()
                if query.get("name") in (None, key.name)
                and query.get("version") in (None, key.version)
            ]
        return OrjsonResponse({"ready": self._pipeline.ready, "models": models})

    async def answer(self, request: Request) -> Response:
        """Take one answer, of a person to a prediction; ``docs/review.md`` has its fields."""
        self._guard.authorize(request, "review")
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return error_response(415, "an answer must be application/json")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_BODY:
                return error_response(413, f"an answer must not exceed {_MAX_BODY} bytes")
        try:
            given = msgspec.json.decode(body, type=_Given)
        except msgspec.MsgspecError as error:
            return error_response(400, f"this is no answer: {error}")
        if (given.label is None) == (given.right is None):
            return error_response(400, "an answer has either a label or right = true or false")
        return await run_in_threadpool(self._take, given)

    def _take(self, given: _Given) -> Response:
        (name,) = short_ids((given.id,))
        with self._pipeline.hold():
            model = self._registry.models.get(ModelKey(given.model, given.version))
            item = None if model is None else model.reviews.queue.get(name)
            if model is None or item is None:
                return error_response(404, f"nobody is asked about {given.id!r}, or no longer")
            if any(answer.reviewer == given.reviewer for answer in item.answers):
                return error_response(409, f"{given.reviewer!r} has answered this before")
            question = Question.of(model, item)
        try:
            answer = question.answer(label=given.label, right=given.right)
        except ValueError as error:
            return error_response(400, str(error))
        taken = (given.model, given.version, name, given.reviewer)
        if not self._take_once(taken):
            return error_response(409, f"{given.reviewer!r} has answered this before")
        record = encode_answer(
            name,
            model=given.model,
            version=given.version,
            reviewer=given.reviewer,
            answer=answer,
            is_label=question.kind != "right",
            now_ns=time.time_ns(),
        )
        accepted = False
        try:
            self._pipeline.submit("logs", record)
            accepted = True
        except OverloadedError as error:
            return error_response(503, str(error))
        finally:
            if not accepted:
                with self._lock:
                    self._taken.pop(taken, None)
        return OrjsonResponse({"accepted": True})

    def _take_once(self, taken: _Taken) -> bool:
        """Return whether this person's answer is the first: the queue hears of it a bit later."""
        with self._lock:
            if taken in self._taken:
                return False
            self._taken[taken] = None
            if len(self._taken) > _MAX_TAKEN:
                self._taken.popitem(last=False)
            return True

    def _model(self, model: ModelState, *, limit: int, reviewer: str | None) -> dict[str, Any]:
        reviews, risk = model.reviews, model.reviews.answers.risk
        items = [
            item
            for item in reviews.queue
            if item.open and all(answer.reviewer != reviewer for answer in item.answers)
        ]
        return {
            "name": model.key.name,
            "version": model.key.version,
            "task": model.judge.task,
            "pending": len(items),
            "drawn": reviews.drawn,
            "answered": reviews.answers.count,
            "expired": reviews.expired,
            "disagreement": {"share": reviews.answers.disagreement, "of": reviews.answers.twice},
            "risk": None if risk is None else risk._asdict(),
            "accuracy": None
            if risk is None
            else {"value": 1 - risk.value, "lower": 1 - risk.upper, "upper": 1 - risk.lower},
            "items": [self._item(model, item) for item in items[:limit]],
        }

    def _item(self, model: ModelState, item: ReviewItem) -> dict[str, Any]:
        question = Question.of(model, item)
        traced = item.trace_id.strip("0") != ""
        return {
            "id": item.id,
            "time": iso(item.time_ns),
            "trace_id": item.trace_id if traced else None,
            "trace_link": trace_link(self._trace_url, item.trace_id),
            "asked": question.kind,
            "classes": list(question.classes),
            "prediction": {
                "label": question.predicted,
                "value": item.value,
                "confidence": item.confidence,
            },
            **item.details(),
            "propensity": item.propensity,
            "answers": len(item.answers),
            "wanted": item.wanted,
        }
