"""Measures one contender in this process, and prints one line of JSON.

python -m benchmarks.sdk_overhead.measure CONTENDER time|memory
"""

import contextlib
import gc
import json
import logging
import os
import sys
import time
import tracemalloc
import warnings

warnings.simplefilter("ignore")
# A queue that nothing falls out of: everyone pays for every span.
os.environ.setdefault("OTEL_BSP_MAX_QUEUE_SIZE", "65536")
os.environ.setdefault("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512")
if sys.argv[2] == "memory":
    os.environ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = "65536"
    os.environ["OTEL_BSP_SCHEDULE_DELAY"] = "3600000"
logging.disable(logging.CRITICAL)

from benchmarks.sdk_overhead.contenders import CONTENDERS  # noqa: E402  # after the environment
from benchmarks.sdk_overhead.workload import inputs  # noqa: E402  # the same

CHUNKS = 150
WARM_CHUNKS = 30


def timed(name: str) -> dict[str, float]:
    watched = next(entry for entry in CONTENDERS if entry.name == name).build()
    call, rows = watched.call, inputs()
    for _ in range(WARM_CHUNKS):
        for row in rows:
            call(row)
    watched.flush()
    gc.collect()
    chunks: list[float] = []
    process, wall = time.process_time(), time.perf_counter()
    thread = time.thread_time()
    for _ in range(CHUNKS):
        begin = time.perf_counter()
        for row in rows:
            call(row)
        chunks.append((time.perf_counter() - begin) / len(rows))
    wall = time.perf_counter() - wall
    thread = time.thread_time() - thread
    watched.flush()
    process = time.process_time() - process
    calls = CHUNKS * len(rows)
    chunks.sort()
    return {
        "wall": wall / calls,
        "median": chunks[len(chunks) // 2],
        "p99": chunks[int(len(chunks) * 0.99)],
        "caller_cpu": thread / calls,
        "all_cpu": process / calls,
    }


def memory(name: str) -> dict[str, float]:
    watched = next(entry for entry in CONTENDERS if entry.name == name).build()
    call, rows = watched.call, inputs()
    for row in rows * 5:
        call(row)
    gc.collect()
    tracemalloc.start(1)
    before, _ = tracemalloc.get_traced_memory()
    for row in rows * 20:
        call(row)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return {"bytes_queued": (after - before) / (len(rows) * 20)}


if __name__ == "__main__":
    result = (timed if sys.argv[2] == "time" else memory)(sys.argv[1])
    with contextlib.suppress(BrokenPipeError):
        print("@@" + json.dumps(result), flush=True)
    os._exit(0)  # exporters may linger
