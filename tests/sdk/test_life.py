"""Through forks, exits, cancellation and executors nothing is lost, mixed up or left open."""

import asyncio
import contextvars
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import trace

import barograph
from barograph.testing import Recorder
from tests.sdk.otlp_server import OtlpServer


@barograph.observe(model="m")
def score(x: float) -> float:
    return x


def run(script: str, server: OtlpServer) -> None:
    head = f"""
        import barograph
        @barograph.observe(model="m")
        def score(x): return x
        barograph.configure(endpoint={server.endpoint!r}, on_full="block")
        """
    program = textwrap.dedent(head) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", program], timeout=100, check=False)
    assert done.returncode in {0, -signal.SIGINT}


def count(server: OtlpServer) -> int:
    ids = {span.span_id for span in server.spans}
    assert len(ids) == len(server.spans)
    return len(ids)


def test_a_forked_child_has_connections_of_its_own(server: OtlpServer) -> None:
    """Two processes that write to one socket would garble each other's requests."""
    run(
        """
        import os, sys
        score(1)
        barograph.label("a", "b")
        assert barograph.force_flush(20)
        child = os.fork()
        for at in range(600): score(at)
        barograph.label("a", "c")
        if child == 0: sys.exit(0)
        assert barograph.force_flush(20)
        assert os.waitpid(child, 0)[1] == 0
        """,
        server,
    )
    assert count(server) == 1201
    assert len(server.records) == 3
    assert len(server.connections) == 4


def test_forks_from_a_thread_amid_calls_and_flushes_neither_hang_nor_lose(
    server: OtlpServer,
) -> None:
    run(
        """
        import os, threading, warnings
        warnings.simplefilter("ignore")
        stop = threading.Event()
        made = [0, 0]
        def busy(place):
            while not stop.is_set():
                score(made[place])
                made[place] += 1
                if made[place] % 100 == 0:
                    barograph.force_flush(5)
                    stop.wait(0.005)
        threads = [threading.Thread(target=busy, args=(place,)) for place in range(2)]
        for thread in threads: thread.start()
        def forks():
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    for at in range(10): score(at)
                    os._exit(0 if barograph.force_flush(20) else 1)
                assert os.waitpid(child, 0)[1] == 0
        forker = threading.Thread(target=forks)
        forker.start(); forker.join(); stop.set()
        for thread in threads: thread.join()
        assert barograph.force_flush(30)
        print(sum(made))
        assert barograph.stats().spans.exported == sum(made), (barograph.stats(), made)
        """,
        server,
    )
    assert count(server) >= 50


@pytest.mark.parametrize(
    ("ending", "spans"),
    [
        ("raise SystemExit(0)", 700),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", 700),
        ("threading.Thread(target=lambda: score(1)).start()", 701),
    ],
)
def test_however_the_process_ends_what_was_made_is_sent(
    server: OtlpServer, ending: str, spans: int
) -> None:
    run(
        f"""
        import sys, threading
        for at in range(700): score(at)
        {ending}
        """,
        server,
    )
    assert count(server) == spans


async def test_a_timeout_cancels_the_coroutine_and_not_the_span(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    async def slow() -> None:
        await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await slow()
    (span,) = recorder.spans
    assert span.status.is_unset
    assert (span.attributes or {})["barograph.output.cancelled"] == 1


async def test_a_coroutine_that_is_never_awaited_makes_no_span(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    async def predict() -> float:
        return 0.5

    predict().close()
    assert recorder.spans == ()


async def test_tasks_and_executors_keep_their_own_spans_current(recorder: Recorder) -> None:
    @barograph.observe(model="task")
    async def task(at: int) -> bool:
        mine = trace.get_current_span()
        await asyncio.sleep(0.001 * (at % 3))
        loop = asyncio.get_running_loop()
        ours = contextvars.copy_context()
        theirs = await loop.run_in_executor(pool, ours.run, score, float(at))
        return trace.get_current_span() is mine and theirs == at

    with ThreadPoolExecutor(4) as pool:
        assert all(await asyncio.gather(*(task(at) for at in range(30))))
    assert trace.get_current_span() is trace.INVALID_SPAN
    parents = {
        s.context.span_id: s for s in recorder.spans if s.name == "predict task" and s.context
    }
    children = [span for span in recorder.spans if span.name == "predict m"]
    assert len(parents) == len(children) == 30
    assert {child.parent.span_id for child in children if child.parent} == set(parents)


async def test_an_async_generator_left_open_ends_with_its_loop(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    async def ticks() -> AsyncIterator[str]:
        while True:
            yield "tick"

    stream = ticks()
    assert await anext(stream) == "tick"
    await asyncio.get_running_loop().shutdown_asyncgens()
    assert recorder.predictions[0]["barograph.output.complete"] == 0
