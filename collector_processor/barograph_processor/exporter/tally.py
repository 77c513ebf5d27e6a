"""Who counts what becomes of requests to a downstream."""

from typing import Literal, Protocol

from barograph_processor.exporter.transport import ExportSignal
from barograph_processor.telemetry import Telemetry

__all__ = ["OtlpTally", "Result", "Tally"]

Result = Literal["sent", "failed", "refused", "given_up", "dropped", "replaced"]


class Tally(Protocol):
    """Counts under the names of one downstream. Called from any thread."""

    def what(self, signal: ExportSignal) -> str:
        """Say in words what is sent, for the log."""

    def count(self, signal: ExportSignal, result: Result, amount: int = 1) -> None:
        """Count requests by what became of them."""

    def waiting(self, size: int) -> None:
        """Show how many bytes of alarms wait on disk."""


class OtlpTally:
    """The downstream that takes OTLP."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def what(self, signal: ExportSignal) -> str:
        """Say in words what is sent; see ``Tally``."""
        return f"export of {signal}"

    def count(self, signal: ExportSignal, result: Result, amount: int = 1) -> None:
        """Count requests; see ``Tally``."""
        self._telemetry.add("barograph.monitor.exports", amount, signal=signal, result=result)

    def waiting(self, size: int) -> None:
        """Show what waits; see ``Tally``."""
        self._telemetry.set("barograph.monitor.alarms.waiting", size)
