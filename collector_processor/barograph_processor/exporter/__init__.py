"""OTLP out: send, retry, time out."""

from barograph_processor.exporter.endpoint import Endpoint
from barograph_processor.exporter.exporter import OtlpExporter, connect
from barograph_processor.exporter.transport import ExportSignal, Outcome, Transport

__all__ = ["Endpoint", "ExportSignal", "OtlpExporter", "Outcome", "Transport", "connect"]
