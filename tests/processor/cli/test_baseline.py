"""A baseline learnt from a file watches like the reference that the rows would have been."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from barograph_processor.cli.app import app
from barograph_processor.config import parse_config
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.service import Service
from barograph_processor.state.model import ModelState
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.stats.column import NumericColumn
from barograph_processor.telemetry import Telemetry

_CONFIG = """
[model]
name = "m"
task = "binary"
[columns]
prediction = "pred"
label = "y"
[reference]
rows = 2000
[window]
rows = 200
[alarm]
windows_between_false_alarms = 1000
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Write 5,000 rows, in which a feature shifts and labels turn wrong; return the folder."""
    rng = np.random.default_rng(3)
    n = 5000
    feature = rng.normal(size=n) + np.where(np.arange(n) < 3500, 0.0, 0.8)
    label = rng.integers(0, 2, n)
    wrong = rng.random(n) < np.where(np.arange(n) < 3500, 0.05, 0.4)
    rows = [
        f"{f:.4f},{int(p)},{y}"
        for f, p, y in zip(feature, np.where(wrong, 1 - label, label), label, strict=True)
    ]
    for name, part in (("all", rows), ("before", rows[:2000]), ("after", rows[2000:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["f,pred,y", *part, ""]), encoding="utf-8")
    (tmp_path / "replay.toml").write_text(_CONFIG, encoding="utf-8")
    return tmp_path


def _alarms(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines()]
    shown = ("window", "signal", "feature", "state", "evidence", "now")
    return [{key: line[key] for key in shown} for line in lines if line["type"] == "alarm"]


def test_a_baseline_file_raises_the_same_alarms(history: Path) -> None:
    """Learning from the first rows, or from a file of just these, gives the same alarms."""
    runner = CliRunner()
    config = str(history / "replay.toml")
    whole = runner.invoke(app, ["replay", str(history / "all.csv"), "--config", config, "--json"])
    file = history / "baseline.json"
    created = runner.invoke(
        app,
        ["baseline", "create", str(history / "before.csv"), "--config", config, "-o", str(file)],
    )
    assert created.exit_code == 0, created.output
    pinned = history / "pinned.toml"
    text = _CONFIG.replace("rows = 2000", f"file = {json.dumps(str(file))}")
    pinned.write_text(text, encoding="utf-8")
    after = runner.invoke(
        app, ["replay", str(history / "after.csv"), "--config", str(pinned), "--json"]
    )
    assert after.exit_code == 0, after.output
    found = _alarms(whole.stdout)
    assert {alarm["signal"] for alarm in found} >= {"input.drift", "risk"}
    assert _alarms(after.stdout) == found


def test_show_tells_what_it_holds(history: Path) -> None:
    runner = CliRunner()
    file = history / "baseline.json"
    arguments = ["baseline", "create", str(history / "before.csv")]
    runner.invoke(app, [*arguments, "--config", str(history / "replay.toml"), "-o", str(file)])
    shown = json.loads(runner.invoke(app, ["baseline", "show", str(file), "--json"]).stdout)
    assert shown["rows"] == 2000
    assert shown["labels"] == 2000
    assert 0.03 < shown["risk"] < 0.07
    assert shown["risk"] < shown["risk_upper_bound"] < 0.1


def test_a_baseline_carries_the_offline_figures(history: Path) -> None:
    """What was measured on the file is what production is held against, and what was stated."""
    runner = CliRunner()
    file, config = history / "baseline.json", history / "offline.toml"
    stated = _CONFIG + "[baseline]\noffline = {f1 = 0.97}\n"
    config.write_text(stated, encoding="utf-8")
    create = ["baseline", "create", str(history / "before.csv"), "--config", str(config)]
    assert runner.invoke(app, [*create, "-o", str(file)]).exit_code == 0
    shown = json.loads(runner.invoke(app, ["baseline", "show", str(file), "--json"]).stdout)
    assert shown["offline_f1"] == 0.97
    config.write_text(
        _CONFIG.replace("rows = 2000", f"file = {json.dumps(str(file))}"), encoding="utf-8"
    )
    replay = ["replay", str(history / "after.csv"), "--config", str(config), "--json"]
    lines = [json.loads(line) for line in runner.invoke(app, replay).stdout.splitlines()]
    windows = [line for line in lines if line["type"] == "window"]
    gap = windows[-1]["signals"]["gap"]["offline"]
    realized = windows[-1]["signals"]["now"]["accuracy"]["value"]
    assert gap["accuracy"]["value"] == pytest.approx(realized - shown["accuracy"], abs=1e-9)
    assert gap["accuracy"]["upper"] < -0.1
    assert gap["f1"]["value"] < -0.1


def test_an_accuracy_that_a_baseline_carries_is_an_objective(history: Path) -> None:
    """It is tolerated as much as if the configuration stated it, before a restart and after."""
    runner = CliRunner()
    config, file = history / "offline.toml", history / "baseline.json"
    config.write_text(_CONFIG + "[baseline]\noffline = {accuracy = 0.99}\n", encoding="utf-8")
    create = ["baseline", "create", str(history / "before.csv"), "--config", str(config)]
    runner.invoke(app, [*create, "-o", str(file)])
    learnt = Baseline.from_json(json.loads(file.read_text(encoding="utf-8")))
    model = _model(learnt)
    # Of 1% wrong a fifth is tolerated on top, which is less than two points.
    assert model.quality.tolerated == pytest.approx(0.012)
    again = _model()
    again.load(model.state())
    assert learnt.quality is not None
    assert again.quality.tolerated == pytest.approx(0.012)
    assert again.quality.offline == {**learnt.quality.performance, "accuracy": 0.99}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "Expecting"),
        ("[]", "no baseline"),
        ('{"kind": "barograph.baseline", "schema": 99}', "schema is 99"),
        ('{"kind": "barograph.baseline", "schema": 1}', "damaged"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str, why: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(content, encoding="utf-8")
    result = CliRunner().invoke(app, ["baseline", "show", str(file)])
    assert why in str(result.exception)


def test_promote_pins_what_a_service_has_learnt(tmp_path: Path) -> None:
    """The file that ``promote`` writes is the reference of the running service.

    Whatever the model is called: a name may hold what paths are made of.
    """
    config = parse_config(
        {
            "serve": {
                "state_dir": str(tmp_path / "state"),
                "otlp_grpc": "127.0.0.1:0",
                "otlp_http": "127.0.0.1:0",
                "web": "127.0.0.1:0",
            },
            "reference": {"rows": 500},
            "window": {"rows": 100},
        }
    )
    file = tmp_path / "baseline.json"
    with Service(config) as service:
        url = f"http://{service.addresses['web']}"
        arguments = ["baseline", "promote", "../team/m", "release/1", "--url", url, "-o", str(file)]
        early = CliRunner().invoke(app, arguments)
        assert "no complete reference" in str(early.exception)
        with service.pipeline.hold():
            service.registry.observe(_batch(600))
        promoted = CliRunner().invoke(app, arguments)
        assert promoted.exit_code == 0, promoted.output
        drawn = ["report", "--from", url, "-o", str(tmp_path / "report.html")]
        assert CliRunner().invoke(app, drawn).exit_code == 0
    shown = json.loads(CliRunner().invoke(app, ["baseline", "show", str(file), "--json"]).stdout)
    assert shown["rows"] == 500


def _model(learnt: Baseline | None = None) -> ModelState:
    config = parse_config({})
    return ModelState(
        ModelKey("m", "1"),
        config=config.model("m"),
        limits=config.limits,
        telemetry=Telemetry(),
        start_ns=0,
        baseline=learnt,
    )


def _batch(n: int) -> ObservationBatch:
    rng = np.random.default_rng(2)
    return ObservationBatch(
        model=ModelKey("../team/m", "release/1"),
        ids=rng.integers(1, 2**63, (n, 3)).astype(np.uint64),
        prediction_ids=tuple(f"p{row}" for row in range(n)),
        event_time=np.arange(n, dtype=np.int64) * 1_000_000_000,
        latency=np.full(n, 0.01),
        failed=np.zeros(n, dtype=np.bool_),
        inputs={"f": NumericColumn(rng.normal(size=n))},
        value=rng.random(n),
    )
