"""The detectors are a library of their own: the example runs on numpy alone."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[3] / "examples" / "detectors.py"
RUN = f"""
import runpy, sys
runpy.run_path({str(EXAMPLE)!r}, run_name="__main__")
paths = (getattr(m, "__file__", None) or "" for m in list(sys.modules.values()))
installed = {{p.split("site-packages/")[1].split("/")[0] for p in paths if "site-packages/" in p}}
print("imports", *sorted(n for n in installed if "." not in n and not n.startswith("_")))
"""


def test_the_example_finds_drift_and_harm_on_numpy_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN], check=False, timeout=120, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *_, opened, harm, interval, imports = done.stdout.splitlines()
    assert "open: the mean of income fell" in opened
    assert 20 <= int(opened.split()[1].rstrip(":")) < 40
    assert harm.startswith("harm after ")
    assert interval.startswith("the risk is in [0.1")
    assert imports == "imports numpy"
