"""The bounds of what one call may send."""

from typing import Final

__all__ = [
    "MAX_BATCH_CHARS",
    "MAX_BATCH_ROWS",
    "MAX_BATCH_VALUES",
    "MAX_CATEGORY_CHARS",
    "MAX_FEATURES",
    "MAX_FULL_CHARS",
    "MAX_KEY_CHARS",
    "MAX_NESTING",
    "MAX_ROW_VECTOR",
    "MAX_SUMMARY_CHARS",
    "MAX_SUMMARY_ITEMS",
    "chars_of_each",
]

# A string is a category, and sent, only up to this length and on one line.
MAX_CATEGORY_CHARS: Final = 64
# Text is summarized, and in `full` sent, up to this many characters.
MAX_SUMMARY_CHARS: Final = 65_536
MAX_FULL_CHARS: Final = 32_768
# A vector or list is summarized from this many of its items.
MAX_SUMMARY_ITEMS: Final = 10_000
MAX_KEY_CHARS: Final = 128
MAX_NESTING: Final = 3
# Attributes of one span that may be features; OpenTelemetry's own default is 128 in all.
MAX_FEATURES: Final = 1_000
# A lone array argument of at most this length is a row of features, a longer one a vector.
MAX_ROW_VECTOR: Final = 128
# A larger batch is thinned evenly, and says so in `barograph.sample.rate`.
MAX_BATCH_ROWS: Final = 10_000
MAX_BATCH_VALUES: Final = 250_000
# The texts of a batch are summarized up to so many characters in all, 256 of each at least.
MAX_BATCH_CHARS: Final = 1 << 20


def chars_of_each(rows: int) -> int:
    """Return how many characters of each text of a batch are read."""
    return max(256, min(MAX_SUMMARY_CHARS, MAX_BATCH_CHARS // max(1, rows)))
