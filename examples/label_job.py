"""A nightly job: true labels from a table, by prediction id, days after the predictions.

    python examples/label_job.py examples/chargebacks.csv [http://127.0.0.1:34318]

It need not know the service that predicted, only the ids that this one gave (`id="order_id"` in
quickstart.py).
"""

import csv
import sys
from pathlib import Path

import barograph


def main(table: str, endpoint: str = "http://127.0.0.1:34318") -> None:
    """Send one label a row."""
    # Nobody waits for this job: better to wait for room than to drop a label.
    barograph.configure(service="label-job", endpoint=endpoint, on_full="block")
    with Path(table).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            barograph.label(
                row["order_id"],
                row["fraud"] == "yes",
                model="fraud-rules",
                version="1.0",
                source="human",
                time=row["decided_at"],
            )
    done = barograph.force_flush(timeout=60)
    facts = barograph.stats().facts
    print(f"{facts.exported} labels sent, {facts.failed + facts.dropped} lost")
    print("sent" if done and not facts.failed else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(*sys.argv[1:])
