"""OTLP out: send, retry, time out; and what notifications share with it."""

from barograph_processor.exporter.connect import connect, connect_renewed
from barograph_processor.exporter.credentials import header_pairs, tls_context
from barograph_processor.exporter.endpoint import Endpoint
from barograph_processor.exporter.exporter import Exporter
from barograph_processor.exporter.post import post
from barograph_processor.exporter.queue import AlarmQueue, QueuedAlarm
from barograph_processor.exporter.renewed import RenewedTransport
from barograph_processor.exporter.tally import OtlpTally, Result, Tally
from barograph_processor.exporter.transport import ExportSignal, Outcome, Transport

__all__ = [
    "AlarmQueue",
    "Endpoint",
    "ExportSignal",
    "Exporter",
    "OtlpTally",
    "Outcome",
    "QueuedAlarm",
    "RenewedTransport",
    "Result",
    "Tally",
    "Transport",
    "connect",
    "connect_renewed",
    "header_pairs",
    "post",
    "tls_context",
]
