"""kill -9 at random points under load: the end is that of a run that was never interrupted."""

import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.processor.otlp.build import logs, prediction, record, traces

_KILLS = 20
_TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


class Server:
    """The processor in a process of its own."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.processor.pipeline.crash_server", str(path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def stop(self) -> dict[str, Any]:
        self._process.terminate()
        out, _ = self._process.communicate()
        assert self._process.returncode == 0
        result: dict[str, Any] = json.loads(out)
        return result


class Sender:
    """Sends numbered requests in order, each until it is acknowledged, as the Collector does."""

    def __init__(self) -> None:
        self.acknowledged = 0

    def run(self, port: int, stopped: threading.Event, limit: int) -> None:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            calls = {
                path: channel.unary_unary(path, request_serializer=None, response_deserializer=None)
                for path in (_TRACES, _LOGS)
            }
            while self.acknowledged < limit and not stopped.is_set():
                number = self.acknowledged
                path = _LOGS if number % 5 == 4 else _TRACES
                try:
                    calls[path](_request(number), timeout=10)
                except grpc.RpcError:
                    # Perhaps it is in the journal, perhaps not: the next server is asked again.
                    return
                self.acknowledged += 1


def _request(number: int) -> bytes:
    if number % 5 == 4:
        values = {"barograph.prediction.id": str(number), "barograph.label.value": "a"}
        return logs(record("barograph.label", values, time_unix_nano=number + 1))
    # Each request repeats the last span of the one before.
    spans = range(number * 10 - 1, number * 10 + 10)
    return traces(*(prediction(n + 1, {"input.x": float(n)}) for n in spans))


@pytest.mark.parametrize("seed", [0])
def test_killed_and_uninterrupted_runs_end_alike(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    sender = Sender()
    for _ in range(_KILLS):
        server = Server(tmp_path / "killed")
        stopped = threading.Event()
        thread = threading.Thread(target=sender.run, args=(server.port, stopped, 10**9))
        thread.start()
        time.sleep(rng.uniform(0.0, 0.3))
        server.kill()
        stopped.set()
        thread.join()
    last = Server(tmp_path / "killed")
    # One more: the request that was under way at the last kill is asked for again.
    total = sender.acknowledged + 1
    sender.run(last.port, threading.Event(), total)
    killed = last.stop()

    straight = Server(tmp_path / "straight")
    other = Sender()
    other.run(straight.port, threading.Event(), total)
    expected = straight.stop()

    assert total > _KILLS
    assert (killed["rows"], killed["events"]) == (expected["rows"], expected["events"])
    assert killed["chain"] == expected["chain"]
    # Requests sent again may have been accepted twice; what they held was counted once.
    key = "barograph.monitor.accepted[('signal', 'traces')]"
    again = "barograph.monitor.duplicates[('signal', 'traces')]"
    assert (
        killed["counters"][key] - killed["counters"][again]
        == expected["counters"][key] - expected["counters"][again]
    )
