"""Every example runs as it stands, and sends what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.otlp_server import OtlpServer

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "spans", "facts"), [("quickstart", 3, 1), ("batch", 1, 3), ("generation", 2, 2)]
)
def test_an_example_runs_and_sends(server: OtlpServer, name: str, spans: int, facts: int) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), server.endpoint],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert done.stdout.rstrip().endswith("sent")
    assert done.stderr == ""
    assert len(server.spans) == spans
    assert len(server.records) == facts
