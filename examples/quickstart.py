"""One decorated model, one late label.

    python examples/quickstart.py [http://127.0.0.1:34318]

The address is that of any OTLP/HTTP receiver: `barograph serve`, or a Collector.
"""

import sys

import barograph


@barograph.observe(
    model="fraud-rules", version="1.0", task="binary", id="order_id", slices=("region",)
)
def predict(order_id: str, amount: float, region: str) -> float:  # noqa: ARG001  # it is the id
    """Return the probability that the order is a fraud."""
    risk = {"EU": 0.01, "US": 0.02}.get(region, 0.05)
    return min(1.0, risk + amount / 10_000)


def main(endpoint: str) -> None:
    """Predict for three orders, then learn the truth about one."""
    barograph.configure(service="quickstart", endpoint=endpoint)
    for order_id, amount, region in (
        ("order-17", 250.0, "EU"),
        ("order-18", 9_800.0, "US"),
        ("order-19", 40.0, "BR"),
    ):
        print(order_id, predict(order_id, amount, region))
    barograph.label("order-18", value=True, source="human")
    sent = barograph.force_flush()
    print("sent" if sent else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
