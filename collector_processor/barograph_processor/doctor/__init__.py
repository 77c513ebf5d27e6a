"""Says what is wrong with an installation, and what to do about it."""

from barograph_processor.doctor.examine import examine
from barograph_processor.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
