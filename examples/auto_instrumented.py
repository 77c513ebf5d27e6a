r"""No set-up in the code: OpenTelemetry's own program sets up what sends.

    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:34318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \
    OTEL_TRACES_EXPORTER=otlp OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=none \
    opentelemetry-instrument python examples/auto_instrumented.py

Started as `python examples/auto_instrumented.py`, it predicts all the same and sends nothing.
"""

import barograph


@barograph.observe(model="fraud-rules", version="1.0", task="binary", id="order_id")
def predict(order_id: str, amount: float) -> float:  # noqa: ARG001  # it is the id
    """Return the probability that the order is a fraud."""
    return min(1.0, amount / 10_000)


if __name__ == "__main__":
    print(predict("order-17", 250.0))
    barograph.label("order-17", value=True)
