"""``barograph replay``: the contract of the service page, and every mistake in the data."""

import gzip
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from barograph_processor.cli.app import app
from barograph_processor.exceptions import BarographError

_BASE = """
[model]
name = "credit-risk"
task = "binary"
[columns]
prediction = "pred"
confidence = "score"
label = "y"
%s
[reference]
rows = 1000
[window]
rows = 100
[alarm]
windows_between_false_alarms = 100
"""

Table = dict[str, list[Any]]


@dataclass
class Bench:
    """A folder to replay files in."""

    path: Path

    def csv(self, table: Mapping[str, Sequence[Any]], name: str = "data.csv") -> Path:
        lines = [",".join(table)]
        cells = zip(*table.values(), strict=True)
        lines += [",".join("" if v is None else str(v) for v in row) for row in cells]
        text = "\n".join([*lines, ""]).encode()
        file = self.path / name
        file.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
        return file

    def parquet(self, table: Mapping[str, Any], name: str = "data.parquet") -> Path:
        file = self.path / name
        pq.write_table(pa.table(dict(table)), file)
        return file

    def config(self, text: str) -> Path:
        file = self.path / "replay.toml"
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, data: Path, config: str | None = _BASE % "", *flags: str) -> "Replayed":
        arguments = ["replay", str(data), "--json", *flags]
        if config is not None:
            arguments += ["--config", str(self.config(config))]
        return Replayed(CliRunner().invoke(app, arguments))


@dataclass
class Replayed:
    """What a replay printed, or the mistake that it found."""

    result: Result

    @property
    def lines(self) -> list[dict[str, Any]]:
        assert self.result.exit_code in (0, 3), self.result.exception
        return [json.loads(line) for line in self.result.stdout.splitlines()]

    @property
    def windows(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == "window"]

    @property
    def alarms(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == "alarm"]

    @property
    def summary(self) -> dict[str, Any]:
        return self.lines[-1]

    @property
    def body(self) -> list[dict[str, Any]]:
        """All lines, without what a clock says."""
        timed = ("seconds", "rows_per_second")
        return [{k: v for k, v in line.items() if k not in timed} for line in self.lines]

    @property
    def mistake(self) -> str:
        error = self.result.exception
        assert isinstance(error, BarographError), error
        assert "\n" not in str(error)
        return str(error)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def history(n: int = 2250, *, harm_from: int = 1500, seed: int = 1) -> Table:
    """A binary model whose input shifts and whose errors rise from a row on."""
    rng = np.random.default_rng(seed)
    after = np.arange(n) >= harm_from
    y = (rng.random(n) < 0.4).astype(int)
    pred = np.where(rng.random(n) < np.where(after, 0.6, 0.1), 1 - y, y)
    return {
        "f0": np.round(rng.normal(size=n) + after, 4).tolist(),
        "c9": [f"lv{k}" for k in rng.integers(0, 3, n)],
        "pred": pred.tolist(),
        "score": np.round(np.clip(pred * 0.8 + rng.normal(0.1, 0.05, n), 0, 1), 4).tolist(),
        "y": y.tolist(),
    }


