"""All checks, in the order in which one would mend."""

from pathlib import Path

from barograph_processor.config import Config
from barograph_processor.doctor.collector import collector
from barograph_processor.doctor.endpoints import clock, downstream, listening
from barograph_processor.doctor.finding import Finding
from barograph_processor.doctor.memory import memory
from barograph_processor.doctor.settings import budget, references, security, versions
from barograph_processor.doctor.state import state
from barograph_processor.doctor.webhooks import webhooks

__all__ = ["examine"]


def examine(config: Config, *, collector_file: Path | None = None) -> list[Finding]:
    """Look at everything; takes a few seconds where somebody does not answer.

    Changes nothing: what it sends is empty, and it starts and stops no server.

    Args:
        config: As ``serve`` would read it.
        collector_file: The configuration of the Collector beside, if it is to be looked at.

    Raises:
        ConfigurationError: The Collector's configuration cannot be read.
    """
    return [
        *versions(),
        *security(config),
        *webhooks(config),
        *references(config),
        *state(config),
        *memory(config),
        *listening(config),
        *downstream(config),
        *clock(config),
        *(collector(collector_file, config) if collector_file is not None else ()),
        *budget(config),
    ]
