"""Counts what becomes of notifications."""

from barograph_processor.exporter import ExportSignal, Result
from barograph_processor.telemetry import Telemetry

__all__ = ["WebhookTally"]


class WebhookTally:
    """The counts of one webhook; see ``Tally``.

    Args:
        telemetry: Where to.
        name: The webhook's, bounded because it is configured.
    """

    def __init__(self, telemetry: Telemetry, name: str) -> None:
        self._telemetry = telemetry
        self._name = name

    def what(self, signal: ExportSignal) -> str:  # noqa: ARG002 - alike for both
        """Say in words what is sent; see ``Tally``."""
        return f"webhook {self._name}"

    def count(self, signal: ExportSignal, result: Result, amount: int = 1) -> None:
        """Count requests. What is only told again counts where it does not arrive."""
        if signal == "logs" or result in ("failed", "refused"):
            self._telemetry.add(
                "barograph.monitor.notifications", amount, webhook=self._name, result=result
            )

    def waiting(self, size: int) -> None:
        """Show what waits; see ``Tally``."""
        self._telemetry.set("barograph.monitor.notifications.waiting", size, webhook=self._name)
