"""A history in which people judged some rows, drawn by chances that are known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from barograph_processor.cli.app import app
from barograph_processor.exceptions import DataError

_CONFIG = """
[model]
name = "credit-risk"
task = "binary"
[columns]
time = "ts"
id = "id"
prediction = "pred"
label = "y"
propensity = "q"
{more}
[reference]
rows = 2000
[window]
rows = 1000
"""
ROWS = 12_000


def history(folder: Path, *, later: bool) -> tuple[Path, Path, float, float]:
    """Write one; return it with its configuration, the truth, and the reviewed rows' mean."""
    rng = np.random.default_rng(21)
    wrong = rng.random(ROWS) < 0.2
    chance = np.where(wrong, 0.12, 0.04)
    asked = rng.random(ROWS) < chance
    lines = ["ts,id,pred,y,q,x,y_ts"]
    for row in range(ROWS):
        said = int(rng.random() < 0.4)
        truth = str(said ^ int(wrong[row])) if asked[row] else ""
        when = str(1_600_000_000 + 60 * row + 7200) if asked[row] else ""
        time = 1_600_000_000 + 60 * row
        lines.append(f"{time},r{row},{said},{truth},{chance[row]},{rng.random():.4f},{when}")
    data = folder / "data.csv"
    data.write_text("\n".join([*lines, ""]), encoding="utf-8")
    config = folder / "replay.toml"
    config.write_text(
        _CONFIG.format(more='label_time = "y_ts"' if later else 'features = ["x"]'),
        encoding="utf-8",
    )
    return data, config, 1 - float(wrong.mean()), 1 - float(wrong[asked].mean())


@pytest.mark.parametrize("later", [False, True], ids=["with the row", "later"])
def test_the_interval_holds_the_accuracy_of_all_rows(tmp_path: Path, later: bool) -> None:
    data, config, truth, naive = history(tmp_path, later=later)
    result = CliRunner().invoke(app, ["replay", str(data), "--config", str(config), "--json"])
    assert result.exit_code == 0, result.output
    windows: list[dict[str, Any]] = [
        line for line in map(json.loads, result.output.splitlines()) if line["type"] == "window"
    ]
    found = windows[-1]["signals"]["review"]
    assert found["answers"] > 400
    accuracy = found["accuracy"]
    assert accuracy["lower"] <= truth <= accuracy["upper"]
    assert accuracy["upper"] < 0.95
    # Counted without their weights, the judged rows look far worse than all rows are.
    assert naive < accuracy["lower"]


def test_a_chance_that_is_none_is_refused(tmp_path: Path) -> None:
    data, config, _, _ = history(tmp_path, later=False)
    text = data.read_text(encoding="utf-8").splitlines()
    cells = text[5].split(",")
    cells[4] = "0"
    text[5] = ",".join(cells)
    data.write_text("\n".join([*text, ""]), encoding="utf-8")
    result = CliRunner().invoke(app, ["replay", str(data), "--config", str(config), "--json"])
    assert isinstance(result.exception, DataError)
    assert "row 5, column 'q': not in (0, 1]: '0'" in str(result.exception)
