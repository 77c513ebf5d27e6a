"""Drift of inputs, outputs and confidence against a reference."""

from barograph_processor.drift.alarm import (
    DriftAlarm,
    DriftUpdate,
    Effect,
    StreamStatus,
    Transition,
)
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.distance import jensen_shannon, wasserstein
from barograph_processor.drift.monitor import DriftMonitor
from barograph_processor.drift.profile import MIN_ROWS, ReferenceProfile
from barograph_processor.drift.proposal import propose_season
from barograph_processor.drift.season import SEASONS
from barograph_processor.drift.stream import StreamKey
from barograph_processor.drift.vector import VectorSummary
from barograph_processor.drift.warning import MIN_REFERENCE_WINDOWS

__all__ = [
    "MIN_REFERENCE_WINDOWS",
    "MIN_ROWS",
    "SEASONS",
    "DriftAlarm",
    "DriftMonitor",
    "DriftUpdate",
    "Effect",
    "ReferenceProfile",
    "StreamKey",
    "StreamStatus",
    "Transition",
    "VectorSummary",
    "WindowCounts",
    "jensen_shannon",
    "propose_season",
    "wasserstein",
]
