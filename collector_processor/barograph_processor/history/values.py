"""Arrow columns to numpy columns, with a word on every value that does not fit."""

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = [
    "NEVER",
    "NULLS",
    "categories",
    "column_of",
    "decoded",
    "holds_values",
    "is_text",
    "looks_numeric",
    "numbers",
    "times_ns",
]

NULLS: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none")
"""Texts that mean "no value"."""

NEVER: Final = np.iinfo(np.int64).min
"""Stands for a time that is not known."""

_ISO: Final = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?Z?$"
# Years that ns in an int64 can hold, with a margin.
_FIRST_YEAR, _LAST_YEAR = 1700, 2260
_MAX_SECONDS: Final = 2.0**33


def holds_values(column: Any) -> bool:
    """Whether each row of a column is one value, and not a list, a record or the like."""
    return not pa.types.is_nested(column.type)


def decoded(column: Any) -> tuple[Any, npt.NDArray[np.intp]]:
    """Return a column without encodings, and the rows whose text is no UTF-8, which are null."""
    nothing = np.zeros(0, dtype=np.intp)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _is_binary(column):
        return column, nothing
    try:
        return column.cast(pa.string()), nothing
    except pa.ArrowInvalid:
        pass
    texts: list[str | None] = []
    bad = []
    for row, raw in enumerate(column.to_pylist()):
        try:
            texts.append(None if raw is None else raw.decode("utf-8"))
        except UnicodeDecodeError:
            texts.append(None)
            bad.append(row)
    return pa.array(texts, pa.string()), np.array(bad, dtype=np.intp)


def looks_numeric(column: Any) -> bool:
    """Whether a column holds numbers: by its type, or if most of its texts are numbers."""
    if not is_text(column):
        return _is_number(column)
    values, bad = numbers(column)
    known = int((~np.isnan(values)).sum())
    return known > len(bad)


def numbers(column: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return numbers, NaN where missing, and the rows whose value is none.

    Args:
        column: Decoded values, ``n`` of them.

    Returns:
        Values of shape ``(n,)``, and the offending rows, for which the value is NaN.
    """
    nothing = np.zeros(0, dtype=np.intp)
    if _is_number(column):
        return _floats(column.cast(pa.float64(), safe=False)), nothing
    if pa.types.is_boolean(column.type):
        return _floats(column.cast(pa.int8()).cast(pa.float64())), nothing
    if not is_text(column):
        absent = _numpy(pc.is_null(column)).astype(np.bool_)
        return np.full(len(column), np.nan), np.flatnonzero(~absent)
    texts = _without_nulls(column)
    try:
        return _floats(pc.cast(pc.utf8_trim_whitespace(texts), pa.float64())), nothing
    except pa.ArrowInvalid:
        pass
    values = np.full(len(texts), np.nan)
    bad = []
    for row, text in enumerate(texts.to_pylist()):
        if text is None:
            continue
        try:
            values[row] = _number(text)
        except ValueError:
            bad.append(row)
    return values, np.array(bad, dtype=np.intp)


def categories(column: Any) -> CategoricalColumn:
    """Return categories; numbers are written out, and missing values are missing."""
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "true", "false")
    elif not is_text(column):
        column = column.cast(pa.string())
    encoded = _without_nulls(column).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return CategoricalColumn(codes, tuple(encoded.dictionary.to_pylist()))


def column_of(column: Any, *, numeric: bool) -> tuple[Column, npt.NDArray[np.intp]]:
    """Return a column of the wanted kind, and the rows whose value does not fit."""
    if not numeric:
        return categories(column), np.zeros(0, dtype=np.intp)
    values, bad = numbers(column)
    return NumericColumn(values), bad


def times_ns(column: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Return event times in ns since the epoch, and the rows without a usable one.

    Args:
        column: ISO 8601 texts (naive ones are UTC), timestamps, dates, or epoch seconds.

    Returns:
        Times of shape ``(n,)``, ``NEVER`` for the offending rows: those without a
        value among them, and years outside of 1700 to 2260.
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _timestamps(column)
    if not is_text(column) or looks_numeric(column):
        seconds, _ = numbers(column)
        usable = np.isfinite(seconds) & (np.abs(seconds) < _MAX_SECONDS)
        values = np.full(len(seconds), NEVER, dtype=np.int64)
        whole = np.floor(seconds[usable])
        values[usable] = whole.astype(np.int64) * 1_000_000_000 + np.round(
            (seconds[usable] - whole) * 1e9
        ).astype(np.int64)
        return values, np.flatnonzero(~usable)
    return _iso_times(_without_nulls(column))


def _timestamps(column: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    micros = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
    us = _numpy(pc.fill_null(micros.cast(pa.int64()), NEVER)).astype(np.int64)
    usable = np.abs(us) < _MAX_SECONDS * 1e6
    ns = np.where(usable, us, 0) * 1000
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        ns = _numpy(pc.fill_null(column.cast(pa.int64()), NEVER)).astype(np.int64)
    return np.where(usable, ns, NEVER), np.flatnonzero(~usable)


def _iso_times(texts: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    plain = pc.match_substring_regex(texts, _ISO)
    if pc.all(pc.fill_null(plain, False)).as_py():  # noqa: FBT003 - arrow's signature
        stripped = pc.utf8_rtrim(texts, "Z").to_numpy(zero_copy_only=False)
        try:
            years = stripped.astype("datetime64[Y]").astype(np.int64) + 1970
            if len(years) == 0 or (years.min() >= _FIRST_YEAR and years.max() <= _LAST_YEAR):
                return stripped.astype("datetime64[ns]").astype(np.int64), np.zeros(0, np.intp)
        except ValueError:
            pass  # a date that does not exist: found row by row below
    values = np.full(len(texts), NEVER, dtype=np.int64)
    bad = []
    for row, text in enumerate(texts.to_pylist()):
        moment = _moment(text)
        if moment is None:
            bad.append(row)
        else:
            aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            values[row] = round(aware.timestamp() * 1e6) * 1000
    return values, np.array(bad, dtype=np.intp)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _number(text: str) -> float:
    """Read a number as Arrow does: without the underscores that Python allows.

    Raises:
        ValueError: It is none.
    """
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _without_nulls(column: Any) -> Any:
    """Texts with null where they mean "no value"."""
    absent = pc.is_in(column, value_set=pa.array(NULLS, type=column.type))
    return pc.if_else(absent, pa.scalar(None, type=column.type), column)


def is_text(column: Any) -> bool:
    """Whether a column holds texts."""
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _is_binary(column: Any) -> bool:
    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(kind(column.type) for kind in kinds)


def _is_number(column: Any) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(kind(column.type) for kind in kinds)


def _floats(column: Any) -> npt.NDArray[np.float64]:
    return _numpy(pc.fill_null(column, float("nan"))).astype(np.float64)


def _numpy(column: Any) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = (
        column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    )
    return found
