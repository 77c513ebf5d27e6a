"""A regression's errors are estimated before labels come: in replay, from a file, through OTLP."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barograph_processor.config import parse_config
from barograph_processor.history.config import parse_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.observation import ModelKey
from barograph_processor.otlp import decode_traces
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.telemetry import Telemetry
from tests.processor.history.test_replay_oddities import write
from tests.processor.otlp.build import prediction, traces
from tests.processor.state.rows import restore, snapshot

_REFERENCE, _ROWS, _WINDOW = 3000, 6000, 500


def _history(path: Path, *, labels: int = _ROWS, begin: int = 0) -> Path:
    """Write rows whose errors are as large as ``x`` is; from row 4,500 on it is larger.

    Args:
        path: The file.
        labels: Rows from the first that have a label.
        begin: The first row that is written.
    """
    rng = np.random.default_rng(5)
    x = rng.uniform(1, 2, _ROWS) + np.where(np.arange(_ROWS) < 4500, 0.0, 0.5)
    said = rng.normal(10, 1, _ROWS).round(4)
    label = (said + x * rng.normal(0, 1, _ROWS)).round(4).astype(str)
    label[labels:] = ""
    columns: dict[str, list[Any]] = {
        "x": x.round(4).tolist(),
        "kind": np.where(rng.random(_ROWS) < 0.5, "a", "b").tolist(),
        "pred": said.tolist(),
        "y": label.tolist(),
    }
    return write(path, {name: column[begin:] for name, column in columns.items()})


def _replay(path: Path, **reference: Any) -> Replay:
    run = Replay(
        path,
        parse_replay_config(
            {
                "model": {"task": "regression"},
                "columns": {"prediction": "pred", "label": "y"},
                "reference": reference or {"rows": _REFERENCE},
                "window": {"rows": _WINDOW},
            }
        ),
    )
    for _ in run.run():
        pass
    return run


def _estimates(run: Replay) -> list[dict[str, Any]]:
    assert run.model is not None
    return [record.signals["estimated"] for record in run.model.history]


def test_estimates_rise_with_the_inputs_before_labels_come(tmp_path: Path) -> None:
    blind = _estimates(_replay(_history(tmp_path / "blind.csv", labels=_REFERENCE)))
    seen = _replay(_history(tmp_path / "seen.csv"))
    assert seen.model is not None
    shown = [record.signals["performance"] for record in seen.model.history]
    held = 0
    for found, true in zip(blind, shown, strict=True):
        assert found["assumption"] == "covariate_shift"
        assert found["rows"] == _WINDOW
        for metric in ("mae", "rmse"):
            held += found[metric]["lower"] < true[metric]["value"] < found[metric]["upper"]
    assert held >= 9, "of 12, and each holds 95 times in 100"
    before, after = blind[:3], blind[3:]
    for metric in ("mae", "rmse"):
        highest = max(one[metric]["value"] for one in before)
        assert min(one[metric]["value"] for one in after) > 1.1 * highest


def _baseline(tmp_path: Path) -> tuple[Path, Baseline]:
    model = _replay(_history(tmp_path / "all.csv", labels=_REFERENCE)).model
    assert model is not None
    learnt = model.reference
    assert learnt is not None
    file = tmp_path / "baseline.json"
    file.write_text(json.dumps(learnt.to_json()), encoding="utf-8")
    return file, Baseline.read(file)


def test_a_baseline_file_carries_the_model_of_errors(tmp_path: Path) -> None:
    file, _ = _baseline(tmp_path)
    later = _history(tmp_path / "later.csv", labels=_REFERENCE, begin=_REFERENCE)
    whole = _estimates(_replay(tmp_path / "all.csv"))
    assert _estimates(_replay(later, file=str(file))) == whole


def test_a_file_of_an_earlier_version_estimates_nothing(tmp_path: Path) -> None:
    file, _ = _baseline(tmp_path)
    document = json.loads(file.read_text(encoding="utf-8"))
    del document["errors"]
    file.write_text(json.dumps({**document, "schema": 2}), encoding="utf-8")
    run = _replay(
        _history(tmp_path / "later.csv", labels=_REFERENCE, begin=_REFERENCE), file=str(file)
    )
    assert run.model is not None
    assert not any("estimated" in record.signals for record in run.model.history)


@pytest.mark.parametrize("size", [170, 500])
def test_rows_through_otlp_are_estimated_alike(tmp_path: Path, size: int) -> None:
    """In any batches, and after a restart between all of them."""
    _, learnt = _baseline(tmp_path)
    columns = [line.split(",") for line in (tmp_path / "all.csv").read_text().splitlines()[1:]]
    config = parse_config({"window": {"rows": _WINDOW}})
    registry = ModelRegistry(config, Telemetry(), clock=lambda: 7, baselines={"*": learnt})
    for start in range(_REFERENCE, _ROWS, size):
        spans = [
            prediction(
                row,
                {
                    "task": "regression",
                    "prediction.value": float(said),
                    "input.x": float(x),
                    "input.kind": kind,
                },
            )
            for row, (x, kind, said, _) in list(enumerate(columns))[start : start + size]
        ]
        for batch in decode_traces(traces(*spans)).batches:
            registry.observe(batch)
        blob = snapshot(registry)
        registry = ModelRegistry(config, Telemetry(), clock=lambda: 7)
        restore(registry, blob)
    model = registry.models[ModelKey("m", "1")]
    found = [record.signals["estimated"] for record in model.history]
    assert found == _estimates(_replay(tmp_path / "all.csv"))
