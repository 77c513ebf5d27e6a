"""Late facts are written as the official encoder writes them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

import barograph
from barograph.fact_encoder import encode_facts

refs = st.builds(
    barograph.PredictionRef,
    st.integers(1, 2**128 - 1),
    st.integers(1, 2**64 - 1),
    st.text(min_size=1, max_size=20),
    st.text(min_size=1, max_size=5),
    st.none() | st.text(min_size=1),
)
values = st.booleans() | st.integers() | st.floats() | st.text()
facts = st.tuples(refs | st.text(min_size=1) | st.integers(), values)


def send(batch: list[tuple[Any, Any]]) -> list[ReadableLogRecord]:
    memory = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # of the SDK
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    barograph.configure(logger_provider=provider)
    for target, value in batch:
        barograph.label(target, value, source="human", time=0)
        barograph.evaluation(target, "q", score=0.5, explanation=str(value))
        barograph.outcome(target, -1.5, unit="EUR", model="m")
    barograph.configure(enabled=False)
    return list(memory.get_finished_logs())


def assert_alike(records: list[ReadableLogRecord]) -> None:
    """By bytes, since NaN is not equal to itself."""
    ours = ExportLogsServiceRequest.FromString(encode_facts(records))
    official = encode_logs(records)
    assert ours.SerializeToString(deterministic=True) == official.SerializeToString(
        deterministic=True
    )


@given(st.lists(facts, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_facts_are_encoded_alike(batch: list[tuple[Any, Any]]) -> None:
    records = send(batch)
    assert_alike(records)


def test_a_label_of_true_is_no_label_of_one() -> None:
    records = send([("a", True), ("a", 1), ("a", 1.0)])
    assert_alike(records)


def test_records_of_several_loggers_are_encoded_alike() -> None:
    records = send([("a", True)]) + send([("b", False)])
    assert_alike(records)
