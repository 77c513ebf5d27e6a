"""Expected errors hold what labels would show, however far and in which way inputs move."""

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.drift.binning import NumericBinning
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.quality.fine_bins import fine_bins
from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import NumericColumn

RUNS = 24
KEYS = tuple(StreamKey("input.drift", f"x{at}") for at in range(4))
SHIFTS = {
    "none": (0.0, 0.0, 0.0, 0.0),
    "half": (0.5, 0.0, 0.0, 0.0),
    "back": (-0.5, 0.0, 0.0, 0.0),
    "one": (1.0, 0.0, 0.0, 0.0),
    "one back": (-1.0, 0.0, 0.0, 0.0),
    "far": (1.5, 0.0, 0.0, 0.0),
    "all": (1.0, 1.0, 1.0, 1.0),
}


def _draw(rng: np.random.Generator, n: int, kind: str, shift: str) -> tuple[Floats, Floats]:
    """Return inputs, shape ``(n, 4)``, and errors, whose size goes with the inputs by its kind."""
    x = rng.normal(size=(n, 4)) + np.array(SHIFTS[shift])
    a, b, noise = np.tanh(x[:, 0]), np.tanh(x[:, 1]), rng.normal(size=n)
    if kind == "ramp":
        # They grow on beyond all that the reference has seen.
        return x, x[:, 0] + 0.5 * noise
    if kind == "tails":
        return x, (1.5 + a + 0.3 * b) * rng.standard_t(4, size=n)
    spread = {
        "one by one": 1.5 + a + 0.3 * b,
        "together": 1 + 2 * (a > 0) * (b > 0),
        "valley": 0.5 + np.abs(x[:, 0]),
    }[kind]
    return x, spread * noise


@pytest.mark.parametrize("kind", ["one by one", "together", "ramp", "valley", "tails"])
def test_the_interval_holds_what_labels_would_show(kind: str) -> None:
    """Each run has a reference of 2,000 rows of its own, and a window of 500."""
    missed: dict[tuple[str, str], int] = {}
    for run in range(RUNS):
        rng = np.random.default_rng([21, run])
        x, error = _draw(rng, 2000, kind, "none")
        columns = [NumericColumn(values) for values in x.T]
        coarse = Layout(KEYS, tuple(NumericBinning.learn(values, 20) for values in x.T))
        layout = fine_bins(coarse, dict(zip(KEYS, columns, strict=True)))
        model = ErrorModel.learn(layout.cells(columns, 2000), error, layout)
        assert model is not None
        for shift in SHIFTS:
            x, error = _draw(rng, 500, kind, shift)
            counts = model.count(layout.cells([NumericColumn(values) for values in x.T], 500))
            shown = {"mae": np.abs(error).mean(), "rmse": np.sqrt((error**2).mean())}
            for name, (_, low, high) in model.estimate(counts, 500).items():
                assert low is not None
                assert high is not None
                missed.setdefault((name, shift), 0)
                missed[name, shift] += not low <= shown[name] <= high
    assert max(missed.values()) <= oracle.binom.ppf(0.999, RUNS, 0.05), missed
