"""What is told of a regression is told in the unit of what it predicts."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.processor.history.test_replay_oddities import replayed, write


def test_errors_that_grow_are_told_as_errors(tmp_path: Path) -> None:
    """From row 4,000 on they are twice as large, in the north alone four times."""
    rng = np.random.default_rng(3)
    n = 8000
    truth = rng.normal(5000, 1000, n)
    north = rng.random(n) < 0.3
    spread = np.where(np.arange(n) < 4000, 100.0, np.where(north, 400.0, 200.0))
    columns = {
        "region": np.where(north, "north", "south").tolist(),
        "pred": (truth + rng.normal(0, 1, n) * spread).round(3).tolist(),
        "y": truth.round(3).tolist(),
    }
    run = replayed(
        write(tmp_path / "prices.csv", columns),
        model={"task": "regression"},
        columns={"slices": ["region"]},
        reference={"rows": 2000},
        window={"rows": 250},
    )
    assert run.model is not None
    told = {alarm.signal: alarm for alarm in run.model.verdicts.book.open}
    risk, part = told["risk"].sentence, told["slice"].sentence
    found = re.search(
        r"errors are too large since .*: typically ([\d.]+) \(([\d.]+) to ([\d.]+)\), "
        r"([\d.]+) is tolerated, the reference had ([\d.]+)\.",
        risk,
    )
    assert found is not None, risk
    now, low, high, tolerated, before = map(float, found.groups())
    # The error e with e / (e + s) at its mean, of half-normal errors with the mean s.
    errors = np.abs(rng.normal(0, 100, 200_000))
    mean = (errors / (errors + errors.mean())).mean()
    assert before == pytest.approx(errors.mean() * mean / (1 - mean), rel=0.05)
    assert before < tolerated < low < now < high < 400
    assert "typically off by" in part
    assert "wrong" not in risk + part


def test_absurd_labels_do_not_hide_errors_that_grow(tmp_path: Path) -> None:
    """One label in a hundred is a word for none written as a number."""
    rng = np.random.default_rng(5)
    n = 6000
    truth = rng.normal(100, 20, n)
    spread = np.where(np.arange(n) < 4000, 5.0, 15.0)
    label = np.where(rng.random(n) < 0.01, 1e30, truth)
    columns = {
        "pred": (truth + rng.standard_t(4, n) * spread).tolist(),
        "y": label.tolist(),
    }
    run = replayed(
        write(tmp_path / "d.csv", columns),
        model={"task": "regression"},
        reference={"rows": 2000},
        window={"rows": 250},
    )
    assert run.model is not None
    told = {alarm.signal: alarm for alarm in run.model.verdicts.book.open}
    assert told["risk"].since_window in range(7, 10)
    assert told["risk"].now is not None
    assert 0.5 < told["risk"].now < 0.9
