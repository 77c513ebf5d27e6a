"""What many models take in memory: ``python -m benchmarks.ingest.memory``.

Every model learns its reference and then closes windows, one model after the other,
with all detectors on. First without predictions that wait for labels, which have
bounds of their own, then with some, then under attack: one model with a million, and
a new model name in every row.

Bias: resident memory of the whole process, less what it had before the first model,
so what the allocator keeps is counted too. Linux only.
"""

import argparse
import gc
import os
import time
from dataclasses import replace

import numpy as np

from barograph_processor import codec
from barograph_processor.config import Config
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from barograph_processor.telemetry import Telemetry
from benchmarks.ingest import usage
from benchmarks.machine import machine

_BATCH = 1000
_SECOND = 1_000_000_000
_ATTACK = 1_000_000
# As often as the pipeline lets it make room.
_SETTLE = 65
_LEVELS = ("DE", "FR", "NL", "ES", "IT", "PL")


def rows(
    key: ModelKey, start: int, rng: np.random.Generator, *, features: int, waiting: bool = False
) -> ObservationBatch:
    """Return a batch of ``_BATCH`` rows, a third of their features categories."""
    n = _BATCH
    inputs: dict[str, Column] = {}
    for number in range(features):
        if number % 3 == 2:
            codes = rng.integers(0, len(_LEVELS), n).astype(np.int32)
            inputs[f"f{number}"] = CategoricalColumn(codes, _LEVELS)
        else:
            inputs[f"f{number}"] = NumericColumn(rng.lognormal(3.0, 1.0, n))
    value = rng.random(n)
    ids = rng.integers(1, 2**63, (n, 3)).astype(np.uint64)
    return ObservationBatch(
        model=key,
        ids=ids,
        prediction_ids=tuple(f"{span:016x}" for span in ids[:, 2].tolist()) if waiting else (),
        event_time=(start + np.arange(n)) * _SECOND,
        latency=rng.random(n),
        failed=np.zeros(n, np.bool_),
        task="binary",
        inputs=inputs,
        value=value,
        confidence=np.maximum(value, 1 - value),
    )


def resident_mib() -> float:
    """Return the resident memory of this process, without what nobody holds any more."""
    gc.collect()
    return usage.resident_mib(os.getpid())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--features", type=int, default=12)
    parser.add_argument("--windows", type=int, default=3, help="after the reference")
    options = parser.parse_args()
    config = Config()
    wanted = config.reference.rows or 10_000
    batches = wanted // _BATCH + options.windows
    registry = ModelRegistry(config, Telemetry(), clock=time.time_ns)
    rng = np.random.default_rng(7)
    print(machine("numpy"))
    print(f"{options.models} models of {options.features} features, {wanted} rows of reference")
    before = resident_mib()
    keys = [ModelKey(f"model-{number}", "1") for number in range(options.models)]
    for key in keys:
        for batch in range(batches):
            registry.observe(rows(key, batch * _BATCH, rng, features=options.features))
    registry.drain()
    held = resident_mib() - before
    print(f"models           {held:8.0f} MiB, {held / options.models * 1024:6.0f} KiB a model")
    start = time.process_time()
    size = sum(map(len, codec.packed(registry.snapshot())))
    took = time.process_time() - start
    print(f"checkpoint       {size / 2**20:8.0f} MiB, {took:6.1f} s of CPU")
    before = resident_mib()
    for key in keys:
        registry.observe(rows(key, batches * _BATCH, rng, features=options.features, waiting=True))
    held = resident_mib() - before
    each = held * 2**20 / options.models / _BATCH
    print(f"waiting          {held:8.0f} MiB, {each:6.0f} bytes a prediction that waits")
    before = resident_mib()
    for batch in range(_ATTACK // _BATCH):
        start = (batches + 1 + batch) * _BATCH
        registry.observe(rows(keys[0], start, rng, features=options.features, waiting=True))
        if batch % _SETTLE == 0:
            registry.settle()
    waiting = sum(len(model.pending) for model in registry.models.values())
    held = resident_mib() - before
    print(f"a million of one {held:8.0f} MiB more, {waiting:,} wait then")
    before = resident_mib()
    one = rows(keys[0], 0, rng, features=options.features, waiting=True).take(np.arange(1))
    for number in range(_ATTACK):
        registry.observe(replace(one, model=ModelKey(f"attacker-{number}", "1")))
    held = resident_mib() - before
    print(f"a million names  {held:8.0f} MiB more, {len(registry.models):,} models then")


if __name__ == "__main__":
    main()
