"""The compiled part of reading spans, where the installation has one.

It is compiled when the package is installed, if there is a C compiler then. Without
it numpy does the same for about twice the time; both give equal answers.
"""

try:
    from barograph_processor.otlp import _wire as wire
except ImportError:
    wire = None  # type: ignore[assignment] # looked at wherever it is used

__all__ = ["wire"]
