"""Every example runs as it stands, and sends what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.otlp_server import OtlpServer

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "needs", "spans", "facts"),
    [
        ("quickstart", (), 3, 1),
        ("batch", ("pandas",), 1, 3),
        ("generation", (), 2, 2),
        ("own_provider", (), 2, 0),
        ("scikit_learn", ("sklearn",), 1, 0),
        ("gradient_boosting", ("lightgbm",), 1, 0),
        ("openai_client", ("openai",), 2, 0),
        ("langchain_callback", ("langchain_core",), 2, 1),
        ("logfire_beside", ("logfire",), 2, 0),
    ],
)
def test_an_example_runs_and_sends(
    server: OtlpServer, name: str, needs: tuple[str, ...], spans: int, facts: int
) -> None:
    run(server, name, needs)
    assert len(server.spans) == spans
    assert len(server.records) == facts


def test_the_service_puts_predictions_under_their_requests(server: OtlpServer) -> None:
    run(server, "fastapi_service", ("fastapi", "opentelemetry.instrumentation.fastapi"))
    by_id = {span.span_id: span for span in server.spans}
    (prediction,) = [span for span in server.spans if span.name == "predict fraud-rules"]
    assert by_id[prediction.parent_span_id].name == "POST /predict"
    assert len(server.records) == 1


def run(server: OtlpServer, name: str, needs: tuple[str, ...]) -> None:
    for package in needs:
        pytest.importorskip(package)
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), server.endpoint],
        check=False,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("sent")
    assert done.stderr == ""
