"""The real programs that Barograph is tested and shown with.

A Collector and Jaeger, built from pinned Go modules, and Prometheus and
Chromium from the system's packages. Not part of the wheel; needs nothing but
the standard library. ``python -m components --help`` is where to start.
"""

from components.build import COLLECTOR, JAEGER, Recipe
from components.collector import Collector
from components.errors import ComponentError, ComponentMissingError
from components.jaeger import Jaeger
from components.process import Process, free_addresses, wait_until
from components.processor import Processor
from components.prometheus import Prometheus

__all__ = [
    "COLLECTOR",
    "JAEGER",
    "Collector",
    "ComponentError",
    "ComponentMissingError",
    "Jaeger",
    "Process",
    "Processor",
    "Prometheus",
    "Recipe",
    "free_addresses",
    "wait_until",
]
