"""`configure` sends to where it says, and replaces what it built before."""

# the models of a test ignore what they are given

import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pytest

import barograph
from barograph import exporters
from tests.sdk.otlp_server import OtlpServer


@barograph.observe(model="fraud", id="order")
def predict(order: str, amount: float = 1.0) -> float:
    return 0.5


def test_spans_and_facts_arrive_over_otlp(server: OtlpServer) -> None:
    barograph.configure(service="shop", endpoint=server.endpoint)
    predict("order-17")
    barograph.label("order-17", "fraud")
    assert barograph.force_flush()
    (span,) = server.spans
    (record,) = server.records
    assert span.name == "predict fraud"
    assert record.event_name == "barograph.label"
    resource = server.traces[0].resource_spans[0]
    assert resource.scope_spans[0].schema_url == "https://barograph.dev/schemas/1.0.0"
    attributes = {entry.key: entry.value.string_value for entry in resource.resource.attributes}
    assert attributes["service.name"] == "shop"


def test_a_trailing_slash_changes_nothing(server: OtlpServer) -> None:
    barograph.configure(endpoint=server.endpoint + "/")
    predict("order-17")
    assert barograph.force_flush()
    assert len(server.spans) == 1


@pytest.mark.parametrize(
    "endpoint",
    ["127.0.0.1:34318", "localhost", "", "ftp://host", "http://", "http://h:4318/v1/traces", "h/"],
)
def test_what_is_no_base_address_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint must be"):
        barograph.configure(endpoint=endpoint)


def test_configuring_again_replaces_and_loses_nothing(server: OtlpServer) -> None:
    barograph.configure(endpoint=server.endpoint)
    predict("a")
    threads = threading.active_count()
    for _ in range(5):
        barograph.configure(endpoint=server.endpoint)
        predict("b")
    barograph.configure(enabled=False)
    predict("c")
    assert len(server.spans) == 6
    assert threading.active_count() <= threads


def test_a_full_queue_drops_and_counts_and_never_waits(
    server: OtlpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")
    server.gate.clear()
    barograph.configure(endpoint=server.endpoint)
    before = barograph.stats().spans
    begin = time.perf_counter()
    for at in range(200):
        predict(f"order-{at}")
    assert time.perf_counter() - begin < 5
    server.gate.set()
    assert barograph.force_flush(10)
    after = barograph.stats().spans
    dropped = after.dropped - before.dropped
    assert dropped > 0
    assert len(server.spans) + dropped == 200
    assert after.exported - before.exported == len(server.spans)


def test_a_full_queue_may_wait_for_room_and_lose_nothing(
    server: OtlpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")
    barograph.configure(endpoint=server.endpoint, on_full="block")
    dropped = barograph.stats().spans.dropped
    for at in range(500):
        predict(f"order-{at}")
    assert barograph.force_flush(10)
    assert len(server.spans) == 500
    assert barograph.stats().spans.dropped == dropped


def test_a_flush_gives_up_after_its_timeout(server: OtlpServer) -> None:
    server.gate.clear()
    barograph.configure(endpoint=server.endpoint)
    predict("order-17")
    begin = time.perf_counter()
    assert barograph.force_flush(0.2) is False
    assert time.perf_counter() - begin < 2
    server.gate.set()


def test_nothing_is_flushed_in_a_call(server: OtlpServer) -> None:
    server.gate.clear()
    barograph.configure(endpoint=server.endpoint)
    begin = time.perf_counter()
    for _ in range(100):
        predict("order-17")
    assert time.perf_counter() - begin < 2
    assert server.spans == []
    server.gate.set()


def test_what_the_receiver_refuses_is_counted_as_failed(server: OtlpServer) -> None:
    server.status = 400
    barograph.configure(endpoint=server.endpoint)
    before = barograph.stats().spans.failed
    predict("order-17")
    barograph.force_flush(10)
    assert barograph.stats().spans.failed == before + 1


def test_the_standard_variables_are_honoured(
    server: OtlpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=abc",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_SERVICE_NAME": "from-env",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "3",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }.items():
        monkeypatch.setenv(name, value)
    barograph.configure()
    for at in range(7):
        predict(f"order-{at}")
    deadline = time.monotonic() + 10
    while len(server.spans) < 7 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(server.spans) == 7
    assert max(len(r.resource_spans[0].scope_spans[0].spans) for r in server.traces) <= 3
    assert server.headers[0]["x-key"] == "abc"
    assert server.headers[0]["content-encoding"] == "gzip"
    attributes = {
        entry.key: entry.value.string_value
        for entry in server.traces[0].resource_spans[0].resource.attributes
    }
    assert attributes["service.name"] == "from-env"
    assert attributes["deployment.environment.name"] == "test"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "http/protobuf"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, "grpc"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"}, "grpc"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, "http/protobuf"),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            },
            "http/protobuf",
        ),
    ],
)
def test_the_protocol_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert exporters.protocol("TRACES") == expected


