"""The form of what is kept: which keys there are, and of which types, but no values."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["form", "sqlite_form"]


def form(tree: Any) -> list[str]:
    """Return a line for each place in nested data with the types that stand there, sorted.

    Items of a list count as one place.

    >>> form({"a": [1, 2.5], "b": None})
    ['a[] float | int', 'b None']
    """
    found: dict[str, set[str]] = {}
    for path, kind in _places(tree, ""):
        found.setdefault(path, set()).add(kind)
    return [f"{path} {' | '.join(sorted(kinds))}" for path, kinds in sorted(found.items())]


def sqlite_form(file: Path) -> tuple[int, list[str]]:
    """Return the version of a database, and its tables and indices."""
    database = sqlite3.connect(file)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        tables = database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return version, sorted(" ".join(sql.split()) for (sql,) in tables)
    finally:
        database.close()


def _places(tree: Any, path: str) -> Iterator[tuple[str, str]]:
    match tree:
        case dict() if tree:
            for key, value in tree.items():
                yield from _places(value, f"{path}.{key}" if path else str(key))
        case list() | tuple() if tree:
            for value in tree:
                yield from _places(value, f"{path}[]")
        case dict() | list() | tuple():
            yield path, f"empty {'dict' if isinstance(tree, dict) else 'list'}"
        case np.ndarray():
            yield path, f"array of {tree.dtype.str}, {tree.ndim}-dimensional"
        case None:
            yield path, "None"
        case _:
            yield path, type(tree).__name__
