"""A processor to be killed: receiver, journal, pipeline, and a ledger; run by test_crash.

Prints its port when it is ready. On SIGTERM it stops in order and prints the ledger.
"""

import json
import signal
import sys
import threading
from pathlib import Path

from barograph_processor.journal import Journal
from barograph_processor.pipeline import Pipeline
from barograph_processor.receiver import GrpcReceiver, Intake
from barograph_processor.telemetry import Telemetry
from tests.processor.pipeline.ledger import Ledger


def main(path: Path) -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    telemetry, ledger = Telemetry(), Ledger()
    journal = Journal(path / "journal.db", max_bytes=1 << 28, telemetry=telemetry)
    # Checkpoints all the time, so that many kills fall into one.
    pipeline = Pipeline(ledger, journal, telemetry, seen_capacity=100_000, checkpoint_seconds=0.02)
    pipeline.start()
    receiver = GrpcReceiver("127.0.0.1:0", Intake(pipeline.begin, telemetry))
    receiver.start()
    print(receiver.port, flush=True)  # noqa: T201 - it is how the parent learns the port
    stopped.wait()
    receiver.stop()
    pipeline.close()
    journal.close()
    counters = {
        f"{metric}{sorted(attributes)}": value
        for (metric, attributes), value in telemetry.counters().items()
    }
    result = {
        "rows": ledger.rows,
        "events": ledger.events,
        "chain": ledger.chain.hex(),
        "counters": counters,
    }
    print(json.dumps(result), flush=True)  # noqa: T201 - it is how the parent learns the end


if __name__ == "__main__":
    main(Path(sys.argv[1]))
