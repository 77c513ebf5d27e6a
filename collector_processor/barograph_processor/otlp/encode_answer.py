"""A reviewer's answer as OTLP: a late fact like any other."""

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1 import logs_pb2

from barograph_processor import semconv
from barograph_processor.otlp.key_values import Plain, key_values

__all__ = ["encode_answer"]


def encode_answer(
    prediction_id: str,
    *,
    model: str,
    version: str,
    reviewer: str,
    answer: str | float | bool,
    is_label: bool,
    now_ns: int,
) -> bytes:
    """Return an ExportLogsServiceRequest with one record.

    Args:
        prediction_id: Which prediction was judged.
        model: Its model.
        version: That model's version.
        reviewer: Who judged it.
        answer: The true class or value; else a score, 1 for right and 0 for wrong.
        is_label: Whether it is a class or value.
        now_ns: When it was given, ns since the epoch.
    """
    attributes: dict[str, Plain] = {
        semconv.PREDICTION_ID: prediction_id,
        semconv.MODEL_NAME: model,
        semconv.MODEL_VERSION: version,
        semconv.REVIEWER: reviewer,
    }
    if is_label:
        attributes |= {semconv.LABEL_VALUE: answer, semconv.LABEL_SOURCE: "human"}
    else:
        attributes |= {
            semconv.EVALUATION_NAME: semconv.EVALUATION_REVIEW,
            semconv.EVALUATION_SCORE_VALUE: float(answer),
            semconv.EVALUATION_SOURCE: "human",
        }
    record = logs_pb2.LogRecord(
        time_unix_nano=now_ns,
        observed_time_unix_nano=now_ns,
        event_name=semconv.EVENT_LABEL if is_label else semconv.EVENT_EVALUATION,
        attributes=key_values(attributes),
    )
    scope = logs_pb2.ScopeLogs(schema_url=semconv.SCHEMA_URL, log_records=[record])
    request = ExportLogsServiceRequest(resource_logs=[logs_pb2.ResourceLogs(scope_logs=[scope])])
    return request.SerializeToString()
