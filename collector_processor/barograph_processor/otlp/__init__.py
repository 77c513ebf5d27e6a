"""OTLP bytes in both directions."""

from barograph_processor.otlp.decode import decode_logs, decode_together, decode_traces
from barograph_processor.otlp.decoded import Decoded, DecodedLogs, DecodedTraces
from barograph_processor.otlp.dimensions import NOTHING, TraceDimensions
from barograph_processor.otlp.encode import encode_alarms, encode_metrics
from barograph_processor.otlp.joined import batches_of
from barograph_processor.otlp.json import logs_from_json, traces_from_json
from barograph_processor.otlp.table import Table

__all__ = [
    "NOTHING",
    "Decoded",
    "DecodedLogs",
    "DecodedTraces",
    "Table",
    "TraceDimensions",
    "batches_of",
    "decode_logs",
    "decode_together",
    "decode_traces",
    "encode_alarms",
    "encode_metrics",
    "logs_from_json",
    "traces_from_json",
]
