"""Barograph: every model call as an OpenTelemetry span, with its inputs and its prediction."""

from typing import Any

from barograph.block import Prediction, prediction
from barograph.call import current_ref
from barograph.configuration import configure, force_flush, shutdown
from barograph.current_prediction import CurrentPrediction, current_prediction
from barograph.decorator import observe
from barograph.estimator import instrument
from barograph.exporter import BarographSpanExporter
from barograph.facts import evaluation, label, outcome, reaction
from barograph.reference import PredictionRef
from barograph.runtime import sdk_version
from barograph.telemetry import Stats, stats

__all__ = [
    "BarographSpanExporter",
    "CurrentPrediction",
    "Prediction",
    "PredictionRef",
    "Stats",
    "configure",
    "current_prediction",
    "current_ref",
    "evaluation",
    "force_flush",
    "instrument",
    "label",
    "observe",
    "outcome",
    "prediction",
    "reaction",
    "shutdown",
    "stats",
]


def __getattr__(name: str) -> Any:
    # Reading the distribution's metadata takes a millisecond that an import need not pay.
    if name == "__version__":
        return sdk_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
