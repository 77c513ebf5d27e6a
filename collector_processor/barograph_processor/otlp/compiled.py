"""The compiled part of reading spans, where the installation has one.

It is compiled when the package is installed, if there is a C compiler then. Without
it numpy does the same for two to three times the CPU; both give equal answers.
"""

from pathlib import Path
from types import ModuleType

__all__ = ["is_current", "wire"]


def is_current(library: Path, sources: Path) -> bool:
    """Whether a library is as new as its sources; only a checkout has both.

    What was compiled before them may take other arguments than the Python beside them gives.
    """
    made = library.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns <= made for source in sources.glob("*.[ch]"))


def _loaded() -> ModuleType | None:
    try:
        from barograph_processor.otlp import _wire  # noqa: PLC0415 - may be missing
    except ImportError:
        return None
    return _wire if is_current(Path(_wire.__file__), Path(__file__).with_name("wire")) else None


wire = _loaded()
"""What ``_wire.pyi`` describes, or None."""
