"""A file of rows, read in pieces of bounded size."""

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from barograph_processor.exceptions import DataError

__all__ = ["Piece", "Source", "open_source"]

_BLOCK_BYTES: Final = 4 * 1024 * 1024
_PARQUET_ROWS: Final = 65_536


class Piece:
    """Rows that were read together.

    Attributes:
        table: Columns by name; those of a CSV file are all text.
        first_row: Number of its first row in the data, from 1 without the header.
        done: Share of the file read so far, in [0, 1].
    """

    __slots__ = ("done", "first_row", "table")

    def __init__(self, table: Any, first_row: int, done: float) -> None:
        self.table = table
        self.first_row = first_row
        self.done = done


class Source:
    """Names of the columns, and the rows in pieces.

    Args:
        columns: Names in the order of the file.
        pieces: Reads the given columns from the start.
    """

    def __init__(
        self, columns: tuple[str, ...], pieces: Callable[[list[str]], Iterator[Piece]]
    ) -> None:
        self.columns = columns
        self._pieces = pieces

    def read(self, columns: list[str]) -> Iterator[Piece]:
        """Yield the given columns piece by piece.

        Raises:
            DataError: A row cannot be parsed; the message says which.
        """
        return self._pieces(columns)


def open_source(path: Path) -> Source:
    """Open a CSV, gzipped CSV or Parquet file, by its name.

    Raises:
        DataError: It cannot be read, is empty, or is of another kind.
    """
    name = path.name.lower()
    try:
        if name.endswith((".parquet", ".pq")):
            return _parquet(path)
        if name.endswith((".csv", ".csv.gz")):
            return _csv(path)
    except (OSError, EOFError, pa.ArrowException, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: {_reason(error)}") from error
    raise DataError(f"{path}: the name must end in .csv, .csv.gz or .parquet")


def _parquet(path: Path) -> Source:
    file = pa.parquet.ParquetFile(path)
    total = max(file.metadata.num_rows, 1)

    def pieces(columns: list[str]) -> Iterator[Piece]:
        row = 0
        try:
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS, columns=columns):
                table = pa.Table.from_batches([batch])
                yield Piece(table, row + 1, (row + table.num_rows) / total)
                row += table.num_rows
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: after row {row}: {_reason(error)}") from error

    return Source(tuple(file.schema_arrow.names), pieces)


def _csv(path: Path) -> Source:
    names = _header(path)
    size = max(path.stat().st_size, 1)

    def pieces(columns: list[str]) -> Iterator[Piece]:
        raw = pa.OSFile(str(path), "rb")
        stream = pa.CompressedInputStream(raw, "gzip") if path.name.lower().endswith("gz") else raw
        row = 0
        try:
            reader = pa.csv.open_csv(
                stream,
                # Not threaded: only then does an error name its row.
                read_options=pa.csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    include_columns=columns,
                    strings_can_be_null=False,
                ),
                parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            )
            for batch in reader:
                yield Piece(pa.Table.from_batches([batch]), row + 1, min(raw.tell() / size, 1.0))
                row += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: after row {row}: {_reason(error)}") from error
        finally:
            stream.close()
            raw.close()

    return Source(names, pieces)


def _header(path: Path) -> tuple[str, ...]:
    with path.open("rb") as raw:
        inner: Any = gzip.GzipFile(fileobj=raw) if path.name.lower().endswith("gz") else raw
        with io.TextIOWrapper(inner, encoding="utf-8-sig", newline="") as text:
            names = next(csv.reader(text), None)
    if not names:
        raise DataError(f"{path}: the file is empty")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: columns are named twice: {', '.join(twice)}")
    return tuple(names)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).strip().splitlines()[0]
