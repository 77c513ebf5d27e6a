"""NannyML's own estimates on its own data sets, from its environment."""

import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from components.environment import ENVIRONMENTS

__all__ = ["CHUNK", "ask", "title"]

CHUNK = 1000
"""Rows of a chunk."""

_ORACLES = Path(__file__).resolve().parents[2] / "tests" / "oracles"


def ask(script: str) -> dict[str, Any]:
    """Return what a script of ``tests/oracles`` answers: data, estimates, seconds, the version."""
    done = subprocess.run(
        [str(ENVIRONMENTS["nannyml"].build()), "-W", "ignore", str(_ORACLES / script)],
        input=json.dumps({"chunk_size": CHUNK}),
        capture_output=True,
        text=True,
        check=True,
    )
    # LightGBM tells of its trees before.
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def title(answer: dict[str, Any]) -> str:
    """Say what it was measured with."""
    return (
        f"Python {platform.python_version()}, numpy {np.__version__}, NannyML "
        f"{answer['version']}, {platform.machine()}; chunks of {CHUNK:,} rows.\n"
    )
