"""Files are read in pieces of the same rows, whatever their format and blocks."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from barograph_processor.exceptions import DataError
from barograph_processor.history.source import PIECE_ROWS, open_source


@pytest.fixture(params=["csv", "csv.gz", "parquet"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """40,000 numbered rows; those of CSV fill several blocks."""
    path = tmp_path / f"data.{request.param}"
    numbers = range(40_000)
    if request.param == "parquet":
        table = pa.table({"a": list(numbers), "b": ["x"] * len(numbers)})
        pq.write_table(table, path, row_group_size=7001)
    else:
        lines = [f"{n},{'x' * 400}" for n in numbers]
        text = "\n".join(["a,b", *lines, ""]).encode()
        path.write_bytes(gzip.compress(text, 1) if request.param.endswith("gz") else text)
    return path


def test_pieces_are_of_one_size_and_in_order(file: Path) -> None:
    source = open_source(file)
    assert source.columns == ("a", "b")
    pieces = list(source.read(["a"]))
    assert [piece.table.num_rows for piece in pieces] == [PIECE_ROWS, PIECE_ROWS, 7232]
    assert [piece.first_row for piece in pieces] == [1, PIECE_ROWS + 1, 2 * PIECE_ROWS + 1]
    found = [int(value) for piece in pieces for value in piece.table.column("a").to_pylist()]
    assert found == list(range(40_000))
    shares = [piece.done for piece in pieces]
    assert all(np.diff(shares) >= 0)
    assert shares[-1] == pytest.approx(1.0)


def test_only_the_columns_asked_for_are_read(file: Path) -> None:
    assert next(open_source(file).read(["b"])).table.column_names == ["b"]


def test_may_be_read_again(file: Path) -> None:
    source = open_source(file)
    first = [piece.table.num_rows for piece in source.read(["a"])]
    assert [piece.table.num_rows for piece in source.read(["a"])] == first


def test_rows_of_another_width_are_counted_where_they_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n3\n4,5,6\n7,8\n", encoding="utf-8")
    source = open_source(path)
    with pytest.raises(DataError, match="row 2: 1 columns instead of 2"):
        list(source.read(["a"]))
    (piece,) = source.read(["a"], strict=False)
    assert piece.table.column("a").to_pylist() == [b"1", b"7"]
    assert source.skipped == 2
