"""False alarms of whole models to which nothing happens: ``python -m benchmarks.healthy.run``.

Bias first: the models are made up, their days differ by what they have in common and by
nothing else, and the budget is far smaller than anybody would set it, so that it can be
seen to be spent. Beside inputs, outputs and confidence each model has labels a day late, a
random hold-out, reactions, values, two evaluations, and people who answer its reviews.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from barograph_processor.config import parse_config
from barograph_processor.observation import ObservationBatch
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from benchmarks.healthy.traffic import KEY, KINDS, HealthyModel
from benchmarks.machine import machine

__all__ = ["WINDOW_ROWS", "false_alarms"]

WINDOW_ROWS = 200
_REFERENCE_ROWS = 10_000


def false_alarms(
    kind: str, seed: int, *, days: int, swing: float, budget: float
) -> tuple[Counter[str], int]:
    """Live through a model's days; return its alarms by signal and subject, and its windows."""
    config = parse_config(
        {
            "reference": {"rows": _REFERENCE_ROWS},
            "window": {"rows": WINDOW_ROWS},
            "alarm": {"windows_between_false_alarms": budget},
        }
    )
    registry = ModelRegistry(config, Telemetry(), clock=lambda: 0)
    model = HealthyModel(kind, seed, swing=swing)
    opened: Counter[str] = Counter()
    for day in range(days):
        for part in model.day(day):
            if isinstance(part, ObservationBatch):
                registry.observe(part)
            else:
                registry.attach(part)
        asked = {item.id for item in registry.models[KEY].reviews.queue if item.open}
        registry.attach(model.answers(asked))
        for _, event in registry.drain():
            if isinstance(event, AlarmChange) and event.change == "open":
                opened[_subject(event)] += 1
    return opened, registry.models[KEY].counters.windows


def _subject(event: AlarmChange) -> str:
    alarm = event.alarm
    about = "a slice" if alarm.slice else alarm.feature
    return alarm.signal if about is None else f"{alarm.signal} ({about})"


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=12, help="of each kind")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--budget", type=float, default=500.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    given = parser.parse_args(arguments)
    print(__doc__)
    print(machine("numpy"), end="\n\n")
    print("| model | days swing by | windows | false alarms | promised at most | by signal |")
    print("| --- | --- | --- | --- | --- | --- |")
    started = time.process_time()
    with ProcessPoolExecutor(given.workers) as pool:
        for kind in (name for name in KINDS if given.only in name):
            for swing in (0.0, 0.15):
                jobs = [
                    pool.submit(
                        false_alarms, kind, seed, days=given.days, swing=swing, budget=given.budget
                    )
                    for seed in range(given.models)
                ]
                found = [job.result() for job in jobs]
                opened = sum((each for each, _ in found), Counter())
                windows = sum(each for _, each in found)
                by = ", ".join(f"{name} {count}" for name, count in opened.most_common())
                cells = (kind, swing, f"{windows:,}", opened.total(), windows / given.budget, by)
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    print(f"\n{time.process_time() - started:.0f} s in the parent")


if __name__ == "__main__":
    main(sys.argv[1:])
