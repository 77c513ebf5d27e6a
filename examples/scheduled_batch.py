"""A scheduled job, as cron or Airflow starts it: a day's rows from Parquet, scored with polars.

    python examples/scheduled_batch.py [http://127.0.0.1:34318]

It fails if a prediction was lost, so that the scheduler can tell. Scoring the day again makes
new predictions, so a scheduler that tries again counts twice what had arrived.
"""

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

import barograph

ROWS = 1_000  # in one call, and so in one span


@barograph.observe(
    model="churn-rules",
    version="1.0",
    task="binary",
    batch=True,
    id="customer",
    time="seen_at",
    slices=("plan",),
)
def score(customers: pl.DataFrame) -> pl.Series:
    """Return the probability that each customer leaves, one a row."""
    return (customers["days_idle"] / 90.0).clip(0.0, 1.0)


def run(day: Path) -> Iterator[pl.DataFrame]:
    """Score the rows of one day, a piece at a time."""
    for piece in pl.read_parquet(day).iter_slices(ROWS):
        yield piece.select("customer", score(piece).alias("risk"))


def some_day(folder: str) -> Path:
    """Write what the job would find."""
    morning = datetime(2024, 5, 3, 6, 0, tzinfo=UTC)
    path = Path(folder) / "2024-05-03.parquet"
    count = 2_500
    pl.DataFrame(
        {
            "customer": [f"c{at}" for at in range(count)],
            "plan": ["free", "paid"] * (count // 2),
            "days_idle": [at % 100 for at in range(count)],
            "seen_at": [morning + timedelta(seconds=at) for at in range(count)],
        }
    ).write_parquet(path)
    return path


def main(endpoint: str) -> int:
    """Run the job; return the process's exit code."""
    # Nobody waits for this job: better to wait for room than to drop a row.
    barograph.configure(service="nightly", endpoint=endpoint, on_full="block")
    with tempfile.TemporaryDirectory() as folder:
        scores = pl.concat(run(some_day(folder)))
    print(scores.describe())
    sent = barograph.force_flush(timeout=60)
    lost = barograph.stats().spans.failed + barograph.stats().spans.dropped
    print("sent" if sent and not lost else "not sent: is a receiver listening?")
    return 0 if sent and not lost else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318"))
