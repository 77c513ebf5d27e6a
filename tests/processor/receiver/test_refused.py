"""What was refused is held by nobody: requests may be large, and refusals many."""

import gc
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import grpc
import httpx
import pytest

from barograph_processor.journal import Journal
from barograph_processor.otlp import NOTHING
from barograph_processor.pipeline.decoder import Decoder
from barograph_processor.pipeline.inbox import Inbox
from barograph_processor.pipeline.reception import Reception
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.receiver import GrpcReceiver, Intake, http_receiver
from barograph_processor.telemetry import Telemetry
from tests.processor.receiver.server import served

_MIB = 1024 * 1024
_TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
# Its first field is said to be longer than what there is.
_NO_OTLP = b"\x0a\xff\xff\xff\x7f" + bytes(_MIB)
_NO_JSON = b'{"resourceSpans": ["' + b"x" * _MIB


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    telemetry = Telemetry()
    journal = Journal(tmp_path / "journal.db", max_bytes=16 * _MIB, telemetry=telemetry)
    inbox = Inbox(64 * _MIB)
    inbox.open(1)
    reception = Reception(Decoder(NOTHING), journal, inbox, telemetry, Courtesy())
    yield Intake(reception.begin, telemetry)
    reception.close()
    journal.close()


@pytest.fixture
def garbage() -> Iterator[list[Any]]:
    """Keep what would be garbage, from now on."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def _holders(garbage: list[Any]) -> set[str]:
    """Return the functions of ours whose frames, in cycles of garbage, hold what is large."""
    gc.collect()
    return {
        frame.f_code.co_qualname
        for frame in garbage
        if isinstance(frame, FrameType)
        and frame.f_globals["__name__"].startswith("barograph_processor")
        and any(isinstance(v, bytes) and len(v) >= _MIB for v in frame.f_locals.values())
    }


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_over_grpc(
    intake: Intake, garbage: list[Any], compression: grpc.Compression | None
) -> None:
    receiver = GrpcReceiver("127.0.0.1:0", intake)
    receiver.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{receiver.port}") as channel:
            export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                _TRACES, request_serializer=None, response_deserializer=None
            )
            for _ in range(2):
                with pytest.raises(grpc.RpcError) as raised:
                    export(_NO_OTLP, timeout=30, compression=compression)
                assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    finally:
        receiver.stop(grace=1.0)
    assert not _holders(garbage)


@pytest.mark.parametrize(
    ("path", "body", "media_type"),
    [
        ("traces", _NO_OTLP, "application/x-protobuf"),
        ("logs", _NO_OTLP, "application/x-protobuf"),
        ("traces", _NO_JSON, "application/json"),
        ("logs", _NO_JSON, "application/json"),
    ],
)
def test_over_http(
    intake: Intake, garbage: list[Any], path: str, body: bytes, media_type: str
) -> None:
    with served(http_receiver(intake)) as base:
        for _ in range(2):
            headers = {"content-type": media_type}
            answer = httpx.post(f"{base}/v1/{path}", content=body, headers=headers)
            assert answer.status_code == 400
    assert not _holders(garbage)
