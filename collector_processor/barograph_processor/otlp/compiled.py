"""The compiled part of reading spans, where the installation has one.

It is compiled when the package is installed, if there is a C compiler then. Without
it numpy does the same for two to three times the CPU; both give equal answers.
"""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import numpy.typing as npt

__all__ = ["Wire", "is_current", "wire"]

_Array = npt.NDArray[Any]


class Wire(Protocol):
    """What the C in ``wire/`` offers; None says that something is unusual.

    Arrays are C-contiguous, and places in the data are ``intp``. What comes back as bytes is an
    array of them.
    """

    def spans(self, data: bytes, start: int, stop: int, /) -> tuple[bytearray, int, int] | None:
        """Return where each span of a scope begins and ends, and its schema's address."""

    def fields(
        self,
        data: bytes,
        start: _Array,
        stop: _Array,
        ids: _Array,
        words: _Array,
        places: _Array,
        /,
    ) -> tuple[tuple[list[tuple[bytes, int, int]], bytearray], bool] | None:
        """Fill the last three, ``(n, 3)``, ``(3, n)`` and ``(4, n)``, with the fields of spans.

        Returns:
            The attributes' keys, each with where its rows begin and end in three columns of
            row, start and stop; these columns; and whether any span has events.
        """

    def distinct(self, data: bytes, start: _Array, stop: _Array, codes: _Array, /) -> bytearray:
        """Fill ``codes``, of ``int32``, with the numbers of equal stretches; return the firsts."""

    def numbers(self, data: bytes, start: _Array, stop: _Array, values: _Array, /) -> bool:
        """Fill ``values``, of ``float64``, if all are doubles or all whole numbers."""


def is_current(library: Path, sources: Path) -> bool:
    """Whether a library is as new as its sources; only a checkout has both.

    What was compiled before them may take other arguments than the Python beside them gives.
    """
    made = library.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns <= made for source in sources.glob("*.[ch]"))


def _loaded() -> Wire | None:
    try:
        module = import_module("barograph_processor.otlp._wire")
    except ImportError:
        return None
    current = is_current(Path(str(module.__file__)), Path(__file__).with_name("wire"))
    return cast("Wire", module) if current else None


wire = _loaded()
"""The compiled part, or None."""