class TestLines:
    def test_schema(self, bench: Bench) -> None:
        """Windows from 0 after the reference, each before its alarms, the summary last."""
        lines = bench.run(bench.csv(history())).lines
        assert [line["type"] for line in lines].count("summary") == 1
        assert lines[-1]["type"] == "summary"
        number = -1
        for line in lines[:-1]:
            if line["type"] == "window":
                number += 1
                assert {"window", "start", "end", "rows", "signals"} <= set(line)
                assert isinstance(line["signals"], dict)
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["start"])
            else:
                assert line["state"] in ("open", "updated", "resolved")
                assert line["severity"] in ("page", "ticket", "note")
                assert {"signal", "feature", "slice", "evidence", "since_window"} <= set(line)
                assert line["since_window"] <= line["window"]
            assert line["window"] == number
        assert {"rows", "windows", "alarms", "rows_per_second"} <= set(lines[-1])

    def test_what_is_found(self, bench: Bench) -> None:
        run = bench.run(bench.csv(history()))
        opened = {(a["signal"], a["feature"]): a for a in run.alarms if a["state"] == "open"}
        risk, drift = opened["risk", None], opened["input.drift", "f0"]
        assert risk["severity"] == "page"
        assert risk["slice"] is None
        assert 5 <= risk["since_window"] <= risk["window"] <= 7
        assert drift["severity"] == "note"
        assert run.summary["alarms"] == len(opened)
        assert run.summary["labels"] == 2250
        assert run.summary["state"] == "silent_degradation"

    def test_last_partial_window_is_printed_and_raises_nothing(self, bench: Bench) -> None:
        run = bench.run(bench.csv(history(1550, harm_from=1500)))
        assert [w.get("partial") for w in run.windows] == [None] * 5 + [True]
        assert run.windows[-1]["rows"] == 50
        assert run.summary["windows"] == 5
        assert run.alarms == []

    def test_full_last_window_is_not_partial(self, bench: Bench) -> None:
        run = bench.run(bench.csv(history(1500)))
        assert all("partial" not in window for window in run.windows)

    def test_without_json_alarms_are_lines_for_people(self, bench: Bench) -> None:
        data, config = bench.csv(history()), bench.config(_BASE % "")
        result = CliRunner().invoke(app, ["replay", str(data), "--config", str(config)])
        assert result.exit_code == 0
        assert "too many predictions are wrong" in result.stderr
        assert result.stdout == ""

    @pytest.mark.parametrize(
        ("fail_on", "harm", "code"),
        [("note", 1500, 3), ("page", 1500, 3), ("page", 9999, 0), ("note", 9999, 0)],
    )
    def test_fail_on_is_exit_code_3(self, bench: Bench, fail_on: str, harm: int, code: int) -> None:
        run = bench.run(bench.csv(history(harm_from=harm)), _BASE % "", "--fail-on", fail_on)
        assert run.result.exit_code == code
        assert run.summary["type"] == "summary"

    def test_fail_on_of_a_higher_severity_is_not_met_by_a_note(self, bench: Bench) -> None:
        table = history()
        del table["score"]
        config = (_BASE % "").replace('confidence = "score"', "").replace('label = "y"', "")
        table["pred"] = [0, 1] * 1125
        run = bench.run(bench.csv(table), config, "--fail-on", "ticket")
        assert {a["severity"] for a in run.alarms} == {"note"}
        assert run.result.exit_code == 0

    def test_unknown_severity(self, bench: Bench) -> None:
        run = bench.run(bench.csv(history()), _BASE % "", "--fail-on", "panic")
        assert "panic" in run.mistake


