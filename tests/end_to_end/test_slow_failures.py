"""Each example of a slow failure ends in the right alarm, and in no wrong one."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "told", "words", "state"),
    [
        ("eroding_trust", ["trust", "trust"], "users edit more", "silent_degradation"),
        # What narrows is another mix of outputs as well.
        ("narrowing_recommender", ["prediction.drift", "loop"], "gives narrows", "drifting"),
        ("selected_labels", ["loop"], "on the random hold-out", "drifting"),
        ("adapting_users", ["trust", "trust"], "they use it less", "drifting"),
        ("stopped_labels", ["blind"], "no label has come for", "blind"),
        ("concept_shift", ["risk"], "what the scores promise: -0.0", "silent_degradation"),
        ("offline_figure", ["risk"], "minus the offline figure: -0.0", "silent_degradation"),
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
        [sys.executable, str(EXAMPLES / f"{name}.py")],
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
    assert f"in the end the model is {state}" in lines
    assert not [line for line in alarms if " resolved " in line]
