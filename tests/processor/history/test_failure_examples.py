"""The examples of slow failures end in the right alarm, and in no wrong one."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(
    ("name", "opened", "said"),
    [
        ("concept_shift", ["risk"], "accuracy minus what the scores promise: -0.0"),
        ("offline_figure", ["risk"], "accuracy minus the offline figure: -0.0"),
        ("overconfidence", ["calibration", "confidence.drift"], "calibration error: 0.1"),
    ],
)
def test_an_example_ends_in_its_alarm(name: str, opened: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py")],
        check=False,
        timeout=240,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    alarms = [line.split(": ")[1] for line in done.stdout.splitlines() if line.startswith("window")]
    assert alarms == [f"{signal} open" for signal in opened]
    assert said in done.stdout
    assert done.stdout.rstrip().endswith("silent_degradation")
