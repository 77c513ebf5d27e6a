"""The page, the API, and ``/metrics``: what people and Prometheus read."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from barograph_processor.access import Access
from barograph_processor.pipeline import Pipeline
from barograph_processor.signal import Alarm, Signal
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from barograph_processor.web.exposition import (
    OPENMETRICS_TYPE,
    PROMETHEUS_TYPE,
    accepts_openmetrics,
    render,
)
from barograph_processor.web.guard import Guard, Guarded
from barograph_processor.web.login import Login
from barograph_processor.web.model_path import MODEL_PATH, asked_model
from barograph_processor.web.page import Page
from barograph_processor.web.predictions import PredictionLookup
from barograph_processor.web.responses import OrjsonResponse, error_response
from barograph_processor.web.review import ReviewDesk
from barograph_processor.web.sessions import Sessions
from barograph_processor.web.views import alarm_view, model_view, summary_view

__all__ = ["web_app"]

_MAX_PAGE: Final = 1000
_MAX_OFFSET: Final = 2**31
_BROKEN: Final = "a part of the processor has died, see its log: restart it\n"


def web_app(
    registry: ModelRegistry,
    pipeline: Pipeline,
    signals: Callable[[], Sequence[Signal]],
    *,
    trace_url: str | None = None,
    access: Access | None = None,
    telemetry: Telemetry | None = None,
) -> Starlette:
    """Return the application.

    Args:
        registry: Read only while the pipeline is held.
        pipeline: Whether it is ready, and its lock.
        signals: Returns the points of this moment; takes the lock itself.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
        access: Who may read; None lets everybody.
        telemetry: Counts refusals.
    """
    views = _Views(registry, pipeline, signals, trace_url)
    access, telemetry, sessions = access or Access(), telemetry or Telemetry(), Sessions()
    guard = Guard(access, sessions, telemetry)
    return Starlette(
        routes=[
            Route("/metrics", views.metrics),
            Route("/healthz", views.health),
            Route("/readyz", views.ready),
            Route("/api/models", views.models),
            Route(f"/api/models/{MODEL_PATH}", views.model),
            Route(f"/api/baseline/{MODEL_PATH}", views.baseline),
            Route("/api/alarms", views.alarms),
            *Login(access, sessions, telemetry).routes(),
            *PredictionLookup(registry, pipeline, trace_url=trace_url).routes(),
            *ReviewDesk(registry, pipeline, guard, trace_url=trace_url).routes(),
            *Page(registry, pipeline, trace_url=trace_url).routes(),
        ],
        middleware=[Middleware(Guarded, guard=guard)],
        exception_handlers={404: _not_found, HTTPException: _refused, Exception: _failed},
    )


class _Views:
    def __init__(
        self,
        registry: ModelRegistry,
        pipeline: Pipeline,
        signals: Callable[[], Sequence[Signal]],
        trace_url: str | None,
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._signals = signals
        self._trace_url = trace_url

    def metrics(self, request: Request) -> Response:
        openmetrics = accepts_openmetrics(request.headers.get("accept", ""))
        body = render(self._signals(), openmetrics=openmetrics)
        return Response(
            body, headers={"content-type": OPENMETRICS_TYPE if openmetrics else PROMETHEUS_TYPE}
        )

    def health(self, _request: Request) -> Response:
        if self._pipeline.broken:
            return PlainTextResponse(_BROKEN, status_code=503)
        return PlainTextResponse("ok\n")

    def ready(self, _request: Request) -> Response:
        if self._pipeline.ready:
            return PlainTextResponse("ready\n")
        if self._pipeline.broken:
            return PlainTextResponse(_BROKEN, status_code=503)
        why = (
            "stopping: what was taken is being finished"
            if self._pipeline.leaving
            else "the journal is still being replayed"
        )
        return PlainTextResponse(f"{why}\n", status_code=503)

    def models(self, _request: Request) -> Response:
        with self._pipeline.hold():
            found = [summary_view(model) for model in self._registry.models.values()]
        return OrjsonResponse({"models": found})

    def model(self, request: Request) -> Response:
        key = asked_model(request)
        with self._pipeline.hold():
            model = self._registry.models.get(key)
            if model is None:
                return error_response(404, f"no predictions of {key.name!r} {key.version!r}")
            found = model_view(model, trace_url=self._trace_url)
        return OrjsonResponse(found)

    def baseline(self, request: Request) -> Response:
        key = asked_model(request)
        with self._pipeline.hold():
            model = self._registry.models.get(key)
            reference = None if model is None else model.reference
            if reference is None:
                return error_response(404, f"no complete reference of {key.name!r} {key.version!r}")
            found = reference.to_json()
        return OrjsonResponse(found)

    def alarms(self, request: Request) -> Response:
        state = request.query_params.get("state", "open")
        if state not in ("open", "resolved", "all"):
            return error_response(400, f"state must be open, resolved or all, got {state!r}")
        try:
            limit = int(request.query_params.get("limit", "100"))
            offset = int(request.query_params.get("offset", "0"))
        except ValueError:
            return error_response(400, "limit and offset must be whole numbers")
        if not (0 < limit <= _MAX_PAGE and 0 <= offset <= _MAX_OFFSET):
            return error_response(
                400, f"limit must be in 1..{_MAX_PAGE} and offset in 0..{_MAX_OFFSET}"
            )
        with self._pipeline.hold():
            found: list[Alarm] = []
            for model in self._registry.models.values():
                book = model.verdicts.book
                found += book.open if state != "resolved" else ()
                found += book.resolved if state != "open" else ()
        found.sort(key=lambda alarm: alarm.raised_ns, reverse=True)
        page = [alarm_view(a, trace_url=self._trace_url) for a in found[offset : offset + limit]]
        return OrjsonResponse({"alarms": page, "total": len(found), "offset": offset})


async def _not_found(_request: Request, _error: Exception) -> Response:
    return error_response(404, "there is nothing here; see /api/models and /api/alarms")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = error_response(error.status_code, error.detail)
    # Which methods are allowed, for instance.
    response.headers.update(error.headers or {})
    return response


async def _failed(request: Request, _error: Exception) -> Response:
    what = f"{request.method} {request.url.path}"
    return error_response(500, f"{what} failed by a mistake in our code; the log says which")
