"""Prometheus, which scrapes, remembers and answers questions."""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlencode

from components.errors import ComponentError, ComponentMissingError
from components.process import Process, free_addresses, http_get

__all__ = ["Exemplar", "ExemplarSeries", "Prometheus", "Sample", "find"]

_HOUR_S = 3600


class Sample(TypedDict):
    """One element of an instant vector."""

    metric: dict[str, str]
    value: float


class Exemplar(TypedDict):
    """One exemplar; a trace id is in ``labels["trace_id"]``."""

    labels: dict[str, str]
    value: float
    timestamp: float


class ExemplarSeries(TypedDict):
    """The exemplars of one series."""

    metric: dict[str, str]
    exemplars: list[Exemplar]


def find(executable: str = "prometheus") -> Path:
    """Return the path of ``prometheus``, ``promtool`` or ``prometheus-alertmanager``.

    Raises:
        ComponentMissingError: It is not installed.
    """
    found = shutil.which(executable)
    if found is None:
        raise ComponentMissingError(
            f"{executable} is not installed: run `python -m components install` as root"
        )
    return Path(found)


class Prometheus(Process):
    """A Prometheus that scrapes a few addresses; a context manager, see Process.

    Exemplars are stored. ``job`` and ``instance`` of the scraped metrics win
    over its own, as the Collector's exporter needs it.

    Args:
        directory: For its log, its configuration and its data.
        scrape: From job names to addresses, ``host:port``, of ``/metrics``.
        interval: Between scrapes and between evaluations of rules.
        rules: Files with recording and alerting rules.
        usual_port: Listen on 9090 instead of on a free port.

    Attributes:
        address: ``host:port`` of its page and its API.

    Raises:
        ComponentMissingError: Prometheus is not installed.
    """

    def __init__(
        self,
        directory: Path,
        scrape: Mapping[str, str],
        *,
        interval: str = "1s",
        rules: Sequence[Path] = (),
        usual_port: bool = False,
    ) -> None:
        self.address = "127.0.0.1:9090" if usual_port else free_addresses(1)[0]
        self._config = directory / "prometheus.yml"
        self._settings = {
            "global": {
                "scrape_interval": interval,
                "scrape_timeout": interval,
                "evaluation_interval": interval,
            },
            "rule_files": [str(rule.resolve()) for rule in rules],
            "scrape_configs": [
                {"job_name": job, "honor_labels": True, "static_configs": [{"targets": [target]}]}
                for job, target in scrape.items()
            ],
        }
        super().__init__(
            "prometheus",
            [
                str(find()),
                f"--config.file={self._config}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address={self.address}",
                "--enable-feature=exemplar-storage",
            ],
            directory=directory,
            ready=lambda: http_get(self.address, "/-/ready")[0] == HTTPStatus.OK,
        )

    def start(self) -> None:
        """Write its configuration, then start it as any Process."""
        self.directory.mkdir(parents=True, exist_ok=True)
        # YAML is a superset of JSON.
        self._config.write_text(json.dumps(self._settings, indent=2))
        super().start()

    def query(self, promql: str) -> list[Sample]:
        """Evaluate an expression now and return its vector; a scalar has no labels.

        Raises:
            ComponentError: Prometheus refused the expression; the message has its reason.
            OSError: It does not answer.
        """
        data = self._ask("query", query=promql)
        result = data["result"]
        if data["resultType"] == "scalar":
            return [Sample(metric={}, value=float(result[1]))]
        return [Sample(metric=one["metric"], value=float(one["value"][1])) for one in result]

    def query_exemplars(
        self, promql: str, *, start: float | None = None, end: float | None = None
    ) -> list[ExemplarSeries]:
        """Return the exemplars of the series in an expression; raises as ``query`` does.

        Args:
            promql: The expression, a metric's name for instance.
            start: Epoch seconds, an hour ago by default.
            end: Epoch seconds, in an hour by default.
        """
        now = time.time()
        data = self._ask(
            "query_exemplars",
            query=promql,
            start=str(now - _HOUR_S if start is None else start),
            end=str(now + _HOUR_S if end is None else end),
        )
        return [
            ExemplarSeries(
                metric=series["seriesLabels"],
                exemplars=[
                    Exemplar(
                        labels=one["labels"],
                        value=float(one["value"]),
                        timestamp=float(one["timestamp"]),
                    )
                    for one in series["exemplars"]
                ],
            )
            for series in data
        ]

    def _ask(self, what: str, **parameters: str) -> Any:
        _, body = http_get(self.address, f"/api/v1/{what}?{urlencode(parameters)}")
        answer = json.loads(body)
        if answer["status"] != "success":
            raise ComponentError(f"Prometheus refused {parameters}: {answer['error']}")
        return answer["data"]
