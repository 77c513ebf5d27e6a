"""Facts and the models that they may be about: as if each were asked about each."""

import itertools

import numpy as np
import pytest

from barograph_processor.observation import ModelKey
from barograph_processor.state.early import Fact
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.meant import Meant
from tests.processor.state.rows import Bench, facts, rows

_MODELS = {ModelKey(name, version): f"{name}/{version}" for name in "ab" for version in "123"}


def _fact(model: str | None, version: str | None) -> Fact:
    return Fact(
        kind="label",
        name="p",
        model=model,
        version=version,
        time_ns=0,
        number=1.0,
        text=None,
        title=None,
        source=None,
        reviewer=None,
    )


@pytest.mark.parametrize("seed", range(5))
def test_each_is_where_it_fits_in_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    claims = list(itertools.product((None, "a", "b", "c"), (None, "1", "2", "4")))
    some = [_fact(*claims[at]) for at in rng.integers(len(claims), size=40)]
    meant = Meant(some, _MODELS)
    for key in _MODELS:
        assert list(meant.rows(key)) == [at for at, fact in enumerate(some) if fact.fits(key)]
    for fact in some:
        fitting = [name for key, name in _MODELS.items() if fact.fits(key)]
        assert list(meant.models(fact)) == fitting


def test_facts_of_nobody_are_asked_about_once_not_once_for_each_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a thousand models, a request of a few hundred labels that came early took seconds."""
    bench = Bench.of({})
    for number in range(20):
        bench.registry.observe(rows(5, model=ModelKey(f"m{number}", "1")))
    asked = 0
    thinned = PendingPredictions.thinned

    def counted(pending: PendingPredictions, name: str) -> bool:
        nonlocal asked
        asked += 1
        return thinned(pending, name)

    monkeypatch.setattr(PendingPredictions, "thinned", counted)
    bench.registry.attach(facts("label", [f"unknown-{n}" for n in range(30)], number=[1.0] * 30))
    assert asked == 30
