"""From acknowledged bytes to state."""

from barograph_processor.pipeline.feeder import Sink
from barograph_processor.pipeline.pipeline import Acknowledgement, Pipeline

__all__ = ["Acknowledgement", "Pipeline", "Sink"]
