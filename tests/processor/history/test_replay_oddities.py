"""What a person tries with a history: odd files and columns, and a word on each."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from barograph_processor.cli.app import app
from barograph_processor.exceptions import BarographError, DataError
from barograph_processor.history.config import parse_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.observation import EventBatch
from barograph_processor.state.registry import ModelRegistry

_TABLES: dict[str, dict[str, Any]] = {
    "model": {"task": "binary"},
    "columns": {"prediction": "pred", "label": "y"},
    "reference": {"rows": 1000},
    "window": {"rows": 100},
}

Table = dict[str, list[Any]]


def table(n: int = 1500) -> Table:
    rng = np.random.default_rng(1)
    label = (rng.random(n) < 0.4).astype(int)
    return {
        "f0": rng.normal(size=n).round(4).tolist(),
        "pred": np.where(rng.random(n) < 0.1, 1 - label, label).tolist(),
        "y": label.tolist(),
    }


def write(path: Path, columns: Table) -> Path:
    lines = [",".join(columns)]
    lines += [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def replayed(path: Path, **tables: dict[str, Any]) -> Replay:
    config = {name: {**_TABLES.get(name, {}), **tables.get(name, {})} for name in _TABLES}
    run = Replay(path, parse_replay_config(config))
    for _ in run.run():
        pass
    return run


def _pipe(path: Path) -> None:
    os.mkfifo(path)


_FILES: list[tuple[str, Callable[[Path], Any], str]] = [
    ("no-newline.csv", lambda p: p.write_bytes(b"f0,pred,y"), "no usable row"),
    ("pipe.csv", _pipe, "a pipe cannot be read twice"),
    ("zipped.csv", lambda p: p.write_bytes(gzip.compress(b"f0\n1\n")), "must end in .csv.gz"),
    ("arrow.csv", lambda p: pq.write_table(pa.table(table()), p), "must end in .parquet"),
    ("escape.csv", lambda p: p.write_bytes(b"f\x1b[31m,y\n1,1\n"), "cannot be shown: 'f\\x1b"),
    ("latin.csv", lambda p: p.write_bytes(b"caf\xe9,pred,y\n1,1,1\n"), "no UTF-8 text"),
    ("no-header.csv", lambda p: p.write_bytes(b"1,1,0\n1,0,1\n"), "the first line names"),
    (
        "long.csv",
        lambda p: p.write_bytes(b"f0,pred,y\n1,1,1\n" + b"x" * 9_000_000 + b",1,1\n2,1,1\n"),
        "longer than 4 MiB",
    ),
]


@pytest.mark.parametrize(("name", "make", "why"), _FILES, ids=[name for name, *_ in _FILES])
def test_files_that_are_something_else(
    tmp_path: Path, name: str, make: Callable[[Path], Any], why: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(BarographError) as refused:
        replayed(tmp_path / name)
    assert why in str(refused.value)
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_when_all_rows_are_skipped_the_reasons_are_told(tmp_path: Path) -> None:
    """Milliseconds, such as a dashboard exports."""
    columns = {"ts": [1704067200000 + i for i in range(1500)], **table()}
    with pytest.raises(BarographError, match="skipped 1,500 rows: no ISO 8601 time"):
        replayed(write(tmp_path / "d.csv", columns), columns={"time": "ts", "invalid": "skip"})


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"prediction": "pred", "label": "pred"}, "two roles: pred"),
        (
            {"prediction": "pred", "label": "y", "time": "t", "label_time": "t"},
            "two roles: t",
        ),
        ({"prediction": "pred", "label": "y", "features": ["f0", "y"]}, "another role: y"),
    ],
)
def test_a_column_has_one_role(columns: dict[str, Any], why: str) -> None:
    with pytest.raises(BarographError, match=why):
        parse_replay_config({"columns": columns})


def test_an_ordinary_history_raises_no_doubts(tmp_path: Path) -> None:
    columns = {**table(), "city": ["Oslo", "Rome", "Lima"] * 500}
    assert replayed(write(tmp_path / "d.csv", columns)).warnings == []


@pytest.mark.parametrize(
    ("change", "positive", "doubt"),
    [
        ({"y": {1100: 7, 1101: "maybe"}}, None, "'7', 'maybe': all but the positive"),
        ({"pred": dict.fromkeys(range(0, 1500, 9), 2)}, None, "its predictions are"),
        ({}, "fraud", "the positive class is 'fraud', and no label is"),
        ({"y": dict.fromkeys(range(1500), "yes")}, None, "no label is ever what was predicted"),
        ({"f0": dict.fromkeys(range(800), "abc")}, None, "47% of its first values are numbers"),
        ({"f0": {i: f'"{i},5"' for i in range(1500)}}, None, "decimal commas, or an id?"),
    ],
)
def test_what_may_be_meant_is_a_warning(
    tmp_path: Path, change: dict[str, dict[int, Any]], positive: str | None, doubt: str
) -> None:
    columns = table()
    for name, cells in change.items():
        for row, value in cells.items():
            columns[name][row] = value
    run = replayed(
        write(tmp_path / "d.csv", columns), model={"task": "binary", "positive": positive}
    )
    assert any(doubt in warning for warning in run.warnings), run.warnings


def test_numbers_at_the_end_of_what_floats_hold_end_nothing(tmp_path: Path) -> None:
    columns = {**table(), "f0": [1.7e308, 0.0, -1.7e308] * 500}
    assert replayed(write(tmp_path / "d.csv", columns)).rows == 1500


def test_labels_of_a_ranking_are_places_one_or_several(tmp_path: Path) -> None:
    """Most are numbers, so that the column looks like one."""
    places = ["1", '"2,3"', "1"] * 500
    columns = {"f0": table()["f0"], "pred": ["item"] * 1500, "y": places}
    run = replayed(write(tmp_path / "d.csv", columns), model={"task": "ranking"})
    assert run.warnings == []
    assert run.model is not None
    found = run.model.quality.baseline.estimates()
    assert found["mrr"][0] == pytest.approx((1 + 1 / 2 + 1) / 3, abs=0.01)


@pytest.mark.parametrize("invalid", ["error", "skip"])
def test_labels_of_a_ranking_that_are_no_places_are_bad_rows(tmp_path: Path, invalid: str) -> None:
    places = ["1", '"2,3"', "0", ""] * 375
    places[5], places[9], places[13] = "abc", "-3", "1.5"
    columns = {"f0": table()["f0"], "pred": ["item"] * 1500, "y": places}
    file = write(tmp_path / "d.csv", columns)
    ranking = {"model": {"task": "ranking"}, "columns": {"invalid": invalid}}
    if invalid == "error":
        with pytest.raises(DataError, match="row 6, column 'y': no places of a ranking: 'abc'"):
            replayed(file, **ranking)
        return
    run = replayed(file, **ranking)
    assert run._reader.skipped == {"no places of a ranking": 3}
    assert run.rows == 1500


def test_a_declared_category_needs_no_doubt(tmp_path: Path) -> None:
    columns = table()
    columns["f0"][:800] = ["abc"] * 800
    assert not replayed(
        write(tmp_path / "d.csv", columns), columns={"categorical": ["f0"]}
    )._reader.doubts


def test_a_reference_of_another_model_is_refused(tmp_path: Path) -> None:
    """Else nothing would be watched, and all looks well."""
    other = write(tmp_path / "other.csv", {"z": [i % 7 for i in range(2000)]})
    file = tmp_path / "other.json"
    done = CliRunner().invoke(app, ["baseline", "create", str(other), "-o", str(file)])
    assert done.exit_code == 0
    config = {**_TABLES, "reference": {"file": str(file)}}
    with pytest.raises(BarographError, match="knows z, and none of these is in the data: f0"):
        Replay(write(tmp_path / "d.csv", table()), parse_replay_config(config))


@pytest.mark.parametrize(
    "arguments",
    [
        ("baseline", "promote", "m", "1", "--from", "http://[::1"),
        ("report", "--from", "http://[::1"),
        ("report", "--from", "nonsense"),
        ("baseline", "show", "deep.json"),
    ],
)
def test_addresses_and_files_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deep.json").write_text("[" * 100_000, encoding="utf-8")
    result = CliRunner().invoke(app, list(arguments))
    assert isinstance(result.exception, BarographError), result.exception


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_no_space_for_the_output_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "d.csv", {"a": [i % 17 for i in range(20_000)]})
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "barograph_processor", "replay", "d.csv", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=tmp_path,
        )
    assert done.returncode == 2
    assert done.stderr == "barograph: standard output: No space left on device\n"


def test_kinds_of_facts_that_take_turns_are_joined_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, labels, reactions and outcomes take ten times as long."""
    n = 1500
    columns = {
        **table(n),
        "ts": list(range(n)),
        "id": [f"p-{i}" for i in range(n)],
        "did": ["accepted"] * n,
        "worth": [1.5] * n,
    }
    roles = {"time": "ts", "id": "id", "reaction": "did", "outcome": "worth"}
    # One column may say when several things were known.
    columns["closed"] = [i + 30 for i in range(n)]
    roles |= dict.fromkeys(("label_time", "reaction_time", "outcome_time"), "closed")
    joined: list[tuple[str, int]] = []
    attach = ModelRegistry.attach

    def count(self: ModelRegistry, events: EventBatch) -> None:
        joined.append((events.kind, len(events)))
        attach(self, events)

    monkeypatch.setattr(ModelRegistry, "attach", count)
    replayed(write(tmp_path / "d.csv", columns), columns={**_TABLES["columns"], **roles})
    for kind in ("label", "reaction", "outcome"):
        assert sum(rows for of, rows in joined if of == kind) == n
    assert len(joined) <= 3 * (n // 250 + 1)
