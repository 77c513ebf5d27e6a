"""From acknowledged bytes to state."""

from barograph_processor.pipeline.feeder import Sink
from barograph_processor.pipeline.pipeline import Pipeline
from barograph_processor.pipeline.reception import Acknowledgement, Read

__all__ = ["Acknowledgement", "Pipeline", "Read", "Sink"]
