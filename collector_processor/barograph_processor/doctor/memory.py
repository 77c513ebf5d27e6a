"""Checks of how much memory the processor may take."""

from collections.abc import Iterator
from typing import Final

from barograph_processor.config import Config
from barograph_processor.doctor.finding import Finding, error, fine, warning
from barograph_processor.memory import AT_REST_BYTES, MORE_MEMORY, Memory

__all__ = ["memory"]

_CHECK: Final = "memory"
_MIB: Final = 1024 * 1024


def memory(config: Config) -> Iterator[Finding]:
    """Look whether the limit leaves room for more than a processor that has seen nothing."""
    known = Memory(config.limits.memory_bytes)
    allowed = f"it may take {known.limit // _MIB:,} MiB"
    needed = f"takes about {AT_REST_BYTES // _MIB} before it has seen anything"
    if known.enough_for(AT_REST_BYTES):
        yield fine(_CHECK, f"{allowed}, and {needed}")
    elif known.limit > AT_REST_BYTES:
        yield warning(
            _CHECK,
            f"{allowed}, but {needed}: with little more, requests come in one by one",
            MORE_MEMORY,
        )
    else:
        yield error(
            _CHECK,
            f"{allowed}, but {needed}: requests come in one by one, or the kernel ends it",
            MORE_MEMORY,
        )
