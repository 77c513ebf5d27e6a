"""The example of expected errors tells what labels will say, before any of them comes."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "expected_errors.py"


def test_inputs_tell_larger_errors_before_labels_do() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], check=False, timeout=200, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *alarms, state, labels, inputs, later = done.stdout.splitlines()
    told = [line.split(maxsplit=4)[3:] for line in alarms]
    assert [(severity, what.partition(":")[0]) for severity, what in told] == [
        ("note", "input.drift"),
        ("ticket", "prediction.drift"),
    ], "no label has told of harm"
    assert state == "in the end the model is drifting"
    (known,) = map(float, re.findall(r"\d+\.\d+", labels))
    expected, low, high = map(float, re.findall(r"\d+\.\d+", inputs))
    (true,) = map(float, re.findall(r"\d+\.\d+", later))
    assert low < true < high
    assert abs(expected - true) < 0.3 < true - known
