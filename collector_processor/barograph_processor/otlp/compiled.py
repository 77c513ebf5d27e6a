"""The compiled part of reading spans, where the installation has one.

It is compiled when the package is installed, if there is a C compiler then. Without
it numpy does the same for about twice the time; both give equal answers.
"""

from types import ModuleType

__all__ = ["wire"]

wire: ModuleType | None
"""What ``_wire.pyi`` describes, or None."""

try:
    from barograph_processor.otlp import _wire as wire
except ImportError:
    wire = None
