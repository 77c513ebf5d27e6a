"""The flights demo through the real Collector: ``python -m components demo``."""

from components.demo.run import demo

__all__ = ["demo"]
