"""A replay says of how many incidents people would have been told, as webhooks tell them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from barograph_processor.cli.app import app
from tests.processor.history.test_replay_oddities import write

_CONFIG = """
[model]
task = "binary"
[columns]
prediction = "said"
label = "label"
[reference]
rows = 2000
[window]
rows = 200
[alarm]
windows_between_false_alarms = 500
hold_windows = {hold}
"""


@pytest.mark.parametrize(("hold", "pages"), [(0, 2), (1, 2), (5, 1)])
def test_harm_that_comes_back_within_the_hold_is_one_page(
    tmp_path: Path, hold: int, pages: int
) -> None:
    """Ten bad windows, three good ones, four bad ones; every alarm is listed all the same."""
    rng = np.random.default_rng(3)
    risks = np.repeat([0.1, 0.5, 0.1, 0.5, 0.1], [4000, 2000, 600, 800, 2600])
    truth = rng.integers(0, 2, len(risks))
    wrong = rng.random(len(risks)) < risks
    data = write(
        tmp_path / "history.csv", {"said": (truth ^ wrong).tolist(), "label": truth.tolist()}
    )
    config = tmp_path / "replay.toml"
    config.write_text(_CONFIG.format(hold=hold), encoding="utf-8")
    run = CliRunner().invoke(app, ["replay", str(data), "--config", str(config), "--json"])
    lines: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
    risk = [line for line in lines if line["type"] == "alarm" and line["signal"] == "risk"]
    opened = [line["incident"]["openings"] for line in risk if line["state"] == "open"]
    openings = [line["incident"]["openings"] for line in risk if line["state"] == "resolved"]
    assert openings == ([1, 1] if pages == 2 else [1, 2])
    assert len(opened) >= 2
    assert lines[-1]["incidents"]["page"] == pages
