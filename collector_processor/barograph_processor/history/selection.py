"""Which columns of a file are read, and which of them are inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from barograph_processor.exceptions import DataError
from barograph_processor.history.config import ColumnsConfig

__all__ = ["Selection", "select"]

_ROW_NUMBERS: Final = frozenset({"", "__index_level_0__"})
"""Columns without a name, and pandas' index: row numbers, which always drift."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was selected.

    Attributes:
        features: Columns that are inputs.
        wanted: All columns to read.
    """

    features: tuple[str, ...]
    wanted: tuple[str, ...]


def select(columns: Sequence[str], config: ColumnsConfig) -> Selection:
    """Select from the columns of a file.

    Raises:
        DataError: A column is not in the file, or a category is no feature.
    """
    roles = config.roles
    features = (
        tuple(name for name in columns if name not in {*roles, *_ROW_NUMBERS})
        if config.features is None
        else tuple(dict.fromkeys((*config.features, *config.slices)))
    )
    wanted = tuple(dict.fromkeys((*roles, *features, *config.slices)))
    missing = [n for n in dict.fromkeys((*wanted, *config.categorical)) if n not in columns]
    if missing:
        raise DataError(
            f"no column {', '.join(map(repr, missing))}; the file has "
            f"{', '.join(map(_plain, columns))}"
        )
    stray = [name for name in config.categorical if name not in wanted]
    if stray:
        raise DataError(f"categorical columns must be features: {', '.join(map(repr, stray))}")
    return Selection(features, wanted)


def _plain(name: str) -> str:
    """A name as it is where that is clear, else with quotes around its spaces."""
    return name if name == name.strip() and name else repr(name)
