"""Predictions that are kept as examples of something."""

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.examples import Examples
from barograph_processor.stats.column import CategoricalColumn


def _ids(*traces: int) -> npt.NDArray[np.uint64]:
    low = np.array(traces, dtype=np.uint64)
    return np.stack([np.zeros_like(low), low, low], axis=1)


def test_predictions_without_a_trace_take_nobody_s_place() -> None:
    """However many of them come, the one that can be opened is still found."""
    examples = Examples()
    examples.add(_ids(7), np.array([1]), {})
    examples.add(_ids(*[0] * 1000), np.arange(1000) + 2, {})
    assert examples.traces(0) == (f"{7:032x}",)


def test_what_is_discarded_is_found_no_more() -> None:
    """A prediction is told by its trace and its time: another one of the trace stays."""
    examples = Examples()
    region = CategoricalColumn.of(["n", "s", "n"])
    examples.add(_ids(7, 8, 7), np.array([1, 2, 3]), {"region": region})
    examples.discard(_ids(8, 7), np.array([2, 3]))
    assert examples.traces(0) == (f"{7:032x}",)
    assert examples.traces(2) == ()
    assert examples.traces(0, within={"region": ["s"]}) == ()
