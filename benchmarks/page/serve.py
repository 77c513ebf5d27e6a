"""Serves the page with many models, or with one that has a long history, and prints its address."""

import sys
import threading
from collections.abc import Callable

from barograph_processor.config import parse_config
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from tests.end_to_end.page.models import START, Traffic, serve

HOURLY = 10
"""Predictions an hour of the model with a year."""

_HOURS = 365 * 24


def _registry(**tables: dict[str, float]) -> ModelRegistry:
    config = parse_config(tables)
    return ModelRegistry(config, Telemetry(), clock=lambda: START * 1_000_000_000)


def hundred() -> ModelRegistry:
    """Return a hundred models, each with 58 windows, one in ten of them in trouble."""
    registry = _registry(reference={"rows": 250}, window={"rows": 30})
    for number in range(100):
        traffic = Traffic(registry, f"model {number:03}", seed=number)
        traffic.send(1500)
        traffic.send(500, wrong=0.4 if number % 10 == 0 else 0.1)
    return registry


def year() -> ModelRegistry:
    """Return a model of 13 inputs with a year of hourly windows, worse in the last month.

    All of them are kept; as the processor is configured, it keeps the last 2,000.
    """
    registry = _registry(
        reference={"rows": 1000}, window={"seconds": 3600}, limits={"history_windows": _HOURS}
    )
    names = tuple(f"feature {number}" for number in range(12))
    traffic = Traffic(registry, "year", features=names, seconds=3600 / HOURLY)
    usual = {"accepted": 0.5, "edited": 0.2, "rejected": 0.03}
    traffic.send(335 * 24 * HOURLY, reactions=usual, worth={"EUR": 12.0})
    shift = {"feature 3": 0.5}
    traffic.send(30 * 24 * HOURLY, wrong=0.3, shift=shift, reactions=usual, worth={"EUR": 12.0})
    return registry


STORIES: dict[str, Callable[[], ModelRegistry]] = {"hundred": hundred, "year": year}

if __name__ == "__main__":
    with serve(STORIES[sys.argv[1]]()) as url:
        print(url, flush=True)
        threading.Event().wait()
