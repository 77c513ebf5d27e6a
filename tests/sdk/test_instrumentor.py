"""`opentelemetry-instrument` switches the SDK on through its entry point."""

import pytest

import barograph
from barograph.testing import Recorder

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
