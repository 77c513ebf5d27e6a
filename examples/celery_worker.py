"""A Celery worker: the prediction is in the trace of whoever sent the task.

    python examples/celery_worker.py [http://127.0.0.1:34318]

It starts a worker of two processes with a broker in files, sends it orders, and stops it. What
your own worker needs are the two signal handlers.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from celery import Celery, signals
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor

import barograph

WORKER = ["--app=celery_worker", "worker", "--pool=prefork", "--concurrency=2", "--loglevel=ERROR"]

app = Celery("scoring", broker="filesystem://")


def use(folder: str) -> None:
    """Let broker and results be files in `folder`."""
    app.conf.result_backend = f"file://{folder}"
    app.conf.broker_transport_options = {
        "data_folder_in": folder,
        "data_folder_out": folder,
        "control_folder": f"{folder}/control",
    }


if "SCORING_FOLDER" in os.environ:  # in the worker
    use(os.environ["SCORING_FOLDER"])


def begin(**_: Any) -> None:
    """Watch in each process of the pool, after the fork."""
    barograph.configure(service="scoring", set_global=True)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]  # it has no types


def end(**_: Any) -> None:
    """Send what is queued: Celery ends its processes without Python's exit handlers."""
    barograph.force_flush()


signals.worker_process_init.connect(begin, weak=False)
signals.worker_process_shutdown.connect(end, weak=False)


@app.task(name="score")  # type: ignore[untyped-decorator]  # Celery has no types
def score(order_id: str, amount: float) -> float:
    """Score an order in the background."""
    return predict(order_id, amount)


@barograph.observe(model="fraud-rules", version="1.0", task="binary", id="order_id")
def predict(order_id: str, amount: float) -> float:  # noqa: ARG001  # it is the id
    """Return the probability that the order is a fraud."""
    return min(1.0, amount / 10_000)


def main(endpoint: str) -> None:
    """Start a worker, and send it four orders inside one span of the shop's own."""
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SCORING_FOLDER"] = folder
        worker = subprocess.Popen(  # noqa: S603  # this file, as a worker
            [sys.executable, "-m", "celery", "--quiet", *WORKER], cwd=Path(__file__).parent
        )
        try:
            use(folder)
            print(send())
        finally:
            worker.terminate()  # a warm shutdown: what it has begun, it ends
            worker.wait(60)
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


def send() -> list[float]:
    """Send four orders inside one span, and wait for their scores."""
    barograph.configure(service="shop", set_global=True)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]  # it has no types
    with trace.get_tracer("shop").start_as_current_span("checkout"):
        waiting = [score.delay(f"order-{at}", 100.0 * at) for at in range(4)]
    return [result.get(timeout=60) for result in waiting]


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
