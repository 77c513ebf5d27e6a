"""The report is one file, shows every alarm, and escapes all that came from data."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barograph_processor.history.config import parse_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.report import render_report
from barograph_processor.report.alarm_plot import alarm_plot
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


def test_a_history_without_times_is_told_by_its_rows(model: dict[str, Any]) -> None:
    page = render_report([model], title="t")
    told = page[page.index("<h1>") :]
    assert "2,000 rows until row 2,000<" in told
    assert "1800-" not in told
    assert '"x":[2200,2400' in told
    alarms = len(model["alarms"])
    assert f"<h3>{alarms} alarms, told as 1 page" in told


def test_every_alarm_is_explained_by_a_plot(model: dict[str, Any]) -> None:
    """The figure that it is about, and the evidence that reaches what the budget asks for."""
    page = render_report([model], title="t")
    assert page.count("plotly-graph-div") == 1 + len(model["alarms"])
    for alarm in model["alarms"]:
        figure = alarm_plot(model, alarm)
        assert figure is not None
        lines = {trace.name: [y for y in trace.y if y is not None] for trace in figure.data}
        asked = lines["to be reached"][0]
        assert max(lines["when raised"]) >= asked > lines["evidence"][0]
        (shown,) = {"distance from the reference", "share of wrong predictions"} & lines.keys()
        assert max(lines[shown]) > 2 * lines[shown][0]


def test_an_alarm_of_a_slice_is_drawn_by_its_own_figures() -> None:
    def window(end: str, risk: float, evidence: float) -> dict[str, Any]:
        own = {"risk": risk, "evidence": evidence, "threshold": 3.0, "tolerated": 0.2}
        other = {"slice": {"r": "a"}, "risk": 0.01, "evidence": 0.0, "threshold": 3.0}
        return {"end": end, "signals": {"slice": [other, {"slice": {"r": "b"}, **own}]}}

    alarm = {
        "signal": "slice",
        "feature": None,
        "slice": {"r": "b"},
        "severity": "page",
        "since": "2024-01-01",
        "raised": "2024-01-02",
        "resolved": None,
        "evidence": 3.5,
    }
    history = [window("2024-01-01", 0.1, 0.5), window("2024-01-02", 0.4, 3.5)]
    loss = {"task": "binary", "scale": 1.0}
    figure = alarm_plot({"history": history, "reference": {"loss": loss}}, alarm)
    assert figure is not None
    drawn = {trace.name: list(trace.y) for trace in figure.data}
    assert drawn["risk of the slice"] == [0.1, 0.4]
    assert drawn["evidence"] == [0.5, 3.5]
    assert drawn["tolerated"] == [0.2, 0.2]


def test_an_alarm_that_no_window_shows_has_no_plot() -> None:
    alarm = {"signal": "blind", "feature": None, "slice": None, "severity": "ticket"}
    history = [{"end": "2024-01-01", "signals": {}}]
    loss = {"task": None, "scale": 1.0}
    assert alarm_plot({"history": history, "reference": {"loss": loss}}, alarm) is None


def test_errors_of_a_regression_are_drawn_in_their_unit() -> None:
    own = {"slice": {"r": "b"}, "risk": 0.5, "tolerated": 0.2, "evidence": 3.5, "threshold": 3.0}
    signals = {
        "risk": {"evidence": 3.5, "threshold": 3.0, "tolerated": 0.2},
        "performance": {"mae": {"value": 70.0, "lower": 60.0, "upper": 80.0}},
        "slice": [own],
    }
    model = {
        "history": [{"end": "2024-01-01", "signals": signals}],
        "reference": {"loss": {"task": "regression", "scale": 40.0}},
    }
    alarm: dict[str, Any] = {
        "feature": None,
        "severity": "page",
        "since": "2024-01-01",
        "raised": "2024-01-02",
    }
    alarm |= {"resolved": None, "evidence": 3.5}
    drawn = {}
    for signal, slice_ in (("risk", None), ("slice", {"r": "b"})):
        figure = alarm_plot(model, {**alarm, "signal": signal, "slice": slice_})
        assert figure is not None
        drawn[signal] = {trace.name: list(trace.y) for trace in figure.data}
    assert drawn["risk"]["mean absolute error"] == [70.0]
    # What is tolerated is of another mean.
    assert "tolerated" not in drawn["risk"]
    assert drawn["slice"]["typical error of the slice"] == [40.0]
    assert drawn["slice"]["tolerated"] == [10.0]


def test_nothing_is_fetched(model: dict[str, Any]) -> None:
    page = render_report([model], title="t")
    assert not re.search(r"<script[^>]+src=|<link[^>]+href=", page)
    assert "Content-Security-Policy\" content=\"default-src 'none';" in page


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