class TestFormats:
    def test_csv_gz_and_parquet_agree_to_the_byte(self, bench: Bench) -> None:
        """And so does a second run of the same."""
        table = history(20_000, harm_from=15_000)
        config = (_BASE % "").replace("rows = 100\n", "rows = 1000\n")
        files = [
            bench.csv(table),
            bench.csv(table),
            bench.csv(table, "data.csv.gz"),
            bench.parquet(table),
        ]
        first, *others = [bench.run(file, config).body for file in files]
        assert len(first) > 20
        for other in others:
            assert other == first

    def test_byte_order_mark_and_quotes(self, bench: Bench) -> None:
        """A mark is no part of the first name; quoted commas and newlines are part of a value."""
        table = history(1200)
        table["c9"] = ['"a, b"', '"two\nlines"'] * 600
        file = bench.csv(table)
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
        run = bench.run(file)
        assert set(run.windows[0]["signals"]["input.drift"]) >= {"f0", "c9"}
        assert run.summary["rows"] == 1200

    def test_types_of_parquet(self, bench: Bench) -> None:
        """Each is a number or a category; dictionaries, dates and booleans are categories."""
        n = 1300
        table = history(n)
        start = datetime(2024, 1, 1, tzinfo=UTC)
        stamps = [start + timedelta(seconds=i) for i in range(n)]
        columns = {
            **table,
            "pred": pa.array([str(p) for p in table["pred"]]).dictionary_encode(),
            "y": pa.array([bool(y) for y in table["y"]]),
            "ts": pa.array(stamps, pa.timestamp("us", tz="UTC")),
            "dict": pa.array(["u", "v"] * (n // 2)).dictionary_encode(),
            "bool": pa.array([True, None] * (n // 2)),
            "decimal": pa.array([Decimal("1.25"), Decimal("2.50")] * (n // 2)),
            "date": pa.array([date(2024, 1, 1 + i % 2) for i in range(n)]),
            "when": pa.array(stamps, pa.timestamp("ns")),
            "large": pa.array(["p", "q"] * (n // 2), pa.large_string()),
            "bytes": pa.array([b"r", b"s"] * (n // 2)),
            "none": pa.nulls(n),
            "uint": pa.array([7, 8] * (n // 2), pa.uint64()),
            "half": pa.array(np.ones(n, dtype=np.float16)),
        }
        run = bench.run(bench.parquet(columns), _BASE % 'time = "ts"')
        drift = run.windows[0]["signals"]["input.drift"]
        assert set(drift) >= {"dict", "bool", "decimal", "date", "when", "large", "bytes", "uint"}
        assert drift["bool"]["missing"] == 0.5
        assert drift["none"]["missing"] == 1.0
        assert run.windows[0]["start"] == "2024-01-01T00:16:40.000Z"
        assert run.summary["labels"] == n

    def test_lists_are_a_mistake_that_names_the_column(self, bench: Bench) -> None:
        table = {**history(50), "vector": [[1.0, 2.0]] * 50}
        assert "'vector'" in bench.run(bench.parquet(table)).mistake

    def test_pandas_index_is_no_feature(self, bench: Bench) -> None:
        """Row numbers always drift, and nobody means them."""
        table = {"__index_level_0__": list(range(1200)), "": list(range(1200)), **history(1200)}
        run = bench.run(bench.parquet(table))
        assert set(run.windows[0]["signals"]["input.drift"]) <= {"f0", "c9", ""}
        assert run.alarms == []


class TestTime:
    @pytest.mark.parametrize(
        ("written", "started"),
        [
            ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z"),
            ("2024-01-01 00:00:00", "2024-01-01T00:00:00.000Z"),
            ("2024-01-01", "2024-01-01T00:00:00.000Z"),
            ("2024-01-01T02:00:00.250+02:00", "2024-01-01T00:00:00.250Z"),
            ("1704067200", "2024-01-01T00:00:00.000Z"),
            ("1704067200.5", "2024-01-01T00:00:00.500Z"),
            ("1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59.500Z"),
        ],
    )
    def test_iso_and_epoch_seconds(self, bench: Bench, written: str, started: str) -> None:
        """Naive ones are UTC."""
        table = {"ts": [written] * 1100, **history(1100)}
        run = bench.run(bench.csv(table), _BASE % 'time = "ts"')
        assert run.windows[0]["start"] == started

    def test_without_time_rows_are_a_second_apart(self, bench: Bench) -> None:
        run = bench.run(bench.csv(history(1100)))
        assert run.windows[0]["start"] == "1800-01-01T00:16:40.000Z"
        assert run.windows[0]["signals"]["traffic"]["rows_per_second"] == 1.0

    def test_without_time_people_are_told_rows(self, bench: Bench) -> None:
        """And all else is as with times a second apart."""
        table = history()
        timed = {"ts": [f"{1704067200 + i}" for i in range(len(table["y"]))], **table}
        rows = bench.run(bench.csv(table))
        times = bench.run(bench.csv(timed), _BASE % 'time = "ts"')
        sentences = [line["sentence"] for line in rows.alarms]
        assert not [text for text in sentences if "UTC" in text]
        [risk] = [text for text in sentences if "predictions are wrong since row 1," in text]
        first = int(risk.partition("since row ")[2].split(":")[0].replace(",", ""))
        assert 1400 < first <= 1600
        told = [[(a["window"], a["signal"], a["now"]) for a in run.alarms] for run in (rows, times)]
        assert told[0] == told[1]

    def test_an_end_of_the_reference_needs_times(self, bench: Bench) -> None:
        config = (_BASE % "").replace("rows = 1000", 'until = "2024-01-01"')
        assert "until needs columns.time" in bench.run(bench.csv(history(20)), config).mistake

    @pytest.mark.parametrize(
        "until",
        [
            '"2024-01-01T00:20:00Z"',
            '"2024-01-01T00:20:00"',
            "2024-01-01T00:20:00Z",
            "2024-01-01T00:20:00",
            "1704068400",
        ],
    )
    def test_until_in_all_its_forms(self, bench: Bench, until: str) -> None:
        stamps = [f"{1704067200 + i}" for i in range(1500)]
        config = (_BASE % 'time = "ts"').replace("rows = 1000", f"until = {until}")
        run = bench.run(bench.csv({"ts": stamps, **history(1500)}), config)
        assert run.windows[0]["start"] == "2024-01-01T00:20:00.000Z"

    def test_until_may_be_a_date(self, bench: Bench) -> None:
        stamps = [f"{1704067200 - 1200 + i}" for i in range(1500)]
        config = (_BASE % 'time = "ts"').replace("rows = 1000", "until = 2024-01-01")
        run = bench.run(bench.csv({"ts": stamps, **history(1500)}), config)
        assert run.windows[0]["start"] == "2024-01-01T00:00:00.000Z"

    def test_windows_by_seconds_are_whole_hours(self, bench: Bench) -> None:
        """The last one is complete if time has passed its end, else partial."""
        stamps = [f"{1704067200 + 30 * i}" for i in range(2250)]
        config = (_BASE % 'time = "ts"').replace("rows = 100\n", "seconds = 3600\nlateness = 60\n")
        run = bench.run(bench.csv({"ts": stamps, **history()}), config)
        assert [w["rows"] for w in run.windows[1:-1]] == [120] * (len(run.windows) - 2)
        assert all(w["start"].endswith(":00:00.000Z") for w in run.windows[1:])
        assert run.windows[-1]["partial"]
        assert all(w["signals"]["performance"]["labels"] == w["rows"] for w in run.windows), (
            "labels belong to the window of their rows"
        )

    def test_season_needs_a_time_and_a_reference_that_holds_it(self, bench: Bench) -> None:
        table = {"ts": [str(1704067200 + i) for i in range(2250)], **history()}
        season = (_BASE % "").replace("rows = 1000", 'rows = 1000\nseason = "hour_of_day"')
        assert "season" in bench.run(bench.csv(table), season).mistake
        timed = season.replace("[columns]", '[columns]\ntime = "ts"')
        assert "season" in bench.run(bench.csv(table), timed).mistake


class TestLabels:
    @pytest.mark.parametrize(
        ("predictions", "labels"),
        [
            ([1, 0], ["1", "0"]),
            (["true", "false"], [1, 0]),
            (["True", "False"], ["true", "false"]),
            (["1.0", "0.0"], ["True", "0"]),
        ],
    )
    def test_spellings_of_the_two_classes(
        self, bench: Bench, predictions: list[Any], labels: list[Any]
    ) -> None:
        """1, true and "1" are the same class."""
        table = history(1200)
        table["pred"] = [predictions[1 - y] for y in table["y"]]
        table["y"] = [labels[1 - y] for y in table["y"]]
        run = bench.run(bench.csv(table))
        assert run.windows[0]["signals"]["performance"]["accuracy"]["value"] == 1.0

    @pytest.mark.parametrize("threshold", [0.3, 0.5])
    def test_confidence_alone_is_cut_at_the_threshold(self, bench: Bench, threshold: float) -> None:
        table = history(1200)
        table["score"] = [0.4] * 1200
        table["y"] = ["fraud"] * 1200
        config = (
            (_BASE % "")
            .replace('prediction = "pred"', "")
            .replace(
                'task = "binary"', f'task = "binary"\npositive = "fraud"\nthreshold = {threshold}'
            )
        )
        config = config.replace('label = "y"', 'label = "y"\nfeatures = ["f0"]')
        run = bench.run(bench.csv(table), config)
        expected = 1.0 if threshold == 0.3 else 0.0
        assert run.windows[0]["signals"]["performance"]["accuracy"]["value"] == expected

    def test_multiclass(self, bench: Bench) -> None:
        table = history(1200)
        table["y"] = table["pred"] = [f"class {i % 4}" for i in range(1200)]
        config = (_BASE % "").replace('task = "binary"', "")
        performance = bench.run(bench.csv(table), config).windows[0]["signals"]["performance"]
        assert performance["accuracy"]["value"] == 1.0
        assert performance["f1"]["value"] == 1.0

    def test_digits_with_a_confidence_are_classes(self, bench: Bench) -> None:
        """A regression has no confidence."""
        table = history(1200)
        table["y"] = table["pred"] = [i % 10 for i in range(1200)]
        config = (_BASE % "").replace('task = "binary"', "")
        run = bench.run(bench.csv(table), config)
        assert "accuracy" in run.windows[0]["signals"]["performance"]

    def test_regression_is_recognized(self, bench: Bench) -> None:
        table = history(1200)
        table["y"] = [i / 7 for i in range(1200)]
        table["pred"] = [i / 7 + 3 for i in range(1200)]
        config = (_BASE % "").replace('task = "binary"', "").replace('confidence = "score"', "")
        performance = bench.run(bench.csv(table), config).windows[0]["signals"]["performance"]
        assert performance["mae"]["value"] == pytest.approx(3)

    def test_counts_of_0_and_1_predicted_by_larger_numbers_are_a_regression(
        self, bench: Bench
    ) -> None:
        table = history(1200)
        table["pred"] = [2.5 * (i % 3) for i in range(1200)]
        config = (_BASE % "").replace('task = "binary"', "").replace('confidence = "score"', "")
        assert "mae" in bench.run(bench.csv(table), config).windows[0]["signals"]["performance"]

    def test_no_labels_at_all(self, bench: Bench) -> None:
        table = history()
        del table["y"]
        run = bench.run(bench.csv(table), (_BASE % "").replace('label = "y"', ""))
        assert "performance" not in run.windows[0]["signals"]
        assert run.summary["labels"] == 0
        assert {a["signal"] for a in run.alarms} >= {"input.drift"}

    def test_some_labels_are_missing(self, bench: Bench) -> None:
        table = history(1200)
        table["y"] = [None if i % 4 == 0 else y for i, y in enumerate(table["y"])]
        run = bench.run(bench.csv(table))
        assert run.summary["labels"] == 900

    def test_positive_that_is_not_stated_is_a_warning(self, bench: Bench) -> None:
        table = history(1200)
        table["pred"] = table["y"] = [("no", "yes")[y] for y in table["y"]]
        run = bench.run(bench.csv(table))
        assert any("positive" in warning for warning in run.summary["warnings"])
        performance = run.windows[0]["signals"]["performance"]
        assert performance["accuracy"]["value"] == 1.0
        assert "brier" not in performance

    def test_label_time_is_when_a_label_is_known(self, bench: Bench) -> None:
        """Harm is found later by as much; labels are joined by id, or by row without one."""
        table = history(3000, harm_from=1500)
        times = {
            "ts": [str(1704067200 + i) for i in range(3000)],
            "y_ts": [str(1704067200 + i + 500) for i in range(3000)],
        }
        now = bench.run(bench.csv({**times, **table}), _BASE % 'time = "ts"\nfeatures = ["f0"]')
        columns = 'time = "ts"\nlabel_time = "y_ts"\nfeatures = ["f0"]'
        late = bench.run(bench.csv({**times, **table}), _BASE % columns)
        named = bench.run(
            bench.csv({"key": [f"k{i}" for i in range(3000)], **times, **table}),
            _BASE % f'{columns}\nid = "key"',
        )
        first = next(a for a in now.alarms if a["signal"] == "risk")
        second = next(a for a in late.alarms if a["signal"] == "risk")
        assert 4 <= second["window"] - first["window"] <= 6
        assert abs(second["since_window"] - first["since_window"]) <= 1
        assert late.summary["labels"] == 3000
        assert named.body == late.body

    def test_label_known_before_its_row_still_counts(self, bench: Bench) -> None:
        times = {
            "ts": [str(1704067200 + i) for i in range(1200)],
            "y_ts": [str(1704067200 + i - 40) for i in range(1200)],
        }
        columns = 'time = "ts"\nlabel_time = "y_ts"'
        run = bench.run(bench.csv({**times, **history(1200)}), _BASE % columns)
        assert run.summary["labels"] == 1200


class TestColumns:
    def test_slices_are_features_and_ids_are_not(self, bench: Bench) -> None:
        table = {"key": [f"k{i}" for i in range(1200)], **history(1200)}
        run = bench.run(bench.csv(table), _BASE % 'id = "key"\nslices = ["c9"]\nfeatures = ["f0"]')
        assert set(run.windows[0]["signals"]["input.drift"]) - {""} == {"f0", "c9"}

    def test_traces_are_dimensions_and_no_features(self, bench: Bench) -> None:
        """A release that came after the reference, to half of the traffic, is named."""
        table = history(4000, harm_from=10**9)
        versions = ["1" if i < 2000 or i % 2 else "2" for i in range(4000)]
        table["pred"] = [
            1 - y if version == "2" and i % 10 < 7 else pred
            for i, (pred, y, version) in enumerate(
                zip(table["pred"], table["y"], versions, strict=True)
            )
        ]
        table["service_version"] = versions
        run = bench.run(bench.csv(table), _BASE % 'traces = ["service_version"]')
        assert set(run.windows[0]["signals"]["input.drift"]) - {""} == {"f0", "c9"}
        named = [alarm["slice"] for alarm in run.alarms if alarm["signal"] == "slice"]
        assert named
        assert all(dict(each) == {"trace.service_version": "2"} for each in named)

    def test_a_column_of_traces_has_no_other_role(self, bench: Bench) -> None:
        run = bench.run(bench.csv(history(1200)), _BASE % 'traces = ["y"]')
        assert "two roles: y" in run.mistake

    def test_without_features_all_other_columns_are(self, bench: Bench) -> None:
        run = bench.run(bench.csv(history(1200)))
        assert set(run.windows[0]["signals"]["input.drift"]) - {""} == {"f0", "c9"}

    def test_categorical_makes_numbers_names(self, bench: Bench) -> None:
        """An unknown code is unseen, not out of range."""
        table = history(1300)
        table["code"] = [i % 5 for i in range(1200)] + [99] * 100
        run = bench.run(bench.csv(table), _BASE % 'categorical = ["code"]')
        last = run.windows[2]["signals"]["input.drift"]["code"]
        assert (last["unseen"], last["out_of_range"]) == (1.0, 0.0)

    @pytest.mark.parametrize(
        "line",
        [
            'time = "nope"',
            'id = "nope"',
            'slices = ["nope"]',
            'categorical = ["nope"]',
            'features = ["f0", "nope"]',
        ],
    )
    def test_missing_column_is_named(self, bench: Bench, line: str) -> None:
        mistake = bench.run(bench.csv(history(50)), _BASE % line).mistake
        assert "nope" in mistake

    def test_baseline_file_instead_of_a_reference(self, bench: Bench) -> None:
        """Window 0 begins with the first row then."""
        data, config = bench.csv(history()), bench.config(_BASE % "")
        baseline = bench.path / "baseline.json"
        arguments = ["baseline", "create", str(data), "--config", str(config)]
        done = CliRunner().invoke(app, [*arguments, "--output", str(baseline)])
        assert done.exit_code == 0
        text = (_BASE % "").replace("rows = 1000", f'file = "{baseline}"')
        assert bench.run(data, text).windows[0]["start"] == "1800-01-01T00:00:00.000Z"
        mistake = bench.run(data, text.replace('"binary"', '"regression"')).mistake
        assert "its labels are of a binary model, and the task of 'credit-risk' is" in mistake


def _broken(bench: Bench, row: int, column: str, value: str) -> Path:
    table: Table = {
        "key": [f"k{i}" for i in range(1500)],
        "ts": [str(1704067200 + i) for i in range(1500)],
        **history(1500, harm_from=9999),
    }
    table[column][row - 1] = value
    return bench.csv(table)


_BAD_ROWS = [
    ("f0", "much", "no number"),
    ("ts", "yesterday", "no ISO 8601 time"),
    ("ts", "", "no ISO 8601 time"),
    ("ts", "1704067200000", "no ISO 8601 time"),
    ("ts", "5000-01-01T00:00:00Z", "no ISO 8601 time"),
    ("ts", "2024-02-30T00:00:00Z", "no ISO 8601 time"),
    ("ts", "1600000000", "time goes back"),
    ("key", "k7", "seen before"),
    ("key", "", "no id"),
    ("score", "1.5", "not in [0, 1]"),
    ("score", "sure", "no number"),
]


class TestBadRows:
    @pytest.mark.parametrize(("column", "value", "why"), _BAD_ROWS)
    def test_error_names_row_and_column(
        self, bench: Bench, column: str, value: str, why: str
    ) -> None:
        data = _broken(bench, 1234, column, value)
        mistake = bench.run(data, _BASE % 'time = "ts"\nid = "key"').mistake
        assert "row 1234" in mistake
        assert f"'{column}'" in mistake
        assert why in mistake

    @pytest.mark.parametrize(("column", "value", "why"), _BAD_ROWS)
    def test_skip_counts(self, bench: Bench, column: str, value: str, why: str) -> None:
        """The row is left out everywhere, counted under its reason, and the rest goes on."""
        data = _broken(bench, 1234, column, value)
        run = bench.run(data, _BASE % 'time = "ts"\nid = "key"\ninvalid = "skip"')
        (reason,) = run.summary["skipped"]
        assert why in reason
        assert run.summary["skipped"] == {reason: 1}
        assert run.summary["rows"] == 1500
        assert run.summary["labels"] == 1499

    @pytest.mark.parametrize("extra", [b"1,lv0,1,0.9\n", b"1,lv0,1,0.9,1,7\n"])
    def test_wrong_number_of_columns(self, bench: Bench, extra: bytes) -> None:
        lines = bench.csv(history(1500, harm_from=9999)).read_bytes().splitlines(keepends=True)
        file = bench.path / "broken.csv"
        file.write_bytes(b"".join([*lines[:1234], extra, *lines[1234:]]))
        assert "row 1234: " in bench.run(file).mistake
        run = bench.run(file, _BASE % 'invalid = "skip"')
        assert run.summary["skipped"] == {"a wrong number of columns": 1}
        assert run.summary["rows"] == 1501

    def test_text_that_is_no_utf_8(self, bench: Bench) -> None:
        file = _broken(bench, 1234, "c9", "caf~")
        file.write_bytes(file.read_bytes().replace(b"caf~", b"caf\xe9"))
        config = _BASE % 'time = "ts"\nid = "key"'
        mistake = bench.run(file, config).mistake
        assert "row 1234, column 'c9'" in mistake
        assert "UTF-8" in mistake
        run = bench.run(file, config.replace("[columns]", '[columns]\ninvalid = "skip"'))
        assert run.summary["skipped"] == {"no UTF-8 text": 1}

    def test_regression_with_a_text_label(self, bench: Bench) -> None:
        table = history(1200)
        table["y"] = ["high"] * 1200
        config = (_BASE % "").replace("binary", "regression").replace('confidence = "score"', "")
        assert "row 1, column 'y'" in bench.run(bench.csv(table), config).mistake

    def test_label_without_a_time(self, bench: Bench) -> None:
        table: Table = {
            "ts": [str(1704067200 + i) for i in range(1200)],
            "y_ts": [*(str(1704067200 + i) for i in range(1100)), *[None] * 100],
            **history(1200),
        }
        config = _BASE % 'time = "ts"\nlabel_time = "y_ts"'
        assert "row 1101, column 'y_ts'" in bench.run(bench.csv(table), config).mistake

    def test_rows_after_a_skipped_piece_are_numbered_on(self, bench: Bench) -> None:
        """Beyond the first piece of a file, too."""
        n = 40_000
        table = history(n, harm_from=99_999)
        table["f0"][35_000 - 1] = "much"
        assert "row 35000, column 'f0'" in bench.run(bench.csv(table)).mistake


def _write(data: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        file.write_bytes(data)

    return write


_FILES: Iterable[tuple[str, Callable[[Path], None], str]] = [
    ("empty.csv", _write(b""), "empty"),
    ("empty.csv.gz", _write(gzip.compress(b"")), "empty"),
    ("header.csv", _write(b"f0,pred,score,y\n"), "no usable row"),
    ("short.csv", _write(b"f0,pred,score,y\n1,1,0.5,1\n"), "needs 1,000 rows"),
    ("semicolon.csv", _write(b"f0;pred;score;y\n1;1;0.5;1\n"), "commas"),
    ("twice.csv", _write(b"f0,f0,pred,score,y\n1,1,1,0.5,1\n"), "named twice: 'f0'"),
    ("utf16.csv", _write("f0,pred\n1,1\n".encode("utf-16")), "UTF-8"),
    ("no.csv.gz", _write(b"f0,pred,score,y\n"), "gzip"),
    ("cut.csv.gz", _write(gzip.compress(b"f0,pred,score,y\n" * 50_000)[:-20]), "row"),
    ("no.parquet", _write(b"f0,pred,score,y\n"), "arquet"),
    ("other.xlsx", _write(b"PK"), ".csv, .csv.gz or .parquet"),
    ("folder.csv", Path.mkdir, "irectory"),
]


class TestFiles:
    @pytest.mark.parametrize(("name", "write", "why"), _FILES)
    def test_mistake_is_one_line_that_names_the_file(
        self, bench: Bench, name: str, write: Callable[[Path], None], why: str
    ) -> None:
        file = bench.path / name
        write(file)
        mistake = bench.run(file).mistake
        assert name in mistake
        assert why in mistake

    def test_missing_file(self, bench: Bench) -> None:
        assert "nowhere.csv" in bench.run(bench.path / "nowhere.csv").mistake

    def test_empty_parquet(self, bench: Bench) -> None:
        table = {name: pa.array([], pa.float64()) for name in ("f0", "pred", "score", "y")}
        assert "no usable row" in bench.run(bench.parquet(table)).mistake

    @pytest.mark.parametrize(
        ("config", "why"),
        [
            ("[columns\n", "replay.toml"),
            ("[column]\n", "column"),
            ('[columns]\nlabel = "y"\n', "label needs prediction"),
            ('[columns]\nprediction = "pred"\nlabel = "y"\nlabel_time = "t"\n', "label_time"),
            ('[model]\ntask = "divination"\n', "divination"),
            ('[columns]\ninvalid = "ignore"\n', "invalid"),
            ('[columns]\nfeatures = ["f0"]\ncategorical = ["c9"]\n', "c9"),
            ("[window]\nrows = 0\n", "rows"),
            ("[reference]\nuntil = true\n", "until"),
            ('[reference]\nuntil = "spring"\n', "spring"),
        ],
    )
    def test_mistakes_of_the_configuration(self, bench: Bench, config: str, why: str) -> None:
        assert why in bench.run(bench.csv(history(50)), config).mistake

    def test_until_that_no_row_reaches(self, bench: Bench) -> None:
        config = (_BASE % 'time = "ts"').replace("rows = 1000", "until = 2030-01-01")
        table = {"ts": [str(1704067200 + i) for i in range(100)], **history(100)}
        assert "reference.until" in bench.run(bench.csv(table), config).mistake

    def test_without_a_configuration_all_columns_are_features(self, bench: Bench) -> None:
        """The defaults need 10,000 rows of reference."""
        rng = np.random.default_rng(0)
        table = {"a": rng.normal(size=12_000).round(3).tolist()}
        run = bench.run(bench.csv(table), None)
        assert [w["rows"] for w in run.windows] == [1000, 1000]
        assert set(run.windows[0]["signals"]["input.drift"]) == {"a"}


class TestPeople:
    """Columns of reactions: the same monitors as for live traffic."""

    def test_reactions_are_judged(self, bench: Bench) -> None:
        table, config = reacted()
        run = bench.run(bench.csv(table), config)
        (opened,) = [a for a in run.alarms if a["state"] == "open" and a["signal"] == "trust"]
        assert opened["feature"] is None
        assert opened["severity"] == "page"
        last = run.windows[-1]["signals"]
        assert last["reactions"]["rejected"]["rate"]["value"] == pytest.approx(0.3, abs=0.06)
        assert last["trust"]["alarm"] is True

    def test_a_reaction_may_come_later_than_its_row(self, bench: Bench) -> None:
        """Windows are those of arrival: a day's delay moves the alarm by a day of windows."""
        table, config = reacted()
        now = bench.run(bench.csv(table), config)
        later = config.replace("[reference]", 'reaction_time = "seen"\n[reference]')
        table["seen"] = [t + 1000 for t in table["t"]]
        delayed = bench.run(bench.csv(table), later)

        def since(run: Replayed) -> int:
            (alarm,) = [a for a in run.alarms if a["state"] == "open" and a["signal"] == "trust"]
            window: int = alarm["since_window"]
            return window

        assert since(delayed) - since(now) == pytest.approx(10, abs=3)

    def test_evaluations_are_judged_by_name(self, bench: Bench) -> None:
        table, config = evaluated()
        run = bench.run(bench.csv(table), config)
        opened = [a for a in run.alarms if a["state"] == "open"]
        assert [(a["signal"], a["feature"]) for a in opened] == [("evaluation", "faithful")]
        assert opened[0]["since_window"] in range(9, 12)
        last = run.windows[-1]["signals"]["evaluation"]
        assert last["toxic"]["value"] == pytest.approx(0.1, abs=0.02)
        table["faithful"][20] = "so so"
        mistake = bench.run(bench.csv(table), config).mistake
        assert mistake.startswith("row 21, column 'faithful': neither a score nor a verdict")

    def test_labels_say_who_gave_them(self, bench: Bench) -> None:
        """More and more of them come from a model: a loop."""
        n = 8000
        rng = np.random.default_rng(7)
        own = rng.random(n) < np.where(np.arange(n) < 5000, 0.1, 0.6)
        table = {
            "t": list(range(1_600_000_000, 1_600_000_000 + n)),
            **history(n),
            "by": np.where(own, "model", "human").tolist(),
            "known": list(range(1_600_000_100, 1_600_000_100 + n)),
        }
        more = 'time = "t"\nlabel_time = "known"\nlabel_source = "by"'
        run = bench.run(bench.csv(table), _BASE % more)
        loops = [a for a in run.alarms if a["signal"] == "loop" and a["state"] == "open"]
        assert [a["feature"] for a in loops] == ["self_label_share"]

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            ("did", "liked", "no reaction of accepted, edited"),
            ("changed", 1.5, "not in [0, 1]"),
            ("changed", "much", "no number"),
            ("seen", "soon", "no usable time"),
        ],
    )
    def test_impossible_reactions_are_named(
        self, bench: Bench, column: str, value: Any, message: str
    ) -> None:
        table, config = reacted()
        table["seen"] = list(table["t"])
        table["changed"] = [0.1] * len(table["t"])
        more = 'reaction_time = "seen"\nreaction_magnitude = "changed"\n[reference]'
        config = config.replace("[reference]", more)
        assert bench.run(bench.csv(table), config).summary["rows"] == len(table["t"])
        table[column][700] = value
        table["did"][700] = value if column == "did" else "edited"
        mistake = bench.run(bench.csv(table), config).mistake
        assert mistake.startswith(f"row 701, column '{column}'")
        assert message in mistake

    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ('reaction_time = "t"', "reaction_time needs reaction"),
            ('reaction_magnitude = "t"', "reaction_magnitude needs reaction"),
            ('outcome_time = "t"', "outcome_time needs outcome"),
            ('evaluation_time = "t"', "evaluation_time needs evaluations"),
            ('label_source = "f1"', "label_source needs label_time"),
            ('reaction = "f0"\nreaction_time = "f0"', "reaction_time needs time"),
        ],
    )
    def test_parts_need_their_column(self, bench: Bench, keys: str, message: str) -> None:
        run = bench.run(bench.csv(history(1200)), _BASE % keys)
        assert message in run.mistake


def evaluated(n: int = 6000, *, from_row: int = 4000) -> tuple[Table, str]:
    """An assistant whose answers a grader finds less faithful from a row on."""
    rng = np.random.default_rng(6)
    bad = rng.random(n) < np.where(np.arange(n) >= from_row, 0.4, 0.1)
    table: Table = {
        "t": list(range(1_600_000_000, 1_600_000_000 + n)),
        "length": rng.poisson(80, n).tolist(),
        "faithful": np.where(bad, "fail", "pass").tolist(),
        "toxic": rng.beta(1, 9, n).round(3).tolist(),
    }
    config = """
[model]
task = "generation"
lower_is_better = ["toxic"]
[columns]
time = "t"
evaluations = ["faithful", "toxic"]
[reference]
rows = 2000
[window]
rows = 200
"""
    return table, config


def reacted(n: int = 9000, *, from_row: int = 6000) -> tuple[Table, str]:
    """A model that nobody labels, whose users reject more from a row on."""
    rng = np.random.default_rng(4)
    rejected = rng.random(n) < np.where(np.arange(n) >= from_row, 0.3, 0.05)
    table = {
        "t": list(range(1_600_000_000, 1_600_000_000 + n)),
        "f0": np.round(rng.normal(size=n), 3).tolist(),
        "pred": [f"item{k}" for k in rng.integers(0, 5, n)],
        "did": np.where(rejected, "rejected", np.where(rng.random(n) < 0.5, "", "accepted")),
    }
    config = """
[model]
name = "assistant"
[columns]
time = "t"
prediction = "pred"
reaction = "did"
[reference]
rows = 2000
[window]
rows = 100
[alarm]
windows_between_false_alarms = 1000
"""
    return {name: list(values) for name, values in table.items()}, config
