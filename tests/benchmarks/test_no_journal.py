"""The processor without a journal, beside which the journal's cost is measured, still runs."""

from pathlib import Path

from benchmarks.ingest.counted import settled
from benchmarks.ingest.sender import send
from components.processor import Processor


def test_it_takes_and_counts_like_the_other(tmp_path: Path) -> None:
    with Processor(tmp_path, program="benchmarks.ingest.no_journal") as processor:
        sent = int(send(processor.otlp_grpc, "one_model", 0.5, 1)["spans"])
        assert sent > 0
        assert settled(processor, sent) == sent
