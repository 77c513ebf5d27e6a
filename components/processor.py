"""Barograph's own processor, ``barograph serve``, as a child like the others."""

import json
import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

from components.errors import ComponentError
from components.process import Process, free_addresses, http_get

__all__ = ["Processor"]


class Processor(Process):
    """A processor, run by this interpreter; a context manager, see Process.

    Its state stays over ``stop``, ``kill`` and ``start``.

    Args:
        directory: For its log, and for its state in ``state``.
        otlp_grpc: Where it takes OTLP over gRPC, ``host:port``; a free port by default.
        export: Where it sends metrics and alarms; nowhere by default.
        config: A TOML file with its configuration.
        program: The module that is run.

    Attributes:
        otlp_grpc: ``host:port`` that takes OTLP over gRPC.
        otlp_http: ``host:port`` that takes OTLP over HTTP.
        web: ``host:port`` of the page, the API and ``/metrics``.
    """

    def __init__(
        self,
        directory: Path,
        *,
        otlp_grpc: str | None = None,
        export: str | None = None,
        config: Path | None = None,
        program: str = "barograph_processor",
    ) -> None:
        free, self.otlp_http, self.web = free_addresses(3)
        self.otlp_grpc = otlp_grpc or free
        flags = {
            "--state-dir": str(directory / "state"),
            "--otlp-grpc": self.otlp_grpc,
            "--otlp-http": self.otlp_http,
            "--web": self.web,
            "--export": export,
            "--config": None if config is None else str(config.resolve()),
        }
        given = [part for flag, value in flags.items() if value for part in (flag, value)]
        super().__init__(
            "processor",
            [sys.executable, "-m", program, "serve", *given],
            directory=directory,
            # It finds modules where we do, wherever it runs.
            env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            ready=lambda: http_get(self.web, "/readyz")[0] == HTTPStatus.OK,
        )

    def api(self, path: str) -> Any:
        """Return what its API answers, to ``/api/models`` for instance.

        Raises:
            ComponentError: It answered something else than 200.
            OSError: It does not answer.
        """
        status, body = http_get(self.web, path)
        if status != HTTPStatus.OK:
            raise ComponentError(f"the processor answered {status} to {path}: {body[:200]!r}")
        return json.loads(body)
