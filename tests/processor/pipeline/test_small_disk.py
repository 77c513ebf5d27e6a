"""A disk smaller than the journal may become bounds it, and nobody has to make room."""

import time
from pathlib import Path

from barograph_processor.exceptions import OverloadedError
from barograph_processor.journal import Journal
from barograph_processor.pipeline import Pipeline
from barograph_processor.telemetry import Telemetry
from tests.processor.disk import mounted_disk
from tests.processor.otlp.build import prediction, traces
from tests.processor.pipeline.ledger import Ledger

_REQUESTS = 100
_GIB = 1 << 30


def _taken(pipeline: Pipeline, payload: bytes) -> bool:
    try:
        pipeline.submit("traces", payload)
    except OverloadedError:
        return False
    return True


def test_what_is_refused_is_taken_once_a_checkpoint_made_room(tmp_path: Path) -> None:
    """A hundred MiB over a disk of 48, with a checkpoint only where there is no room."""
    refused = 0
    with mounted_disk(tmp_path) as disk:
        journal = Journal(disk.path / "journal.sqlite", max_bytes=_GIB, telemetry=Telemetry())
        sink = Ledger()
        pipeline = Pipeline(sink, journal, Telemetry(), seen_capacity=1000, checkpoint_seconds=1e9)
        pipeline.start()
        text = "x" * (1 << 20)
        deadline = time.monotonic() + 120
        for number in range(_REQUESTS):
            payload = traces(prediction(number, {"input.text": text}))
            while not _taken(pipeline, payload):
                assert time.monotonic() < deadline
                refused += 1
                time.sleep(0.1)
        pipeline.close()
        journal.close()
        assert sink.rows == _REQUESTS
    assert refused
