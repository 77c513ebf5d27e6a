"""Measures one contender in this process, and prints one line of JSON.

python -m benchmarks.sdk_overhead.measure CONTENDER busy|paced|memory|off
"""

import gc
import json
import logging
import os
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from benchmarks.sdk_overhead.contender import Contender, Watched, sink
from benchmarks.sdk_overhead.contenders import CONTENDERS
from benchmarks.sdk_overhead.workload import inputs, marked

WARM_CALLS = 2_000
CALLS = 15_000
BUSY_SECONDS = 6.0  # then the slow ones have shown enough
RATE = 5_000  # calls a second
PACED_CALLS = 20_000
PACED_SECONDS = 15.0  # at most
HELD_CALLS = 2_000


def busy(contender: Contender) -> dict[str, float]:
    """Call back to back."""
    watched = contender.build()
    _warm(watched)
    thread = time.thread_time()
    durations, cpu = _call(watched, CALLS, BUSY_SECONDS)
    thread = time.thread_time() - thread
    begin = time.process_time()
    watched.flush()
    flushed = time.process_time() - begin
    calls = len(durations)
    wall = sum(durations) / calls
    durations.sort()
    return {
        "wall": wall,
        "median": durations[calls // 2],
        "p99": durations[int(calls * 0.99)],
        "caller_cpu": thread / calls,
        "all_cpu": (cpu + flushed) / calls,
    }


def off(contender: Contender) -> dict[str, float]:
    """Call back to back while tracing is disabled."""
    if contender.switched_off is None:
        return {}
    watched = contender.switched_off()
    _warm(watched)
    durations, _ = _call(watched, CALLS, BUSY_SECONDS)
    return {"off": sorted(durations)[len(durations) // 2]}


def memory(contender: Contender) -> dict[str, float]:
    """Call while nothing can leave the process."""
    watched = contender.build()
    rows = inputs()
    for at in range(500):
        watched.call(rows[at % len(rows)])
    _tell("hold")
    gc.collect()
    tracemalloc.start(1)
    before, _ = tracemalloc.get_traced_memory()
    for at in range(HELD_CALLS):
        watched.call(rows[at % len(rows)])
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    _tell("drop")
    return {"bytes_queued": (after - before) / HELD_CALLS}


def paced(contender: Contender) -> dict[str, float]:
    """Call at a fixed rate with queues of the default size, and count what arrives."""
    watched = contender.build()
    rows = inputs()
    _warm(watched)
    given = [marked(rows[at % len(rows)], at) for at in range(PACED_CALLS)]
    _tell("keep")
    clock, call = time.perf_counter, watched.call
    begin = clock()
    calls = 0
    for row in given:
        now = clock() - begin
        if now > PACED_SECONDS:
            break
        if calls / RATE > now:
            time.sleep(calls / RATE - now)
        call(row)
        calls += 1
    seconds = clock() - begin
    watched.flush()
    time.sleep(1.0)
    return {"arrived": json.loads(_tell("calls")) / calls, "rate": calls / seconds}


def _warm(watched: Watched) -> None:
    _call(watched, WARM_CALLS, BUSY_SECONDS / 3)
    watched.flush()
    gc.collect()


def _call(watched: Watched, most: int, seconds: float) -> tuple[list[float], float]:
    """Return how long each call took, and the process's CPU time meanwhile."""
    call: Callable[[Any], Any] = watched.call
    rows = inputs()
    clock = time.perf_counter
    durations: list[float] = []
    cpu, end = time.process_time(), clock() + seconds
    while len(durations) < most and clock() < end:
        for row in rows:
            begin = clock()
            call(row)
            durations.append(clock() - begin)
    return durations, time.process_time() - cpu


def _tell(order: str) -> bytes:
    """Give the sink an order."""
    with closing(HTTPConnection(urlsplit(sink()).netloc)) as connection:
        connection.request("POST", f"/-/{order}")
        return connection.getresponse().read()


def main(name: str, mode: str) -> None:
    """Set the queues, which are read when a contender is built, and measure."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if mode != "paced":  # a queue that nothing falls out of: everyone pays for every span
        os.environ["OTEL_BSP_MAX_QUEUE_SIZE"] = "65536"
    if mode == "memory":  # and that nothing leaves
        os.environ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = "65536"
        os.environ["OTEL_BSP_SCHEDULE_DELAY"] = "3600000"
    chosen = next(entry for entry in CONTENDERS if entry.name == name)
    modes = {"busy": busy, "off": off, "memory": memory, "paced": paced}
    result = modes[mode](chosen)
    with suppress(BrokenPipeError):
        print("@@" + json.dumps(result), flush=True)
    os._exit(0)  # exporters may linger


if __name__ == "__main__":
    main(*sys.argv[1:])
