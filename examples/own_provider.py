"""An application that has OpenTelemetry already: Barograph uses what is there.

    python examples/own_provider.py [http://127.0.0.1:34318]

The spans of the model lie in the same traces as all others, pass the same processors, and go
where those go. `configure` is not needed.
"""

import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import barograph


@barograph.observe(model="fraud-rules", version="1.0", task="binary")
def predict(amount: float) -> float:
    """Return the probability that the order is a fraud."""
    return min(1.0, amount / 10_000)


def main(endpoint: str) -> None:
    """Predict inside a span of the application's own."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    exporter = barograph.BarographSpanExporter(endpoint=f"{endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)

    with trace.get_tracer("shop").start_as_current_span("checkout"):
        print(predict(250.0))
    print("sent" if provider.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
