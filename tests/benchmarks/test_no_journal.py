"""The processor without a journal, beside which the journal's cost is measured, still runs."""

from http import HTTPStatus
from pathlib import Path

from benchmarks.ingest.counted import settled
from benchmarks.ingest.sender import send
from components.process import http_get
from components.processor import Processor


def test_it_takes_and_counts_like_the_other(tmp_path: Path) -> None:
    with Processor(tmp_path, program="benchmarks.ingest.no_journal") as processor:
        total = 0
        # Behind the first it looks whether a checkpoint is due.
        for _ in range(2):
            total += int(send(processor.otlp_grpc, "one_model", 0.5, 1)["spans"])
            assert settled(processor, total) == total > 0
        assert http_get(processor.web, "/readyz")[0] == HTTPStatus.OK
