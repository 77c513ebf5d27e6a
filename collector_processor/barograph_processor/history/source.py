"""A file of rows, read in pieces of bounded size."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from barograph_processor.exceptions import DataError

__all__ = ["PIECE_ROWS", "Piece", "Source", "open_source"]

PIECE_ROWS: Final = 16_384
"""Rows of every piece but the last, whatever the format: the same rows give the same pieces."""

_NO_TEXT: Final = re.compile("[\\x00\\udc80-\\udcff]")
"""Characters of a header that is something else: NUL, and bytes that are no UTF-8."""

_BLOCK_BYTES: Final = 4 * 1024 * 1024
_NO_ROWS: Final = "Empty CSV file or block"
"""What Arrow says of a header without even a newline behind it."""

_TOO_LONG: Final = "straddling object"
_WRONG_COLUMNS: Final = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


class Piece:
    """Rows that were read together.

    Attributes:
        table: Columns by name; those of a CSV file are all bytes of UTF-8.
        first_row: Number of its first row in the data, from 1 without the header.
        done: Share of the file read so far, in [0, 1].
    """

    __slots__ = ("done", "first_row", "table")

    def __init__(self, table: Any, first_row: int, done: float) -> None:
        self.table = table
        self.first_row = first_row
        self.done = done

    def column(self, name: str) -> Any:
        """Return a column as one Arrow array."""
        return self.table.column(name).combine_chunks()


_Tables = Iterator[tuple[Any, float]]
"""Tables of any size, each with the share of the file that was read with it."""


class Source:
    """Names of the columns, and the rows in pieces.

    Args:
        columns: Names in the order of the file.
        tables: Reads the given columns from the start; its second argument says
            whether rows with a wrong number of columns are an error, else they
            are counted in ``skipped``.
    """

    def __init__(
        self, columns: tuple[str, ...], tables: Callable[[list[str], bool, list[int]], _Tables]
    ) -> None:
        self.columns = columns
        self._tables = tables
        self._skipped = [0]

    @property
    def skipped(self) -> int:
        """Rows with a wrong number of columns that were left out so far."""
        return self._skipped[0]

    def read(self, columns: list[str], *, strict: bool = True) -> Iterator[Piece]:
        """Yield the given columns piece by piece.

        Args:
            columns: Names.
            strict: A row with a wrong number of columns is an error, else left out.

        Raises:
            DataError: A row cannot be parsed; the message says which.
        """
        held: list[Any] = []
        rows, first, done = 0, 1, 0.0
        for table, share in self._tables(columns, strict, self._skipped):
            done = share
            held.append(table)
            rows += table.num_rows
            while rows >= PIECE_ROWS:
                whole = pa.concat_tables(held)
                yield Piece(whole.slice(0, PIECE_ROWS), first, done)
                first += PIECE_ROWS
                rows -= PIECE_ROWS
                held = [whole.slice(PIECE_ROWS)]
        if rows:
            yield Piece(pa.concat_tables(held), first, done)


def open_source(path: Path) -> Source:
    """Open a CSV, gzipped CSV or Parquet file, by its name.

    Raises:
        DataError: It cannot be read, is empty, or is of another kind.
    """
    name = path.name.lower()
    if str(path) == "-" or (path.exists() and not (path.is_file() or path.is_dir())):
        raise DataError(f"{path}: a pipe cannot be read twice; save it as a file first")
    try:
        if name.endswith((".parquet", ".pq")):
            return _parquet(path)
        if name.endswith((".csv", ".csv.gz")):
            return _csv(path)
    except (OSError, EOFError, pa.ArrowException, zlib.error, csv.Error) as error:
        raise DataError(f"{path}: {_reason(error)}") from error
    raise DataError(f"{path}: the name must end in .csv, .csv.gz or .parquet")


def _parquet(path: Path) -> Source:
    with pa.parquet.ParquetFile(path) as file:
        names = tuple(file.schema_arrow.names)
        total = max(file.metadata.num_rows, 1)
    _check_names(path, names)

    def tables(columns: list[str], _strict: bool, _skipped: list[int]) -> _Tables:
        row = 0
        try:
            with pa.parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=PIECE_ROWS, columns=columns):
                    row += batch.num_rows
                    yield pa.Table.from_batches([batch]), row / total
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: after row {row}: {_reason(error)}") from error

    return Source(names, tables)


def _csv(path: Path) -> Source:
    names = _header(path)
    size = max(path.stat().st_size, 1)

    def tables(columns: list[str], strict: bool, skipped: list[int]) -> _Tables:
        def wrong(_row: Any) -> str:
            skipped[0] += 1
            return "skip"

        raw = pa.OSFile(str(path), "rb")
        stream = pa.CompressedInputStream(raw, "gzip") if path.name.lower().endswith("gz") else raw
        row = 0
        try:
            reader = pa.csv.open_csv(
                stream,
                # Not threaded: only then does an error name its row.
                read_options=pa.csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
                convert_options=pa.csv.ConvertOptions(
                    # Bytes, so that a text that is no UTF-8 spoils its row alone.
                    column_types=dict.fromkeys(names, pa.binary()),
                    include_columns=columns,
                    strings_can_be_null=False,
                ),
                parse_options=pa.csv.ParseOptions(
                    newlines_in_values=True, invalid_row_handler=None if strict else wrong
                ),
            )
            for batch in reader:
                row += batch.num_rows
                yield pa.Table.from_batches([batch]), min(raw.tell() / size, 1.0)
        except (pa.ArrowException, OSError) as error:
            if _NO_ROWS not in str(error):
                raise DataError(f"{path}: {_where(error, row)}") from error
        finally:
            stream.close()
            raw.close()

    return Source(names, tables)


def _header(path: Path) -> tuple[str, ...]:
    with path.open("rb") as raw:
        inner: Any = gzip.GzipFile(fileobj=raw) if path.name.lower().endswith("gz") else raw
        with io.TextIOWrapper(
            inner, encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as text:
            names = next((names for names in csv.reader(text) if names), None)
    if names is None:
        raise DataError(f"{path}: the file is empty")
    if any(_NO_TEXT.search(name) for name in names):
        raise DataError(f"{path}: {_what_else(path)}")
    if odd := [name for name in names if not name.isprintable()]:
        raise DataError(f"{path}: the name of a column holds what cannot be shown: {odd[0]!r}")
    if len(names) == 1 and any(separator in names[0] for separator in ";\t|"):
        raise DataError(f"{path}: the only column is {names[0]!r}; columns are separated by commas")
    _check_names(path, names)
    return tuple(names)


def _what_else(path: Path) -> str:
    """Say what a file is that starts with no text."""
    with path.open("rb") as raw:
        start = raw.read(4)
    if start.startswith(b"\x1f\x8b"):
        return "it is gzipped, so its name must end in .csv.gz"
    if start == b"PAR1":
        return "it is Parquet, so its name must end in .parquet"
    return "the header is no UTF-8 text"


def _check_names(path: Path, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{path}: columns are named twice: {', '.join(map(repr, twice))} "
            "(the first line names the columns)"
        )


def _where(error: Exception, rows: int) -> str:
    """Say which row a CSV file cannot be read at, counted without the header."""
    found = _WRONG_COLUMNS.search(str(error))
    if _TOO_LONG in str(error):
        return f"after row {rows}: a row is longer than {_BLOCK_BYTES >> 20} MiB: a lost quote?"
    if found is None:
        return f"after row {rows}: {_reason(error)}"
    number, expected, got = map(int, found.groups())
    return (
        f"row {number - 1}: {got} columns instead of {expected} "
        '(columns.invalid = "skip" leaves such rows out)'
    )


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).strip().splitlines()[0]
