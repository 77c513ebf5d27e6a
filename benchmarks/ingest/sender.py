"""Sends the load over OTLP/gRPC and measures the acknowledgements; run by ``serve``.

Prints one line of JSON: spans acknowledged, seconds, requests that were refused and
may come again, requests that failed otherwise, and the latency's quantiles. Why these
failed stands on stderr.
"""

import json
import sys
import threading
import time
from collections import Counter

import grpc
import numpy as np

from benchmarks.ingest.load import SPANS, Shape, Template

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def send(address: str, shape: Shape, seconds: float, connections: int) -> dict[str, float]:
    """Send as fast as acknowledgements come, and return what was measured."""
    template = Template.make(shape)
    latencies: list[float] = []
    refusals: Counter[grpc.StatusCode] = Counter()
    guard = threading.Lock()
    end = time.monotonic() + seconds

    def work() -> None:
        # A channel each: else all share one connection.
        options = (("grpc.use_local_subchannel_pool", 1),)
        with grpc.insecure_channel(address, options=options) as channel:
            export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                _EXPORT, request_serializer=None, response_deserializer=None
            )
            while time.monotonic() < end:
                request = template.request()
                start = time.perf_counter()
                try:
                    export(request, timeout=60, compression=grpc.Compression.Gzip)
                except grpc.RpcError as error:
                    code = error.code()
                    with guard:
                        refusals[code] += 1
                    if code != grpc.StatusCode.UNAVAILABLE:
                        print(f"{code.name}: {error.details()}", file=sys.stderr)
                    time.sleep(0.05)
                else:
                    latencies.append(time.perf_counter() - start)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    p50, p99 = np.quantile(latencies, (0.5, 0.99)) if latencies else (np.nan, np.nan)
    return {
        "spans": len(latencies) * SPANS,
        "seconds": took,
        "refused": refusals[grpc.StatusCode.UNAVAILABLE],
        "failed": refusals.total() - refusals[grpc.StatusCode.UNAVAILABLE],
        "p50_ms": float(p50) * 1e3,
        "p99_ms": float(p99) * 1e3,
    }


def main() -> None:
    address, shape, seconds, connections = sys.argv[1:5]
    named: Shape = shape  # type: ignore[assignment] # from our own parent
    print(json.dumps(send(address, named, float(seconds), int(connections))))


if __name__ == "__main__":
    main()
