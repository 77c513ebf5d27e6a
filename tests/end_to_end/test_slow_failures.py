"""Each example of a slow failure ends in the right alarm, and in no wrong one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| [^|]+ \| \[`(\w+)\.py`\]\(\S+\) \| `([\w.]+)` \| ([^|]+) \|")
FAILURES = {
    name: (signal, sentence)
    for name, signal, sentence in ROW.findall(
        (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
    )
}
"""What the docs say of each example: the signal, and what its alarm says."""


@pytest.mark.parametrize(
    ("name", "told", "words", "state"),
    [
        ("eroding_trust", ["trust", "trust"], "users trust it less", "silent_degradation"),
        # What narrows is another mix of outputs as well.
        ("narrowing_recommender", ["prediction.drift", "loop"], "", "drifting"),
        ("selected_labels", ["loop"], "", "drifting"),
        ("adapting_users", ["trust", "trust"], "they use it less", "drifting"),
        ("stopped_labels", ["blind"], "", "blind"),
        ("concept_shift", ["risk"], "what the scores promise: -0.0", "silent_degradation"),
        ("offline_figure", ["risk"], "minus the offline figure: -0.0", "silent_degradation"),
        # The inputs that moved are named beside what they moved.
        ("gradual_drift", ["input.drift", "confidence.drift"], "input “income”", "drifting"),
        ("failing_slice", ["slice"], "", "silent_degradation"),
        ("unregistered_slice", ["slice"], "", "silent_degradation"),
        ("late_oversight", ["risk"], "", "silent_degradation"),
        (
            "overconfidence",
            ["calibration", "confidence.drift"],
            "calibration error: 0.1",
            "silent_degradation",
        ),
    ],
)
def test_an_example_ends_in_its_alarm(name: str, told: list[str], words: str, state: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py")],
        check=False,
        timeout=200,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    alarms = [line for line in lines if line.startswith("window")]
    opened = [line.split(maxsplit=4)[4] for line in alarms if line.split()[2] == "open"]
    assert [alarm.partition(":")[0] for alarm in opened] == told
    assert words in done.stdout
    signal, sentence = FAILURES[name]
    assert any(alarm.startswith(f"{signal}:") and sentence in alarm for alarm in opened)
    assert f"in the end the model is {state}" in lines
    assert not [line for line in alarms if " resolved " in line]
