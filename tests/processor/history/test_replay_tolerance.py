"""How much worse is worse depends on how good a model was, unless somebody says it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barograph_processor.history.config import parse_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.state.alarm.alarms import AlarmChange
from tests.processor.history.test_replay_oddities import write

REFERENCE, ROWS, WINDOW = 20_000, 50_000, 1000


def _risk_alarms(path: Path, *, before: float, after: float, **alarm: Any) -> list[str]:
    """Replay a model whose share of wrong predictions changes; return what is told of its risk."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, ROWS)
    wrong = rng.random(ROWS) < np.where(np.arange(ROWS) < REFERENCE, before, after)
    columns = {"said": (truth ^ wrong).tolist(), "label": truth.tolist()}
    config = {
        "model": {"task": "binary"},
        "columns": {"prediction": "said", "label": "label"},
        "reference": {"rows": REFERENCE},
        "window": {"rows": WINDOW},
        "alarm": alarm,
    }
    run = Replay(write(path / "history.csv", columns), parse_replay_config(config))
    changes = [e for step in run.run() for e in step.events if isinstance(e, AlarmChange)]
    return [
        change.alarm.sentence
        for change in changes
        if change.change == "open" and change.alarm.signal == "risk"
    ]


def test_a_good_model_that_gets_half_as_bad_again_is_told_of(tmp_path: Path) -> None:
    """From 5% to 8.3%: of a tolerance of two points it would hardly stand out, for months."""
    assert _risk_alarms(tmp_path, before=0.05, after=0.083)
    assert not _risk_alarms(tmp_path, before=0.05, after=0.083, tolerance=0.02)


@pytest.mark.parametrize(
    ("before", "after", "alarm"),
    [(0.05, 0.056, {}), (0.25, 0.265, {}), (0.05, 0.072, {"tolerance": 0.03})],
)
def test_what_is_tolerated_is_not_told(
    tmp_path: Path, before: float, after: float, alarm: dict[str, float]
) -> None:
    """A tenth more of few errors, a point and a half more of many, and what was stated."""
    assert _risk_alarms(tmp_path, before=before, after=after, **alarm) == []
