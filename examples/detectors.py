"""The detectors by themselves, on numpy arrays: no service, no SDK.

    python examples/detectors.py

A reference of 50 windows, then 60 live ones in which income falls by a tenth of its deviation
from window 20 on, and the losses of a model that fails more often from then on too.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.quality.risk import RiskMonitor, tolerated_risk
from barograph_processor.sequential import BettingSequence
from barograph_processor.stats import CategoricalColumn, Column, NumericColumn

ROWS, REFERENCE, LIVE, ONSET = 1_000, 50, 60, 20
INCOME, CITY = StreamKey("input.drift", "income"), StreamKey("input.drift", "city")
CITIES = ("Bergen", "Oslo", "Tromsø")


def columns(rng: np.random.Generator, rows: int, *, shift: float) -> dict[StreamKey, Column]:
    """Return rows of both inputs; log incomes are shifted by ``shift`` deviations."""
    return {
        INCOME: NumericColumn(rng.lognormal(shift, size=rows)),
        CITY: CategoricalColumn(rng.choice(3, rows, p=[0.5, 0.3, 0.2]).astype(np.int32), CITIES),
    }


def drift(rng: np.random.Generator) -> Iterator[tuple[int, str, str]]:
    """Yield window, what happened and its description: at most one false alarm in 10,000."""
    window = np.repeat(np.arange(REFERENCE), ROWS)
    reference = columns(rng, len(window), shift=0.0)
    profile = ReferenceProfile.learn(reference, window, np.asarray(3600.0 * window))
    monitor = DriftMonitor(profile, budget=10_000)
    for w in range(LIVE):
        counts = profile.count(columns(rng, ROWS, shift=-0.1 if w >= ONSET else 0.0))
        update = monitor.update(counts, time=3600.0 * (REFERENCE + w), window=w)
        for _, what, alarm in update.transitions:
            if what != "updated":
                yield w, what, alarm.description


def harm(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> tuple[float, int | None]:
    """Return the risk that is tolerated, and after how many more losses there is harm."""
    tolerated = tolerated_risk(before, 0.02)
    monitor = RiskMonitor(tolerated, budget_labels=100_000)
    for at in range(0, len(after), 50):
        if monitor.update(after[at : at + 50]):
            return tolerated, at + 50
    return tolerated, None


def main() -> None:
    """Print what the detectors find."""
    rng = np.random.default_rng(2)
    for window, what, description in drift(rng):
        print(f"window {window}: {what}: {description}")
    wrong = (rng.uniform(size=(2, 5_000)) < np.array([[0.10], [0.18]])).astype(np.float64)
    tolerated, losses = harm(*wrong)
    print(f"harm after {losses} labels: the risk is above {tolerated:.3f}")
    sequence = BettingSequence(alpha=0.05)
    sequence.update(wrong[1])
    low, high = sequence.interval
    print(f"the risk is in [{low:.3f}, {high:.3f}], at this and all other times at once")


if __name__ == "__main__":
    main()
