"""`opentelemetry-instrument` switches the SDK on through its entry point."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import barograph
from barograph.testing import Recorder
from tests.sdk.otlp_server import OtlpServer

instrumentor = pytest.importorskip("barograph.instrumentor", exc_type=ImportError)


def test_the_providers_given_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    @barograph.observe(model="m")
    def score() -> float:
        return 0.5

    monkeypatch.setenv("BAROGRAPH_SAMPLE_RATE", "nonsense")
    recorder = Recorder()
    instrument = instrumentor.BarographInstrumentor()
    instrument.instrument(
        tracer_provider=recorder.tracer_provider, logger_provider=recorder.logger_provider
    )
    try:
        score()
        barograph.label("a", "b")
    finally:
        instrument.uninstrument()
    score()
    assert len(recorder.spans) == len(recorder.facts) == 1


APPLICATION = """
import barograph

@barograph.observe(model="m", id="key")
def score(key, x):
    return 0.5

score("a", 1.0)
barograph.label("a", True)
"""


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({}, 1),
        ({"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "requests, barograph"}, 0),
        ({"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*"}, 0),
        ({"BAROGRAPH_DISABLED": "1"}, 0),
        ({"BAROGRAPH_SAMPLE_RATE": "0"}, 0),
    ],
)
def test_the_command_sends_what_an_untouched_application_decorates(
    server: OtlpServer, tmp_path: Path, variables: dict[str, str], sent: int
) -> None:
    (tmp_path / "app.py").write_text(APPLICATION)
    command = Path(sys.executable).parent / "opentelemetry-instrument"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.endpoint, "OTEL_SERVICE_NAME": "shop"}
    done = subprocess.run(
        [str(command), sys.executable, "app.py"],
        cwd=tmp_path,
        env={**os.environ, **environment, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert [len(server.spans), len(server.records)] == [sent, sent]
    if sent:
        names = server.traces[0].resource_spans[0].resource.attributes
        assert {"service.name": "shop"}.items() <= {
            a.key: a.value.string_value for a in names
        }.items()
