"""``barograph demo`` as a child: a year of flights through a Collector of the caller's."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from components.demo.stage import Stage
from components.errors import ComponentError

__all__ = ["Flights"]

_PATIENCE_S = 60
_TAIL_LINES = 20


class Flights:
    """The demo's application and processor, between the Collector's two sides.

    A context manager. It goes on serving after the year, until it is left.

    Args:
        directory: For its log.
        stage: A running one.
        limit: Stop after so many flights; all of the year by default.

    Attributes:
        log: What it printed for people.
    """

    def __init__(self, directory: Path, stage: Stage, *, limit: int | None = None) -> None:
        self.log = directory / "demo.log"
        self._command = [
            *(sys.executable, "-m", "barograph_processor", "demo", "--json"),
            *("--endpoint", f"http://{stage.collector.otlp_http}"),
            *("--export", stage.collector.derived),
            *("--otlp-grpc", stage.processor),
            *("--otlp-http", stage.processor_http),
            *("--web", stage.web),
            *(() if limit is None else ("--flights", str(limit))),
        ]
        self._child: subprocess.Popen[str] | None = None

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield what it prints for programs, as it happens, up to and with the summary.

        Each line has a ``type``: ``window``, ``alarm`` or ``summary``.

        Raises:
            ComponentError: It ended without a summary; the message has its log's end.
        """
        if self._child is None or self._child.stdout is None:
            raise ComponentError("the demo is not running")
        for text in self._child.stdout:
            line: dict[str, Any] = json.loads(text)
            yield line
            if line["type"] == "summary":
                return
        code = self._child.wait()
        last = "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
        raise ComponentError(f"the demo ended with {code}. The end of {self.log}:\n{last}")

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C is for us, who then stop everything in order.
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._child is None:
            return
        self._child.terminate()
        # Read what it still prints: a full pipe would keep it from ending.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.communicate(timeout=_PATIENCE_S)
        if self._child.poll() is None:
            self._child.kill()
            self._child.communicate()
        self._child = None
