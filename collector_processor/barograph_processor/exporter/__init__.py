"""OTLP out: send, retry, time out."""

from barograph_processor.exporter.connect import connect
from barograph_processor.exporter.endpoint import Endpoint
from barograph_processor.exporter.exporter import OtlpExporter
from barograph_processor.exporter.queue import AlarmQueue, QueuedAlarm
from barograph_processor.exporter.transport import ExportSignal, Outcome, Transport

__all__ = [
    "AlarmQueue",
    "Endpoint",
    "ExportSignal",
    "OtlpExporter",
    "Outcome",
    "QueuedAlarm",
    "Transport",
    "connect",
]
