"""The report is one file, shows every alarm, and escapes all that came from data."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barograph_processor.history.config import parse_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.report import render_report
from barograph_processor.web.views import model_view

_HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A history in which a feature with a hostile name shifts and labels turn wrong."""
    rng = np.random.default_rng(5)
    n, shifted = 6000, 4000
    feature = rng.normal(size=n)
    feature[shifted:] += 1.0
    label = rng.integers(0, 2, n)
    wrong = rng.random(n) < np.where(np.arange(n) < shifted, 0.05, 0.4)
    predicted = np.where(wrong, 1 - label, label)
    path = tmp_path_factory.mktemp("report") / "history.csv"
    quoted = _HOSTILE.replace('"', '""')
    lines = [f'"{quoted}",pred,y']
    lines += [f"{f:.4f},{p},{y}" for f, p, y in zip(feature, predicted, label, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = parse_replay_config(
        {
            "model": {"name": "</script><b>m", "task": "binary"},
            "columns": {"prediction": "pred", "label": "y"},
            "reference": {"rows": 2000},
            "window": {"rows": 200},
            "alarm": {"windows_between_false_alarms": 1000},
        }
    )
    run = Replay(Path(path), config)
    for _ in run.run():
        pass
    assert run.model is not None
    return model_view(run.model)


def test_every_alarm_is_told_once_with_its_severity(model: dict[str, Any]) -> None:
    page = render_report([model], title="t")
    assert {alarm["signal"] for alarm in model["alarms"]} >= {"input.drift", "risk"}
    assert page.count("<section>") == len(model["alarms"])
    for alarm in model["alarms"]:
        assert f'<h3 class="{alarm["severity"]}">' in page


def test_nothing_is_fetched(model: dict[str, Any]) -> None:
    page = render_report([model], title="t")
    assert not re.search(r"<script[^>]+src=|<link[^>]+href=", page)


def test_names_from_data_cannot_become_markup(model: dict[str, Any]) -> None:
    page = render_report([model], title=_HOSTILE)
    outside = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "<img" not in outside
    assert "<b>m" not in page.replace("\\u003c", "<").split("</style>")[0]
    assert "&lt;img src=x" in outside
    scripts = re.findall(r"<script.*?</script>", page, flags=re.DOTALL)
    assert not [script for script in scripts[1:] if "<b>m" in script]


def test_no_model_is_said_so() -> None:
    assert "No model has been seen." in render_report([], title="t")
