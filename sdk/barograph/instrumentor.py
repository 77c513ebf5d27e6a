"""The entry point for `opentelemetry-instrument`: switches Barograph on with the rest.

Needs `opentelemetry-instrumentation`, which brings that command.
"""

import os
from collections.abc import Collection
from typing import Any

from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined,import-not-found,unused-ignore]  # an optional package
    BaseInstrumentor,
)

from barograph import configuration

__all__ = ["BarographInstrumentor"]


def _rate() -> float:
    """Return `BAROGRAPH_SAMPLE_RATE`; 1 if it is no number in [0, 1]."""
    try:
        rate = float(os.environ.get("BAROGRAPH_SAMPLE_RATE", "1"))
    except ValueError:
        return 1.0
    return rate if 0 <= rate <= 1 else 1.0


class BarographInstrumentor(BaseInstrumentor):  # type: ignore[misc,unused-ignore]  # no types without the package
    """Sends decorated calls through the providers that `opentelemetry-instrument` set up.

    Settings come from `BAROGRAPH_CAPTURE`, `BAROGRAPH_DISABLED` and `BAROGRAPH_SAMPLE_RATE`.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return what must be installed to be instrumented: nothing."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        configuration.configure(
            tracer_provider=kwargs.get("tracer_provider"),
            logger_provider=kwargs.get("logger_provider"),
            sample_rate=_rate(),
        )

    def _uninstrument(self, **_: Any) -> None:
        configuration.shutdown()
