"""The page and what it asks for: an overview, a model's history, an alarm."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from barograph_processor.observation import ModelKey
from barograph_processor.pipeline import Pipeline
from barograph_processor.signal import Alarm
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.assets import asset
from barograph_processor.web.distributions import distributions_view
from barograph_processor.web.history import series_view
from barograph_processor.web.kept import Kept
from barograph_processor.web.late_facts import late_facts_view
from barograph_processor.web.overview import glance_view, most_urgent, trend_view
from barograph_processor.web.responses import OrjsonResponse, error_response
from barograph_processor.web.views import alarm_view, calibration_view, reference_view

__all__ = ["Page"]

_STATIC: Final = Path(__file__).parent / "static"
_MAX_ALARMS: Final = 12
_MAX_RESOLVED: Final = 50
# 240 numbers each, and a megabyte at the most.
_TRENDS: Final = 1000
_SERIES: Final = 32


class Page:
    """Answers the page's requests.

    Models are asked for by query parameters and not by path, because a name may
    hold anything, ``..`` and slashes too, and a browser resolves those in paths.

    Args:
        registry: Read only while the pipeline is held.
        pipeline: Whether it is ready, and its lock.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
    """

    def __init__(
        self, registry: ModelRegistry, pipeline: Pipeline, *, trace_url: str | None
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._trace_url = trace_url
        self._trends = Kept[dict[str, Any]](_TRENDS)
        self._series = Kept[orjson.Fragment](_SERIES)

    def routes(self) -> list[BaseRoute]:
        """Return the routes; none is one of the API that scripts rely on."""
        return [
            Route("/", self.document),
            Route("/api/page/overview", self.overview),
            Route("/api/page/model", self.model),
            Route("/api/page/alarm", self.alarm),
            Route("/static/{path:path}", asset),
        ]

    def document(self, _request: Request) -> Response:
        """Answer with the page."""
        return FileResponse(_STATIC / "index.html", media_type="text/html; charset=utf-8")

    def overview(self, _request: Request) -> Response:
        """Answer how all models stand, and with the most urgent of the open alarms."""
        with self._pipeline.hold():
            models = list(self._registry.models.values())
            seen = [(glance_view(model), model.history.snapshot()) for model in models]
            alarms = [alarm for model in models for alarm in model.verdicts.book.open]
        return OrjsonResponse(
            {
                "ready": self._pipeline.ready,
                "models": [
                    {**glance, "trend": self._trend(glance, history)} for glance, history in seen
                ],
                "alarms": [self._alarm(alarm) for alarm in most_urgent(alarms, _MAX_ALARMS)],
                "open_alarms": len(alarms),
            }
        )

    def model(self, request: Request) -> Response:
        """Answer with a model's figures, its alarms, and what windows hold if there is a new one.

        Query: ``name``, ``version``; ``after`` is the number of the last window
        that the asker has, and spares it the windows and the distributions if there is
        none since.
        """
        query = request.query_params
        key = ModelKey(query.get("name", ""), query.get("version", ""))
        with self._pipeline.hold():
            model = self._registry.models.get(key)
            if model is None:
                return error_response(404, f"no predictions of {key.name!r} {key.version!r}")
            glance = glance_view(model)
            detail = {
                "task": model.judge.task,
                "warnings": list(model.warnings),
                "calibration": calibration_view(model),
                "late": model.counters.late,
                "late_facts": late_facts_view(model.counters.signals({})),
            }
            reference = reference_view(model)
            book = model.verdicts.book
            alarms = [*most_urgent(book.open, len(book.open)), *book.resolved[-_MAX_RESOLVED:]]
            history = model.history.snapshot()
            last = history[-1].window if history else None
            known = last is not None and query.get("after") == str(last)
            distributions = None if known else distributions_view(model)
        return OrjsonResponse(
            {
                **glance,
                **detail,
                "reference": reference,
                "alarms": [self._alarm(alarm) for alarm in alarms],
                "distributions": distributions,
                "series": None if known else self._series_of(key, history),
            }
        )

    def alarm(self, request: Request) -> Response:
        """Answer with one alarm, open or resolved, by its ``id``."""
        wanted = request.query_params.get("id", "")
        with self._pipeline.hold():
            for model in self._registry.models.values():
                book = model.verdicts.book
                for alarm in (*book.open, *book.resolved):
                    if alarm.id == wanted:
                        return OrjsonResponse(self._alarm(alarm))
        return error_response(404, f"no alarm {wanted!r} is known, or no longer")

    def _trend(self, glance: Mapping[str, Any], history: Sequence[WindowRecord]) -> dict[str, Any]:
        metric = glance["quality"]["metric"]
        key = glance["name"], glance["version"], metric
        return self._trends.of(key, history, lambda: trend_view(history, metric))

    def _series_of(self, key: ModelKey, history: Sequence[WindowRecord]) -> orjson.Fragment:
        def work() -> orjson.Fragment:
            # Each window is unpacked once.
            return orjson.Fragment(orjson.dumps(series_view(list(history))))

        return self._series.of(key, history, work)

    def _alarm(self, alarm: Alarm) -> dict[str, Any]:
        return alarm_view(alarm, trace_url=self._trace_url)
