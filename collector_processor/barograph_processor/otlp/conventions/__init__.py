"""What a span means, one module a convention; the first that knows a span has it."""

from barograph_processor.otlp.conventions import barograph, gen_ai, openinference
from barograph_processor.otlp.conventions.annotations import read_annotations
from barograph_processor.otlp.conventions.late_facts import LateFact, read_event

__all__ = [
    "LateFact",
    "barograph",
    "gen_ai",
    "openinference",
    "read_annotations",
    "read_event",
]
