"""What the SDK drops and fails at is reported as metrics, if the application has any."""

import subprocess
import sys

SCRIPT = """
import barograph
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
barograph.configure(endpoint="http://127.0.0.1:9")
@barograph.observe(model="m", id=lambda: 1 / 0)
def score(): return 0.5
for _ in range(5000): score()
points = {
    (metric.name, *sorted(point.attributes.values())): point.value
    for resource in reader.get_metrics_data().resource_metrics
    for scope in resource.scope_metrics
    for metric in scope.metrics
    for point in metric.data.data_points
}
assert points["barograph.sdk.failures", "id"] == 5000, points
assert points["barograph.sdk.items", "dropped", "spans"] > 0, points
assert points["barograph.sdk.items", "dropped", "spans"] == barograph.stats().spans.dropped
import os; os._exit(0)
"""


def test_drops_and_failures_are_metrics() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60, capture_output=True)
