"""From acknowledged bytes to state."""

from barograph_processor.pipeline.pipeline import Acknowledgement, Pipeline, Sink

__all__ = ["Acknowledgement", "Pipeline", "Sink"]
