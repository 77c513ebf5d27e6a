"""Batches of any common shape as named columns of plain Python values.

Understood: data frames of pandas, polars and pyarrow, arrays and tensors, lists of dicts or
other records, lists of rows, lists of scalars, and dicts of columns. No library is imported:
a value's type says which one defines it, and that one is then loaded already.
"""

import random
from dataclasses import dataclass
from itertools import islice
from typing import Any

from barograph.limits import MAX_BATCH_ROWS, MAX_BATCH_VALUES, MAX_FEATURES
from barograph.record import fields_of, is_sequence, items_of
from barograph.scalar import library, scalar
from barograph.vector import shape_of

__all__ = ["Batch", "Columns", "columns_of", "read_batch", "rows_of", "thin"]

Columns = dict[str, list[Any]]

_MATRIX = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one call that are sent.

    Of a batch within the bounds that is every row (`step` 1); of a larger one each `step`-th,
    from a random `offset`, so that every row is kept with the same probability `1 / step`.
    """

    total: int
    step: int
    offset: int
    columns: Columns

    @property
    def rows(self) -> int:
        """How many rows are sent."""
        return len(range(self.offset, self.total, self.step))


def rows_of(value: Any) -> int | None:
    """Return the number of rows of a table, array or list; None for anything else."""
    if is_sequence(value):
        return list.__len__(value) if issubclass(type(value), list) else tuple.__len__(value)
    shape = shape_of(value)
    if shape is not None:
        return shape[0] if shape else None
    match _frame(value):
        case "pandas" | "polars":
            return int(value.shape[0])
        case "pyarrow":
            return len(value)
    if type(value) is dict:
        counts = {rows_of(column) for column in islice(value.values(), MAX_FEATURES)}
        return counts.pop() if len(counts) == 1 else None
    return None


def _frame(value: Any) -> str | None:
    """Name the library of a data frame, series or column."""
    kind = type(value)
    owner = library(kind)
    known = {
        "pandas": {"DataFrame", "Series"},
        "polars": {"DataFrame", "Series"},
        "pyarrow": {"Table", "RecordBatch", "ChunkedArray"},
    }
    if owner not in known:
        return None
    if owner == "pyarrow":  # one class an array type
        return owner if hasattr(kind, "to_pylist") else None
    return owner if any(base.__name__ in known[owner] for base in kind.__mro__) else None


def _width(value: Any) -> int:
    shape = getattr(value, "shape", None) if _frame(value) or shape_of(value) else None
    if shape is not None:
        return int(shape[1]) if len(shape) > 1 else 1
    if type(value) is dict:
        return len(value)
    if is_sequence(value):
        head = items_of(value, 1)
        fields = fields_of(head[0]) if head else None
        return len(fields) if fields is not None else (rows_of(head[0]) or 1) if head else 1
    return 1


def thin(value: Any, step: int, offset: int) -> Any:  # noqa: PLR0911  # one a kind of table
    """Return each `step`-th row of `value` from `offset`, as the same kind of table."""
    if step == 1:
        return value
    match _frame(value):
        case "pandas":
            return value.iloc[offset::step]
        case "polars":
            return value.gather_every(step, offset)
        case "pyarrow":
            return value.take(list(range(offset, len(value), step)))
    if type(value) is dict:
        return {name: thin(column, step, offset) for name, column in value.items()}
    if is_sequence(value):
        # The base type's own method, as everywhere.
        take: Any = list.__getitem__ if issubclass(type(value), list) else tuple.__getitem__
        return list(take(value, slice(offset, None, step)))
    return value[offset::step]


def columns_of(value: Any, name: str) -> Columns | None:
    """Return the columns of a table, in order; None if `value` is none.

    A single column without a name is called `name`, several of an array `f0`, `f1`, ...
    """
    owner = _frame(value)
    if owner is not None:
        return _frame_columns(value, owner, name)
    if shape_of(value) is not None:
        return _array_columns(value, name)
    if type(value) is dict:
        found: Columns = {}
        for key, column in islice(value.items(), MAX_FEATURES):
            found.update(columns_of(column, str(scalar(key))) or {})
        return found or None
    if is_sequence(value):
        return _row_columns(items_of(value, rows_of(value) or 0), name)
    return None


def _frame_columns(value: Any, owner: str, name: str) -> Columns:
    if owner == "pandas":
        if len(value.shape) == 1:
            return {_label(value.name, name): value.tolist()}
        found: Columns = {}
        for position, label in enumerate(value.columns[:MAX_FEATURES].tolist()):
            known = _label(label, f"f{position}")
            if known in found:  # pandas allows a name twice
                known = f"{known}.{position}"
            found[known] = value.iloc[:, position].tolist()
        return found
    if owner == "polars":
        series = value.get_columns() if len(value.shape) == _MATRIX else [value]
        return {column.name or name: column.to_list() for column in series[:MAX_FEATURES]}
    names = getattr(value, "column_names", None)
    if names is None:
        return {name: value.to_pylist()}
    return {label: value.column(at).to_pylist() for at, label in enumerate(names[:MAX_FEATURES])}


def _label(label: Any, default: str) -> str:
    plain = scalar(label)
    if plain is not None:
        return str(plain)
    if type(label) is tuple:  # a level of a column hierarchy each
        return ".".join(str(part) for part in map(scalar, label) if part is not None)
    return default


def _array_columns(value: Any, name: str) -> Columns | None:
    fields = getattr(getattr(value, "dtype", None), "names", None)
    if fields:
        return {field: _plain(value[field]) for field in fields[:MAX_FEATURES]}
    shape = shape_of(value)
    if shape is None or not shape:
        return None
    if len(shape) == 1:
        return {name: _plain(value)}
    if len(shape) != _MATRIX:
        return None
    listed = _plain(value[:, :MAX_FEATURES].T)
    return {f"f{position}": column for position, column in enumerate(listed)}


def _plain(value: Any) -> list[Any]:
    """An array as nested lists; times as datetimes, which finer than microseconds are not."""
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        value = value.astype("datetime64[us]")
    listed: list[Any] = value.tolist()
    return listed


def _row_columns(rows: list[Any], name: str) -> Columns | None:
    if not rows:
        return None
    if scalar(rows[0]) is not None or rows[0] is None:
        return {name: rows}
    records = [fields_of(row) for row in rows]
    if all(record is not None for record in records):
        return _record_columns([record for record in records if record is not None])
    widths = {rows_of(row) for row in rows}
    width = widths.pop() if len(widths) == 1 else None
    if width is None or not all(is_sequence(row) or shape_of(row) for row in rows):
        return None
    listed = [items_of(row, MAX_FEATURES) if is_sequence(row) else _plain(row) for row in rows]
    return {f"f{at}": [row[at] for row in listed] for at in range(min(width, MAX_FEATURES))}


def _record_columns(records: list[dict[Any, Any]]) -> Columns:
    names = dict.fromkeys(key for record in records for key in record)
    found: Columns = {}
    for key in islice(names, MAX_FEATURES):
        label = scalar(key)
        if label is not None:
            found[str(label)] = [record.get(key) for record in records]
    return found


def read_batch(arguments: dict[str, Any], names: tuple[str, ...] = ()) -> Batch | None:
    """Return the batch that `arguments` hold, or None if no argument is a table.

    The first argument with rows says how many there are; others of as many rows are further
    columns, any other argument is passed over.

    Args:
        arguments: The call's arguments by name.
        names: Names for columns that have none, used where as many as there are columns.
    """
    tables: dict[str, Any] = {}
    total: int | None = None
    width = 0
    for name, value in arguments.items():
        rows = rows_of(value)
        if rows is None or (total is not None and rows != total):
            continue
        total = rows
        tables[name] = value
        width += _width(value)
    if total is None:
        return None
    kept = max(1, min(MAX_BATCH_ROWS, MAX_BATCH_VALUES // max(1, width)))
    step = -(-total // kept) if total > kept else 1
    offset = random.randrange(step) if step > 1 else 0  # noqa: S311  # thinning, no secret
    columns: Columns = {}
    for name, value in tables.items():
        read = columns_of(thin(value, step, offset), name) or {}
        if (
            names
            and len(read) == len(names)
            and all(label == f"f{position}" for position, label in enumerate(read))
        ):
            read = dict(zip(names, read.values(), strict=True))
        for label, column in read.items():
            columns[f"{name}.{label}" if label in columns else label] = column
    return Batch(total, step, offset, columns)
