"""Logfire and Barograph side by side: one trace, two destinations.

    python examples/logfire_beside.py [http://127.0.0.1:34318]

Logfire sets the global tracer provider; Barograph's spans pass through it, and an exporter
added to it sends them on.
"""

import sys

import logfire
from opentelemetry import trace
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import barograph


@barograph.observe(model="fraud-rules", version="1.0", task="binary")
def predict(amount: float) -> float:
    """Return the probability that the order is a fraud."""
    return min(1.0, amount / 10_000)


def main(endpoint: str) -> None:
    """Predict inside one of Logfire's spans."""
    exporter = barograph.BarographSpanExporter(endpoint=f"{endpoint}/v1/traces")
    logfire.configure(
        send_to_logfire=False,
        console=False,
        service_name="shop",
        additional_span_processors=[BatchSpanProcessor(exporter)],
    )
    # Logfire's provider is a wrapper of its own, so it is named instead of looked up.
    barograph.configure(tracer_provider=trace.get_tracer_provider())
    with logfire.span("checkout"):
        print(predict(250.0))
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
