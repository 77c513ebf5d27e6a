"""Every example runs as it stands, and sends what it says."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.otlp_server import OtlpServer

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "needs", "spans", "facts"),
    [
        ("quickstart", (), 3, 1),
        ("batch", ("pandas",), 1, 3),
        ("scheduled_batch", ("polars",), 3, 0),
        ("generation", (), 2, 2),
        ("own_provider", (), 2, 0),
        ("scikit_learn", ("sklearn",), 1, 0),
        ("gradient_boosting", ("lightgbm",), 1, 0),
        ("xgboost_classifier", ("xgboost",), 1, 0),
        ("pytorch_module", ("torch",), 1, 0),
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


@pytest.mark.parametrize("library", ["openai", "anthropic"])
def test_a_client_of_a_language_model_is_read_whole_and_streamed(
    server: OtlpServer, library: str
) -> None:
    run(server, f"{library}_client", (library,))
    whole, streamed = [attributes(span) for span in server.spans]
    for sent in (whole, streamed):
        assert sent["gen_ai.provider.name"] == library
        assert sent["gen_ai.response.id"]
        assert sent["gen_ai.usage.output_tokens"] == 3
        assert sent["barograph.output.length"] == len("It will rain.")
        assert "rain" not in str(sent)
    assert streamed["barograph.output.complete"] == 1


def test_the_service_puts_predictions_under_their_requests(server: OtlpServer) -> None:
    run(server, "fastapi_service", ("fastapi", "opentelemetry.instrumentation.fastapi"))
    by_id = {span.span_id: span for span in server.spans}
    (prediction,) = [span for span in server.spans if span.name == "predict fraud-rules"]
    assert by_id[prediction.parent_span_id].name == "POST /predict"
    assert len(server.records) == 1


def test_a_prediction_in_a_worker_is_in_the_trace_of_who_sent_the_task(
    server: OtlpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none is lost when the worker's processes end, long before their queues are due."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # Celery's, of being root
    run(server, "celery_worker", ("celery", "opentelemetry.instrumentation.celery"))
    by_id = {span.span_id: span for span in server.spans}
    (checkout,) = [span for span in server.spans if span.name == "checkout"]
    predictions = [span for span in server.spans if span.name == "predict fraud-rules"]
    assert len(predictions) == 4
    for prediction in predictions:
        task = by_id[prediction.parent_span_id]
        sent = by_id[task.parent_span_id]
        assert (task.name, sent.name) == ("run/score", "apply_async/score")
        assert sent.parent_span_id == checkout.span_id
        assert prediction.trace_id == checkout.trace_id


def test_the_program_of_opentelemetry_sets_up_what_sends(
    server: OtlpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the entry point of the installed distribution; the code itself has no set-up."""
    program = Path(sys.executable).with_name("opentelemetry-instrument")
    needed(() if program.exists() else (program.name,))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    for signal, exporter in (("TRACES", "otlp"), ("LOGS", "otlp"), ("METRICS", "none")):
        monkeypatch.setenv(f"OTEL_{signal}_EXPORTER", exporter)
    done = started(str(program), sys.executable, str(EXAMPLES / "auto_instrumented.py"))
    assert (done.returncode, done.stdout) == (0, "0.025\n"), done.stderr
    assert [span.name for span in server.spans] == ["predict fraud-rules"]
    assert [record.event_name for record in server.records] == ["barograph.label"]


def test_the_label_job_names_the_predictions_of_another_process(server: OtlpServer) -> None:
    run(server, "quickstart", ())
    server.logs.clear()
    run(server, "label_job", (), str(EXAMPLES / "chargebacks.csv"))
    predicted = [attributes(span) for span in server.spans]
    labels = [attributes(record) for record in server.records]
    assert [label["barograph.prediction.id"] for label in labels] == [
        sent["barograph.prediction.id"] for sent in predicted
    ]
    assert [label["barograph.label.value"] for label in labels] == [False, True, False]
    assert {label["barograph.model.name"] for label in labels} == {"fraud-rules"}


def test_the_example_of_tests_passes() -> None:
    done = started(sys.executable, "-m", "pytest", "-q", str(EXAMPLES / "test_predictions.py"))
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_the_list_of_examples_has_all_of_them() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f"]({path.name})" not in listed] == []


def run(server: OtlpServer, name: str, needs: tuple[str, ...], *arguments: str) -> None:
    """Run an example to its end."""
    needed(tuple(package for package in needs if importlib.util.find_spec(package) is None))
    done = started(sys.executable, str(EXAMPLES / f"{name}.py"), *arguments, server.endpoint)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("\nsent")
    assert done.stderr == ""


def needed(absent: tuple[str, ...]) -> None:
    """Skip the test without what it needs; in CI, which has to have it all, let it fail."""
    if absent and os.environ.get("BAROGRAPH_REQUIRE_COMPONENTS") != "1":
        pytest.skip(f"without {', '.join(absent)}")


def started(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, timeout=200, capture_output=True, text=True)


def attributes(item: Any) -> dict[str, Any]:
    """The attributes of a span or log record in OTLP; of an array, its parts."""
    return {entry.key: value(entry.value) for entry in item.attributes}


def value(held: Any) -> Any:
    kind = held.WhichOneof("value")
    return (
        [value(part) for part in held.array_value.values]
        if kind == "array_value"
        else getattr(held, kind)
    )
