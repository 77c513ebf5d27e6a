"""Through all that breaks the end is that of a run in which nothing did: none lost, none twice."""

import resource
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest

from barograph_processor.service import Service
from tests.processor.pipeline.test_service_crash import _request
from tests.processor.test_service import config, eventually, post, web

_HOUR = 3600 * 1_000_000_000
_REQUESTS = 40
_SPANS = 100
"""Spans, or labels, of a request."""

_OWN = ("barograph_monitor_", "#")
_LIMITS = {"checkpoint_seconds": 0.2}


def _send(service: Service, number: int) -> bool:
    """Send a request, of which every second holds labels; return whether it was taken."""
    path, payload = _request(number, labels=True)
    answer: httpx.Response = post(service, "logs" if "Logs" in path else "traces", payload)
    assert answer.status_code in (200, 503)
    return answer.status_code == 200


def _settled(service: Service) -> dict[str, str]:
    """Return the models' series once everything acknowledged is processed."""
    eventually(lambda: "barograph_monitor_queue_bytes 0.0" in web(service, "/metrics").text)
    lines = web(service, "/metrics").text.splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith(_OWN))


def _run(path: Path, broken: Callable[[int, ExitStack], bool]) -> dict[str, str]:
    """Send all requests, each again until it is taken; ``broken`` says when to start anew."""
    number = 0
    while True:
        settings = config(path, limits=_LIMITS, reference={"rows": 500}, window={"rows": 250})
        with Service(settings) as service:
            while number < _REQUESTS:
                with ExitStack() as undo:
                    restart = broken(number, undo)
                    taken = _send(service, number)
                if taken or _send(service, number):
                    number += 1
                if restart:
                    break
            else:
                return _settled(service)


@pytest.mark.parametrize("seed", [0, 1])
def test_disk_clock_and_restarts_change_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A full disk, a clock that goes an hour or a day to and fro, and starts anew, by chance."""
    expected = _run(tmp_path / "straight", lambda _number, _undo: False)
    rng = np.random.default_rng(seed)
    real, shift, refused = time.time_ns, [0], [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() + shift[0])

    def broken(_number: int, undo: ExitStack) -> bool:
        if rng.random() < 0.3:
            shift[0] = int(rng.choice([-24, -1, 0, 1, 24])) * _HOUR
        if rng.random() < 0.2:
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
            undo.callback(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
            refused[0] += 1
        return bool(rng.random() < 0.15)

    assert _run(tmp_path / "broken", broken) == expected
    assert refused[0] > 3
    [predictions] = [n for series, n in expected.items() if "barograph_predictions_total" in series]
    assert float(predictions) == _REQUESTS / 2 * _SPANS