def test_no_exporter_where_the_environment_says_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "none")
    assert exporters.span_exporter(None) is None
    assert exporters.fact_exporter(None) is None


@pytest.mark.parametrize("name", ["BAROGRAPH_DISABLED", "OTEL_SDK_DISABLED"])
def test_the_environment_switches_off(
    server: OtlpServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "true")
    barograph.configure(endpoint=server.endpoint)
    assert predict("order-17") == 0.5
    barograph.label("order-17", "x")
    barograph.force_flush()
    assert server.spans == server.records == []


@pytest.mark.parametrize(
    "options",
    [{"capture": "some"}, {"sample_rate": 1.5}, {"mask": 3}, {"on_full": "wait"}],
    ids=lambda options: next(iter(options)),
)
def test_a_wrong_option_fails_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        barograph.configure(**options)


def run(script: str, endpoint: str) -> None:
    program = f"import barograph\nENDPOINT = {endpoint!r}\n" + textwrap.dedent(script)
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_exit_loses_nothing(server: OtlpServer) -> None:
    run(
        """
        @barograph.observe(model="m")
        def score(x): return x
        barograph.configure(endpoint=ENDPOINT)
        for at in range(700): score(at)
        barograph.label("a", "b")
        """,
        server.endpoint,
    )
    assert len(server.spans) == 700
    assert len(server.records) == 1


def test_threads_and_executors_lose_nothing(server: OtlpServer) -> None:
    run(
        """
        from concurrent.futures import ThreadPoolExecutor
        @barograph.observe(model="m")
        def score(x): return x
        barograph.configure(endpoint=ENDPOINT, on_full="block")
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(score, range(3000))) == list(range(3000))
        """,
        server.endpoint,
    )
    assert len(server.spans) == 3000


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_lose_nothing(server: OtlpServer, tmp_path: Any, method: str) -> None:
    script = tmp_path / "job.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor
            import barograph
            @barograph.observe(model="m")
            def score(x): return x
            def setup(): barograph.configure(endpoint={server.endpoint!r})
            if __name__ == "__main__":
                setup()
                for at in range(10): score(at)
                context = multiprocessing.get_context({method!r})
                initializer = None if {method!r} == "fork" else setup
                with ProcessPoolExecutor(2, context, initializer=initializer) as pool:
                    assert list(pool.map(score, range(100))) == list(range(100))
            """
        )
    )
    subprocess.run([sys.executable, str(script)], check=True, timeout=60)
    ids = {span.span_id for span in server.spans}
    assert len(ids) == len(server.spans) == 110


def test_a_plain_fork_sends_its_own_spans_once(server: OtlpServer) -> None:
    run(
        """
        import os, sys
        @barograph.observe(model="m")
        def score(x): return x
        barograph.configure(endpoint=ENDPOINT)
        score(1)
        child = os.fork()
        score(2)
        if child == 0: sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """,
        server.endpoint,
    )
    assert len(server.spans) == len({span.span_id for span in server.spans}) == 3


def test_a_global_provider_is_used_and_never_set_unasked(server: OtlpServer) -> None:
    run(
        """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        @barograph.observe(model="m")
        def score(x): return x
        score(1)
        barograph.configure(endpoint=ENDPOINT)
        assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
        memory = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(memory))
        trace.set_tracer_provider(provider)
        barograph.configure()
        score(2)
        assert len(memory.get_finished_spans()) == 1
        """,
        server.endpoint,
    )
    assert server.spans == []


def test_importing_needs_no_numpy_and_no_grpc() -> None:
    run(
        """
        import sys
        assert not {"numpy", "pandas", "grpc"} & set(sys.modules), sorted(sys.modules)
        """,
        "",
    )
