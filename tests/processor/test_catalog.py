"""The catalog: every metric once, described, in units that OpenTelemetry knows."""

import re
from itertools import pairwise

import pytest

from barograph_processor.catalog import METRICS, STATES, Metric, metric
from barograph_processor.state.condition import Condition, Sight, assess


def test_names_are_distinct() -> None:
    names = [entry.name for entry in METRICS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("entry", METRICS, ids=lambda entry: entry.name)
def test_each_is_well_formed(entry: Metric) -> None:
    """A lower-case dotted name, a sentence, a UCUM unit, and bounds for histograms alone."""
    assert re.fullmatch(r"barograph(\.[a-z][a-z_]*)+", entry.name)
    assert re.fullmatch(r"[A-Z1l].*\.", entry.description, re.DOTALL)
    assert re.fullmatch(r"1|s|By|\{[a-z]+\}(/s)?", entry.unit)
    assert (entry.kind == "histogram") == bool(entry.bounds)
    assert all(a < b for a, b in pairwise(entry.bounds))
    assert len(set(entry.attributes)) == len(entry.attributes)


def test_prometheus_names_do_not_collide() -> None:
    """Dots become underscores there, and counters end in ``_total``."""
    names = [
        entry.name.replace(".", "_") + ("_total" if entry.kind == "counter" else "")
        for entry in METRICS
    ]
    assert len(set(names)) == len(names)


def test_lookup() -> None:
    assert metric("barograph.latency").unit == "s"
    with pytest.raises(KeyError):
        metric("barograph.nothing")


def test_states_are_those_that_a_model_can_be_in() -> None:
    sight = Sight(0, 10, learnt=False, judged_by=None, windows_since_label=None)
    assert isinstance(assess([], {}, sight), Condition)
    assert assess([], {}, sight).state in STATES
    assert len(set(STATES)) == len(STATES) == 6
