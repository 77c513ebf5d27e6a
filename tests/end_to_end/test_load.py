"""Under load, what was acknowledged is counted, and memory stays under its ceiling."""

import os
from pathlib import Path

import pytest

from benchmarks.ingest import restart
from benchmarks.ingest.load import SHAPES, Shape
from benchmarks.ingest.testbed import run

pytestmark = pytest.mark.components

# Two minutes where changes land, see .ci/run.
_SECONDS = float(os.environ.get("BAROGRAPH_LOAD_SECONDS", "8"))


@pytest.mark.parametrize("shape", SHAPES)
def test_all_that_was_acknowledged_is_counted(tmp_path: Path, shape: Shape) -> None:
    result = run(tmp_path, seconds=_SECONDS / len(SHAPES), shape=shape)
    # A machine whose receiver outruns the rest may refuse some; then they were not acknowledged.
    assert result.acknowledged > 0
    assert result.faults() == []


def test_overload_is_refused_and_bounded(tmp_path: Path) -> None:
    """Many times what can be worked off, to a queue of a dozen requests."""
    result = run(tmp_path, seconds=_SECONDS / 2, connections=32, overload=True)
    assert result.acknowledged > 0
    assert result.refused > 0
    assert result.faults() == []


def test_crash_at_full_rate_loses_nothing(tmp_path: Path) -> None:
    result = restart.run(tmp_path, seconds=_SECONDS / 2, shape="sixteen_models")
    assert result.requests > 0
    assert result.acknowledged > 0
    assert result.holds, result
