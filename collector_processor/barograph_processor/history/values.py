"""Arrow columns to numpy columns, with a word on every value that does not fit."""

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["NULLS", "categories", "column_of", "looks_numeric", "numbers", "times_ns"]

NULLS: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none")
"""Texts that mean "no value" in a CSV file."""

_ISO: Final = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?Z?$"
_MISSING_NS: Final = np.iinfo(np.int64).min


def looks_numeric(column: Any) -> bool:
    """Whether a column holds numbers: by its type, or if most of its texts are numbers."""
    if not _is_text(column):
        kind = column.type
        return bool(
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        )
    values, bad = numbers(column)
    known = int((~np.isnan(values)).sum())
    return known > len(bad)


def numbers(column: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return numbers, NaN where missing, and the rows whose value is none.

    Args:
        column: Numbers, booleans or texts, ``n`` of them.

    Returns:
        Values of shape ``(n,)``, and the offending rows, for which the value is NaN.
    """
    nothing = np.zeros(0, dtype=np.intp)
    if not _is_text(column):
        return _floats(column.cast(pa.float64())), nothing
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
            values[row] = float(text)
        except ValueError:
            bad.append(row)
    return values, np.array(bad, dtype=np.intp)


def categories(column: Any) -> CategoricalColumn:
    """Return categories; numbers are written out, and missing values are missing."""
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "true", "false")
    elif not _is_text(column) and not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    encoded = column if pa.types.is_dictionary(column.type) else _without_nulls(column)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return CategoricalColumn(codes, tuple(str(level) for level in encoded.dictionary.to_pylist()))


def column_of(column: Any, *, numeric: bool) -> tuple[Column, npt.NDArray[np.intp]]:
    """Return a column of the wanted kind, and the rows whose value does not fit."""
    if not numeric:
        return categories(column), np.zeros(0, dtype=np.intp)
    values, bad = numbers(column)
    return NumericColumn(values), bad


def times_ns(column: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Return event times in ns since the epoch, and the rows without a usable one.

    Args:
        column: ISO 8601 texts (naive ones are UTC), timestamps, or epoch seconds.
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        ns = column.cast(pa.timestamp("ns")).cast(pa.int64())
        bad = np.flatnonzero(_numpy(pc.is_null(ns)))
        return _numpy(pc.fill_null(ns, 0)).astype(np.int64), bad
    if not _is_text(column) or looks_numeric(column):
        seconds, bad = numbers(column)
        usable = np.isfinite(seconds) & (np.abs(seconds) < 2**33)
        ns_values = np.zeros(len(seconds), dtype=np.int64)
        whole = np.floor(seconds[usable])
        ns_values[usable] = whole.astype(np.int64) * 1_000_000_000 + np.round(
            (seconds[usable] - whole) * 1e9
        ).astype(np.int64)
        return ns_values, np.flatnonzero(~usable)
    return _iso_times(_without_nulls(column))


def _iso_times(texts: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    plain = pc.match_substring_regex(texts, _ISO)
    if pc.all(pc.fill_null(plain, False)).as_py():  # noqa: FBT003 - arrow's signature
        stripped = pc.utf8_rtrim(texts, "Z").to_numpy(zero_copy_only=False)
        try:
            moments = stripped.astype("datetime64[ns]").astype(np.int64)
            return moments, np.flatnonzero(moments == _MISSING_NS)
        except ValueError:
            pass  # a date that does not exist: found row by row below
    values = np.zeros(len(texts), dtype=np.int64)
    bad = []
    for row, text in enumerate(texts.to_pylist()):
        try:
            moment = datetime.fromisoformat(text or "")
        except ValueError:
            bad.append(row)
            continue
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        values[row] = round(aware.timestamp() * 1e6) * 1000
    return values, np.array(bad, dtype=np.intp)


def _without_nulls(column: Any) -> Any:
    """Texts with null where they mean "no value"."""
    absent = pc.is_in(column, value_set=pa.array(NULLS, type=column.type))
    return pc.if_else(absent, pa.scalar(None, type=column.type), column)


def _is_text(column: Any) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _floats(column: Any) -> npt.NDArray[np.float64]:
    return _numpy(pc.fill_null(column, float("nan"))).astype(np.float64)


def _numpy(column: Any) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = (
        column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    )
    return found
