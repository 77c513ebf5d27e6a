"""What the state costs, without decoding: ``python -m benchmarks.ingest.observe``.

CPU time of one process for what follows decoding, on requests decoded beforehand and
taken together as the inbox does it: splitting by model and dropping duplicates, and the
state behind that. References are learnt before the clock runs; least of several rounds.
``--profile`` prints where the time goes instead.

Bias: one thread, no socket, no journal, no checkpoint, and columns that are in the cache.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Sequence

from barograph_processor.config import TracesConfig, parse_config
from barograph_processor.observation import ObservationBatch, SpanBatch
from barograph_processor.otlp import TraceDimensions, decode_traces
from barograph_processor.pipeline.feeder import Feeder
from barograph_processor.pipeline.inbox import ENOUGH_ITEMS, Item
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from benchmarks.ingest.load import SHAPES, SPANS, Shape, Template
from benchmarks.machine import machine

_REQUESTS = 192
_LEARNING = 400
"""So many that each of sixteen models has its reference, of 10,000 rows."""


class _Timed(ModelRegistry):
    """Counts the CPU time that is spent inside."""

    def __init__(self) -> None:
        # As in the testbed: no labels come, so what waits for them is bounded.
        config = parse_config({"limits": {"pending_labels": 10_000}})
        super().__init__(config, Telemetry(), clock=lambda: 0)
        self.seconds = 0.0

    def observe(self, batch: ObservationBatch) -> None:
        start = time.process_time()
        super().observe(batch)
        self.seconds += time.process_time() - start

    def relate(self, spans: Sequence[SpanBatch]) -> None:
        start = time.process_time()
        super().relate(spans)
        self.seconds += time.process_time() - start

    def settle(self) -> None:
        start = time.process_time()
        super().settle()
        self.seconds += time.process_time() - start


class _Run:
    """One processor without its front."""

    def __init__(self, shape: Shape) -> None:
        self._template = Template.make(shape)
        self._dimensions = TraceDimensions.of(TracesConfig())
        self.registry = _Timed()
        seen = SeenSet(1_000_000), SeenSet(1000)
        self._feeder = Feeder(
            self.registry, Telemetry(), spans=seen[0], facts=seen[1], courtesy=Courtesy()
        )
        self.feed(self.items(_LEARNING))

    def items(self, requests: int) -> list[Item]:
        """Return decoded requests."""
        payloads = [self._template.request() for _ in range(requests)]
        return [Item(1, "traces", decode_traces(p, self._dimensions), 1, 1, 1) for p in payloads]

    def feed(self, items: Sequence[Item]) -> tuple[float, float]:
        """Return the CPU time of all that follows decoding, and of the state alone, us a span."""
        self.registry.seconds = 0.0
        start = time.process_time()
        at = 0
        while at < len(items):
            together = -(-min(ENOUGH_ITEMS, self._feeder.unbroken) // SPANS)
            self._feeder.feed(items[at : at + together])
            at += together
        took = time.process_time() - start
        self.registry.drain()
        each = 1e6 / len(items) / SPANS
        return took * each, self.registry.seconds * each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", choices=SHAPES, help="one of them alone")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", choices=("tottime", "cumulative"))
    options = parser.parse_args()
    print(machine("numpy"))
    for shape in SHAPES if options.shape is None else (options.shape,):
        run = _Run(shape)
        if options.profile is not None:
            items = run.items(_REQUESTS)
            profile = cProfile.Profile()
            profile.runcall(run.feed, items)
            pstats.Stats(profile).sort_stats(options.profile).print_stats(60)
            continue
        rounds = [run.feed(run.items(_REQUESTS)) for _ in range(options.rounds)]
        after, state = (min(each) for each in zip(*rounds, strict=True))
        print(f"{shape:16}{after:8.2f} us/span after decoding, {state:6.2f} of them in the state")


if __name__ == "__main__":
    main()
